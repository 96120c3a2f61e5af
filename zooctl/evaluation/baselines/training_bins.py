"""Bins of the training and validation regions, to fit baselines on and to choose them by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.kmer_counts import whole_bins
from zooctl.evaluation.baselines.kmer_features import Features, features
from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.data.measured_bins import bins_inside, measure_bins
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
        regions: Codes of each region with a margin, and which of its bins are used.
        margin: Bins on each side.
        signal: Measured signal of each track, ``(n_bins, n_tracks)``.
        positive: Which bins are positive, of the same shape.
        classed: Which bins are positive or negative, and not ambiguous, of the same shape.
        summit: Place of each bin's highest base within it, of the same shape.
    """

    regions: list[tuple[Codes, NDArray[np.bool_]]]
    margin: int
    signal: Values
    positive: NDArray[np.bool_]
    classed: NDArray[np.bool_]
    summit: NDArray[np.int64]

    @property
    def n_tracks(self) -> int:
        """Number of tracks."""
        return int(self.signal.shape[1])

    def features(self, rules: Rules) -> Iterator[tuple[Features, slice]]:
        """Yield features of a part of the bins, and the place of the part in the sample."""
        first = 0
        for codes, used in self.regions:
            for bins, found in features(codes, self.margin, rules):
                chosen = found[used[bins]]
                yield chosen, slice(first, first + len(chosen))
                first += len(chosen)


def sample_bins(
    data: EvaluationData, regions: Sequence[Region], rules: Rules, fine_size: int
) -> TrainingSample | None:
    """Return bins of regions, evenly spread where there are many; None without regions.

    A bin is left out where its sequence is unknown, where the recipe excludes it, or where a track
    has no value.

    Args:
        data: Sequence and tracks.
        regions: A part of the split.
        rules: Bin size, and limit of unknown bases.
        fine_size: Bin size of the model in bp.
    """
    size, contigs = rules.bin_size, data.genome.contigs
    margin = rules.context_bins // 2
    intervals = [region.interval(contigs[region.chrom]) for region in regions]
    stride = -(-sum(interval.length for interval in intervals) // size // _MOST_BINS)
    parts, signals, positives, classes, summits = [], [], [], [], []
    for region in regions:
        chrom, bins = region.chrom, bins_inside(region, contigs, size)
        codes = data.genome.padded_codes(
            chrom, (bins.start - margin) * size, (bins.stop + margin) * size
        )
        inside = whole_bins(codes, size)[margin : margin + len(bins)]
        used = unknown_fraction(inside) <= rules.max_unknown
        used &= data.exclusion.allows(chrom, bins, size)
        used[np.arange(len(used)) % max(1, stride) != 0] = False
        # Files in place of a recipe's data have controls on the evaluated contigs alone.
        controls = [control[chrom] for control in data.controls if chrom in control]
        measured = [
            measure_bins(track.signal[chrom], track.binning, controls, bins, rules, fine_size)
            for track in data.measured
        ]
        signal = np.stack([one.mean for one in measured], axis=1)
        used &= ~np.isnan(signal).any(axis=1)
        parts.append((codes, used))
        signals.append(signal[used])
        positives.append(np.stack([one.positive for one in measured], axis=1)[used])
        classes.append(np.stack([~one.ambiguous for one in measured], axis=1)[used])
        summits.append(np.stack([one.summit - one.starts for one in measured], axis=1)[used])
    if not parts:
        return None
    return TrainingSample(
        parts,
        margin,
        np.concatenate(signals).astype(np.float64),
        np.concatenate(positives),
        np.concatenate(classes),
        np.concatenate(summits),
    )
