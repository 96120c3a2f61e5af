"""What is said of each bin that is judged: by the model, and by methods without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.rules import Rules
from zooctl.evaluation import baselines
from zooctl.evaluation.heldout import Network, Part, interval_of
from zooctl.evaluation.material import Material
from zooctl.evaluation.table import Score
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import unknown_fraction

_MOST_TRAINING_BINS = 200_000


def model_scores(parts: Sequence[Part], network: Network) -> list[Score]:
    """Return what the model says: ranked by the highest of its bins inside, and by their mean."""
    rows = np.concatenate([part.rows for part in parts])
    mean = rows.mean(axis=1)
    return [
        Score(network.name, rows.max(axis=1), mean, is_signal=True),
        Score(f"{network.name}, ranked by mean", mean),
    ]


def baseline_scores(parts: Sequence[Part], material: Material, rules: Rules) -> list[Score]:
    """Return what needs no network: fitted on the training regions, judged on the same bins."""
    counts, trained_on = _training_bins(material, rules)
    ridge = baselines.fit_kmer_ridge(counts, trained_on)
    del counts

    def on_test(score: Callable[[Codes], NDArray[np.floating]]) -> NDArray[np.floating]:
        return np.concatenate([score(part.codes)[part.kept] for part in parts])

    size = rules.bin_size
    n = sum(int(part.kept.sum()) for part in parts)
    mean = np.full(n, trained_on.mean())
    gc = on_test(lambda codes: baselines.gc_content(codes, size))
    linear = on_test(lambda codes: ridge.predict(baselines.kmer_counts(codes, size)))
    scores = [
        Score("mean signal", mean, mean, is_signal=True),
        Score("GC content", gc, gc),
        Score("5-mer ridge", linear, linear, is_signal=True),
    ]
    if material.motif is not None:
        motif = material.motif
        hits = on_test(lambda codes: baselines.best_hits(codes, motif, size))
        hits = np.maximum(hits, hits[np.isfinite(hits)].min(initial=0.0))
        scores.append(Score(f"best hit of {motif.name}", hits, hits))
    return scores


def _training_bins(
    material: Material, rules: Rules
) -> tuple[baselines.Counts, NDArray[np.float64]]:
    """Return k-mer counts and mean signal of training bins, evenly spread where there are many."""
    size, contigs = rules.bin_size, material.genome.contigs
    intervals = [interval_of(region, contigs) for region in material.split.train]
    stride = -(-sum(interval.length for interval in intervals) // size // _MOST_TRAINING_BINS)
    counts, means = [], []
    for chrom, start, end in intervals:
        first, last = -(-start // size), end // size
        codes = material.genome.codes(chrom, first * size, last * size)
        known = unknown_fraction(baselines.whole_bins(codes, size)) <= rules.max_unknown
        known[np.arange(len(known)) % max(1, stride) != 0] = False
        counts.append(baselines.kmer_counts(codes, size)[known])
        means.append(material.signal.bins(chrom, first * size, last * size, size)[known])
    return np.concatenate(counts), np.concatenate(means).astype(np.float64)
