"""A coverage track in bins of several sizes, with and without arcsinh, above thresholds."""

import numpy as np
import pyBigWig
from bins import DATA

START, END = 39_000_000, 40_000_000
track = pyBigWig.open(str(DATA / "ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw"))
bases = track.values("chr21", START, END, numpy=True)
print(f"{np.isnan(bases).mean():.0%} of the bases have no entry: that is a coverage of 0")
bases = np.nan_to_num(bases)
print("bin (bp)       bins   mean   95 %  99.9 %   highest  arcsinh of it")
for size in (1, 32, 128, 512):
    bins = bases[: len(bases) // size * size].reshape(-1, size).mean(axis=1)
    low, high = np.quantile(bins, [0.95, 0.999])
    print(
        f"{size:>8}  {len(bins):>9,}  {bins.mean():.3f}  {low:5.2f}  {high:6.2f}  {bins.max():8.2f}"
        f"  {np.arcsinh(bins.max()):8.2f}"
    )
windows = bases[: len(bases) // 1024 * 1024].reshape(-1, 1024).max(axis=1)
for threshold in (0, 2, 5, 10, 20):
    print(f"{(windows >= threshold).sum():>4} of {len(windows)} windows reach {threshold}")
