"""Networks around motifs or other networks, and the union of all that a recipe may choose."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Name, Problem, Values
from zooctl.schema.recipe.bounds import Count, Fraction, NotNegative, Positive
from zooctl.schema.recipe.losses import Output
from zooctl.schema.recipe.networks.classes import ThesisClassesSizes, ThesisTssSizes
from zooctl.schema.recipe.networks.profile import (
    BasenjiSizes,
    BPNetSizes,
    CnnBaselineSizes,
    KmerContextSizes,
    KmerDenseSizes,
    OriginalBPNetSizes,
    ResidualBind32Sizes,
    ResidualBindBaseSizes,
)
from zooctl.schema.recipe.networks.sizes import Heads, Size
from zooctl.schema.recipe.networks.window import (
    BassetSizes,
    ConvBinarySizes,
    DanQSizes,
    DeepBindSizes,
    DeepSeaSizes,
    FactorNetSizes,
    ResidualBinarySizes,
    ThesisDeepSizes,
    ThesisMultiTaskSizes,
    ThesisShallowSizes,
)

Column = Annotated[Items[NotNegative], Field(min_length=4, max_length=4)]
Frequencies = Annotated[Items[Positive], Field(min_length=4, max_length=4)]
Motif = Annotated[Items[Column], Field(min_length=1, max_length=1_024)]


class PwmScanSizes(Values):
    """Best log-odds of motifs over both strands; only a calibration is trained.

    Attributes:
        motifs: Counts of A, C, G and T at each position; one motif a track.
        pseudocount: Added to each position, shared by the bases.
        background: Frequencies of A, C, G and T that a motif is compared with, such as those of
            the genome.
        calibrated: Train a slope and an offset a track, which turn scores into logits.
    """

    key: Literal["pwm_scan"]
    motifs: Annotated[Items[Motif], Field(min_length=1)]
    pseudocount: Positive = 1.0
    background: Frequencies = (0.25, 0.25, 0.25, 0.25)
    calibrated: bool = False

    def problems(self) -> Iterator[Problem]:
        if not math.isclose(total := sum(self.background), 1.0, abs_tol=1e-6):
            yield Problem("background", "frequencies do not add up to 1", f"{total:g}", "1")

    @property
    def output(self) -> Output:
        """``value`` for scores, ``logit`` for calibrated ones."""
        return "logit" if self.calibrated else "value"


ProfileSizes = Annotated[
    BPNetSizes | BasenjiSizes | CnnBaselineSizes | ResidualBind32Sizes | ResidualBindBaseSizes,
    Field(discriminator="key"),
]


class SiameseSizes(Values):
    """Siamese network over both alleles of a variant; the alternative is its second input.

    Attributes:
        trunk: Network that reads each allele; its last layer gives the hidden channels.
        hidden: Channels that the alleles are compared in.
    """

    output: ClassVar[Output] = "value"
    key: Literal["siamese"]
    trunk: ProfileSizes
    hidden: Size = 64


class HeadSizes(Values):
    """One head of several.

    Attributes:
        name: For the reader.
        n_tracks: Tracks it predicts.
        output: Their meaning.
        kind: One layer for its tracks, or a small network each.
    """

    name: Name
    n_tracks: Count
    output: Literal["rate", "value", "logit", "class", "log"]
    kind: Heads = "joint"


class MultiHeadSizes(Values):
    """Several heads on one trunk; their tracks stand side by side in this order.

    Attributes:
        trunk: Network below all heads; its last layer gives the hidden channels.
        hidden: Channels that the heads read.
        heads: In the order of the tracks; each has its loss in a sum of losses.
    """

    key: Literal["multi_head"]
    trunk: ProfileSizes
    hidden: Size = 64
    heads: Annotated[Items[HeadSizes], Field(min_length=1, max_length=64)]

    @property
    def output(self) -> Output:
        """Meaning of all tracks, or ``mixed``."""
        outputs = {head.output for head in self.heads}
        return outputs.pop() if len(outputs) == 1 else "mixed"

    def problems(self) -> Iterator[Problem]:
        names = [head.name for head in self.heads]
        for number, name in enumerate(names):
            if name in names[:number]:
                yield Problem(f"heads.{number}.name", "two heads have one name", name)


class TrunkHeadSizes(Values):
    """A head on the activations of another model, whose trunk stays as it is (``init_from``).

    The activations are those that the model's last layer reads, averaged over each bin. They are
    computed once a window and kept in the cache.

    Attributes:
        features: Activations of a position, as ``zooctl embed`` counts them.
        hidden: Channels of a layer between, bin by bin; the head is linear without.
        dropout: Behind that layer.
        output: Meaning of the tracks.
    """

    key: Literal["trunk_head"]
    features: Size
    hidden: Size | None = None
    dropout: Fraction = 0.0
    output: Literal["rate", "value", "logit"] = "rate"


NetworkSizes = Annotated[
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
    | ThesisTssSizes
    | KmerContextSizes
    | KmerDenseSizes
    | PwmScanSizes
    | SiameseSizes
    | MultiHeadSizes
    | TrunkHeadSizes,
    Field(discriminator="key"),
]
