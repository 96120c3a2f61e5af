"""Bounded numbers that several sections of a recipe share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
# Below 1, such as the probability of dropping a value.
Fraction = Annotated[float, Field(ge=0, lt=1)]
