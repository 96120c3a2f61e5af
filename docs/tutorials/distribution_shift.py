"""A model of GC-rich sequence, judged on sequence like its own and on other sequence."""

import numpy as np
from bins import count_kmers, read_bins
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

everything = [
    read_bins("chr20", 30_000_000, 50_000_000),
    read_bins("chr21", 28_000_000, 48_000_000),
]
rich = 0.45


def part(bins, choose):
    """k-mer counts and labels of the bins that are chosen by their GC content."""
    rows = np.flatnonzero(choose(bins.gc))
    return count_kmers([bins.sequences[row] for row in rows]), bins.positive[rows]


train, test = everything
model = LogisticRegression(C=1e-3, max_iter=2000)
model.fit(*part(train, lambda gc: gc >= rich))
for name, choose in (
    ("GC-rich, as in training", lambda gc: gc >= rich),
    ("GC-poor, as most of a genome", lambda gc: gc < rich),
    ("all", lambda gc: gc > 0),
):
    kmers, labels = part(test, choose)
    scores = model.predict_proba(kmers)[:, 1]
    print(
        f"{name:<29} {len(labels):>6,} bins  positive {labels.sum():>3}, expected {scores.sum():.0f}  "
        f"auROC {roc_auc_score(labels, scores):.3f}  auPRC {average_precision_score(labels, scores):.3f}"
    )
