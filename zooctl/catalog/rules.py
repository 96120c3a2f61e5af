"""How a model is judged: values of a recipe, since they belong to the data and not to a command."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zooctl.catalog.fields import Values


class Rules(Values):
    """What counts as a bin, and as a strong one.

    Attributes:
        bin_size: Bases to a bin.
        positive_min_signal: A strong bin has at least this at its highest base …
        positive_max_control: … and less than this at the highest base of every control.
        max_unknown: Bins with a larger share of unknown bases are left out.
        block_length: Bases to a block of the bootstrap.
    """

    bin_size: Annotated[int, Field(ge=1)] = 512
    positive_min_signal: float = 8.0
    positive_max_control: float = 4.0
    max_unknown: Annotated[float, Field(ge=0, le=1)] = 0.5
    block_length: Annotated[int, Field(ge=1)] = 1_000_000
