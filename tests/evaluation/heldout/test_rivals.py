"""Two models on the same bins, and baselines that were asked for, on real data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.heldout.evaluate import evaluate
from zooctl.evaluation.heldout.model import EvaluatedModel
from zooctl.evaluation.heldout.open_target import open_rival, open_target
from zooctl.evaluation.heldout.options import EvaluationOptions
from zooctl.evaluation.report.report import EvaluationReport
from zooctl.files.motifs import Motif
from zooctl.inference.device.session import Session
from zooctl.inference.options.predict_and_score import NO_INPUTS, SessionOptions
from zooctl.inference.tracks.predict import Readout
from zooctl.schema.recipe.evaluation import Rules

ACCESSIBLE = "recipes/data/ctcf_gm12878_hg19/GM12878_Input_5M.hg19.chr20_21.bw"


def scanner(name: str, motif: Motif, make: Callable[[Motif], Session]) -> EvaluatedModel:
    session = make(motif)
    return EvaluatedModel(name, session, session.geometry, Readout())


@pytest.fixture(scope="module")
def report(
    measured: EvaluationData,
    motif: Motif,
    scanner_session: Callable[[Motif], Session],
    repo: Path,
) -> EvaluationReport:
    """The scan by CTCF's motif, and by half of it; motif hits times reads of the input."""
    half = Motif("half", motif.counts[:9])
    options = EvaluationOptions(
        n_draws=200,
        n_shifts=0,
        learners=("logistic", "motif_accessibility"),
        accessibility=repo / ACCESSIBLE,
    )
    whole = scanner("whole", motif, scanner_session)
    other = scanner("half", half, scanner_session)
    return evaluate(whole, measured, Rules(), options, versus=[other])


def test_the_whole_motif_leads_on_the_same_draws(report: EvaluationReport) -> None:
    rows = {row.name: row for row in report.rows}
    lead = rows["half"].behind["auroc"]
    first, second = (rows[name].metrics["auroc"].value for name in ("whole", "half"))
    assert lead.value == pytest.approx(first - second)
    assert 0 < lead.low < lead.value < lead.high
    test = report.tracks[0].delong["half"]
    assert test.difference == pytest.approx(lead.value)
    assert test.p < 0.01
    # Neighbouring bins are alike, so that whole blocks vary more than single bins.
    assert test.deviation < (lead.high - lead.low) / 2


def test_asked_baselines_stand_beside_the_others(report: EvaluationReport) -> None:
    rows = {row.name: row.metrics["auroc"].value for row in report.rows if row.note is None}
    assert rows["logistic regression on 5-mers"] > 0.6
    assert 0.5 < rows["best motif hit x accessibility"] < rows["whole"] + 0.1


def test_the_report_has_all_of_it_as_json(report: EvaluationReport) -> None:
    track = json.loads(json.dumps(report.to_json()))["tracks"][0]
    assert set(track["delong"]["half"]) == {"difference", "deviation", "p"}
    calls = track["confusion"]
    total = sum(
        calls[f"{side}_{kind}"] for side in ("true", "false") for kind in ("positives", "negatives")
    )
    right = calls["true_positives"] + calls["true_negatives"]
    assert calls["accuracy"] == pytest.approx(right / total)


def test_options_that_need_each_other() -> None:
    with pytest.raises(InputError, match="need each other"):
        EvaluationOptions(learners=("motif_accessibility",)).checked()
    with pytest.raises(InputError, match="accepted values") as caught:
        EvaluationOptions(learners=("logistics",)).checked()
    assert caught.value.hint == "did you mean 'logistic'?"
    with pytest.raises(InputError, match="no learner"):
        EvaluationOptions(resample="smote").checked()


def test_a_rival_has_a_track_of_the_cell_type_that_is_judged(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    target = open_target("ctcf_new_cell", (), None, fasta=None, device="cpu", threads=1)
    options = SessionOptions(device="cpu", threads=1)
    rival = open_rival("ctcf_dream", target, options, None, NO_INPUTS)
    assert [track.name for track in rival.tracks] == [target.sample] == ["HepG2"]
    with pytest.raises(InputError, match="several tracks of other names"):
        open_rival("ctcf_dream", replace(target, sample="GM12878"), options, None, NO_INPUTS)
