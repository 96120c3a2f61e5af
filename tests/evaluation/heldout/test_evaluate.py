"""The whole evaluation on real data, with a network that must equal one of its baselines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.heldout.evaluate import evaluate
from zooctl.evaluation.heldout.model import EvaluatedModel
from zooctl.evaluation.heldout.options import EvaluationOptions
from zooctl.evaluation.report.report import EvaluationReport
from zooctl.files.motifs import Motif
from zooctl.inference.device.session import Session
from zooctl.inference.tracks.predict import Readout
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.evaluation import Rules

OPTIONS = EvaluationOptions(n_draws=100, seed=3)


@pytest.fixture(scope="module")
def model(motif: Motif, scanner_session: Callable[[Motif], Session]) -> EvaluatedModel:
    session = scanner_session(motif)
    return EvaluatedModel("scanner", session, session.geometry, Readout())


@pytest.fixture(scope="module")
def stages() -> list[tuple[str, float | None, float]]:
    return []


@pytest.fixture(scope="module")
def report(
    model: EvaluatedModel, measured: EvaluationData, stages: list[tuple[str, float | None, float]]
) -> EvaluationReport:
    @contextmanager
    def stage(total: float | None, unit: str, label: str) -> Iterator[Callable[[float], None]]:
        done: list[float] = []
        yield done.append
        stages.append((label, total, sum(done)))

    return evaluate(model, measured, Rules(), OPTIONS, progress=stage)


def test_a_network_that_scans_is_the_scan(report: EvaluationReport) -> None:
    rows = {row.name: row for row in report.rows}
    scan = rows["best hit of CTCF_HUMAN.H11MO.0.A"]
    for name in ("auroc", "auprc"):
        assert scan.metrics[name].value == pytest.approx(
            rows["scanner"].metrics[name].value, abs=2e-4
        )
        assert abs(scan.behind[name].low) < 2e-3
    assert 0.75 < scan.metrics["auroc"].value < 0.95


def test_rows_and_counts(report: EvaluationReport) -> None:
    assert [row.name for row in report.rows] == [
        "scanner",
        "scanner, ranked by mean",
        "mean signal",
        "GC content",
        "GC + dinucleotide ridge",
        "5-mer ridge",
        "best hit of CTCF_HUMAN.H11MO.0.A",
    ]
    # 2 Mb and 1 Mb in whole bins of 512 bp.
    (track,) = report.tracks
    assert track.n_bins + track.n_excluded == 3_905 + 1_952
    assert track.n_positive > 20
    rows = {row.name: row for row in report.rows}
    assert rows["mean signal"].metrics["auroc"].value == 0.5
    assert rows["mean signal"].metrics["auprc"].value == pytest.approx(track.prevalence)
    assert 0.5 < rows["5-mer ridge"].metrics["auroc"].value < 0.85
    assert 0 < track.fine_pearson.value < rows["scanner"].metrics["pearson"].value


def test_robustness_of_a_scan_is_that_of_its_binning(report: EvaluationReport) -> None:
    # A hit stays where it is and only changes bins, so it varies, if less than a rate would.
    assert report.robustness is not None
    assert 0 < report.robustness.value < 0.7
    assert report.robustness.by_track == (report.robustness.value,)
    assert report.robustness.n_shifts == 20
    assert 20 < report.robustness.n_peaks <= report.tracks[0].n_positive


def test_log_odds_have_no_variation_score(model: EvaluatedModel, measured: EvaluationData) -> None:
    log_odds = replace(model, scale="log")
    assert evaluate(log_odds, measured, Rules(), EvaluationOptions(n_draws=2)).robustness is None


def test_top_predictions_are_on_sites(
    report: EvaluationReport, measured: EvaluationData, model: EvaluatedModel
) -> None:
    assert len(report.tops) == 100
    chrom, place = report.tops[0]
    codes = measured.genome.padded_codes(chrom, place - 1024, place + 1024)
    here, away = model.centre_value(np.stack([codes, np.roll(codes, 512)]))
    assert here > 2 * away


def test_progress_adds_up(
    report: EvaluationReport, stages: list[tuple[str, float | None, float]]
) -> None:
    assert [label.split()[0] for label, _, _ in stages] == [
        "fitting",
        "predicting",
        "shifting",
        "scoring",
    ]
    assert all(total == done for _, total, done in stages if total is not None)


def test_json(report: EvaluationReport) -> None:
    found = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert found["regions"] == ["chr21:33,000,001-35,000,000", "chr21:44,000,001-45,000,000"]
    assert found["rules"]["positive_min_signal"] == 8.0
    assert len(found["tracks"][0]["rows"]) == 7
    assert found["mean_over_tracks"] == []


def test_the_same_seed_gives_the_same_report(
    report: EvaluationReport, model: EvaluatedModel, measured: EvaluationData
) -> None:
    again = evaluate(model, measured, Rules(), OPTIONS)
    assert again == report


def test_without_the_motif_the_line_says_so(
    model: EvaluatedModel, measured: EvaluationData
) -> None:
    small = replace(
        measured,
        motifs={},
        no_motif={"CTCF": "needs HOCOMOCOv11_HUMAN.pfm"},
        split=Split(
            train=measured.split.train,
            validation=(),
            test=(Region(chrom="chr21", start=33_000_000, end=33_300_000),),
        ),
    )
    report = evaluate(model, small, Rules(), EvaluationOptions(n_draws=0, n_shifts=0))
    assert report.rows[-1].note == "not measured: needs HOCOMOCOv11_HUMAN.pfm"
    assert not report.rows[-1].metrics


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ((), "no held-out regions"),
        ((Region(chrom="chr21", start=0, end=900_000),), "no known sequence"),
    ],
)
def test_refused(
    model: EvaluatedModel, measured: EvaluationData, test: tuple[Region, ...], message: str
) -> None:
    split = Split(train=measured.split.train, validation=(), test=test)
    with pytest.raises(InputError, match=message):
        evaluate(
            model,
            replace(measured, split=split),
            Rules(),
            EvaluationOptions(n_draws=0, n_shifts=0),
        )


def test_resolutions_and_test_sets(report: EvaluationReport) -> None:
    (track,) = report.tracks
    assert [one.resolution for one in track.resolutions] == [32, 128, 512]
    fine, _, coarse = (one.agreement for one in track.resolutions)
    assert fine.n_bins == 16 * coarse.n_bins == 16 * track.n_bins
    assert fine.pearson == pytest.approx(track.fine_pearson.value)
    row = track.rows[0].metrics
    assert coarse.pearson == pytest.approx(row["pearson"].value)
    assert coarse.unscaled.mse == pytest.approx(row["mse"].value)
    assert coarse.scale == pytest.approx(fine.scale)
    assert coarse.scaled.poisson_nll < coarse.unscaled.poisson_nll
    kinds = [one.kind for one in track.selections]
    assert (kinds[0], kinds[-1]) == ("whole", "peaks")
    sweep = [one for one in track.selections if one.kind == "threshold"]
    sizes = [one.agreement.n_sequences for one in sweep]
    assert sizes == sorted(sizes, reverse=True)
    # The 512-bp bins of 2 Mb from 33 Mb on begin within a profile.
    assert sizes[0] < fine.n_sequences <= (2_000_000 + 1_000_000) // 2048
    # Where there is signal, its shape is found better.
    assert sweep[-1].agreement.jensen_shannon < fine.jensen_shannon


def test_calls_are_counted_at_the_stated_threshold(report: EvaluationReport) -> None:
    (track,) = report.tracks
    calls = track.confusion
    assert calls is not None
    assert calls.threshold == 8.0
    assert calls.true_positives + calls.false_negatives == track.n_positive
    assert calls.f1 == track.rows[0].metrics["f1"].value
    scores = track.picture_data.scores[0].ranking[track.picture_data.classed]
    assert len(scores) == track.n_bins - track.n_ambiguous == track.n_classed
    assert (scores >= 8).sum() == calls.true_positives + calls.false_positives


def test_resolutions_finer_than_the_model_are_refused(
    model: EvaluatedModel, measured: EvaluationData
) -> None:
    small = replace(
        measured,
        split=Split(
            train=(),
            validation=(),
            test=(Region(chrom="chr21", start=33_000_000, end=33_300_000),),
        ),
    )
    with pytest.raises(InputError, match="multiple of the model's bins"):
        evaluate(model, small, Rules(), EvaluationOptions(resolutions=(16,), n_draws=0, n_shifts=0))
    report = evaluate(
        model, small, Rules(), EvaluationOptions((64,), (0.0, 5.0), n_draws=0, n_shifts=0)
    )
    (track,) = report.tracks
    assert [one.resolution for one in track.resolutions] == [64]
    assert [one.threshold for one in track.selections][:2] == [0.0, 5.0]
    assert track.rows[-1].note == "not fitted: no training regions"
