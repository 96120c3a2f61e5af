"""What is said of a model without a recipe, from its card."""

from __future__ import annotations

from typing import Any

import pytest

from zooctl.audit.audit import ACKNOWLEDGEMENTS, CHECKS
from zooctl.audit.card_only import audit_card
from zooctl.schema.card import Acknowledged, Card, Metric
from zooctl.schema.fields import Region, Split


def metric(name: str = "auroc", **more: Any) -> Metric:
    values = {"value": 0.9, "split": "test", "baseline": "GC content", "baseline_value": 0.5}
    return Metric(name=name, **(values | more))


SOUND = (metric(), metric("auprc", definition="As auroc; the prevalence is 0.05."))


def split(*test: Region) -> Split:
    train, validation = Region(chrom="chr1", start=0, end=5_000), Region(chrom="chr2")
    return Split(train=(train,), validation=(validation,), test=test)


APART, BESIDE = Region(chrom="chr3"), Region(chrom="chr1", start=5_000, end=9_000)


def levels(card: Card, **changes: Any) -> dict[str, str]:
    changed = card.model_copy(update={"split": split(APART), "metrics": SOUND} | changes)
    return {finding.id: finding.outcome.level for finding in audit_card(changed).findings}


def test_a_sound_card_is_clear_and_the_rest_is_not_run(card: Card) -> None:
    found = levels(card)
    assert set(CHECKS) <= set(found)
    clear = {name for name, level in found.items() if level == "clear"}
    assert clear == {
        "dependence.same_chromosome",
        "leakage.figures",
        "imbalance.metrics",
        "card.test_regions",
        "card.baselines",
    }
    assert {level for name, level in found.items() if name not in clear} == {"not run"}
    (reason,) = {finding.outcome.summary for finding in audit_card(card).of("not run")}
    assert reason == "not checkable: no training recipe"


@pytest.mark.parametrize(
    ("changes", "name", "level"),
    [
        ({"split": None}, "card.test_regions", "severe"),
        ({"split": split()}, "card.test_regions", "severe"),
        ({"split": None, "metrics": ()}, "card.test_regions", "note"),
        ({"split": split(BESIDE)}, "dependence.same_chromosome", "warning"),
        ({"split": None}, "dependence.same_chromosome", "none to check"),
        ({"metrics": (metric(baseline=None), SOUND[1])}, "card.baselines", "warning"),
        ({"metrics": (metric(baseline_value=None), SOUND[1])}, "card.baselines", "warning"),
        ({"metrics": ()}, "card.baselines", "none to check"),
        ({"metrics": (metric(),)}, "imbalance.metrics", "warning"),
        ({"metrics": (metric(), metric("auprc"))}, "imbalance.metrics", "note"),
        ({"metrics": (metric(split="train"),)}, "leakage.figures", "severe"),
    ],
)
def test_a_card_that_says_too_little(
    card: Card, changes: dict[str, Any], name: str, level: str
) -> None:
    assert levels(card, **changes)[name] == level


def test_a_card_acknowledges_what_is_severe(card: Card) -> None:
    changed = card.model_copy(update={"split": None, "metrics": SOUND})
    assert [finding.id for finding in audit_card(changed).standing] == ["card.test_regions"]
    known = (Acknowledged(finding="card.test_regions", reason="Nobody knows."),)
    found = audit_card(changed.model_copy(update={"audit": known}))
    assert found.standing == ()
    assert found.findings[-1].id == ACKNOWLEDGEMENTS
    assert found.findings[-1].outcome.level == "clear"


def test_json_says_that_there_is_no_recipe(card: Card) -> None:
    found = audit_card(card).to_json()
    assert (found["name"], found["recipe"], found["steps"]) == ("toy", None, [])
