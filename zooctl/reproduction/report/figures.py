"""Numbers of a card: taken from an evaluation, and compared with the card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.reproduction.report.equivalence import Equivalence, compare_figure
from zooctl.reproduction.report.rows import Figure
from zooctl.schema.card import Card
from zooctl.schema.strict_yaml import loads

if TYPE_CHECKING:
    from zooctl.evaluation.report.report import EvaluationReport

FIELDS = ("value", "n", "baseline_value")


def take_figures(
    card: Card, card_path: Path, report: EvaluationReport
) -> dict[str, float | int | None]:
    """Return the metrics and the robustness of a card as an evaluation computed them.

    Returns:
        Field, such as ``metrics.0.value``, to a number rounded as on the card; None where the
        evaluation does not give it.
    """
    from zooctl.evaluation.report.card_metrics import card_text

    # Emptied first, so that no figure of the card itself is taken for a computed one.
    empty = card.model_copy(
        update={
            "metrics": tuple(
                metric.model_copy(update=dict.fromkeys(FIELDS)) for metric in card.metrics
            )
        }
    )
    text = card_path.read_text(encoding="utf-8")
    document = loads(card_text(text, empty, report), card_path).data
    robustness = None if report.robustness is None else document["robustness"]
    return {
        f"metrics.{index}.{field}": metric.get(field)
        for index, metric in enumerate(document["metrics"])
        for field in FIELDS
    } | {"robustness": robustness}


def compare_figures(
    card: Card, got: Mapping[str, float | int | None], *, retrained: bool
) -> tuple[Figure, ...]:
    """Return every figure of the card beside the one computed now, with its class.

    The mean and the spread over seeds come from further runs and are left out.

    Args:
        card: Of the model.
        got: Field to computed number (``take_figures``).
        retrained: True for weights other than the published ones.
    """
    rows = []

    def add(place: str, name: str, claimed: float, same: Equivalence | None) -> None:
        found = None if (value := got.get(place)) is None else float(value)
        rows.append(
            Figure(field=place, name=name, card=float(claimed), got=found, equivalence=same)
        )

    for index, metric in enumerate(card.metrics):
        spread = None
        if metric.mean is not None and metric.sd is not None and metric.n_seeds is not None:
            spread = (metric.mean, metric.sd, metric.n_seeds)
        for field in FIELDS:
            if (claimed := getattr(metric, field)) is not None:
                place = f"metrics.{index}.{field}"
                # Counts and baselines are of the data alone.
                by_chance = retrained and field == "value"
                same = compare_figure(
                    claimed, got.get(place), by_chance, spread, is_count=field == "n"
                )
                add(place, metric.name, claimed, same)
    if (claimed := card.robustness) is not None:
        same = compare_figure(claimed, got.get("robustness"), retrained)
        add("robustness", "robustness", claimed, same)
    return tuple(rows)
