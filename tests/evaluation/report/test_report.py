"""Reports of several tracks, with labels among them, and what they say as text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_reports import RULES, SPLIT, toy_report

from zooctl.errors import InputError
from zooctl.evaluation.heldout import evaluate
from zooctl.evaluation.report import tables
from zooctl.evaluation.report.leaderboard import leaderboard
from zooctl.evaluation.report.report import EvaluationReport
from zooctl.files.motifs import Motif
from zooctl.schema.fields import Region


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> EvaluationReport:
    return toy_report(tmp_path_factory.mktemp("toy"))


def test_tracks_have_their_own_bins(report: EvaluationReport) -> None:
    counts, labels = report.tracks
    # From 40,064 on; the window of the first reads beyond the range.
    assert counts.n_bins == 311
    assert counts.n_excluded == 1
    # Bins that touch bases 60,000 to 60,999, or are covered by less than half.
    assert labels.n_bins + labels.n_excluded == 312
    assert labels.n_excluded >= 9
    assert (counts.is_label, labels.is_label) == (False, True)
    assert counts.confusion is not None
    assert labels.confusion is None


def test_labels_state_the_positive_bins_themselves(report: EvaluationReport) -> None:
    labels = report.tracks[1]
    assert labels.picture_data.positive.tolist() == (labels.picture_data.signal == 1).tolist()
    row = labels.rows[0]
    assert row.metrics["auroc"].value > 0.95
    # Counts are no probabilities.
    assert "mse" not in row.metrics
    assert "mse" in report.tracks[0].rows[0].metrics


def test_rows_of_the_mean_are_those_that_all_tracks_have(report: EvaluationReport) -> None:
    names = [row.name for row in report.mean]
    assert names == [
        "gc",
        "gc, ranked by mean",
        "mean signal",
        "GC content",
        "GC + dinucleotide ridge",
        "5-mer ridge",
        "5-mer ridge, 3 bins around",
        "the other track",
    ]
    for metric in ("auroc", "pearson"):
        values = [track.rows[0].metrics[metric].value for track in report.tracks]
        assert report.mean[0].metrics[metric].value == pytest.approx(np.mean(values))
    assert [row.name for row in report.baselines(report.mean)] == names[2:]
    # What is ranked by the mean count of C and G is ranked by GC content.
    rows = {row.name: row for row in report.tracks[0].rows}
    assert rows["gc, ranked by mean"].metrics["auroc"].value == pytest.approx(
        rows["GC content"].metrics["auroc"].value
    )


def test_json(report: EvaluationReport) -> None:
    found = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert [track["track"] for track in found["tracks"]] == ["counts", "labels"]
    assert found["robustness"]["by_track"][0] == pytest.approx(found["robustness"]["by_track"][1])
    first = found["tracks"][0]
    assert [one["resolution"] for one in first["resolutions"]] == [32, 128, 512]
    assert first["resolutions"][0]["unscaled"]["mse"] > 0
    assert first["selections"][0]["kind"] == "whole"
    assert first["confusion"]["threshold"] == 24


def test_tables(report: EvaluationReport) -> None:
    counts, labels = report.tracks
    grid = tables.methods(counts.rows)
    assert grid.headers[:2] == ["method", "Pearson"]
    assert [row[0] for row in grid.rows] == [row.name for row in counts.rows if row.note is None]
    by_track = tables.by_track(report)
    assert [row[0] for row in by_track.rows] == ["counts", "labels"]
    assert "GC + dinucleotide ridge" in by_track.rows[0][-1]
    assert [row[0] for row in tables.resolutions(labels).rows] == ["32 bp", "128 bp", "512 bp"]
    sets = [row[0] for row in tables.test_sets(counts).rows]
    assert (sets[0], sets[-1]) == ("all bins", "centred on peaks")
    assert sets[1].startswith("profiles with signal >= ")
    for one in (by_track, tables.resolutions(counts), tables.test_sets(counts)):
        assert {len(row) for row in one.rows} == {len(one.headers)}
    fields = dict(tables.fields(report, counts))
    assert (
        fields["bins"] == "311 of 128 bp; 1 left out: unknown, excluded, or at the edge of a range"
    )
    assert fields["calls"].startswith("predictions >= 24: F1 ")
    assert "50 draws of 4,000 bp" in fields["intervals"]
    positive = "a bin that its label says is one; signal >= 24 somewhere"
    assert tables.positive_rule_text(report) == positive
    with_control = tables.positive_rule_text(replace(report, n_controls=1))
    assert with_control == f"{positive} and >= 3 x control"
    some = replace(counts, n_ambiguous=11)
    share = counts.n_positive / 300
    assert dict(tables.fields(report, some))["positive bins"] == (
        f"{counts.n_positive}, a prevalence of {share:.4f}; 11 ambiguous ones are neither"
    )


def test_leaderboard_puts_the_best_first(report: EvaluationReport, tmp_path: Path) -> None:
    single = toy_report(tmp_path, tracks=1)
    grid = leaderboard([report, single])
    figures = [row[grid.headers.index("AUROC")] for row in grid.rows]
    assert figures == sorted(figures, reverse=True)
    assert {row[0] for row in grid.rows} == {"toy"}
    assert {row[3] for row in grid.rows} == {"1", "2"}
    assert {len(row) for row in grid.rows} == {len(grid.headers)}


def test_the_same_data_give_the_same_report(report: EvaluationReport, tmp_path: Path) -> None:
    assert toy_report(tmp_path) == report
    assert report.rules == RULES


TRAINING = Region(chrom="chr1", start=0, end=32_000)
VALIDATION = Region(chrom="chr1", start=32_000, end=SPLIT.train[0].end)
WITH_VALIDATION = SPLIT.model_copy(update={"train": (TRAINING,), "validation": (VALIDATION,)})


def test_how_baselines_were_fitted_is_said(tmp_path: Path) -> None:
    fixed = toy_report(tmp_path)
    said = "penalty 1,000 on signal, fixed: no validation regions"
    assert tables.fits(fixed.tracks)[1] == ("5-mer ridge", said)
    report = toy_report(tmp_path, 1, split=WITH_VALIDATION)
    rows = {row["name"]: row for row in report.tracks[0].to_json()["rows"]}
    assert rows["GC content"]["fit"] is None
    fit = rows["5-mer ridge"]["fit"]
    assert set(fit) == {"penalty", "target", "validation_pearson"}
    assert 0.1 < fit["validation_pearson"] < 1
    said = f"penalty {fit['penalty']:,.0f} on {fit['target']}, chosen on validation regions"
    assert ("5-mer ridge", said) in tables.fields(report, report.tracks[0])


def test_the_best_motif_is_chosen_on_validation_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    motifs = [
        Motif(name, np.eye(4)[["ACGT".index(base) for base in name]] * 99)
        for name in ("ATTA", "CGGC", "AGCT")
    ]
    monkeypatch.setattr(evaluate, "read_collection", {"jaspar": motifs}.__getitem__)
    report = toy_report(tmp_path, split=WITH_VALIDATION, learners=("best_motif",))
    for track in report.tracks:
        rows = {row.name: row for row in track.rows}
        # The signal is a count of C and G, from which a motif of four bases tells little.
        own = rows["best motif"].metrics["auroc"].value
        assert 0.55 < own < rows["GC content"].metrics["auroc"].value
        chosen = rows["best motif"].motif
        assert chosen is not None
        assert chosen.name == "CGGC"
        assert 0.55 < chosen.validation_auroc <= 1
        assert rows["best motif"].to_json()["motif"] == chosen.to_json()
    said = ("best motif", "CGGC, chosen on validation regions")
    assert said in tables.fits(report.tracks)
    with pytest.raises(InputError, match="no validation regions"):
        toy_report(tmp_path, learners=("best_motif",))
