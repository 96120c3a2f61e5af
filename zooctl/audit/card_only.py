"""Audit a card alone, where the model has no training recipe."""

from __future__ import annotations

from collections.abc import Callable

from zooctl.audit.audit import CHECKS, Audit, with_card
from zooctl.audit.checks import imbalance, leakage
from zooctl.audit.checks.dependence import shared_chromosomes
from zooctl.audit.findings import Outcome, clear, none_to_check
from zooctl.schema.card import Card

_NOT_CHECKABLE = Outcome("not run", "not checkable: no training recipe")


def audit_card(card: Card) -> Audit:
    """Run the checks that need a card alone; report all others as not checkable."""
    found = dict.fromkeys(CHECKS, _NOT_CHECKABLE)
    found |= {name: check(card) for name, check in _CHECKS.items()}
    return Audit(card.name, with_card(found, card), (), has_recipe=False)


def same_chromosome(card: Card) -> Outcome:
    """Look for parts of the card's split on one chromosome."""
    if card.split is None:
        return none_to_check("the card has no split")
    shared = shared_chromosomes(card.split)
    if not shared:
        return clear("no two parts lie on one chromosome")
    texts = [
        f"{one} and {other} share {', '.join(names)}" for (one, other), names in shared.items()
    ]
    tested = any("test" in pair for pair in shared)
    return Outcome(
        "warning" if tested else "note",
        f"{'; '.join(texts)}; how far apart they have to be is not known without the data",
        {f"{one}-{other}": names for (one, other), names in shared.items()},
        "hold out whole chromosomes",
    )


def held_out(card: Card) -> Outcome:
    """Look for test figures on a card that names no test regions."""
    if card.split is not None and card.split.test:
        return clear(f"held out: {', '.join(str(region) for region in card.split.test)}")
    claimed = sorted({metric.name for metric in card.metrics if metric.split == "test"})
    if not claimed:
        return Outcome("note", "the card names no test regions", advice=_NAME_THEM)
    return Outcome(
        "severe",
        f"figures of test regions that the card does not name: {', '.join(claimed)}",
        {"metrics": claimed},
        _NAME_THEM,
    )


_NAME_THEM = "name what was held out (field split), for a figure on training data is no figure"


def baselines(card: Card) -> Outcome:
    """Look for figures of the card without a baseline beside them."""
    if not card.metrics:
        return none_to_check("card has no metrics")
    without = [
        metric.name if metric.track is None else f"{metric.name} of {metric.track}"
        for metric in card.metrics
        if metric.baseline is None or metric.baseline_value is None
    ]
    if not without:
        return clear(f"{len(card.metrics)} figures, each beside a baseline's")
    return Outcome(
        "warning",
        f"without a baseline: {', '.join(without)}",
        {"metrics": without},
        "judge a simple method on the same windows (zooctl evaluate)",
    )


_CHECKS: dict[str, Callable[[Card], Outcome]] = {
    "dependence.same_chromosome": same_chromosome,
    "leakage.figures": leakage.figures,
    "imbalance.metrics": lambda card: imbalance.metrics_of(card, {}),
    "card.test_regions": held_out,
    "card.baselines": baselines,
}
