"""Choice of training windows, one class a key, and excluded places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Name, Problem, Text, Values, repeated
from zooctl.schema.recipe.bounds import Count, NotNegative, Share

# Of negatives: drawn from all, or with the GC content of the positives.
Matching = Literal["random", "gc"]
# Assembly gaps and ends of contigs.
Gaps = Literal["avoid", "mask"]


class Stretch(Values):
    """Bases of each window, counted from its first: 0-based, half-open."""

    start: Annotated[int, Field(ge=0)]
    end: Count

    def problems(self) -> Iterator[Problem]:
        if self.start >= self.end:
            yield Problem("end", "stretch is empty", str(self.end), f"more than {self.start}")


class Blankable(Values):
    """Windows of which a stretch may be hidden from the network.

    Attributes:
        blank: Bases that the network reads as unknown, in training and in prediction: what it
            loses by them is what they tell.
    """

    blank: Stretch | None = None


class CoverageWindows(Blankable):
    """Windows with a base at or above a threshold, and others drawn anew each epoch.

    Attributes:
        threshold: Lowest signal that the highest base of a positive window has in any track.
        threshold_over: Bases that are asked: those of the core, or those of the whole chunk that a
            window may read, its input at every shift. Chunks lie from the start of each training
            region, so that a stride of their length sets them side by side: 3,072 bp for inputs of
            2,048 bp and shifts of 512, as in the released code of GOPHER (Toneyan 2022).
        stride: bp between candidate windows.
        negatives: Windows below the threshold in an epoch, per window above it.
        matching: ``gc`` draws negatives with the GC content of the positives.
        max_unknown: Largest fraction of N in the core of a window that is used.
        max_control: Largest value of any control in the core; left out for no limit.
    """

    key: Literal["coverage_threshold"]
    threshold: float
    threshold_over: Literal["core", "chunk"] = "core"
    stride: Count
    negatives: NotNegative
    matching: Matching = "random"
    max_unknown: Share = 0.5
    max_control: float | None = None


class PeakWindows(Blankable):
    """Windows centred on peaks, and windows without a peak drawn anew each epoch.

    Overlapping peaks, each extended to the input length, are merged at their mean, the closest
    first, as in Basset (Kelley et al. 2016, doi:10.1101/gr.200535.115): each weighs one more than
    its number of sources.

    Attributes:
        sources: Peak files, such as one a cell type.
        merge_overlap: Least overlap in bp of two inputs to be merged.
        centre: The middle of a peak, or its summit.
        negatives: Windows without a peak in an epoch, per window with one.
        matching: ``gc`` draws these with the GC content of the windows with a peak.
        max_unknown: Largest fraction of N in the core of a window that is used.
        max_control: Largest value of any control in the core; left out for no limit.
        stranded: Read a window on the strand of its peak (sixth column of BED), as of a
            transcription start site; peaks of the two strands are not merged, and each negative
            has a strand drawn by the seed.
    """

    key: Literal["peak_centred"]
    sources: Annotated[Items[Name], Field(min_length=1)]
    merge_overlap: Count = 200
    centre: Literal["midpoint", "summit"] = "midpoint"
    negatives: NotNegative
    matching: Matching = "random"
    max_unknown: Share = 0.5
    max_control: float | None = None
    stranded: bool = False

    def problems(self) -> Iterator[Problem]:
        for name in repeated(list(self.sources)):
            yield Problem("sources", "source is named twice", name)


class AccessibleWindows(Blankable):
    """Windows over accessible regions, and a stated number of closed ones drawn anew each epoch.

    Attributes:
        sources: Regions of accessible chromatin, such as DNase peaks of each cell type.
        stride: bp between candidate windows.
        closed: Windows in an epoch whose core meets no such region; all of them if there are
            fewer.
        matching: ``gc`` draws these with the GC content of the accessible windows.
        max_unknown: Largest fraction of N in the core of a window that is used.
        max_control: Largest value of any control in the core; left out for no limit.
    """

    key: Literal["accessible_regions"]
    sources: Annotated[Items[Name], Field(min_length=1)]
    stride: Count
    closed: Annotated[int, Field(ge=0)]
    matching: Matching = "random"
    max_unknown: Share = 0.5
    max_control: float | None = None

    @property
    def negatives(self) -> float:
        """1 where closed windows are drawn; their number is ``closed``."""
        return float(self.closed > 0)

    def problems(self) -> Iterator[Problem]:
        for name in repeated(list(self.sources)):
            yield Problem("sources", "source is named twice", name)


class TilingWindows(Blankable):
    """All windows of the training regions, side by side or overlapping.

    Attributes:
        stride: bp between windows.
        gaps: ``mask`` trains on windows over assembly gaps and over the ends of contigs, padded
            with N, as prediction meets them; bins of more than half N then count in no loss.
            ``avoid`` keeps inputs inside of contigs, and gives gaps the measured value, 0.
        max_unknown: Largest fraction of N in the core of a window that is used.
        max_control: Largest value of any control in the core; left out for no limit.
    """

    key: Literal["tiling"]
    stride: Count
    gaps: Gaps = "avoid"
    max_unknown: Share = 0.5
    max_control: float | None = None

    @property
    def negatives(self) -> float:
        """0: all tiles are trained on."""
        return 0.0


class FixedBinWindows(Blankable):
    """One labelled bin a window, with sequence around it; for targets that are peaks.

    A window is positive if any track's label is 1, negative if all are 0, and not used otherwise.
    The window's ``output_length`` is its ``bin_size``: 200 bp at a stride of 50 in the ENCODE-DREAM
    challenge, with 400 bp on each side.

    Attributes:
        stride: bp between bins.
        negatives: Negatives in an epoch, per positive.
        matching: ``gc`` draws negatives with the GC content of the positives.
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


class VariantWindows(Blankable):
    """Windows around measured variants, each read with the reference and the alternative base.

    Only single-base substitutions: other lines, and those whose reference base is not the
    genome's, are left out and counted.

    Attributes:
        source: Table of variants, tab-separated with a header.
        columns: Names of its columns.
        rows: Column to the value of the lines to use, such as ``{Release: GRCh37}``.
        chrom_prefix: Put before the table's names of chromosomes, such as ``chr``.
    """

    max_unknown: ClassVar[float] = 1.0
    max_control: ClassVar[float | None] = None
    negatives: ClassVar[float] = 0.0
    key: Literal["variants"]
    source: Name
    columns: TableColumns = TableColumns()
    rows: dict[Text, Text] = Field(default_factory=dict)
    chrom_prefix: Annotated[str, Field(max_length=16)] = ""


AnyWindows = (
    CoverageWindows
    | PeakWindows
    | AccessibleWindows
    | TilingWindows
    | FixedBinWindows
    | VariantWindows
)
WindowChoice = Annotated[AnyWindows, Field(discriminator="key")]


class ValidationWindows(Values):
    """Validation windows chosen as training ones are, with a stated number of negatives.

    The validation loss then weighs positives and negatives as stated, and not as the genome does.

    Attributes:
        negatives: Windows per positive, drawn once by the seed; 1 balances them.
    """

    negatives: NotNegative


class Fold(Values):
    """One of several splits of the same chromosomes, each of which is tested in one of them.

    Attributes:
        index: From 1.
        of: Number of folds.
    """

    index: Count
    of: Count

    def problems(self) -> Iterator[Problem]:
        if self.index > self.of:
            yield Problem("index", "no such fold", str(self.index), f"at most {self.of}")


class Mappability(Values):
    """Limit of bases to which reads cannot be mapped uniquely, by a mappability track.

    Attributes:
        source: bigWig; bases without an entry count as 0.
        min_value: A base with less is unmappable.
        max_unmappable: Largest fraction of such bases in the core of a window that is used, and
            in a bin that is evaluated.
    """

    source: Name
    min_value: float
    max_unmappable: Share


class Exclusion(Values):
    """Places that no part of the split reads: training, validation, or test.

    Attributes:
        regions: Sources of regions (BED), such as the ENCODE blacklist; no predicted base of a
            training or validation window lies in one, at any shift, and no base of a judged bin.
        mappability: Left out for no limit.
    """

    regions: Items[Name] = ()
    mappability: Mappability | None = None
