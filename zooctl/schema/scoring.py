"""Scores of variants that suit a model, as its card states them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Problem, Values, repeated


class Scoring(Values):
    """Scores of variants that suit the model, unless the user asks for others.

    Attributes:
        statistics: Comparisons of REF and ALT.
        shifts: Windows to average over; 1 is a single pass.
        max_shift: Largest shift in bp.
        distance: Reach of ``local`` and ``delta``, in bp from the change.
        combined: ``mmsplice``: behind the tracks of an exon stands the change of the log odds of
            its inclusion, from the changes of all of them.
    """

    statistics: Items[Literal["sum", "local", "max", "jsd", "delta"]] = ()
    shifts: Annotated[int, Field(ge=1)] | None = None
    max_shift: Annotated[int, Field(ge=0)] | None = None
    distance: Annotated[int, Field(ge=1)] | None = None
    combined: Literal["mmsplice"] | None = None

    def problems(self) -> Iterator[Problem]:
        for name in repeated(list(self.statistics)):
            yield Problem("statistics", "a statistic is named twice", name)
