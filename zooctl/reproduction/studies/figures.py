"""Read a study's figure out of the report of a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zooctl.errors import InputError
from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.schema.study import Step


def read_figures(report: dict[str, Any], path: Sequence[Step], field: str) -> list[Estimate]:
    """Return the figures at a place of a report, one for each item that ``*`` stands for.

    Args:
        report: As `zooctl evaluate --json` prints it.
        path: Place, from the top.
        field: Name of the arm, for errors.

    Raises:
        InputError: There is nothing at the place, or no number.

    >>> tracks = [{"rows": [{"name": "GC", "auroc": {"value": 0.7, "low": 0.6, "high": 0.8}}]}]
    >>> path = ["tracks", "*", "rows", {"name": "GC"}, "auroc"]
    >>> [str(one) for one in read_figures({"tracks": tracks}, path, "GC")]
    ['0.700 [0.600, 0.800]']
    """
    places: list[Any] = [report]
    for step in path:
        places = [below for place in places for below in _below(place, step)]
    if not places:
        where = ".".join(str(step) for step in path)
        raise InputError("the report has no such figure", field=field, got=where)
    return [_estimate(place, field) for place in places]


def _below(place: Any, step: Step) -> Iterator[Any]:
    if isinstance(step, dict):
        for item in place if isinstance(place, list) else ():
            if all(item.get(name) == value for name, value in step.items()):
                yield item
    elif step == "*":
        yield from place if isinstance(place, list) else place.values()
    elif isinstance(step, int):
        if isinstance(place, list) and step < len(place):
            yield place[step]
    elif isinstance(place, dict) and step in place:
        yield place[step]


def _estimate(place: Any, field: str) -> Estimate:
    values = place if isinstance(place, dict) else {"value": place}
    value = values.get("value", values.get("mean"))
    if not isinstance(value, (int, float)):
        raise InputError("the figure has no value", field=field, got=str(place)[:80])
    sides = [values.get(name) for name in ("low", "high")]
    low, high = (float("nan") if side is None else float(side) for side in sides)
    return Estimate(float(value), low, high)
