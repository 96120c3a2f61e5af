"""Sources from accessions and file names: a local server in ENCODE's place, names, an index."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from http_server import failing_server

from zooctl.catalog.origin import encode_portal
from zooctl.catalog.origin.archives import resolve_source
from zooctl.cli.main import run
from zooctl.errors import InputError, IntegrityError, NetworkError
from zooctl.files.download.transfer import Policy
from zooctl.schema.recipe.sources import Source

FAST = Policy(connect=1.0, read=0.4, first_wait=0.02, longest_wait=0.1, loopback=True)
# As the portal shapes it; digest and size are those of the released file.
DOCUMENT: dict[str, Any] = {
    "accession": "ENCFF185TQC",
    "status": "released",
    "md5sum": "1792e88e46c02ecb2871e11d98d5928c",
    "file_size": 786004489,
    "output_type": "fold change over control",
    "assembly": "GRCh38",
    "assay_term_name": "ChIP-seq",
    "target": {"@id": "/targets/CTCF-human/", "label": "CTCF", "name": "CTCF-human"},
    "biosample_ontology": {"term_name": "Panc1", "term_id": "EFO:0002713"},
}

HREF = "/files/ENCFF185TQC/@@download/ENCFF185TQC.bigWig"
ROADMAP = "https://egg2.wustl.edu/roadmap/data/byFileType/"


def at_portal(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the record of a local server becomes."""
    with failing_server(json.dumps(document).encode()) as server:
        address = f"http://127.0.0.1:{server.server_port}/normal"
        monkeypatch.setattr(encode_portal, "PORTAL", address)
        return resolve_source("ENCFF185TQC", policy=FAST)


def test_encode_s_record_becomes_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    found = at_portal(DOCUMENT | {"href": HREF}, monkeypatch)
    assert found["url"].endswith(HREF)
    found["url"] = f"https://www.encodeproject.org{HREF}"
    source = Source.model_validate(found)
    assert (source.assembly, source.target, source.biosample) == ("hg38", "CTCF", "Panc1")
    assert (source.md5, source.size) == (DOCUMENT["md5sum"], DOCUMENT["file_size"])
    assert encode_portal.check(source, DOCUMENT) == ()


def test_an_encode_that_does_not_know_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with failing_server(b"") as server:
        address = f"http://127.0.0.1:{server.server_port}/missing"
        monkeypatch.setattr(encode_portal, "PORTAL", address)
        with pytest.raises(NetworkError):
            resolve_source("ENCFF185TQC", policy=FAST)


@pytest.mark.parametrize(
    ("name", "folder", "target", "assay"),
    [
        (
            "E071-H3K36me3.pval.signal.bigwig",
            "signal/consolidated/macs2signal/pval/",
            "H3K36me3",
            "ChIP-seq",
        ),
        (
            "E116-DNase.fc.signal.bigwig",
            "signal/consolidated/macs2signal/foldChange/",
            None,
            "DNase-seq",
        ),
        ("E003-H3K4me1.narrowPeak.gz", "peaks/consolidated/narrowPeak/", "H3K4me1", "ChIP-seq"),
        ("E003-H2A.Z.broadPeak.gz", "peaks/consolidated/broadPeak/", "H2A.Z", "ChIP-seq"),
        ("E003-CTCF.narrowPeak.gz", "", None, ""),
    ],
)
def test_names_of_roadmap_tell_their_address(
    name: str, folder: str, target: str | None, assay: str
) -> None:
    if not folder:
        with pytest.raises(InputError, match="no archive"):
            resolve_source(name, policy=FAST)
        return
    source = Source.model_validate(resolve_source(name, policy=FAST))
    assert source.url == ROADMAP + folder + name
    assert (source.target, source.assay, source.assembly) == (target, assay, "hg19")


INDEX = (
    "FILE\tFILE_MD5\tFILE_SIZE\tCELL_TYPE\tLIBRARY_STRATEGY\tEXPERIMENT_TYPE\n"
    "blueprint/a/S001.H3K27ac.bw\t{md5}\t5\tmonocyte\tChIP-Seq\tH3K27ac\n"
    "blueprint/b/S002.bw\t-\t-\tB cell\tDNase-Hypersensitivity\tDNaseI\n"
)


def test_an_index_is_looked_up_and_a_copy_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data.index").write_text(INDEX.format(md5=hashlib.md5(b"bytes").hexdigest()))
    (tmp_path / "copy.bw").write_bytes(b"bytes")
    given = ["data", "resolve", "S001.H3K27ac.bw", "--index", str(tmp_path / "data.index")]
    given += ["--base-url", "https://ftp.example.org/pub", "--assembly", "hg38", "--json"]
    assert run([*given, "--file", str(tmp_path / "copy.bw")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["url"] == "https://ftp.example.org/pub/blueprint/a/S001.H3K27ac.bw"
    assert found["sha256"] == hashlib.sha256(b"bytes").hexdigest()
    assert (found["biosample"], found["assay"], found["target"]) == (
        "monocyte",
        "ChIP-Seq",
        "H3K27ac",
    )
    (tmp_path / "copy.bw").write_bytes(b"other")
    assert run([*given, "--file", str(tmp_path / "copy.bw")]) == IntegrityError.exit_code
    assert "not the archive's" in capsys.readouterr().err
    assert run(given) == 0
    assert "not known: accession, sha256" in capsys.readouterr().err
    with pytest.raises(InputError, match="no such file"):
        resolve_source("S003.bw", policy=FAST, index=tmp_path / "data.index")


def test_the_source_reads_back_as_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "resolve", "E071-H3K36me3.pval.signal.bigwig"]) == 0
    out = capsys.readouterr()
    assert "url: https://egg2.wustl.edu" in out.out
    assert "--file computes sha256" in out.err
