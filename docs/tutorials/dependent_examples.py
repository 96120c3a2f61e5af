"""Overlapping windows: split at random, and split by chromosome."""

import numpy as np
from bins import count_kmers, read_bins
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

rng = np.random.default_rng(0)


def draw(chrom: str, start: int, end: int):
    """Windows of 512 bp every 64 bp: all positives, and four negatives to each."""
    bins = read_bins(chrom, start, end, stride=64)
    bound = np.flatnonzero(bins.positive)
    free = rng.choice(np.flatnonzero(~bins.positive), 4 * len(bound), replace=False)
    rows = np.concatenate([bound, free])
    return count_kmers([bins.sequences[row] for row in rows]), bins.positive[rows]


def judge(name: str, train, test) -> None:
    """Train a forest and print how well it ranks."""
    forest = RandomForestClassifier(200, min_samples_leaf=2, random_state=0).fit(*train)
    scores = forest.predict_proba(test[0])[:, 1]
    areas = roc_auc_score(test[1], scores), average_precision_score(test[1], scores)
    print(f"{name:<26}  auROC {areas[0]:.3f}  auPRC {areas[1]:.3f}")


kmers, labels = draw("chr20", 30_000_000, 32_500_000)
order = rng.permutation(len(labels))
half = len(order) // 2
one, other = order[:half], order[half:]
judge("wrong: split at random", (kmers[one], labels[one]), (kmers[other], labels[other]))
judge("right: another chromosome", (kmers[one], labels[one]), draw("chr21", 34_000_000, 36_500_000))
