"""Sizes of the networks a recipe may choose, one model a key; the networks are in training/nets.

Defaults are those of the source paper, which the docstring names; lengths, tracks and controls
come from the rest of the recipe. ``output`` says what a track is (see ``catalog.losses``), as a
choice where the network has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Name, Problem, Values
from zooctl.schema.recipe.losses import Output
from zooctl.schema.recipe.networks.sizes import (
    Activation,
    Fraction,
    Heads,
    Kernel,
    Layers,
    Size,
    Stages,
)
from zooctl.schema.recipe.networks.window import (
    BassetSizes,
    ConvBinarySizes,
    DanQSizes,
    DeepBindSizes,
    DeepSeaSizes,
    FactorNetSizes,
    ResidualBinarySizes,
    ThesisClassesSizes,
    ThesisDeepSizes,
    ThesisMultiTaskSizes,
    ThesisShallowSizes,
)

Count = Annotated[int, Field(ge=1)]
ProfileOutput = Literal["rate", "value", "logit", "log"]


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
        output: What a track is.
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
        output: What a track is; ``logit`` with one bin is GOPHER's binary form.
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
        hidden: Values that summarise the window.
        bottleneck: Values that each bin gets of it.
        profile_filters: Channels of the convolution over bins.
        output: What a track is.
    """

    key: Literal["cnn_baseline"]
    heads: Heads = "joint"
    activation: Activation = "relu"
    stages: Stages | None = None
    hidden: Size = 256
    bottleneck: Size = 8
    profile_filters: Size = 256
    output: ProfileOutput = "rate"


class ResidualBind32Sizes(Values):
    """ResidualBind at 32 bp, or at what the stages' pools multiply to (Toneyan 2022).

    Attributes:
        heads: One layer for all tracks, or a small network each.
        activation: Of the first convolution.
        stages: Of the trunk; the paper's three if not given.
        hidden: Channels of the last shared layer.
        output: What a track is.
    """

    key: Literal["residualbind_32"]
    heads: Heads = "joint"
    activation: Activation = "relu"
    stages: Stages | None = None
    hidden: Size = 256
    output: ProfileOutput = "rate"


class ResidualBindBaseSizes(Values):
    """ResidualBind with a bottleneck, at any bin size (Toneyan 2022).

    Attributes:
        heads: One layer for all tracks, or a small network each; the two forms of the paper
            differ in their stages too.
        activation: Of the first convolution.
        stages: Of the trunk; the paper's three for these heads if not given.
        hidden: Values that summarise the window.
        bottleneck: Values that each bin gets of it.
        profile_filters: Channels of the layers over bins.
        output: What a track is.
    """

    key: Literal["residualbind_base"]
    heads: Heads = "joint"
    activation: Activation = "relu"
    stages: Stages | None = None
    hidden: Size = 512
    bottleneck: Size = 8
    profile_filters: Size = 256
    output: ProfileOutput = "rate"


class KmerContextSizes(Values):
    """Words of each bin, and dilated convolutions over the bins about it; for broad marks.

    Attributes:
        k: Length of the words.
        embedding: Channels that their counts are brought down to.
        filters: Channels of the dilated layers.
        kernel: Width of a dilated convolution, in bins.
        dilated_layers: Residual layers; layer i of 0…n-1 has dilation 2**i, in bins.
        dropout: In the dilated layers.
        channel_dropout: Of whole channels of the embedding.
        output: What a track is.
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


class PwmScanSizes(Values):
    """Best log-odds of motifs over both strands; nothing is trained but a calibration.

    Attributes:
        motifs: Counts of A, C, G and T at each position; one motif a track.
        pseudocount: Added to each position, shared by the bases.
        calibrated: Whether a slope and an offset are trained, which make logits of scores.
    """

    key: Literal["pwm_scan"]
    motifs: Annotated[
        Items[
            Annotated[
                Items[
                    Annotated[
                        Items[Annotated[float, Field(ge=0)]], Field(min_length=4, max_length=4)
                    ]
                ],
                Field(min_length=1, max_length=1_024),
            ]
        ],
        Field(min_length=1),
    ]
    pseudocount: Annotated[float, Field(gt=0)] = 1.0
    calibrated: bool = False

    @property
    def output(self) -> Output:
        """Scores as they are, or logits."""
        return "logit" if self.calibrated else "value"


Profile = Annotated[
    BPNetSizes | BasenjiSizes | CnnBaselineSizes | ResidualBind32Sizes | ResidualBindBaseSizes,
    Field(discriminator="key"),
]


class SiameseSizes(Values):
    """A twin that reads both alleles of a variant; the alternative is its second input.

    Attributes:
        trunk: What both alleles go through, up to its last layer.
        hidden: Channels that the alleles are compared in.
    """

    output: ClassVar[Output] = "value"
    key: Literal["siamese"]
    trunk: Profile
    hidden: Size = 64


class HeadSizes(Values):
    """One head of several.

    Attributes:
        name: What it predicts, for the reader.
        n_tracks: Tracks it predicts.
        output: What they are.
        kind: One layer for its tracks, or a small network each.
    """

    name: Name
    n_tracks: Count
    output: Literal["rate", "value", "logit", "class", "log"]
    kind: Heads = "joint"


class MultiHeadSizes(Values):
    """Several heads on one trunk; their tracks stand side by side in this order.

    Attributes:
        trunk: What all heads read, up to its last layer.
        hidden: Channels that the heads read.
        heads: In the order of the tracks; each has its loss in a sum of losses.
    """

    key: Literal["multi_head"]
    trunk: Profile
    hidden: Size = 64
    heads: Annotated[Items[HeadSizes], Field(min_length=1, max_length=64)]

    @property
    def output(self) -> Output:
        """What all tracks are, or ``mixed``."""
        outputs = {head.output for head in self.heads}
        return outputs.pop() if len(outputs) == 1 else "mixed"

    def problems(self) -> Iterator[Problem]:
        names = [head.name for head in self.heads]
        for number, name in enumerate(names):
            if name in names[:number]:
                yield Problem(f"heads.{number}.name", "two heads have one name", name)


Network = Annotated[
    BPNetSizes
    | OriginalBPNetSizes
    | BasenjiSizes
    | CnnBaselineSizes
    | ResidualBind32Sizes
    | ResidualBindBaseSizes
    | ConvBinarySizes
    | ResidualBinarySizes
    | BassetSizes
    | DeepSeaSizes
    | DanQSizes
    | DeepBindSizes
    | FactorNetSizes
    | ThesisShallowSizes
    | ThesisDeepSizes
    | ThesisMultiTaskSizes
    | ThesisClassesSizes
    | KmerContextSizes
    | PwmScanSizes
    | SiameseSizes
    | MultiHeadSizes,
    Field(discriminator="key"),
]
