"""Criterion B1: data here, published, and still stood by."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from http_server import failing_server

from zooctl.catalog import registry
from zooctl.catalog.origin import encode_portal as encode
from zooctl.files.disk.pinned import file_digest
from zooctl.files.download import transfer
from zooctl.reproduction.evidence import data as check_data
from zooctl.reproduction.evidence.findings import Findings
from zooctl.reproduction.judge.criteria import Judgement, judge_data
from zooctl.reproduction.report.rows import DataFile
from zooctl.schema.manifest import pin_genome

ENCODE = {"accession": "ENCFF000AAA", "status": "released", "assembly": "hg19", "file_size": 1}


@pytest.fixture
def findings(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Findings:
    """The toy, whose first source is a file of ENCODE and lies in a mirror."""
    recipe, folder = toy_zoo / "recipes/toy.yaml", tmp_path / "mirror/toy"
    folder.mkdir(parents=True)
    for name, byte in (("plus.bw", b"+"), ("minus.bw", b"-")):
        (folder / name).write_bytes(byte)
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path / "mirror"))
    text = recipe.read_text().replace("accession: null", "accession: ENCFF000AAA", 1)
    digests = iter([file_digest(folder / "plus.bw"), file_digest(folder / "minus.bw")])
    text = re.sub(r"sha256: [0-9a-f]{64}", lambda _: f"sha256: {next(digests)}", text, count=2)
    recipe.write_text(re.sub(r"size: [0-9]+", "size: 1", text))
    pin_genome(toy_zoo, "toy", {})  # what is asked here is of sources
    return Findings(registry.entry("toy"))


def ask(
    findings: Findings, monkeypatch: pytest.MonkeyPatch, mode: str = "normal", **said: Any
) -> list[DataFile]:
    """Judge B1 with a portal on this machine that says so much of the file."""
    quick = partial(transfer.Policy, loopback=True, read=0.5, first_wait=0.02, longest_wait=0.05)
    with failing_server(json.dumps(ENCODE | said).encode()) as server:
        monkeypatch.setattr(encode, "PORTAL", server.url(mode, name="").rstrip("/"))
        monkeypatch.setattr(check_data, "Policy", quick)
        return check_data.check_data(findings, ask=True)


def b1(findings: Findings, files: list[DataFile]) -> Judgement:
    """Judge what was found."""
    return judge_data(findings.entry, files)


def test_what_stands(findings: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    plus, minus = ask(findings, monkeypatch)
    assert b1(findings, [plus, minus]).status == "pass"
    assert (plus.archive, minus.archive) == ("released", None)
    assert plus.note == "published as https://www.encodeproject.org/files/plus.bw"
    assert findings.errors == findings.warnings == []


def test_what_is_archived_stands_and_is_noted(
    findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    plus, minus = ask(findings, monkeypatch, status="archived")
    assert plus.archive == "archived"
    assert b1(findings, [plus, minus]).status == "pass"
    assert findings.warnings == [
        "ENCFF000AAA is archived: ENCODE keeps it and has newer ones",
    ]


@pytest.mark.parametrize("status", ["revoked", "replaced", "deleted"])
def test_what_is_taken_back(
    findings: Findings, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    plus, minus = ask(findings, monkeypatch, status=status)
    assert b1(findings, [plus, minus]).status == "fail"
    assert status in str(plus.archive)
    assert [fault.exit_code for fault in findings.faults] == [3]


def test_other_bytes_at_the_archive(findings: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ask(findings, monkeypatch, file_size=2)
    assert b1(findings, files).status == "fail"
    assert [fault.exit_code for fault in findings.faults] == [5]


def test_a_file_that_the_archive_does_not_know(
    findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = ask(findings, monkeypatch, mode="404")
    assert b1(findings, files).status == "fail"


def test_an_archive_that_does_not_answer(
    findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    plus, minus = ask(findings, monkeypatch, mode="503")
    assert b1(findings, [plus, minus]).status == "pass"
    assert plus.archive == "not asked: ENCODE does not answer"
    assert findings.warnings == ["the status of files at ENCODE is not known: no answer"]


def test_offline_it_is_not_asked(
    findings: Findings, monkeypatch: pytest.MonkeyPatch, no_sockets: None
) -> None:
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    plus, minus = check_data.check_data(findings, ask=True)
    assert b1(findings, [plus, minus]).status == "pass"
    assert plus.archive == "not asked: offline"


def test_without_a_full_run_it_is_not_asked(findings: Findings, no_sockets: None) -> None:
    plus, _ = check_data.check_data(findings, ask=False)
    assert plus.archive == "not asked: only a full run does"


def without_address(findings: Findings, **fields: str) -> list[DataFile]:
    """Judge B1 of sources that have no address; fields are those of the first source."""
    path = findings.entry.recipe_path
    assert path is not None
    text = re.sub(r"url: http\S+", "url: null", path.read_text())
    for name, value in fields.items():
        text = re.sub(f"{name}: ENCFF000AAA", f"{name}: {value}", text)
    path.write_text(text.replace("unknown:\n", "unknown:\n  sources.*.url: Made by hand.\n"))
    return check_data.check_data(findings, ask=False)


def test_an_accession_is_no_address(findings: Findings) -> None:
    plus, minus = without_address(findings, accession="SRR1")
    note = "derived from SRR1, and the pinned bytes have no address (Made by hand)"
    assert plus.note == note
    # The other has neither.
    criterion = b1(findings, [plus, minus])
    assert criterion.status == "skip"
    assert criterion.evidence.startswith(
        f"plus: {note}; minus: here, and neither address nor accession says "
    )
    assert "no address: Made by hand" in criterion.evidence
    assert b1(findings, [plus]).status == "skip"
    assert criterion.evidence.endswith("would mend it")


def test_what_is_not_pinned(findings: Findings) -> None:
    path = findings.entry.recipe_path
    assert path is not None
    text = re.sub(r"(?<!_)(sha256|size): [0-9a-f]+", r"\1: null", path.read_text())
    reason = "  sources.*.sha256: Nobody saw it.\n  sources.*.size: Likewise.\n"
    path.write_text(text.replace("unknown:\n", f"unknown:\n{reason}"))
    criterion = b1(findings, check_data.check_data(findings, ask=True))
    assert criterion.status == "skip"
    assert criterion.evidence.startswith(
        "source plus (https://www.encodeproject.org/files/plus.bw) is not pinned: Nobody saw it; "
    )
