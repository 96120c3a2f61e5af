"""Figures onto a card: what a person wrote stays, and what was measured is replaced."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from toy_reports import toy_report

from zooctl.catalog import registry
from zooctl.catalog.root import model_names
from zooctl.evaluation.report.card_metrics import card_text, figure_of
from zooctl.evaluation.report.report import EvaluationReport
from zooctl.schema.card import Card
from zooctl.schema.strict_yaml import loads, parse

METRICS = """# These figures are printed by one command.
metrics:
  - name: auroc
    track: counts
    value: 0.1
    mean: 0.12
    sd: 0.01
    n_seeds: 3
    split: test
    definition: "Strong: or not."
    baseline: the GC + dinucleotide ridge, as everybody knows
    baseline_value: 0.2
  - {name: mse_5mer_ridge, track: counts, value: 9, split: test, baseline: words, baseline_value: 8}
  - {name: topl, track: labels, value: 7, split: test, baseline: null, baseline_value: null}
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> EvaluationReport:
    return toy_report(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def text(repo: Path) -> str:
    """The toy's card, with the tracks of the report."""
    text = (repo / "tests/data/toy_zoo/model_cards/toy.yaml").read_text()
    text = text.replace("name: plus", "name: counts").replace("name: minus", "name: labels")
    return text.replace("[[plus, minus]]", "[[counts, labels]]")


def with_metrics(text: str, metrics: str) -> str:
    text = re.sub(r"metrics:\n(  .*\n)+", metrics, text)
    return re.sub(r"  metrics\.1\.value.*\n", "", text)


def read(text: str) -> Card:
    return parse(Card, loads(text, Path("toy.yaml")))


def test_figures_are_replaced_and_words_stay(report: EvaluationReport, text: str) -> None:
    before = with_metrics(text, METRICS)
    card = read(before)
    after = card_text(before, card, report)
    assert "# These figures are printed by one command." in after
    auroc, ridge, unknown = read(after).metrics
    rows = {row.name: row.metrics for row in report.tracks[0].rows}
    assert auroc.value == round(rows["gc"]["auroc"].value, 3)
    assert auroc.baseline_value == round(rows["GC + dinucleotide ridge"]["auroc"].value, 3)
    assert auroc.baseline == "the GC + dinucleotide ridge, as everybody knows"
    assert auroc.definition == "Strong: or not."
    assert (auroc.mean, auroc.sd, auroc.n_seeds, auroc.n) == (0.12, 0.01, 3, 311)
    assert ridge.value == round(rows["gc"]["mse"].value, 3)
    assert ridge.baseline_value == round(rows["5-mer ridge"]["mse"].value, 3)
    assert ridge.baseline == "words"
    # What the command does not know is a person's.
    assert unknown == card.metrics[2]
    assert read(after).robustness == round(report.robustness.value, 3)
    assert "robustness: not measured" not in after
    # A second time nothing changes.
    assert card_text(after, read(after), report) == after


@pytest.mark.parametrize("split", ["train", "validation", "external"])
def test_figures_of_other_data_stay(report: EvaluationReport, text: str, split: str) -> None:
    chroms = "\n    chroms: [chr2, chrX]" if split == "external" else ""
    other = METRICS.replace("split: test\n", f"split: {split}{chroms}\n")
    before = with_metrics(text, other)
    card = read(before)
    after = read(card_text(before, card, report))
    assert after.metrics[0] == card.metrics[0]
    assert after.metrics[1] != card.metrics[1]


@pytest.mark.parametrize("name", model_names())
def test_what_cards_say_of_test_regions_an_evaluation_gives(name: str) -> None:
    card = registry.entry(name).card()
    tested = [metric for metric in card.metrics if metric.split == "test"]
    assert [metric.name for metric in tested if figure_of(metric) is None] == []
    # It counts a track's bins once for all figures of a kind; ambiguous bins have no class.
    for track in {metric.track for metric in tested}:
        of_track = [metric for metric in tested if metric.track == track]
        classes = [m for m in of_track if m.name.startswith(("auroc", "auprc", "f1", "recall"))]
        values = [m for m in of_track if m not in classes]
        for some in (classes, values):
            assert len({metric.n for metric in some} - {None}) <= 1
    assert not tested or (card.split is not None and card.split.test)


def test_a_card_without_figures_is_given_the_usual_ones(
    report: EvaluationReport, text: str
) -> None:
    before = re.sub(r"  metrics\..*\n", "", with_metrics(text, "metrics: []\n"))
    after = read(card_text(before, read(before), report))
    assert [(one.name, one.track) for one in after.metrics] == [
        (name, track)
        for track in (None, "counts", "labels")
        for name in ("auroc", "auprc", "pearson")
    ]
    first = after.metrics[0]
    assert first.value == round(report.mean[0].metrics["auroc"].value, 3)
    assert first.n == sum(track.n_bins for track in report.tracks)
    assert first.baseline in {row.name for row in report.mean}
    assert first.definition is not None
    # The share of strong bins stands beside every auPRC.
    shares = [one.n_positive / one.n_bins for one in report.tracks]
    said = {one.track: one.definition for one in after.metrics if one.name == "auprc"}
    assert said[None].endswith(f" Prevalence {sum(shares) / 2:.4f}, the mean over 2 tracks.")
    assert said["counts"].endswith(f" Prevalence {shares[0]:.4f}.")
    others = [one.definition for one in after.metrics if one.name != "auprc"]
    assert not any("Prevalence" in text for text in others)
