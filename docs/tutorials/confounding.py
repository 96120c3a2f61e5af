"""Negatives drawn at random, and negatives with the GC content of the positives."""

import numpy as np
from bins import count_kmers, read_bins
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(0)


def random_negatives(bins) -> np.ndarray:
    """As many negatives as positives."""
    return rng.choice(np.flatnonzero(~bins.positive), bins.positive.sum(), replace=False)


def matched_negatives(bins) -> np.ndarray:
    """For each positive, the unused negative of the nearest GC content."""
    left = list(np.flatnonzero(~bins.positive))
    chosen = []
    for gc in bins.gc[bins.positive]:
        nearest = int(np.argmin(np.abs(bins.gc[left] - gc)))
        chosen.append(left.pop(nearest))
    return np.array(chosen)


def rows_of(bins, choose):
    """Rows of positives and negatives, k-mer counts, labels."""
    rows = np.concatenate([np.flatnonzero(bins.positive), choose(bins)])
    return rows, count_kmers([bins.sequences[row] for row in rows]), bins.positive[rows]


train = read_bins("chr20", 30_000_000, 50_000_000)
test = read_bins("chr21", 28_000_000, 48_000_000)
for name, choose in (("random", random_negatives), ("GC-matched", matched_negatives)):
    _, kmers, labels = rows_of(train, choose)
    model = LogisticRegression(C=1e-3, max_iter=2000).fit(kmers, labels)
    for judged, by in (("random", random_negatives), ("GC-matched", matched_negatives)):
        rows, seen, truth = rows_of(test, by)
        areas = (
            roc_auc_score(truth, test.gc[rows]),
            roc_auc_score(truth, model.decision_function(seen)),
        )
        print(
            f"trained on {name:<10}  judged on {judged:<10}  "
            f"GC alone {areas[0]:.3f}  k-mers {areas[1]:.3f}"
        )
