"""From aligned fragments to coverage to windows, by hand, and the same out of the bigWig."""

import gzip
import os
from pathlib import Path

import numpy as np
import pyBigWig

folder = Path(os.environ["ZOOCTL_DATA_MIRROR"]) / "yeast_atac_sacCer3"
LENGTH = 230_218  # of chrI
insertions, covered = np.zeros(LENGTH), np.zeros(LENGTH + 1)
n = 0
with gzip.open(folder / "yeast_500k_SRR1822137.bedpe.gz", "rt") as lines:
    for line in lines:
        chrom, start, end = line.split()[:3]
        if chrom != "chrI":
            continue
        n += 1
        # Tn5 leaves 9 bp between its cuts: their middle is 4 bp into one end, 5 bp into the other.
        for place in (int(start) + 4, int(end) - 5):
            if 0 <= place < LENGTH:
                insertions[place] += 1
        covered[int(start)] += 1
        covered[min(int(end), LENGTH)] -= 1
coverage = covered.cumsum()[:LENGTH]
print(f"{n:,} fragments of chrI, coverage {coverage.mean():.2f}, highest {coverage.max():.0f}")
with pyBigWig.open(str(next(folder.glob("*.bw")))) as track:
    made = np.nan_to_num(track.values("chrI", 0, LENGTH, numpy=True))
print(f"insertions: {insertions.sum():,.0f} here, {made.sum():,.0f} in the bigWig")
whole = LENGTH // 128 * 128
ours, theirs = (one[:whole].reshape(-1, 128).sum(axis=1) for one in (insertions, made))
print(f"r of bins of 128 bp: {np.corrcoef(ours, theirs)[0, 1]:.3f}")
