"""Bins of the training and validation regions, which baselines are fitted on and chosen by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.features import Features, features
from zooctl.evaluation.baselines.kmers_and_hits import whole_bins
from zooctl.evaluation.data.bins import measure
from zooctl.evaluation.data.data import EvaluationData
from zooctl.schema.fields import Region
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import unknown_fraction

Values = NDArray[np.float64]

_MOST_BINS = 200_000


@dataclass(frozen=True, eq=False)
class TrainingSample:
    """Bins that baselines are fitted on, or chosen by.

    Attributes:
        parts: Codes of each region with a margin, and which of its bins are used.
        margin: Bins on both sides.
        signal: What was measured of each track, ``(n_bins, n_tracks)``.
    """

    parts: list[tuple[Codes, NDArray[np.bool_]]]
    margin: int
    signal: Values

    @property
    def n_tracks(self) -> int:
        """How many tracks were measured."""
        return int(self.signal.shape[1])

    def features(self, rules: Rules) -> Iterator[tuple[Features, slice]]:
        """Yield features of some of the bins, and which of the sample's they are."""
        first = 0
        for codes, used in self.parts:
            for bins, found in features(codes, self.margin, rules):
                chosen = found[used[bins]]
                yield chosen, slice(first, first + len(chosen))
                first += len(chosen)


def sample_bins(
    material: EvaluationData, regions: Sequence[Region], rules: Rules, fine_size: int
) -> TrainingSample | None:
    """Return bins of regions, evenly spread where there are many; None without regions.

    A bin is left out where it is of unknown sequence, or where a track has no value.

    Args:
        material: Sequence and tracks.
        regions: Of the split.
        rules: What counts as a bin.
        fine_size: Bases to a bin of the model.
    """
    size, contigs = rules.bin_size, material.genome.contigs
    margin = rules.context_bins // 2
    intervals = [region.interval(contigs[region.chrom]) for region in regions]
    stride = -(-sum(interval.length for interval in intervals) // size // _MOST_BINS)
    parts, signals = [], []
    for chrom, start, end in intervals:
        bins = range(-(-start // size), end // size)
        codes = material.genome.padded_codes(
            chrom, (bins.start - margin) * size, (bins.stop + margin) * size
        )
        inside = whole_bins(codes, size)[margin : margin + len(bins)]
        used = unknown_fraction(inside) <= rules.max_unknown
        used[np.arange(len(used)) % max(1, stride) != 0] = False
        means = [
            measure(truth.signal[chrom], truth.binning, (), bins, rules, fine_size).mean
            for truth in material.truths
        ]
        signal = np.stack(means, axis=1)
        used &= ~np.isnan(signal).any(axis=1)
        parts.append((codes, used))
        signals.append(signal[used])
    return (
        TrainingSample(parts, margin, np.concatenate(signals).astype(np.float64)) if parts else None
    )
