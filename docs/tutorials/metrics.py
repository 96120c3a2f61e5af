"""One model's scores at several shares of positives: what each metric makes of it."""

import numpy as np
from bins import count_kmers, read_bins
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

rng = np.random.default_rng(0)
train = read_bins("chr20", 40_000_000, 50_000_000)
test = read_bins("chr21", 38_000_000, 48_000_000)
model = LogisticRegression(C=1e-3, max_iter=2000)
model.fit(count_kmers(train.sequences), train.positive)
scores = model.decision_function(count_kmers(test.sequences))
bound, free = np.flatnonzero(test.positive), np.flatnonzero(~test.positive)
for share in (0.5, 0.1, test.positive.mean()):
    n = min(len(free), round(len(bound) * (1 - share) / share))
    rows = np.concatenate([bound, rng.choice(free, n, replace=False)])
    labels, found = test.positive[rows], scores[rows]
    precision, recall, _ = precision_recall_curve(labels, found)
    half = recall[precision >= 0.5].max()
    print(
        f"{labels.mean():.3f} positive: auROC {roc_auc_score(labels, found):.3f}, auPRC "
        f"{average_precision_score(labels, found):.3f}, recall at 50% FDR {half:.3f}"
    )
