"""Sizes of classifiers: one logit a track, or logits of classes, for the whole window.

Their recipes have one bin. Defaults are those of the source paper, which the docstring names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Problem, Values
from zooctl.schema.recipe.bounds import Fraction
from zooctl.schema.recipe.losses import Output
from zooctl.schema.recipe.networks.sizes import (
    BASSET_STAGES,
    CNN_STAGES,
    RESIDUAL_BASE_STAGES,
    Activation,
    Kernel,
    Size,
    Stages,
    StageSizes,
)


class ConvBinarySizes(Values):
    """The convolutional baseline's binary form (Toneyan 2022).

    Attributes:
        activation: Of the first convolution.
        stages: Of the trunk; the paper's three if not given.
        hidden: Units of the summary of the window.
    """

    output: ClassVar[Output] = "logit"
    key: Literal["conv_binary"]
    activation: Activation = "relu"
    stages: Stages | None = None
    hidden: Size = 256

    @property
    def trunk_stages(self) -> tuple[StageSizes, ...]:
        """The stages given, or the paper's."""
        return self.stages or CNN_STAGES


class ResidualBinarySizes(Values):
    """ResidualBind's binary form (Toneyan 2022).

    Attributes:
        activation: Of the first convolution.
        stages: Of the trunk; the paper's three if not given.
        hidden: Units of the summary of the window.
    """

    output: ClassVar[Output] = "logit"
    key: Literal["residual_binary"]
    activation: Activation = "relu"
    stages: Stages | None = None
    hidden: Size = 512

    @property
    def trunk_stages(self) -> tuple[StageSizes, ...]:
        """The stages given, or the paper's."""
        return self.stages or RESIDUAL_BASE_STAGES["joint"]


class BassetSizes(Values):
    """Basset in GOPHER's form (Kelley 2016, Toneyan 2022).

    Attributes:
        activation: Of the first convolution.
        stages: Of the trunk; GOPHER's three if not given (the original's first kernel is 19).
        hidden: Units of both hidden layers.
        dropout: After each of them.
    """

    output: ClassVar[Output] = "logit"
    key: Literal["basset"]
    activation: Activation = "relu"
    stages: Stages | None = None
    hidden: Size = 1000
    dropout: Fraction = 0.3

    @property
    def trunk_stages(self) -> tuple[StageSizes, ...]:
        """The stages given, or the paper's."""
        return self.stages or BASSET_STAGES


class DeepSeaSizes(Values):
    """DeepSEA (Zhou 2015).

    Attributes:
        filters: Channels of the convolutions.
        kernel: Their width.
        pool: Positions to a pool after all but the last.
        hidden: Units of the hidden layer.
        dropouts: After each convolution and its pooling.
    """

    output: ClassVar[Output] = "logit"
    key: Literal["deepsea"]
    filters: Annotated[Items[Size], Field(min_length=1, max_length=8)] = (320, 480, 960)
    kernel: Kernel = 8
    pool: Size = 4
    hidden: Size = 925
    dropouts: Items[Fraction] = (0.2, 0.2, 0.5)

    def problems(self) -> Iterator[Problem]:
        if len(self.dropouts) != len(self.filters):
            yield Problem(
                "dropouts",
                "one is needed for each convolution",
                str(len(self.dropouts)),
                str(len(self.filters)),
            )


class DanQSizes(Values):
    """DanQ (Quang 2016).

    Attributes:
        filters: Channels of the convolution.
        kernel: Its width.
        pool: Positions to a pool after it.
        units: Of the LSTM, in each direction.
        hidden: Units of the hidden layer.
        dropout: After the pooling.
        recurrent_dropout: After the LSTM.
    """

    output: ClassVar[Output] = "logit"
    key: Literal["danq"]
    filters: Size = 320
    kernel: Kernel = 26
    pool: Size = 13
    units: Size = 320
    hidden: Size = 925
    dropout: Fraction = 0.2
    recurrent_dropout: Fraction = 0.5


class DeepBindSizes(Values):
    """DeepBind (Alipanahi 2015).

    Attributes:
        detectors: Motif detectors.
        kernel: Their width.
        pool: The largest response, or that and the mean.
        hidden: Units of the hidden layer; 0 for none.
        dropout: After the pooling, and after the hidden layer.
        both_strands: Read the reverse complement too (not for RNA).
    """

    output: ClassVar[Output] = "logit"
    key: Literal["deepbind"]
    detectors: Size = 16
    kernel: Kernel = 24
    pool: Literal["max", "max_mean"] = "max"
    hidden: Annotated[int, Field(ge=0, le=65_536)] = 32
    dropout: Fraction = 0.5
    both_strands: bool = True


class FactorNetSizes(Values):
    """FactorNet, siamese over strands, with signals per base as its second input (Quang 2019).

    Attributes:
        n_features: Values of metadata, the third input; 0 for none.
        filters: Channels of the convolution.
        kernel: Its width; half of it is the width of the pooling.
        units: Of the LSTM, in each direction.
        hidden: Units of the hidden layers.
        dropout: After the LSTM and after hidden layers.
        reverse_order: For each signal, the index of the one in its place on the reverse strand,
            for signals of one strand; unchanged if not given.
    """

    reads_bases: ClassVar[bool] = True
    output: ClassVar[Output] = "logit"
    key: Literal["factornet"]
    n_features: Annotated[int, Field(ge=0, le=65_536)] = 0
    filters: Size = 32
    kernel: Annotated[int, Field(ge=2, le=1_024)] = 26
    units: Size = 32
    hidden: Size = 128
    dropout: Fraction = 0.5
    reverse_order: Items[Annotated[int, Field(ge=0)]] | None = None


class ThesisShallowSizes(Values):
    """The submitted network of ten Dijke's thesis; signals per base are its second input.

    Attributes:
        n_features: Genes whose expression is read, the third input; 32 in the thesis.
        filters: Channels of the convolution.
        kernel: Its width.
        pool: Positions to a pool after it.
        hidden: Units that summarise the sequence, and units that summarise expression.
        signal_pool: Bases to a pool of a signal.
        merged: Units of the layer over all inputs.
        dropout: Throughout.
    """

    reads_bases: ClassVar[bool] = True
    output: ClassVar[Output] = "logit"
    key: Literal["thesis_shallow"]
    n_features: Annotated[int, Field(ge=0, le=65_536)] = 0
    filters: Size = 32
    kernel: Kernel = 20
    pool: Size = 35
    hidden: Size = 100
    signal_pool: Size = 20
    merged: Size = 1000
    dropout: Fraction = 0.5


class ThesisDeepSizes(Values):
    """The deep network of ten Dijke's thesis; signals per base are its second input.

    Attributes:
        filters: Channels of the convolutions.
        kernel: Their width.
        pool: Positions to a pool after each.
        hidden: Units that summarise the sequence.
        signal_pool: Bases to a pool of a signal.
        merged: Units of the layer over all inputs.
        dropout: After that layer.
    """

    reads_bases: ClassVar[bool] = True
    output: ClassVar[Output] = "logit"
    key: Literal["thesis_deep"]
    filters: Annotated[Items[Size], Field(min_length=1, max_length=8)] = (16, 32, 64)
    kernel: Kernel = 4
    pool: Size = 4
    hidden: Size = 1000
    signal_pool: Size = 20
    merged: Size = 1000
    dropout: Fraction = 0.5


class ThesisMultiTaskSizes(Values):
    """All factors at once, for labels known in part (ten Dijke's thesis).

    Attributes:
        n_features: Values that summarise accessibility, the third input; 4 in the thesis.
        filters: Channels of the convolution.
        kernel: Its width.
        pool: Positions to a pool after it.
        hidden: Units that summarise the sequence.
        signal_pool: Bases to a pool of a signal.
        merged: Units of the layer over all inputs.
        dropout: After that layer.
    """

    reads_bases: ClassVar[bool] = True
    output: ClassVar[Output] = "logit"
    key: Literal["thesis_multi_task"]
    n_features: Annotated[int, Field(ge=0, le=65_536)] = 0
    filters: Size = 100
    kernel: Kernel = 15
    pool: Size = 35
    hidden: Size = 1000
    signal_pool: Size = 20
    merged: Size = 1000
    dropout: Fraction = 0.5
