"""Which windows are trained on, one model a key; and which places never are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Name, Problem, Text, Values, repeated
from zooctl.schema.recipe.bounds import Count, NotNegative, Share

# Whether negatives are drawn from all, or so that their GC content is that of the positives.
Matching = Literal["random", "gc"]


class CoverageWindows(Values):
    """Windows whose strongest base passes a threshold, and weaker ones drawn anew each epoch.

    Attributes:
        threshold: Least value that the strongest base of a window's core must have in any track.
        stride: bp between candidate windows.
        negatives: Windows below the threshold in an epoch, per window above it.
        matching: Whether negatives are drawn from all, or with the GC content of the others.
        max_unknown: Largest fraction of N in the core of a window that is used.
        max_control: Largest value of any control in the core; left out for no limit.
    """

    key: Literal["coverage_threshold"]
    threshold: float
    stride: Count
    negatives: NotNegative
    matching: Matching = "random"
    max_unknown: Share = 0.5
    max_control: float | None = None


class PeakWindows(Values):
    """Windows centred on peaks, and windows without a peak drawn anew each epoch.

    Peaks as long as the input that overlap are merged about their mean, the closest first, as
    Basset does (Kelley et al. 2016, doi:10.1101/gr.200535.115): each weighs one more than the
    number of sources it was found in.

    Attributes:
        sources: Peak files, such as one a cell type.
        merge_overlap: Least bp by which two inputs overlap to be merged.
        centre: The middle of a peak, or the summit where the file has it.
        negatives: Windows without a peak in an epoch, per window with one.
        matching: Whether these are drawn from all, or with the GC content of the others.
        max_unknown: Largest fraction of N in the core of a window that is used.
        max_control: Largest value of any control in the core; left out for no limit.
    """

    key: Literal["peak_centred"]
    sources: Annotated[Items[Name], Field(min_length=1)]
    merge_overlap: Count = 200
    centre: Literal["midpoint", "summit"] = "midpoint"
    negatives: NotNegative
    matching: Matching = "random"
    max_unknown: Share = 0.5
    max_control: float | None = None

    def problems(self) -> Iterator[Problem]:
        for name in repeated(list(self.sources)):
            yield Problem("sources", "source is named twice", name)


class TilingWindows(Values):
    """All windows of the training regions, side by side or overlapping.

    Attributes:
        stride: bp between windows.
        max_unknown: Largest fraction of N in the core of a window that is used.
        max_control: Largest value of any control in the core; left out for no limit.
    """

    key: Literal["tiling"]
    stride: Count
    max_unknown: Share = 0.5
    max_control: float | None = None

    @property
    def negatives(self) -> float:
        """None apart from what the tiles hold."""
        return 0.0


class FixedBinWindows(Values):
    """One labelled bin a window, with sequence about it; for targets that are peaks.

    A window is positive where any track's label is 1, negative where all are 0, and else not used.
    The window's ``output_length`` is its ``bin_size``: 200 bp at a stride of 50 in the ENCODE-DREAM
    challenge, with 400 bp on each side.

    Attributes:
        stride: bp between bins.
        negatives: Negatives in an epoch, per positive.
        matching: Whether negatives are drawn from all, or with the GC content of the others.
        max_unknown: Largest fraction of N in the core of a window that is used.
        max_control: Largest value of any control in the core; left out for no limit.
    """

    key: Literal["fixed_bins"]
    stride: Count = 50
    negatives: NotNegative
    matching: Matching = "random"
    max_unknown: Share = 0.5
    max_control: float | None = None


class TableColumns(Values):
    """Names of the columns of a table of variants; positions count from 1, as in VCF."""

    chrom: Text = "chrom"
    pos: Text = "pos"
    ref: Text = "ref"
    alt: Text = "alt"


class VariantWindows(Values):
    """Windows about measured variants, each read with the reference and with the alternative base.

    Single bases alone: other lines are left out, and their number is said, as are lines whose
    reference base is not the genome's.

    Attributes:
        source: Table of variants, tab-separated with a header.
        columns: Where it has what.
        rows: Column to value that a line must have to be used, as ``{Release: GRCh37}``.
        chrom_prefix: Put before the table's names of chromosomes, as ``chr``.
    """

    max_unknown: ClassVar[float] = 1.0
    max_control: ClassVar[float | None] = None
    negatives: ClassVar[float] = 0.0
    key: Literal["variants"]
    source: Name
    columns: TableColumns = TableColumns()
    rows: dict[Text, Text] = Field(default_factory=dict)
    chrom_prefix: Annotated[str, Field(max_length=16)] = ""


AnyWindows = CoverageWindows | PeakWindows | TilingWindows | FixedBinWindows | VariantWindows
WindowChoice = Annotated[AnyWindows, Field(discriminator="key")]


class Mappability(Values):
    """Where reads cannot be told apart, by a track of how well they can.

    Attributes:
        source: bigWig; bases without an entry count as 0.
        min_value: A base with less is unmappable.
        max_unmappable: Largest fraction of such bases in the core of a window that is used.
    """

    source: Name
    min_value: float
    max_unmappable: Share


class Exclusion(Values):
    """Places that neither train nor validate.

    Attributes:
        regions: Sources of regions (BED), such as the ENCODE blacklist; no predicted base of a
            window lies in one, wherever the window is shifted to.
        mappability: Left out for no limit.
    """

    regions: Items[Name] = ()
    mappability: Mappability | None = None
