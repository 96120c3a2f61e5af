"""Statistics of windows: signal, composition, labels and peaks of their cores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.intervals import merge
from zooctl.sequence.onehot import N
from zooctl.sequence.windows import gather
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.sampling import Chunks, blocks

Values = NDArray[np.float32]

# Values cut out at a time.
_BLOCK = 1 << 23


def core_stats(dataset: Dataset, chunks: Chunks) -> tuple[Values, Values]:
    """Return mean and highest known signal of cores in each row, both ``(n_rows, n)``."""
    length, n_rows = dataset.geometry.core_length, _n_rows(dataset)
    mean, highest = np.zeros((2, n_rows, len(chunks)), np.float32)
    for rows, chrom, starts in blocks(chunks, max(1, _BLOCK // (length * n_rows))):
        view = np.lib.stride_tricks.sliding_window_view(dataset.target[chrom], length, axis=1)
        cut = view[:, starts]
        # Bases of ambiguous labels are NaN.
        known = ~np.isnan(cut)
        total = np.sum(cut, axis=2, where=known, dtype=np.float64)
        mean[:, rows] = total / np.maximum(known.sum(axis=2), 1)
        highest[:, rows] = np.fmax.reduce(cut, axis=2, initial=-np.inf)
    return mean, highest


def share_reaching(dataset: Dataset, chunks: Chunks, least: float) -> Values:
    """Return the share of each core's bases whose signal reaches a value, ``(n_rows, n)``."""
    length, n_rows = dataset.geometry.core_length, _n_rows(dataset)
    found = np.zeros((n_rows, len(chunks)), np.float32)
    for rows, chrom, starts in blocks(chunks, max(1, _BLOCK // (length * n_rows))):
        view = np.lib.stride_tricks.sliding_window_view(dataset.target[chrom], length, axis=1)
        found[:, rows] = (view[:, starts] >= least).mean(axis=2)
    return found


def _n_rows(dataset: Dataset) -> int:
    return len(next(iter(dataset.target.values())))


def composition(dataset: Dataset, chunks: Chunks) -> tuple[Values, Values]:
    """Return share of C and G among the known bases, and share of N, of cores, ``(n,)``."""
    length = dataset.geometry.core_length
    gc, unknown = np.zeros((2, len(chunks)), np.float32)
    for rows, chrom, starts in blocks(chunks, max(1, _BLOCK // length)):
        codes = gather(dataset.codes[chrom], starts, length)
        known = (codes != N).sum(axis=1)
        gc[rows] = ((codes == 1) | (codes == 2)).sum(axis=1) / np.maximum(known, 1)
        unknown[rows] = 1 - known / length
    return gc, unknown


def bin_labels(dataset: Dataset, chunks: Chunks, n_rows: int) -> Values:
    """Return the label of cores in each row, ``(n_rows, n)``: 1, 0, or NaN for unknown.

    One bin in a peak makes a core positive; else it has to be known throughout.
    """
    geometry = dataset.geometry
    core = slice(geometry.core_bin_offset, geometry.core_bin_offset + geometry.core_bins)
    flank = (geometry.output_length - geometry.core_length) // 2
    found = np.empty((n_rows, len(chunks)), np.float32)
    for rows, chrom, starts in blocks(chunks):
        bins = dataset.targets(chrom, starts - flank)[..., core]
        found[:, rows] = np.where((bins == 1).any(axis=2), 1, bins.max(axis=2)).T
    return found


def in_peak(dataset: Dataset, chunks: Chunks, sources: Sequence[str]) -> NDArray[np.bool_]:
    """Return which cores have a base in a peak of any source, ``(n,)``."""
    found = np.zeros(len(chunks), np.bool_)
    for rows, chrom, starts in blocks(chunks):
        here = [dataset.peaks[source].on(chrom) for source in sources]
        low, high = merge(
            np.concatenate([peaks.start for peaks in here]),
            np.concatenate([peaks.end for peaks in here]),
        )
        following = np.searchsorted(high, starts, side="right")
        opens = np.append(low, np.iinfo(np.int64).max)[following]
        found[rows] = opens < starts + dataset.geometry.core_length
    return found
