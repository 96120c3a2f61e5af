"""File objects of the ENCODE portal against sources of recipes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from http_server import FailingServer, failing_server

from zooctl.catalog.origin import encode_portal as encode
from zooctl.errors import (
    IntegrityError,
    ManyErrors,
    NetworkError,
    VerificationError,
    ZooError,
)
from zooctl.files.download.transfer import Policy
from zooctl.schema.recipe.sources import Source

ACCESSION = "ENCFF185TQC"
FAST = Policy(connect=1.0, read=0.4, first_wait=0.02, longest_wait=0.1, loopback=True)

# As the portal shapes it; digest and size are those of the released file.
DOCUMENT: dict[str, Any] = {
    "@id": f"/files/{ACCESSION}/",
    "@type": ["File", "Item"],
    "accession": ACCESSION,
    "status": "released",
    "md5sum": "1792e88e46c02ecb2871e11d98d5928c",
    "file_size": 786004489,
    "file_format": "bigWig",
    "output_type": "fold change over control",
    "assembly": "GRCh38",
    "assay_term_name": "ChIP-seq",
    "assay_title": "TF ChIP-seq",
    "target": {"@id": "/targets/CTCF-human/", "label": "CTCF", "name": "CTCF-human"},
    "biosample_ontology": {"term_name": "Panc1", "term_id": "EFO:0002713"},
    "no_file_available": False,
}


def source(**changes: Any) -> Source:
    values: dict[str, Any] = {
        "id": "signal",
        "file": f"{ACCESSION}.bigWig",
        "accession": ACCESSION,
        "url": None,
        "sha256": "a" * 64,
        "size": 786004489,
        "md5": "1792e88e46c02ecb2871e11d98d5928c",
        "licence": "LicenseRef-ENCODE-open",
        "citation": "ENCODE",
        "assembly": "hg38",
        "assay": "ChIP-seq",
        "target": "CTCF",
        "biosample": "Panc1",
        "output_type": "fold change over control",
    }
    return Source.model_validate(values | changes)


def faults(claimed: Source, document: dict[str, Any]) -> list[ZooError]:
    with pytest.raises(ZooError) as caught:
        encode.check(claimed, document)
    error = caught.value
    return list(error.errors) if isinstance(error, ManyErrors) else [error]


def test_a_file_as_the_recipe_says() -> None:
    assert encode.check(source(), DOCUMENT) == ()
    assert encode.check(source(assay="TF ChIP-seq", target="CTCF-human"), DOCUMENT) == ()


def test_what_the_recipe_leaves_out_is_not_held() -> None:
    bare = source(md5=None, assay=None, target=None, biosample=None, output_type=None, size=None)
    assert encode.check(bare, DOCUMENT) == ()


def test_linked_and_missing_objects() -> None:
    linked = {"target": "/targets/CTCF-human/", "biosample_ontology": "/biosample-types/x/"}
    assert encode.check(source(), DOCUMENT | linked) == ()
    control = {name: value for name, value in DOCUMENT.items() if name != "target"}
    assert encode.check(source(target="Input"), control) == ()
    (error,) = faults(source(), control)
    assert (error.field, error.got, error.expected) == ("signal.target", "Input", "CTCF")


def test_archived_is_said() -> None:
    (note,) = encode.check(source(), DOCUMENT | {"status": "archived"})
    assert note.startswith("ENCFF185TQC is archived")


@pytest.mark.parametrize("status", ["revoked", "replaced", "deleted", "in progress", None])
def test_a_status_that_fails(status: str | None) -> None:
    document = DOCUMENT | {"status": status, "superseded_by": ["/files/ENCFF000AAA/"]}
    (error,) = faults(source(), document)
    assert isinstance(error, VerificationError)
    assert (error.field, error.got) == ("signal.status", status)
    assert error.hint == "superseded by ENCFF000AAA"


@pytest.mark.parametrize("name", ["no_file_available", "restricted"])
def test_a_file_that_is_not_handed_out(name: str) -> None:
    (error,) = faults(source(), DOCUMENT | {name: True})
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("portal", "value", "field", "kind"),
    [
        ("accession", "ENCFF000AAA", "accession", VerificationError),
        ("assembly", "hg19", "assembly", VerificationError),
        ("output_type", "signal p-value", "output_type", VerificationError),
        ("target", {"label": "TAF1", "name": "TAF1-human"}, "target", VerificationError),
        ("biosample_ontology", {"term_name": "K562"}, "biosample", VerificationError),
        ("md5sum", "0" * 32, "md5", IntegrityError),
        ("file_size", 12, "size", IntegrityError),
    ],
)
def test_one_field_that_differs(
    portal: str, value: object, field: str, kind: type[ZooError]
) -> None:
    (error,) = faults(source(), DOCUMENT | {portal: value})
    assert type(error) is kind
    assert error.field == f"signal.{field}"
    assert error.expected == getattr(source(), field)
    assert error.got not in (None, error.expected)


def test_assay_by_either_name() -> None:
    document = DOCUMENT | {"assay_term_name": "ATAC-seq", "assay_title": "ATAC-seq"}
    (error,) = faults(source(), document)
    assert str(error) == (
        "signal.assay: ENCFF185TQC is not at ENCODE what the recipe says "
        "(got ATAC-seq or ATAC-seq; expected ChIP-seq)"
    )


def test_an_assembly_by_either_name() -> None:
    assert encode.check(source(assembly="GRCh38"), DOCUMENT) == ()


def test_every_difference_at_once() -> None:
    found = faults(source(), DOCUMENT | {"status": "revoked", "assembly": "hg19", "file_size": 1})
    assert [error.field for error in found] == ["signal.status", "signal.assembly", "signal.size"]


@pytest.mark.parametrize("accession", [None, "ENCSR591PIX", "GSM1010812", "ENCFF185TQCX"])
def test_other_accessions_are_not_asked_about(accession: str | None) -> None:
    assert encode.is_encode_file(source())
    assert not encode.is_encode_file(source(accession=accession))


@pytest.fixture
def server() -> Iterator[FailingServer]:
    with failing_server(json.dumps(DOCUMENT).encode()) as running:
        yield running


def portal(server: FailingServer, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "PORTAL", server.url(mode, name="").rstrip("/"))


@pytest.mark.parametrize("mode", ["normal", "gzip_content_encoding", "no_content_length"])
def test_the_portal_is_asked(
    mode: str, server: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal(server, mode, monkeypatch)
    assert encode.download_record(ACCESSION, FAST) == DOCUMENT


def test_it_is_asked_again(server: FailingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    portal(server, "429_then_ok", monkeypatch)
    assert encode.download_record(ACCESSION, FAST) == DOCUMENT


@pytest.mark.parametrize("mode", ["503", "stall_always"])
def test_it_does_not_answer(
    mode: str, server: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal(server, mode, monkeypatch)
    with pytest.raises(encode.UnreachableError, match="does not answer"):
        encode.download_record(ACCESSION, FAST)


def test_it_does_not_know_the_file(server: FailingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    portal(server, "404", monkeypatch)
    with pytest.raises(NetworkError, match="has no such file") as caught:
        encode.download_record(ACCESSION, FAST)
    assert not isinstance(caught.value, encode.UnreachableError)


@pytest.mark.parametrize("mode", ["captive_portal", "captive_portal_unlimited", "gzip_bomb"])
def test_it_is_not_the_portal(
    mode: str, server: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal(server, mode, monkeypatch)
    with pytest.raises(VerificationError, match="no file object"):
        encode.download_record(ACCESSION, FAST)


def test_an_object_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with failing_server(b"[" * 6_000_000) as running:
        portal(running, "normal", monkeypatch)
        with pytest.raises(VerificationError, match="no file object"):
            encode.download_record(ACCESSION, FAST)
