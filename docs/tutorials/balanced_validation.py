"""A threshold chosen on balanced validation data, and on validation data as they are."""

import numpy as np
from bins import count_kmers, read_bins
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, precision_recall_curve, precision_score, recall_score

rng = np.random.default_rng(0)
train = read_bins("chr20", 30_000_000, 45_000_000)
validation = read_bins("chr20", 50_000_000, 60_000_000)
test = read_bins("chr21", 38_000_000, 48_000_000)
model = LogisticRegression(C=1e-3, max_iter=2000)
model.fit(count_kmers(train.sequences), train.positive)
scores = model.decision_function(count_kmers(validation.sequences))
bound, free = np.flatnonzero(validation.positive), np.flatnonzero(~validation.positive)
drawn = rng.choice(free, len(bound), replace=False)
judged = model.decision_function(count_kmers(test.sequences))
for name, rows in (
    ("balanced", np.concatenate([bound, drawn])),
    ("as it is", np.arange(len(scores))),
):
    labels = validation.positive[rows]
    precision, recall, thresholds = precision_recall_curve(labels, scores[rows])
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    best = thresholds[f1[:-1].argmax()]
    calls = judged >= best
    print(
        f"{name}: F1 {f1.max():.3f} on validation; on test {calls.sum():,} calls, precision "
        f"{precision_score(test.positive, calls):.3f}, recall {recall_score(test.positive, calls):.3f}, "
        f"F1 {f1_score(test.positive, calls):.3f}"
    )
