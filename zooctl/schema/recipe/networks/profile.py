"""Sizes of the networks of one value a bin, one class a key; the networks are in training/nets.

Defaults are those of the source paper, which the docstring names. Lengths, tracks and controls come
from the rest of the recipe. ``output`` is the meaning of a track (see ``recipe.losses``), a choice
where the network has one.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Values
from zooctl.schema.recipe.bounds import Fraction
from zooctl.schema.recipe.losses import Output
from zooctl.schema.recipe.networks.sizes import (
    CNN_STAGES,
    RESIDUAL_32_STAGES,
    RESIDUAL_BASE_STAGES,
    Activation,
    Heads,
    Kernel,
    Layers,
    ProfileOutput,
    Size,
    Stages,
    StageSizes,
)


class BPNetSizes(Values):
    """BPNet in GOPHER's form: dilated residual convolutions and a profile (Toneyan 2022).

    Attributes:
        filters: Channels of every convolution of the trunk.
        first_kernel: Width (bp) of the first convolution.
        pool: Max-pooling (bp) after the first convolution; 1 keeps base resolution.
        dilated_layers: Residual layers; layer i of 1…n has dilation 2**i.
        profile_kernel: Width of the output convolution.
        dropout: After each activation.
        activation: Of the first convolution; ``exp`` gives sharper filters (Koo 2021).
        output: Meaning of a track.
    """

    key: Literal["bpnet"]
    filters: Size = 256
    first_kernel: Kernel = 25
    pool: Size = 1
    dilated_layers: Layers = 9
    profile_kernel: Kernel = 7
    dropout: Fraction = 0.0
    activation: Activation = "relu"
    output: ProfileOutput = "rate"


class OriginalBPNetSizes(Values):
    """BPNet with a head for the profile and one for the total count (Avsec 2021).

    Attributes:
        filters: Channels of every convolution of the trunk.
        first_kernel: Width (bp) of the first convolution.
        dilated_layers: Residual layers; layer i of 1…n has dilation 2**i.
        profile_kernel: Width of the profile convolution.
    """

    output: ClassVar[Output] = "log"
    key: Literal["bpnet_original"]
    filters: Size = 64
    first_kernel: Kernel = 25
    dilated_layers: Layers = 9
    profile_kernel: Kernel = 25


class BasenjiSizes(Values):
    """Basenji in GOPHER's form, at any bin size (Kelley 2018, Toneyan 2022).

    Attributes:
        filters: Channels of the trunk; an even number.
        last_filters: Channels of the last hidden layer.
        dilated_layers: Residual blocks; dilation is 1.5 to the block's number, rounded.
        dropout: In the residual blocks.
        last_dropout: After the last hidden layer.
        output: Meaning of a track; ``logit`` with one bin is GOPHER's binary form.
    """

    key: Literal["basenji"]
    filters: Annotated[int, Field(ge=2, le=65_536, multiple_of=2)] = 256
    last_filters: Size = 2048
    dilated_layers: Layers = 11
    dropout: Fraction = 0.3
    last_dropout: Fraction = 0.05
    output: ProfileOutput = "rate"


class CnnBaselineSizes(Values):
    """GOPHER's convolutional baseline, at any bin size (Toneyan 2022).

    Attributes:
        heads: One layer for all tracks, or a small network each.
        activation: Of the first convolution.
        stages: Of the trunk; the paper's three if not given.
        hidden: Units of the summary of the window.
        bottleneck: Channels of each bin, computed from the summary.
        profile_filters: Channels of the convolution over bins.
        output: Meaning of a track.
    """

    key: Literal["cnn_baseline"]
    heads: Heads = "joint"
    activation: Activation = "relu"
    stages: Stages | None = None
    hidden: Size = 256
    bottleneck: Size = 8
    profile_filters: Size = 256
    output: ProfileOutput = "rate"

    @property
    def trunk_stages(self) -> tuple[StageSizes, ...]:
        """The stages given, or the paper's."""
        return self.stages or CNN_STAGES


class ResidualBind32Sizes(Values):
    """ResidualBind at 32 bp, or at the product of the stages' pools (Toneyan 2022).

    Attributes:
        heads: One layer for all tracks, or a small network each.
        activation: Of the first convolution.
        stages: Of the trunk; the paper's three if not given.
        hidden: Channels of the last shared layer.
        output: Meaning of a track.
    """

    key: Literal["residualbind_32"]
    heads: Heads = "joint"
    activation: Activation = "relu"
    stages: Stages | None = None
    hidden: Size = 256
    output: ProfileOutput = "rate"

    @property
    def trunk_stages(self) -> tuple[StageSizes, ...]:
        """The stages given, or the paper's."""
        return self.stages or RESIDUAL_32_STAGES


class ResidualBindBaseSizes(Values):
    """ResidualBind with a bottleneck, at any bin size (Toneyan 2022).

    Attributes:
        heads: One layer for all tracks, or a small network each; the two forms of the paper
            differ in their stages too.
        activation: Of the first convolution.
        stages: Of the trunk; the paper's three for these heads if not given.
        hidden: Units of the summary of the window.
        bottleneck: Channels of each bin, computed from the summary.
        profile_filters: Channels of the layers over bins.
        output: Meaning of a track.
    """

    key: Literal["residualbind_base"]
    heads: Heads = "joint"
    activation: Activation = "relu"
    stages: Stages | None = None
    hidden: Size = 512
    bottleneck: Size = 8
    profile_filters: Size = 256
    output: ProfileOutput = "rate"

    @property
    def trunk_stages(self) -> tuple[StageSizes, ...]:
        """The stages given, or the paper's."""
        return self.stages or RESIDUAL_BASE_STAGES[self.heads]


class KmerContextSizes(Values):
    """K-mer counts of each bin, and dilated convolutions over the bins around it; for broad marks.

    Attributes:
        k: Length of the k-mers.
        embedding: Channels that their counts are projected to.
        filters: Channels of the dilated layers.
        kernel: Width of a dilated convolution, in bins.
        dilated_layers: Residual layers; layer i of 0…n-1 has dilation 2**i, in bins.
        dropout: In the dilated layers.
        channel_dropout: Of whole channels of the embedding.
        output: Meaning of a track.
    """

    key: Literal["kmer_context"]
    k: Annotated[int, Field(ge=2, le=7)] = 5
    embedding: Size = 32
    filters: Size = 64
    kernel: Kernel = 5
    dilated_layers: Layers = 7
    dropout: Fraction = 0.3
    channel_dropout: Fraction = 0.1
    output: ProfileOutput = "rate"


class KmerDenseSizes(Values):
    """K-mer counts of each bin on both strands, through dense layers.

    Without hidden layers and with the output ``logit`` it is logistic regression.

    Attributes:
        k: Length of the k-mers; each counts together with its reverse complement.
        hidden: Units of each hidden layer.
        activation: Of the hidden layers.
        dropout: After each hidden layer.
        output: Meaning of a track.
    """

    key: Literal["kmer_dense"]
    k: Annotated[int, Field(ge=1, le=7)] = 5
    hidden: Annotated[Items[Size], Field(max_length=8)] = (64,)
    activation: Activation = "relu"
    dropout: Fraction = 0.3
    output: ProfileOutput = "logit"
