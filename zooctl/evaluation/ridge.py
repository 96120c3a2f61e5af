"""Linear baselines: ridge regressions on the words of a bin, fitted on the training regions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from zooctl.catalog.rules import Rules
from zooctl.evaluation import baselines
from zooctl.evaluation.baselines import Counts
from zooctl.evaluation.material import Material
from zooctl.evaluation.measured import measure
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import unknown_fraction

Values = NDArray[np.floating]
# Codes of bins with a margin of bins on both sides, and the margin, to features of the bins.
Features = Callable[[Codes, int], Counts]

_MOST_TRAINING_BINS = 200_000


def fit_ridge(counts: Counts, signal: Values, alpha: float = 1000.0) -> Pipeline:
    """Fit a ridge regression of signal on standardised counts.

    Args:
        counts: Features of the training bins, ``(n_bins, n_features)``; overwritten.
        signal: Their measured signal, ``(n_bins,)`` or ``(n_bins, n_tracks)``.
        alpha: Penalty on the squared weights of standardised counts.
    """
    model = make_pipeline(StandardScaler(copy=False), Ridge(alpha=alpha, solver="cholesky"))
    return model.fit(counts, signal)


def feature_sets(rules: Rules) -> dict[str, Features]:
    """Return what each linear baseline reads, by its name."""
    size, around = rules.bin_size, rules.context_bins

    def inside(codes: Codes, margin: int) -> Codes:
        return codes[margin * size : len(codes) - margin * size]

    def composition(codes: Codes, margin: int) -> Counts:
        bins = inside(codes, margin)
        gc = np.nan_to_num(baselines.gc_content(bins, size), nan=0.0)
        return np.column_stack([gc, baselines.kmer_counts(bins, size, 2)])

    def words(codes: Codes, margin: int) -> Counts:
        return baselines.kmer_counts(inside(codes, margin), size)

    def wide(codes: Codes, margin: int) -> Counts:
        counts = baselines.kmer_counts(codes, size)
        mean = uniform_filter1d(counts, around, axis=0, mode="constant")
        return np.concatenate([counts, mean], axis=1)[margin : len(counts) - margin]

    sets: dict[str, Features] = {"GC + dinucleotide ridge": composition, "5-mer ridge": words}
    if around:
        sets[f"5-mer ridge, {around} bins around"] = wide
    return sets


@dataclass(frozen=True, eq=False)
class Fitted:
    """Baselines that were fitted on the training regions.

    Attributes:
        mean: Mean signal of each track, ``(n_tracks,)``.
        ridges: Regression of all tracks and what it reads, by the baseline's name.
    """

    mean: NDArray[np.float64]
    ridges: dict[str, tuple[Pipeline, Features]]


@dataclass(frozen=True, eq=False)
class Training:
    """Bins that baselines are fitted on.

    Attributes:
        parts: Codes of each training region with a margin, and which of its bins are used.
        margin: Bins on both sides.
        signal: What was measured of each track, ``(n_bins, n_tracks)``.
    """

    parts: list[tuple[Codes, NDArray[np.bool_]]]
    margin: int
    signal: NDArray[np.float64]

    def fit(self, rules: Rules) -> Fitted:
        """Fit everything; it reads no file, and may run beside what does."""
        ridges = {}
        for name, features in feature_sets(rules).items():
            found = [features(codes, self.margin)[used] for codes, used in self.parts]
            ridges[name] = fit_ridge(np.concatenate(found), self.signal), features
        return Fitted(self.signal.mean(axis=0), ridges)


def training_bins(material: Material, rules: Rules, fine_size: int) -> Training | None:
    """Return bins of the training regions, evenly spread where there are many.

    A bin is left out where it is of unknown sequence, or where a track has no value. Without
    training regions there is nothing.

    Args:
        material: Sequence, tracks and regions.
        rules: What counts as a bin.
        fine_size: Bases to a bin of the model.
    """
    if not material.split.train:
        return None
    size, contigs = rules.bin_size, material.genome.contigs
    margin = rules.context_bins // 2
    intervals = [region.interval(contigs[region.chrom]) for region in material.split.train]
    stride = -(-sum(interval.length for interval in intervals) // size // _MOST_TRAINING_BINS)
    parts, signals = [], []
    for chrom, start, end in intervals:
        bins = range(-(-start // size), end // size)
        codes = material.genome.padded_codes(
            chrom, (bins.start - margin) * size, (bins.stop + margin) * size
        )
        inside = baselines.whole_bins(codes, size)[margin : margin + len(bins)]
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
    return Training(parts, margin, np.concatenate(signals).astype(np.float64))
