"""Peaks of CTCF in seven cell types: what the other six say of each."""

import gzip
import os
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

folder = Path(os.environ["ZOOCTL_DATA_MIRROR"]) / "ctcf_encode_dream_chr20"
SIZE, START, END = 200, 50_000_000, 63_025_520
labels = {}
for path in sorted(folder.glob("*.conservative.train.chr20.narrowPeak.gz")):
    covered = np.zeros(END, dtype=bool)
    with gzip.open(path, "rt") as lines:
        for line in lines:
            _, start, end = line.split()[:3]
            covered[int(start) : int(end)] = True
    bins = covered[START : START + (END - START) // SIZE * SIZE].reshape(-1, SIZE).mean(axis=1)
    labels[path.name.split(".")[1]] = bins >= 0.5
for name, own in labels.items():
    others = np.mean([one for other, one in labels.items() if other != name], axis=0)
    print(
        f"{name:<8} {own.mean():.4f} positive; average of the others: auROC "
        f"{roc_auc_score(own, others):.3f}, auPRC {average_precision_score(own, others):.3f}"
    )
