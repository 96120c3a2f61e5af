"""Features chosen before and after the split, on labels that mean nothing."""

import numpy as np
from bins import count_kmers, read_bins
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

bins = read_bins("chr20", 30_000_000, 30_300_000)
kmers = count_kmers(bins.sequences, k=5).toarray()[:120]
kmers = kmers[:, kmers[:60].std(axis=0) > 0]
# Labels are drawn: no method can do better than 0.5.
wrong, right = [], []
for seed in range(20):
    labels = np.random.default_rng(seed).permutation(np.arange(len(kmers)) % 2)
    train, test = np.arange(60), np.arange(60, 120)
    for found, chosen_on in ((wrong, np.arange(120)), (right, train)):
        best = SelectKBest(f_classif, k=20).fit(kmers[chosen_on], labels[chosen_on])
        features = best.transform(kmers)
        model = LogisticRegression(max_iter=1000).fit(features[train], labels[train])
        found.append(roc_auc_score(labels[test], model.decision_function(features[test])))
print(f"wrong: 20 k-mers chosen on all data       auROC {np.mean(wrong):.3f}")
print(f"right: 20 k-mers chosen on training data  auROC {np.mean(right):.3f}")
