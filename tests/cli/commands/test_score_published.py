"""Published models and one of ours score one VCF in one command."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from zooctl.cli.main import run

TRACKS = {
    "spliceai": {"acceptor", "donor"},
    "openspliceai_10k": {"acceptor", "donor"},
    "mmsplice": {"acceptor", "donor", "delta_logit_psi"},
    "deepbind": {"CTCF_D00328.003"},
    "ctcf_gm12878": {"CTCF"},
}
EXON = 'chr21\tt\texon\t{}\t{}\t.\t+\t.\tgene_id "COL6A1"; transcript_id "T1";\n'


@pytest.mark.slow
def test_five_models_in_one_command(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    genes = [(47_401_651, 47_401_861), (47_406_858, 47_406_986), (47_423_305, 47_424_964)]
    (tmp_path / "genes.gtf").write_text("".join(EXON.format(*one) for one in genes))
    head = (
        "##fileformat=VCFv4.2\n##contig=<ID=chr21>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    )
    vcf = tmp_path / "in.vcf"
    vcf.write_text(f"{head}\nchr21\t47406856\t.\tA\tAT\t.\t.\t.\n")
    out = tmp_path / "out.tsv"
    words = ["score-variants", str(vcf), "--model", ",".join(TRACKS), "--accept-licence"]
    words += ["--track", ",".join(sorted(set().union(*TRACKS.values())))]
    words += ["--genes", str(tmp_path / "genes.gtf"), "-o", str(out), "--shifts", "1"]
    assert run(words) == 0
    with out.open() as file:
        rows = list(csv.DictReader((one for one in file if one[:2] != "##"), delimiter="\t"))
    found = {name: {row["track"] for row in rows if row["model"] == name} for name in TRACKS}
    assert found == TRACKS
    assert {row["status"] for row in rows} == {"OK"}
    assert {row["gene"] for row in rows if row["model"] != "deepbind"} >= {"COL6A1"}
