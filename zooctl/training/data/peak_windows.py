"""Windows centred on peaks, overlapping ones merged as in Basset."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.intervals.peaks import Peaks
from zooctl.schema.recipe.windows import PeakWindows
from zooctl.sequence.intervals import Interval, merge
from zooctl.sequence.windows import Integers
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.sampling import Chunks


def merge_centres(
    centres: Sequence[int], sources: Sequence[int], length: int, merge_overlap: int
) -> list[int]:
    """Merge the centres of peaks whose windows overlap, the most overlapping pair first.

    A merged centre is the mean of both, each with a weight of one more than its number of sources,
    rounded half up.

    Args:
        centres: Of the peaks of one contig, any order.
        sources: Index of the source of each.
        length: Of a window in bp.
        merge_overlap: Least overlap in bp to merge.

    Returns:
        Sorted centres, neighbours at least ``length - merge_overlap + 1`` apart.

    Source: ``preprocess_features.py`` of Basset (Kelley et al. 2016, doi:10.1101/gr.200535.115).

    >>> merge_centres([100, 160, 900], [0, 1, 0], length=600, merge_overlap=200)
    [130, 900]
    """
    order = sorted(range(len(centres)), key=lambda row: (centres[row], sources[row]))
    place = [centres[row] for row in order]
    origins = [{sources[row]} for row in order]
    merged: list[int] = []
    # A merged centre lies between its parts, so runs of close centres merge independently.
    first = 0
    while first < len(place):
        last = first + 1
        while last < len(place) and place[last] - place[last - 1] <= length - merge_overlap:
            last += 1
        merged += _merge_run(place[first:last], origins[first:last], length - merge_overlap)
        first = last
    return merged


def _merge_run(place: list[int], origins: list[set[int]], reach: int) -> list[int]:
    """Merge the closest neighbours, the first of equally close ones, until all are apart."""
    while len(place) > 1:
        gaps = [right - left for left, right in pairwise(place)]
        at = min(range(len(gaps)), key=gaps.__getitem__)
        if gaps[at] > reach:
            break
        left, right = 1 + len(origins[at]), 1 + len(origins[at + 1])
        # Half up in whole numbers.
        total = left + right
        place[at] = (2 * (place[at] * left + place[at + 1] * right) + total) // (2 * total)
        origins[at] = origins[at] | origins[at + 1]
        del place[at + 1], origins[at + 1]
    return place


def peak_cores(
    dataset: Dataset, regions: tuple[Interval, ...], windows: PeakWindows, margin: int
) -> Chunks:
    """Place a window on each merged peak whose input stays in a region at all shifts.

    Raises:
        InputError: Summits or strands are asked for and a file has none.
    """
    chroms = tuple(dict.fromkeys(region.chrom for region in regions))
    strands = (False, True) if windows.stranded else (None,)
    index, starts, reverse = [np.empty(0, np.int64)], [np.empty(0, np.int64)], []
    for number, chrom in enumerate(chroms):
        for strand in strands:
            cores = _cores(dataset, chrom, strand, windows)
            inside = _inside(dataset, regions, chrom, cores, margin)
            starts.append(cores[inside])
            index.append(np.full(int(inside.sum()), number, dtype=np.int64))
            reverse.append(np.full(int(inside.sum()), bool(strand)))
    turned = np.concatenate(reverse) if windows.stranded and reverse else None
    return Chunks(chroms, np.concatenate(index), np.concatenate(starts), reverse=turned)


def _cores(dataset: Dataset, chrom: str, strand: bool | None, windows: PeakWindows) -> Integers:
    """Return the cores on merged peaks of a contig, of one strand if it is given."""
    geometry = dataset.geometry
    found = [(source, dataset.peaks[source].on(chrom)) for source in windows.sources]
    if strand is not None:
        found = [(source, _of_strand(peaks, strand, source)) for source, peaks in found]
    centres = [_centres(peaks, windows, source) for source, peaks in found]
    merged = merge_centres(
        [int(centre) for some in centres for centre in some],
        [source for source, some in enumerate(centres) for _ in some],
        geometry.input_length,
        windows.merge_overlap,
    )
    return np.array(merged, dtype=np.int64) - geometry.core_length // 2


def _of_strand(peaks: Peaks, strand: bool, source: str) -> Peaks:
    if peaks.reverse is None:
        raise InputError(
            "peaks without strands",
            field="windows.stranded",
            got=source,
            expected="+ or - in the sixth column",
        )
    return peaks.take(peaks.reverse == strand)


def _inside(
    dataset: Dataset, regions: tuple[Interval, ...], chrom: str, cores: Integers, margin: int
) -> NDArray[np.bool_]:
    """Return which cores have inputs that stay in a region at all shifts, ``(n,)``."""
    lows = cores - dataset.geometry.input_flank - margin
    highs = lows + dataset.geometry.input_length + 2 * margin
    inside = np.zeros(len(cores), np.bool_)
    for region in regions:
        if region.chrom == chrom:
            inside |= (lows >= region.start) & (highs <= region.end)
    return inside


def _centres(peaks: Peaks, windows: PeakWindows, source: str) -> Integers:
    if windows.centre == "midpoint":
        return (peaks.start + peaks.end) // 2
    if peaks.summit is None:
        raise InputError(
            "peaks without summits", field="windows.centre", got=source, expected="narrowPeak"
        )
    return peaks.summit


def touching(
    dataset: Dataset, chunks: Chunks, sources: Sequence[str], margin: int, *, core: bool = False
) -> NDArray[np.bool_]:
    """Return which inputs, or cores, meet a peak at any shift up to ``margin``, ``(n,)``."""
    geometry = dataset.geometry
    flank, length = geometry.input_flank, geometry.input_length
    if core:
        flank, length = 0, geometry.core_length
    touched = np.zeros(len(chunks), np.bool_)
    for number, chrom in enumerate(chunks.chroms):
        here = [dataset.peaks[source].on(chrom) for source in sources]
        starts, ends = merge(
            np.concatenate([peaks.start for peaks in here]),
            np.concatenate([peaks.end for peaks in here]),
        )
        rows = np.flatnonzero(chunks.chrom == number)
        lows = chunks.start[rows] - flank - margin
        highs = lows + length + 2 * margin
        # The first peak that ends behind the window's start touches it if it starts before its end.
        following = np.searchsorted(ends, lows, side="right")
        touched[rows] = np.append(starts, np.iinfo(np.int64).max)[following] < highs
    return touched
