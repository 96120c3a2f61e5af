"""Leaderboards of models on sets: order, rows, baselines, models that are left out."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.evaluation.variants.benchmark import benchmark
from zooctl.inference.options.predict_and_score import EffectOptions, SessionOptions

LETTERS = "".join(random.Random(1).choices("ACGT", k=400))
PLUS = {"A": 1.0, "C": 2.0, "G": 3.0, "T": 4.0}
SESSION = SessionOptions(threads=1, device="cpu")


@pytest.fixture
def table(toy_zoo: Path, tmp_path: Path) -> Path:
    """Effects that the toy's track `plus` says of all SNVs of two elements, beside genome.fa."""
    (tmp_path / "genome.fa").write_text(f">chr1\n{LETTERS}\n")
    lines = ["chrom\tpos\tref\talt\tvalue\telement"]
    for element, first in (("left", 100), ("right", 200)):
        for start in range(first, first + 40):
            ref = LETTERS[start]
            lines += [
                f"chr1\t{start + 1}\t{ref}\t{alt}\t{PLUS[alt] - PLUS[ref]}\t{element}"
                for alt in "ACGT"
                if alt != ref
            ]
    path = tmp_path / "effects.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path


def options(table: Path, **more: object) -> EffectOptions:
    return EffectOptions(fasta=table.parent / "genome.fa", n_shifts=2, n_draws=20, **more)  # type: ignore[arg-type]


def test_rows_are_means_of_each_statistic_and_the_best_stands_first(table: Path) -> None:
    (board,) = benchmark(["toy"], [table], options(table), SESSION)
    assert (board.name, board.missing) == ("effects.tsv", {})
    grid = board.table()
    rows = [dict(zip(grid.headers, row, strict=False)) for row in grid.rows]
    *models, gc = rows
    # Of two tracks stand the mean and the larger score, of one pass and over shifts.
    assert {row["track"] for row in models} == {"MEAN", "LARGEST"}
    assert {row["statistic"] for row in models} >= {"SUM_LFC", "MAX_DIFF", "JSD_BITS"}
    # Two elements of 120 SNVs each; a divergence has no sign and so no mean.
    assert {row["SNVs"] for row in models if row["statistic"] != "JSD_BITS"} == {"240"}
    robust = [float(row["over shifts"].split()[0]) for row in models if row["over shifts"] != "-"]
    assert robust == sorted(robust, reverse=True)
    assert len(robust) >= 4
    assert models[-1]["over shifts"] == "-"
    assert (gc["model"], gc["track"]) == ("GC change", "-")


def test_a_named_track_and_statistic(table: Path) -> None:
    (board,) = benchmark(
        ["toy"], [table], options(table, tracks=["plus"], statistics=["sum"]), SESSION
    )
    (row,) = board.judged[0].rows
    assert (row.track, row.statistic, row.element) == ("plus", "SUM_LFC", "mean")
    assert row.figures["pearson"].single.value > 0.9
    found = board.to_json()
    assert found["set"] == "effects.tsv"


def test_models_that_cannot_be_judged(table: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="file cannot be opened"):
        benchmark(["toy"], [tmp_path / "none.tsv"], options(table), SESSION)
    with pytest.raises(InputError, match="no model can be judged on this set"):
        benchmark([], [tmp_path / "none.tsv"], options(table), SESSION)
    (board,) = benchmark([], [table], options(table), SESSION)
    assert [one.model for one in board.judged] == ["toy"]
