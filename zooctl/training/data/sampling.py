"""Windows of an epoch, a function of (seed, epoch) so that resuming needs no replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zooctl.schema.recipe.windows import CoverageWindows
from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Integers, gather, unknown_fraction
from zooctl.training.data.dataset import Dataset
from zooctl.training.tracks.bin_values_and_labels import Signal


@dataclass(frozen=True)
class Chunks:
    """Places on the genome, each the core of a window.

    Attributes:
        chrom: Index of the contig in ``chroms``, ``(n,)``.
        start: First base of the core, ``(n,)``.
        chroms: Names of contigs.
        stratum: Stratum that negatives are matched by, from 0, ``(n,)``; None for no matching.
        variant: Index of each place's variant, ``(n,)``; None without variants.
        reverse: Mask of places read on the reverse strand, ``(n,)``; None for none.
    """

    chroms: tuple[str, ...]
    chrom: Integers
    start: Integers
    stratum: Integers | None = None
    variant: Integers | None = None
    reverse: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: Integers | NDArray[np.bool_]) -> Chunks:
        """Return the chunks of these rows."""
        stratum = None if self.stratum is None else self.stratum[rows]
        variant = None if self.variant is None else self.variant[rows]
        reverse = None if self.reverse is None else self.reverse[rows]
        return Chunks(self.chroms, self.chrom[rows], self.start[rows], stratum, variant, reverse)


@dataclass(frozen=True)
class Epoch:
    """The windows of one epoch in order.

    Attributes:
        chunks: Places before shifting.
        shift: Shift of each window in bp, ``(n,)``.
        flip: Mask of the windows to reverse-complement, ``(n,)``.
        sample: Index of each window's sample, ``(n,)``.
    """

    chunks: Chunks
    shift: Integers
    flip: NDArray[np.bool_]
    sample: Integers


def tile(
    dataset: Dataset,
    regions: tuple[Interval, ...],
    stride: int,
    margin: int = 0,
    *,
    from_start: bool = False,
) -> Chunks:
    """Place windows every ``stride`` bp that stay in their region at shifts up to ``margin``.

    So no two parts of a split share a base. Where a dataset masks gaps, inputs may overhang the
    ends of contigs, beyond which no part lies.

    Args:
        dataset: Has the lengths of windows and contigs.
        regions: Regions of one part.
        stride: bp between windows.
        margin: Largest shift in bp.
        from_start: Begin at the start of each region, and not at a multiple of ``stride``.
    """
    geometry = dataset.geometry
    chroms = tuple(dict.fromkeys(region.chrom for region in regions))
    index, starts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for region in regions:
        flank = geometry.input_flank + margin
        at_start = dataset.masks_gaps and region.start == 0
        at_end = dataset.masks_gaps and region.end == len(dataset.codes[region.chrom])
        first = region.start + (0 if at_start else flank)
        if not from_start:
            first = -(-first // stride) * stride
        last = region.end - (0 if at_end else flank) - geometry.core_length
        cores = np.arange(first, last + 1, stride, dtype=np.int64)
        index.append(np.full(len(cores), chroms.index(region.chrom), dtype=np.int64))
        starts.append(cores)
    return Chunks(chroms, np.concatenate(index), np.concatenate(starts))


def split_by_signal(
    dataset: Dataset, chunks: Chunks, windows: CoverageWindows, margin: int = 0
) -> tuple[Chunks, Chunks]:
    """Split chunks into those whose highest base reaches the threshold, and the others.

    Chunks beyond the recipe's limits of control or N are in neither.

    Args:
        dataset: Has the signal.
        chunks: Places to split.
        windows: The threshold, and whether it is asked of the core or of the whole chunk.
        margin: Largest shift in bp, part of the whole chunk.

    Source: coverage-threshold selection of Toneyan, Tang and Koo 2022.
    """
    valid = usable(dataset, chunks, windows.max_unknown, windows.max_control)
    flank = dataset.geometry.input_flank + margin if windows.threshold_over == "chunk" else 0
    asked = replace(chunks, start=chunks.start - flank)
    signal = core_maximum(dataset.target, asked, dataset.geometry.core_length + 2 * flank)
    positive = signal >= windows.threshold
    return chunks.take(valid & positive), chunks.take(valid & ~positive)


def usable(
    dataset: Dataset, chunks: Chunks, max_unknown: float, max_control: float | None
) -> NDArray[np.bool_]:
    """Return which chunks have neither too much N nor too much of any control, ``(n,)``."""
    length = dataset.geometry.core_length
    valid = np.empty(len(chunks), np.bool_)
    for rows, chrom, starts in blocks(chunks):
        valid[rows] = unknown_fraction(gather(dataset.codes[chrom], starts, length)) <= max_unknown
    if max_control is not None:
        valid &= core_maximum(dataset.control, chunks, length) <= max_control
    return valid


def core_maximum(signal: Mapping[str, Signal], chunks: Chunks, length: int) -> Signal:
    """Return the largest known value of any row of a signal over each chunk's core, ``(n,)``."""
    highest = np.empty(len(chunks), np.float32)
    for rows, chrom, starts in blocks(chunks):
        view = np.lib.stride_tricks.sliding_window_view(signal[chrom], length, axis=1)
        highest[rows] = np.fmax.reduce(view[:, starts], axis=(0, 2), initial=-np.inf)
    return highest


def blocks(chunks: Chunks, size: int = 4096) -> Iterator[tuple[Integers, str, Integers]]:
    """Yield blocks of chunks of one contig: their rows, contig and starts."""
    for index, chrom in enumerate(chunks.chroms):
        own = np.flatnonzero(chunks.chrom == index)
        for first in range(0, len(own), size):
            rows = own[first : first + size]
            yield rows, chrom, chunks.start[rows]


def epoch_windows(
    positives: Chunks,
    negatives: Chunks,
    *,
    n_negatives: int,
    max_shift: int,
    reverse_complement: bool,
    seed: int,
    epoch: int,
    flanking: int = 0,
    n_samples: int = 1,
) -> Epoch:
    """Draw one epoch: all positives and new negatives; new order, shifts, strands, samples.

    Negatives with strata are drawn in the proportions of the positives' strata. The draw depends
    on ``(seed, epoch)`` alone.

    Args:
        positives: All of them are in the epoch.
        negatives: Some of them are.
        n_negatives: Number of negatives.
        max_shift: Largest shift in bp, either way.
        reverse_complement: Reverse-complement each window with probability 0.5.
        seed: Of the run.
        epoch: From 0.
        flanking: bp between each positive and the two windows added beside it; 0 for none.
        n_samples: Number of samples; each window is read in one of them.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, epoch])))
    if positives.stratum is None or negatives.stratum is None:
        drawn = rng.choice(len(negatives), size=n_negatives, replace=False)
    else:
        drawn = draw_matched(rng, positives.stratum, negatives.stratum, n_negatives)
    offsets = (0, -flanking, flanking) if flanking else (0,)
    order = rng.permutation(len(offsets) * len(positives) + len(drawn))
    chunks = Chunks(
        positives.chroms,
        np.concatenate([*([positives.chrom] * len(offsets)), negatives.chrom[drawn]])[order],
        np.concatenate([*(positives.start + bp for bp in offsets), negatives.start[drawn]])[order],
        variant=None if positives.variant is None else positives.variant[order],
    )
    if positives.reverse is not None and negatives.reverse is not None:
        strands = [*([positives.reverse] * len(offsets)), negatives.reverse[drawn]]
        chunks = replace(chunks, reverse=np.concatenate(strands)[order])
    shift = rng.integers(-max_shift, max_shift, size=len(chunks), endpoint=True)
    flip = rng.random(len(chunks)) < 0.5
    sample = rng.integers(0, n_samples, size=len(chunks))
    flip = flip if reverse_complement else np.zeros_like(flip)
    return Epoch(chunks, shift, flip if chunks.reverse is None else chunks.reverse, sample)


def draw_matched(
    rng: np.random.Generator, positives: Integers, negatives: Integers, size: int
) -> Integers:
    """Draw negatives in the proportions of the positives' strata, without replacement.

    If a stratum has too few, the nearest one with more makes up for it.

    Args:
        rng: Drawn from once for each stratum, in order.
        positives: Stratum of each positive, from 0, ``(n,)``.
        negatives: Stratum of each negative, ``(m,)``.
        size: Rows to draw, at most m.

    Returns:
        Rows of ``negatives``, ``(size,)``.

    >>> rows = draw_matched(np.random.default_rng(0), np.array([0, 0, 0, 2]),
    ...                     np.array([0, 0, 0, 0, 1, 2, 2, 2]), 4)
    >>> np.bincount(np.array([0, 0, 0, 0, 1, 2, 2, 2])[rows]).tolist()
    [3, 0, 1]
    """
    n_strata = int(max(positives.max(initial=0), negatives.max(initial=0))) + 1
    room = np.bincount(negatives, minlength=n_strata)
    share = np.bincount(positives, minlength=n_strata) * (size / max(len(positives), 1))
    lacking = np.floor(share).astype(np.int64)
    # The rest of rounding goes to the largest remainders, the first of equal ones.
    largest = np.argsort(lacking - share, kind="stable")
    lacking[largest[: size - lacking.sum()]] += 1
    counts = np.minimum(lacking, room)
    lacking -= counts
    for stratum in np.flatnonzero(lacking):
        for near in np.argsort(np.abs(np.arange(n_strata) - stratum), kind="stable"):
            more = min(lacking[stratum], room[near] - counts[near])
            counts[near] += more
            lacking[stratum] -= more
    return np.concatenate(
        [
            rng.choice(np.flatnonzero(negatives == stratum), size=count, replace=False)
            for stratum, count in enumerate(counts)
        ]
    )
