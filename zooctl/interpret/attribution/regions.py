"""Importance of bases of a genome: windows around regions, shifted if asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.regions import Regions
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import as_path
from zooctl.inference.tracks.choose import require_anywhere
from zooctl.inference.variants.shifts import default_max_shift, draw_shifts
from zooctl.interpret.attribution.attribute import (
    GROUP,
    Attributions,
    attribute,
    joined,
    mean_of,
)
from zooctl.interpret.attribution.cross_checks import CrossChecks, cross_check
from zooctl.interpret.attribution.target import target_of
from zooctl.interpret.options import AttributeOptions
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry, unknown_fraction


@dataclass(frozen=True, eq=False)
class RegionAttributions:
    """Importance of bases in regions.

    Attributes:
        regions: The regions; one that is longer than the model's core as several.
        spans: Bases of the arrays of each, in the order of the rows; all of one width.
        found: Their importance.
        contigs: Lengths of the genome's contigs.
        unknown: Regions left out, because over half of their window is N.
    """

    regions: tuple[Interval, ...]
    spans: tuple[Interval, ...]
    found: Attributions
    contigs: dict[str, int]
    unknown: int


class Placed(NamedTuple):
    """Windows around regions.

    Attributes:
        starts: First base of each, ``(n,)``.
        span: First position of the bases that are kept, and past the last.
        bins: Bins of each that touch its region, ``(n, 2)``.
    """

    starts: NDArray[np.int64]
    span: tuple[int, int]
    bins: NDArray[np.int64]


def cut_long(regions: Sequence[Interval], longest: int) -> list[Interval]:
    """Return regions, each longer one as several of at most so many bases.

    >>> cut_long([Interval("chr1", 0, 5)], 2)[-1], len(cut_long([Interval("chr1", 0, 5)], 2))
    (Interval(chrom='chr1', start=4, end=5), 3)
    """
    return [
        Interval(one.chrom, start, min(start + longest, one.end))
        for one in regions
        for start in range(one.start, one.end, longest)
    ]


def place(regions: Sequence[Interval], geometry: Geometry, width: int, shift: int) -> Placed:
    """Place a window around each region.

    Args:
        regions: At most as long as the core.
        geometry: Lengths of the windows.
        width: Bases around the middle of a region that are kept.
        shift: Bases that windows lie to the right of the middle; the kept bases stay.

    >>> place([Interval("chr1", 1000, 1040)], Geometry(2048, 1024, 32, 1024), 100, 0)
    Placed(starts=array([-4]), span=(974, 1074), bins=array([[15, 17]]))
    """
    length, size = geometry.input_length, geometry.bin_size
    middles = np.array([(one.start + one.end) // 2 for one in regions], dtype=np.int64)
    starts = middles - length // 2 + shift
    first = (length - width) // 2 - shift
    outputs = starts + (length - geometry.output_length) // 2
    lows = (np.array([one.start for one in regions]) - outputs) // size
    highs = -((outputs - np.array([one.end for one in regions])) // size)
    bins = np.stack([lows, highs], axis=1).clip(0, geometry.n_bins)
    return Placed(starts, (first, first + width), bins)


@dataclass(frozen=True, eq=False)
class OpenRegions:
    """Regions whose bases are to be explained, with model and genome opened.

    Attributes:
        model: The model.
        genome: The genome.
        regions: The regions; one that is longer than the model's core as several.
        unknown: Regions left out, because over half of their window is N.
        width: Bases around the middle of each whose importance is kept.
        shifts: Places of the windows to average over, from the middle.
        options: Method, track, seed and strands.
    """

    model: OpenModel
    genome: Fasta
    regions: tuple[Interval, ...]
    unknown: int
    width: int
    shifts: Sequence[int]
    options: AttributeOptions

    def attribute(self, progress: Progress = no_progress) -> Attributions:
        """Return the importance of the bases around all regions."""
        return self._attribute(self.regions, progress)

    def attribute_part(self, first: int, last: int) -> Attributions:
        """Return what ``attribute`` returns for the regions from one to another, bit for bit.

        Args:
            first: Number of the first region; a batch ends before it (``batch_ends``).
            last: Number past the last, after which a batch ends.
        """
        edges = [first, *range(GROUP * (first // GROUP + 1), last, GROUP), last]
        return joined([self._attribute(self.regions[low:high]) for low, high in pairwise(edges)])

    def _attribute(
        self, regions: Sequence[Interval], progress: Progress = no_progress
    ) -> Attributions:
        return mean_of([self._shifted(regions, shift, progress) for shift in self.shifts])

    def _shifted(self, regions: Sequence[Interval], shift: int, progress: Progress) -> Attributions:
        geometry = self.model.card.geometry
        placed = place(regions, geometry, self.width, shift)
        return attribute(
            self.model,
            read_windows(self.genome, regions, placed.starts, geometry.input_length),
            self.options.method,
            track=self.options.track,
            bins=placed.bins,
            span=placed.span,
            options=self.options,
            progress=progress,
        )

    @property
    def spans(self) -> tuple[Interval, ...]:
        """Bases whose importance is kept, around the middle of each region."""
        return tuple(place_spans(self.regions, self.model.card.geometry, self.width))


@contextmanager
def open_regions(
    model: OpenModel, regions: Regions, options: AttributeOptions, say: Say, progress: Progress
) -> Iterator[OpenRegions]:
    """Open a model's genome, and place the regions on it.

    Args:
        model: The model.
        regions: The regions.
        options: Method, track, width, shifts and strands.
        say: Told about the genome and regions left out.
        progress: Opens the progress display.

    Raises:
        InputError: Options, regions and model do not fit each other.
    """
    require_anywhere(model.card, "explains nothing along a genome")
    target_of(model.card, options.track)
    width, shifts = _width_and_shifts(model.card.geometry, options)
    with model.genome(as_path(options.fasta), say, progress) as genome:
        given = regions.within(genome.contigs, chrom_map=options.chrom_map)
        pieces = cut_long(given, model.card.core_length)
        kept = _known(pieces, genome, model.card.geometry)
        if not kept:
            raise InputError("over half of the bases around each region are unknown")
        unknown = len(pieces) - len(kept)
        if unknown:
            say(f"left out: {unknown:,} regions among unknown bases")
        yield OpenRegions(model, genome, tuple(kept), unknown, width, shifts, options)


def attribute_regions(
    model: OpenModel,
    regions: Regions,
    options: AttributeOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> RegionAttributions:
    """Return the importance of the bases around regions for the prediction over each.

    The number explained is the mean of the track's bins that touch the region. A region longer than
    the model's core is taken as several.

    Args:
        model: The model.
        regions: The regions.
        options: Method, track, width, shifts and strands.
        say: Told about the genome and regions left out.
        progress: Opens the progress display.

    Raises:
        InputError: Options, regions and model do not fit each other.
    """
    with open_regions(model, regions, options, say, progress) as opened:
        found = opened.attribute(progress)
        contigs = dict(opened.genome.contigs)
        return RegionAttributions(opened.regions, opened.spans, found, contigs, opened.unknown)


def check_regions(
    model: OpenModel,
    given: RegionAttributions,
    options: AttributeOptions,
    *,
    most: int = 5,
    progress: Progress = no_progress,
) -> CrossChecks:
    """Cross-check the importances of the first regions, in one window each.

    Args:
        model: The model.
        given: The importances.
        options: Those that they were computed with.
        most: Regions that are checked.
        progress: Opens the progress displays.

    Raises:
        InputError: The entry has no torch network.
    """
    geometry = model.card.geometry
    some = given.regions[:most]
    width, _ = _width_and_shifts(geometry, options)
    placed = place(some, geometry, width, 0)
    with model.genome(as_path(options.fasta), silent, progress) as genome:
        windows = read_windows(genome, some, placed.starts, geometry.input_length)
    found = replace(
        given.found,
        hypothetical=given.found.hypothetical[:most],
        projected=given.found.projected[:most],
    )
    return cross_check(
        model,
        windows,
        found,
        bins=placed.bins,
        span=placed.span,
        options=options,
        progress=progress,
    )


def _width_and_shifts(geometry: Geometry, options: AttributeOptions) -> tuple[int, list[int]]:
    width = geometry.core_length if options.width is None else options.width
    spare = (geometry.input_length - width) // 2
    if not 1 <= width <= geometry.input_length:
        expected = f"1 to {geometry.input_length:,} bp"
        raise InputError("width does not fit the window", got=width, expected=expected)
    if options.shifts == 1:
        return width, [0]
    most = options.max_shift
    if most is None:
        most = min(default_max_shift(geometry), spare)
    if most > spare:
        raise InputError(
            "shifted windows do not hold the width", got=f"max_shift {most}", expected=f"<= {spare}"
        )
    return width, draw_shifts(options.shifts, most, options.seed).tolist()


def _known(pieces: Sequence[Interval], genome: Genome, geometry: Geometry) -> list[Interval]:
    placed = place(pieces, geometry, geometry.core_length, 0)
    codes = read_windows(genome, pieces, placed.starts, geometry.input_length)
    known = unknown_fraction(codes) <= 0.5
    return [one for one, keep in zip(pieces, known, strict=True) if keep]


def read_windows(
    genome: Genome, regions: Sequence[Interval], starts: NDArray[np.int64], length: int
) -> NDArray[np.uint8]:
    """Return the windows of regions that begin at these bases, ``(n, length)``."""
    return np.stack(
        [
            genome.padded_codes(one.chrom, start, start + length)
            for one, start in zip(regions, starts.tolist(), strict=True)
        ]
    )


def place_spans(regions: Sequence[Interval], geometry: Geometry, width: int) -> list[Interval]:
    """Return the bases that are kept around each region; they may overhang a contig."""
    starts, (first, last), _ = place(regions, geometry, width, 0)
    return [
        Interval(one.chrom, start + first, start + last)
        for one, start in zip(regions, starts.tolist(), strict=True)
    ]
