"""Signals of tracks, controls and inputs, one class a key; the arithmetic is in ``tracks``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Name, Problem, Text, TrackName, Values
from zooctl.schema.recipe.bounds import Count

# Of a bin's bases; a step of a bigWig counts at each of its bases.
Statistic = Literal["mean", "sum"]
# Of the binned values; undone at prediction by the card's output_transform.
Transform = Literal["none", "arcsinh", "log1p"]


class BigWigSignal(Values):
    """Signal of a bigWig file, binned; bases without an entry count as 0."""

    key: Literal["bigwig"]
    source: Name
    statistic: Statistic = "mean"
    transform: Transform = "none"


class ReadsSignal(Values):
    """Coverage by aligned reads (BED with strands).

    Attributes:
        extend: Length in bp of each read from its 5' end, about that of the fragments; left out
            for reads as aligned.
        depth: Reads to draw, so that experiments have equal depth; left out for all. The draw
            depends on the recipe's seed and the source.
    """

    key: Literal["reads"]
    source: Name
    extend: Count | None = None
    depth: Count | None = None
    statistic: Statistic = "mean"
    transform: Transform = "none"


class FragmentsSignal(Values):
    """Fragments of read pairs (BED or BEDPE).

    Attributes:
        count: The bases that fragments cover, or the two Tn5 insertions at the ends of each
            (ATAC-seq; 4 bp into the left end, 5 bp into the right).
        depth: Fragments to draw; left out for all.
    """

    key: Literal["fragments"]
    source: Name
    count: Literal["coverage", "cut_sites"] = "coverage"
    depth: Count | None = None
    statistic: Statistic = "mean"
    transform: Transform = "none"


class PeakLabels(Values):
    """Labels of bins: 1 in a peak, 0 outside, or unknown, which no loss counts.

    Attributes:
        min_overlap: Share of a bin's bases that peaks have to cover; a bin with a smaller share
            above 0 is unknown.
        ambiguous: Source of weaker peaks; a bin that touches one and is not 1 is unknown.
        min_width: Shortest peak in bp that counts, such as of a broad start site.
        max_width: Longest peak in bp that counts, such as of a sharp start site.
    """

    transform: ClassVar[Transform] = "none"
    key: Literal["peaks"]
    source: Name
    min_overlap: Annotated[float, Field(gt=0, le=1)] = 0.5
    ambiguous: Name | None = None
    min_width: Count | None = None
    max_width: Count | None = None

    def problems(self) -> Iterator[Problem]:
        least, most = self.min_width, self.max_width
        if least is not None and most is not None and least > most:
            yield Problem("min_width", "no peak is so wide and so narrow", str(least), f"<= {most}")


class Background(Values):
    """Labels of bins without any peak of some sources: 1, and 0 where a peak covers a base.

    Attributes:
        sources: Peak files, such as those of the other classes.
    """

    transform: ClassVar[Transform] = "none"
    key: Literal["background"]
    sources: Annotated[Items[Name], Field(min_length=1)]

    @property
    def source(self) -> str:
        """The first source, which stands for all where one is named."""
        return self.sources[0]


class PeakValues(Values):
    """The signalValue of narrowPeak or broadPeak over each peak, 0 between; the larger of two."""

    key: Literal["peak_values"]
    source: Name
    statistic: Statistic = "mean"
    transform: Transform = "none"


class VariantEffect(Values):
    """Measured effect of each variant of a table, for windows of variants.

    Attributes:
        column: Of the table, such as ``Coefficient``.
    """

    statistic: ClassVar[Statistic] = "mean"
    transform: ClassVar[Transform] = "none"
    key: Literal["variant_effect"]
    source: Name
    column: Text


class KmerValues(Values):
    """A value of the k-mer around each base, such as the width of the minor groove.

    The table is tab-separated, plain or gzipped: a header, and a line a k-mer, which begins with
    it. A k-mer that it lacks has the value of its reverse complement. A k-mer with an unknown base
    has the mean of all.

    Attributes:
        source: The table.
        column: Of the table, such as ``MGW``.
    """

    statistic: ClassVar[Statistic] = "mean"
    transform: ClassVar[Transform] = "none"
    key: Literal["kmer_values"]
    source: Name
    column: Text


AnySignal = (
    BigWigSignal
    | ReadsSignal
    | FragmentsSignal
    | PeakLabels
    | Background
    | PeakValues
    | VariantEffect
    | KmerValues
)
SignalField = Annotated[AnySignal, Field(discriminator="key")]


class Normalisation(Values):
    """Targets brought to one scale, in all samples, by values of the training regions alone.

    ``scale_factors`` multiplies each track by its median ratio to the geometric mean of all;
    ``quantile`` gives all tracks one distribution. Both act on bins, before the transform, and
    change only comparisons between tracks: what differs is taken as depth and not as biology.
    """

    key: Literal["scale_factors", "quantile"]


def sources_of(signal: AnySignal) -> dict[str, str]:
    """Return the sources that a signal reads, by the field that names them."""
    if isinstance(signal, Background):
        return {f"sources.{index}": source for index, source in enumerate(signal.sources)}
    named = {"source": signal.source}
    if isinstance(signal, PeakLabels) and signal.ambiguous is not None:
        named["ambiguous"] = signal.ambiguous
    return named


class Target(Values):
    """The signal that a track of the card is trained on."""

    track: TrackName
    signal: SignalField


class Control(Values):
    """A second input of the network, binned as the targets are."""

    name: TrackName
    signal: SignalField
