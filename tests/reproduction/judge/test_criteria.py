"""Criteria of data: each reason is told once."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zooctl.catalog import registry
from zooctl.reproduction.evidence.findings import Findings
from zooctl.reproduction.evidence.locks import check_licence
from zooctl.reproduction.judge.criteria import judge_data, judge_documents
from zooctl.reproduction.report.report import Evidence
from zooctl.reproduction.report.rows import Commit, DataFile, EnvironmentPart
from zooctl.schema.manifest import FileDigest

ONE, OTHER = "sha256:" + "0" * 64, "sha256:" + "1" * 64


def test_a_genome_that_is_missing_is_told_once() -> None:
    """Not once for each of the sixteen chromosomes of yeast."""
    missing = "genome sacCer3 is not here"
    files = [
        DataFile(id=f"sacCer3 chr{n}", expected=None, status="missing", origin=None, note=missing)
        for n in range(16)
    ]
    source = DataFile(
        id="insertions", expected=None, status="missing", origin=None, note="source is not here"
    )
    found = judge_data(registry.entry("atac_yeast"), [source, *files])
    assert found.status == "skip"
    assert found.evidence == f"source is not here; {missing}"


def evidence(software: EnvironmentPart, **more: Any) -> Evidence:
    """Evidence about documents and code; the rest of it is not asked."""
    fields: dict[str, Any] = {"coverage": "verify", "subjects": {}, "commit": Commit(revision=None)}
    return Evidence.model_construct(**fields | {"software": software} | more)


def test_code_is_compared_with_the_recorded() -> None:
    entry = registry.entry("ctcf_gm12878")
    same = EnvironmentPart(recorded=ONE, found=ONE, match=True)
    licence = {"LICENSE": FileDigest(sha256="a" * 64, size=1)}
    found = judge_documents(entry, evidence(same, subjects=licence))
    assert found.status == "pass"
    assert f"licence sha256 {'a' * 64}; code as recorded" in found.evidence
    assert "licence of the installed package" in judge_documents(entry, evidence(same)).evidence
    parts = (("code.training", "a", "b"), ("code.files", "c", "d"), ("python", "3.11", "3.12"))
    other = EnvironmentPart(recorded=ONE, found=OTHER, match=False, differences=parts)
    found = judge_documents(entry, evidence(other))
    assert found.status == "skip"
    assert found.evidence.endswith("another than the recorded, in training, files")
    # Another interpreter is S1's affair.
    python = other.model_copy(update={"differences": parts[2:]})
    assert judge_documents(entry, evidence(python)).status == "pass"
    never = EnvironmentPart(recorded=None, found=OTHER, match=None)
    assert judge_documents(entry, evidence(never)).evidence.startswith("no code is recorded")
    # A full run proves the code that it ran with.
    for software in (other, never):
        assert judge_documents(entry, evidence(software, coverage="full")).status == "pass"


def test_a_licence_beside_the_zoo_or_in_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = replace(registry.entry("ctcf_gm12878"), root=tmp_path)

    def gaps() -> dict[str, str]:
        findings = Findings(entry)
        check_licence(findings)
        return dict(findings.gaps)

    assert not gaps(), "the installed package has one"

    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    assert gaps() == {"B3": "no licence of the code is here: LICENSE"}
    (tmp_path / "LICENSE").write_text("MIT")
    assert not gaps()
