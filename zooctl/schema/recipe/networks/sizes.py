"""Types and bounds of the sizes that networks have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Values

Size = Annotated[int, Field(ge=1, le=65_536)]
Kernel = Annotated[int, Field(ge=1, le=1_024)]
Layers = Annotated[int, Field(ge=0, le=16)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Activation = Literal["relu", "exp"]
Heads = Literal["joint", "task"]


class StageSizes(Values):
    """One stage of a trunk: convolution, residual block, max-pooling, dropout.

    Attributes:
        filters: Channels it gives out.
        kernel: Width of the convolution, in positions.
        residual_layers: Of the residual block, dilation 1, 2, 4, …; 0 for none.
        pool: Positions joined.
        dropout: After the pooling.
    """

    filters: Size
    kernel: Kernel
    residual_layers: Layers = 0
    pool: Size = 1
    dropout: Fraction = 0.0


Stages = Annotated[Items[StageSizes], Field(min_length=1, max_length=8)]
