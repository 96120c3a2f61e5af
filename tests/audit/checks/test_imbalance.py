"""Prevalence by hand: 123 windows to a contig, of which 30 are high where every fourth is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import toy_audit as toy

from zooctl.audit.checks import imbalance
from zooctl.audit.inputs import AuditInputs
from zooctl.audit.split_data import SplitData
from zooctl.audit.window_stats import core_stats
from zooctl.schema.card import Card, Metric
from zooctl.training.data.windows import TrainingWindows


def with_test(step: int) -> tuple[AuditInputs, SplitData]:
    """Every fourth window high, in the test every so many."""
    signal = toy.every(4)
    signal["chr3"] = toy.every(step)["chr3"]
    return toy.inputs(toy.recipe(), signal)


def test_as_rare_in_every_part() -> None:
    found = imbalance.prevalence(*with_test(4))
    assert found.level == "clear"
    share = round(30 / 123, 5)
    assert found.evidence["toy"] == {"train": share, "validation": share, "test": share}
    assert found.evidence["training_draw"] == {
        "positives": 30,
        "negatives": 30,
        "prevalence": 0.5,
    }


def test_rarer_in_the_test() -> None:
    found = imbalance.prevalence(*with_test(16))
    # Windows 16, 32, ... 112 of 123.
    assert found.evidence["toy"]["test"] == round(7 / 123, 5)  # type: ignore[index]
    assert found.level == "warning"
    assert "24.39% of train, 24.39% of validation, 5.69% of test are positive" in found.summary


def test_rare_everywhere() -> None:
    found = imbalance.prevalence(*toy.inputs(toy.recipe(), toy.every(16)))
    assert found.level == "note"


def test_no_positive_in_the_test() -> None:
    signal = toy.every(4)
    signal["chr3"][:] = 0
    found = imbalance.prevalence(*toy.inputs(toy.recipe(), signal))
    assert found.level == "severe"
    assert "toy: only one class in test" in found.summary


def test_ambiguous_labels_are_no_class() -> None:
    network = toy.toy.recipe().network.model_dump() | {"output": "logit"}
    chosen = toy.recipe(
        targets=[{"track": "toy", "signal": {"key": "peaks", "source": "signal"}}],
        network=network,
        loss={"key": "binary_cross_entropy"},
        windows={"key": "tiling", "stride": 32},
    )
    labels = toy.flat(0.0)
    for chrom in toy.CHROMS:
        labels[chrom][:, 320:352] = 1  # window 10
        labels[chrom][:, 640:704] = np.nan  # windows 20 and 21
    _, data = toy.inputs(chosen, labels)
    # Where windows tile, bins of the evaluation are judged: 125 of 32 bp, without a flank.
    assert imbalance.prevalences(data)["test"] == [1 / 123]


def test_validation_that_was_balanced() -> None:
    inputs, data = with_test(4)
    chunks = data.windows.validation
    high = data.label(data.dataset, chunks, core_stats(data.dataset, chunks)[1])[0] == 1
    assert high.sum() == 30
    kept = high.copy()
    kept[np.flatnonzero(~high)[:30]] = True
    windows = TrainingWindows(data.windows.positives, data.windows.negatives, chunks.take(kept))
    balanced = SplitData(inputs.recipe, data.dataset, windows)
    found = imbalance.resampling(inputs, balanced)
    assert found.level == "severe"
    assert (
        found.summary == "the validation windows' prevalence is changed: toy from 24.39% to 50.00%"
    )


def test_validation_as_it_is() -> None:
    assert imbalance.resampling(*with_test(4)).level == "clear"


def judged(card: Card, step: int, *names: str, **more: Any) -> tuple[str, str]:
    metrics = tuple(
        Metric(name=name, value=0.9, split="test", baseline="none", baseline_value=0.5, **more)
        for name in names
    )
    inputs, data = with_test(step)
    found = imbalance.metrics(
        AuditInputs(inputs.recipe, card.model_copy(update={"metrics": metrics})), data
    )
    return found.level, found.summary


@pytest.mark.parametrize(
    ("step", "level"),
    [
        (100, "severe"),  # 1 of 123
        (16, "warning"),  # 7 of 123
        (4, "note"),  # 30 of 123
    ],
)
def test_auroc_alone(card: Card, step: int, level: str) -> None:
    assert judged(card, step, "auroc")[0] == level


def test_auroc_with_auprc_and_prevalence(card: Card) -> None:
    text = {"definition": "The prevalence is 0.057."}
    assert judged(card, 16, "auroc", "auroc_5mer_ridge", "auprc", **text)[0] == "clear"
    level, what = judged(card, 16, "auroc", "auprc")
    assert level == "note"
    assert "auprc does not state the prevalence" in what


def test_accuracy_of_rare_classes(card: Card) -> None:
    assert judged(card, 16, "accuracy")[0] == "severe"
    assert judged(card, 4, "accuracy")[0] == "clear"


def test_without_data_the_metrics_are_still_read(card: Card) -> None:
    metrics = (Metric(name="auroc", value=0.9, split="test", baseline=None, baseline_value=None),)
    inputs = AuditInputs(toy.recipe(), card.model_copy(update={"metrics": metrics}))
    assert imbalance.metrics(inputs, None).level == "warning"
    assert imbalance.metrics(AuditInputs(toy.recipe()), None).level == "none to check"
