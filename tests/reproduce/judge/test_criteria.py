"""Criteria of data: each reason is told once."""

from __future__ import annotations

from zooctl.catalog import registry
from zooctl.reproduce.judge.criteria import judge_data
from zooctl.reproduce.report.rows import DataFile


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
