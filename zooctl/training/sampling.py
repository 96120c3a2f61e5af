"""Which windows an epoch trains on, addressed by (seed, epoch) so that resuming needs no replay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.recipe import CoverageWindows
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import N
from zooctl.sequence.windows import Integers
from zooctl.training.dataset import Dataset


@dataclass(frozen=True)
class Chunks:
    """Places of the genome to train on, each the core of a window.

    Attributes:
        chrom: Index of the contig in ``chroms``, ``(n,)``.
        start: First base of the core, ``(n,)``.
        chroms: Names of contigs.
    """

    chroms: tuple[str, ...]
    chrom: Integers
    start: Integers

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: Integers | NDArray[np.bool_]) -> Chunks:
        """The chunks of these rows."""
        return Chunks(self.chroms, self.chrom[rows], self.start[rows])


@dataclass(frozen=True)
class Epoch:
    """The windows of one epoch in order.

    Attributes:
        chunks: Where the windows stand before shifting.
        shift: Bases to move each window by, ``(n,)``.
        flip: Whether to read each window from the other strand, ``(n,)``.
    """

    chunks: Chunks
    shift: Integers
    flip: NDArray[np.bool_]


def tile(dataset: Dataset, regions: tuple[Interval, ...], stride: int, margin: int = 0) -> Chunks:
    """Place windows every ``stride`` bp so that they stay inside even if moved by ``margin``.

    That no window leaves its region is what keeps splits from sharing a base.
    """
    geometry = dataset.geometry
    chroms = tuple(dict.fromkeys(region.chrom for region in regions))
    index, starts = [], []
    for region in regions:
        flank = geometry.input_flank + margin
        first = -(-(region.start + flank) // stride) * stride
        last = region.end - flank - geometry.core_length
        cores = np.arange(first, last + 1, stride, dtype=np.int64)
        index.append(np.full(len(cores), chroms.index(region.chrom), dtype=np.int64))
        starts.append(cores)
    return Chunks(chroms, np.concatenate(index), np.concatenate(starts))


def split_by_signal(
    dataset: Dataset, chunks: Chunks, windows: CoverageWindows
) -> tuple[Chunks, Chunks]:
    """Part chunks into those whose strongest base reaches the threshold, and the others.

    Chunks with too much control or N, as the recipe has it, are in neither.

    Source: coverage-threshold selection of Toneyan, Tang and Koo 2022.
    """
    length = dataset.geometry.core_length
    limit = np.inf if windows.max_control is None else windows.max_control
    peak = np.empty(len(chunks), np.float32)
    usable = np.empty(len(chunks), np.bool_)
    for row, (chrom, start) in enumerate(zip(chunks.chrom, chunks.start, strict=True)):
        name, part = chunks.chroms[chrom], slice(start, start + length)
        peak[row] = dataset.target[name][:, part].max()
        control = dataset.control[name][:, part].max(initial=0.0)
        unknown = (dataset.codes[name][part] == N).mean()
        usable[row] = unknown <= windows.max_unknown and control <= limit
    positive = peak >= windows.threshold
    return chunks.take(usable & positive), chunks.take(usable & ~positive)


def epoch_windows(
    positives: Chunks,
    negatives: Chunks,
    *,
    n_negatives: int,
    max_shift: int,
    reverse_complement: bool,
    seed: int,
    epoch: int,
) -> Epoch:
    """Draw one epoch: every positive, fresh negatives, in fresh order, shifts and strands.

    The draw depends on ``(seed, epoch)`` alone.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, epoch])))
    drawn = rng.choice(len(negatives), size=n_negatives, replace=False)
    order = rng.permutation(len(positives) + len(drawn))
    chunks = Chunks(
        positives.chroms,
        np.concatenate([positives.chrom, negatives.chrom[drawn]])[order],
        np.concatenate([positives.start, negatives.start[drawn]])[order],
    )
    shift = rng.integers(-max_shift, max_shift, size=len(chunks), endpoint=True)
    flip = rng.random(len(chunks)) < 0.5
    return Epoch(chunks, shift, flip if reverse_complement else np.zeros_like(flip))
