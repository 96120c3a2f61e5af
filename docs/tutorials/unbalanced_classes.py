"""One model on a balanced test set, and on the chromosome as it is."""

import numpy as np
from bins import count_kmers, read_bins
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_score, roc_auc_score

rng = np.random.default_rng(0)
train = read_bins("chr20", 30_000_000, 50_000_000)
test = read_bins("chr21", 28_000_000, 48_000_000)


def balanced(bins) -> np.ndarray:
    """All positives and as many negatives."""
    bound = np.flatnonzero(bins.positive)
    return np.concatenate([bound, rng.choice(np.flatnonzero(~bins.positive), len(bound), False)])


rows = balanced(train)
model = LogisticRegression(C=1e-3, max_iter=2000)
model.fit(count_kmers([train.sequences[row] for row in rows]), train.positive[rows])
for name, rows in (("balanced", balanced(test)), ("as it is", np.arange(len(test.positive)))):
    labels = test.positive[rows]
    probability = model.predict_proba(count_kmers([test.sequences[row] for row in rows]))[:, 1]
    calls = probability >= 0.5
    print(
        f"{name}: {len(labels):>6,} bins, {labels.mean():.4f} positive: "
        f"auROC {roc_auc_score(labels, probability):.3f}, "
        f"auPRC {average_precision_score(labels, probability):.3f}, accuracy {(calls == labels).mean():.3f}, "
        f"precision {precision_score(labels, calls):.3f}; mean probability {probability.mean():.3f}"
    )
