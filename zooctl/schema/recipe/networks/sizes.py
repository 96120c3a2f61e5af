"""Types and bounds of the sizes that networks have in common, and the papers' trunks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Values
from zooctl.schema.recipe.bounds import Fraction

Size = Annotated[int, Field(ge=1, le=65_536)]
Kernel = Annotated[int, Field(ge=1, le=1_024)]
Layers = Annotated[int, Field(ge=0, le=16)]
# `maxout` is the larger of two filters (Goodfellow et al. 2013); `prelu` trains its slope below 0.
Activation = Literal["relu", "exp", "elu", "tanh", "prelu", "maxout"]
Heads = Literal["joint", "task"]
ProfileOutput = Literal["rate", "value", "logit", "log"]


class StageSizes(Values):
    """One stage of a trunk: convolution, residual block, max-pooling, dropout.

    Attributes:
        filters: Output channels.
        kernel: Width of the convolution, in positions.
        residual_layers: Of the residual block, dilation 1, 2, 4, …; 0 for none.
        pool: Positions to a pool.
        dropout: After the pooling.
    """

    filters: Size
    kernel: Kernel
    residual_layers: Layers = 0
    pool: Size = 1
    dropout: Fraction = 0.0


Stages = Annotated[Items[StageSizes], Field(min_length=1, max_length=8)]


def as_stages(*rows: tuple[int, int, int, int, float]) -> tuple[StageSizes, ...]:
    """Return stages from rows of filters, kernel, residual layers, pool and dropout."""
    return tuple(
        StageSizes(filters=filters, kernel=kernel, residual_layers=layers, pool=pool, dropout=p)
        for filters, kernel, layers, pool, p in rows
    )


# Released code of Toneyan, Tang and Koo 2022: conv_profile_all_base and conv_binary.
CNN_STAGES = as_stages((192, 19, 0, 8, 0.1), (256, 7, 0, 4, 0.1), (512, 7, 0, 4, 0.2))
# residual_profile_all_dense_32 and residual_profile_task_conv_32.
RESIDUAL_32_STAGES = as_stages((256, 19, 5, 4, 0.2), (512, 7, 5, 4, 0.2), (1024, 7, 3, 2, 0.5))
# residual_profile_all_base (joint; also residual_binary) and residual_profile_task_base (task).
RESIDUAL_BASE_STAGES: dict[Heads, tuple[StageSizes, ...]] = {
    "joint": as_stages((192, 19, 5, 4, 0.1), (256, 7, 5, 4, 0.1), (512, 7, 4, 4, 0.2)),
    "task": as_stages((192, 19, 5, 8, 0.1), (256, 7, 5, 4, 0.1), (512, 7, 3, 4, 0.2)),
}
# GOPHER's form of Basset; the original's first kernel is 19 wide.
BASSET_STAGES = as_stages((300, 10, 0, 3, 0.0), (200, 11, 0, 4, 0.0), (200, 7, 0, 4, 0.0))
