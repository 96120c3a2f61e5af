"""All checks of a recipe together, and what a card acknowledges."""

from __future__ import annotations

import json

import pytest
import toy_audit as toy

from zooctl.audit.audit import ACKNOWLEDGEMENTS, CHECKS, Audit, audit
from zooctl.audit.findings import PITFALLS
from zooctl.audit.inputs import AuditInputs
from zooctl.schema.card import Acknowledged, Card

BESIDE = {
    "train": [toy.region("chr1", 0, 2_016)],
    "validation": ["chr2"],
    "test": [toy.region("chr1", 2_016, 4_000)],
}


@pytest.fixture
def card(card: Card) -> Card:
    """The toy's card, without figures."""
    return card.model_copy(update={"metrics": ()})


def judged(card: Card | None, *known: str) -> Audit:
    """A recipe that tests right beside its training, whose card acknowledges findings."""
    if card is not None:
        reasons = tuple(Acknowledged(finding=name, reason="because") for name in known)
        card = card.model_copy(update={"audit": reasons})
    inputs, data = toy.inputs(toy.recipe(split=BESIDE), toy.broad())
    return audit(AuditInputs(inputs.recipe, card, data=data, missing="no files"))


def test_every_check_has_an_outcome() -> None:
    found = judged(None)
    assert [finding.id for finding in found.findings] == list(CHECKS)
    assert {finding.id.split(".")[0] for finding in found.findings} == PITFALLS.keys() - {"card"}
    assert all(finding.outcome.summary for finding in found.findings)
    for finding in found.of("severe", "warning", "note"):
        assert finding.outcome.advice, finding.id


def test_a_severe_finding_stands() -> None:
    found = judged(None)
    assert [finding.id for finding in found.standing] == ["dependence.same_chromosome"]
    assert [finding.id for finding in found.of("not run")] == [
        "shift.assemblies",
        "confounding.genes",
    ]


def test_an_acknowledged_one_does_not(card: Card) -> None:
    found = judged(card, "dependence.same_chromosome")
    assert found.standing == ()
    (finding,) = found.of("severe")
    assert finding.acknowledged == "because"
    assert found.findings[-1].outcome.level == "clear"


@pytest.mark.parametrize("name", ["shift.signal", "shift.of_mind"])
def test_what_is_not_found_is_not_to_be_acknowledged(card: Card, name: str) -> None:
    found = judged(card, "dependence.same_chromosome", name)
    last = found.findings[-1]
    assert last.id == ACKNOWLEDGEMENTS
    assert last.outcome.level == "note"
    assert last.outcome.summary == f"the card acknowledges what is not found: {name}"


def test_a_check_that_was_not_run_may_be_acknowledged(card: Card) -> None:
    found = judged(card, "dependence.same_chromosome", "confounding.genes")
    assert found.findings[-1].outcome.level == "clear"


def test_without_data_the_others_run() -> None:
    found = audit(AuditInputs(toy.recipe(split=BESIDE), missing="the genome is not here"))
    lacking = found.of("not run")
    assert "dependence.near_duplicates" in [finding.id for finding in lacking]
    assert {finding.outcome.summary.split(": ")[-1] for finding in lacking} == {
        "the genome is not here"
    }
    clear = [finding.id for finding in found.of("clear")]
    assert clear == ["leakage.steps", "leakage.same_source"]


def test_json_holds_all_of_it() -> None:
    found = json.loads(json.dumps(judged(None).to_json(), allow_nan=False))
    assert found["recipe"] == "toy"
    assert found["standing"] == ["dependence.same_chromosome"]
    assert [one["id"] for one in found["findings"]] == list(CHECKS)
    assert found["steps"][0] == {
        "name": "read signal",
        "kind": "fixed",
        "after": [],
        "reads": ["train", "validation", "test"],
    }
