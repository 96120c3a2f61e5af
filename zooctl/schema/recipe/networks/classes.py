"""Sizes of networks whose tracks are classes that exclude each other, one logit a class."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zooctl.schema.fields import Values
from zooctl.schema.recipe.bounds import Fraction
from zooctl.schema.recipe.losses import Output
from zooctl.schema.recipe.networks.sizes import Kernel, Size


class ThesisClassesSizes(Values):
    """Classes that exclude each other, a track a class (ten Dijke's thesis).

    Attributes:
        n_classes: Classes of a question, whose tracks stand side by side.
        filters: Channels of the convolution.
        kernel: Its width.
        pool: Positions to a pool after it.
        hidden: Units that summarise the sequence.
        signal_pool: Bases to a pool of a signal.
        merged: Units of the layer over all inputs.
        own: Units of the separate layer of each question.
        dropout: After the layer over all inputs.
    """

    reads_bases: ClassVar[bool] = True
    output: ClassVar[Output] = "class"
    key: Literal["thesis_classes"]
    n_classes: Annotated[int, Field(ge=2, le=1_024)] = 3
    filters: Size = 64
    kernel: Kernel = 20
    pool: Size = 20
    hidden: Size = 1000
    signal_pool: Size = 20
    merged: Size = 1000
    own: Size = 128
    dropout: Fraction = 0.5


class ThesisTssSizes(Values):
    """Sharp, broad or no start of transcription, a track a class (ten Dijke's thesis).

    Made for windows of 200 bp that are read on the strand of the start site.

    Attributes:
        filters: Channels of the convolution.
        kernel: Its width.
        pool: Positions to a pool after it.
        hidden: Units that summarise the sequence.
        dropout: After them.
    """

    output: ClassVar[Output] = "class"
    key: Literal["thesis_tss"]
    filters: Size = 16
    kernel: Kernel = 10
    pool: Size = 4
    hidden: Size = 128
    dropout: Fraction = 0.5
