"""Sizes of the networks a recipe may choose, one model a key; the networks are in training/nets.

Defaults are those of the source paper unless the docstring says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zooctl.catalog.fields import Values

Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class BPNet(Values):
    """BPNet's trunk of dilated residual convolutions (Avsec 2021), one profile head a track.

    Attributes:
        filters: Channels of every convolution of the trunk.
        first_kernel: Width (bp) of the first convolution.
        pool: Max-pooling (bp) after the first convolution; 1 keeps base resolution.
        dilated_layers: Residual layers; layer i of 1…n has dilation 2**i.
        profile_kernel: Width of the output convolution.
        dropout: After each residual layer.
        activation: Of the first convolution; ``exp`` gives sharper filters (Koo 2021).
    """

    key: Literal["bpnet"]
    filters: Count = 64
    first_kernel: Count = 25
    pool: Count = 1
    dilated_layers: Annotated[int, Field(ge=0, le=16)] = 9
    profile_kernel: Count = 7
    dropout: Fraction = 0.0
    activation: Literal["relu", "exp"] = "relu"


# With a second network this becomes Annotated[BPNet | …, Field(discriminator="key")]; pydantic
# refuses a discriminator for a single choice.
Network = BPNet
