"""Two steps of TF-MoDISco by hand: the most important stretch of each sequence, and their mean."""

import sys
from pathlib import Path

import numpy as np

WIDTH = 15
folder = Path(sys.argv[1])
sequences, hypothetical = (
    np.load(folder / f"{name}.npz")["arr_0"] for name in ("sequences", "hypothetical")
)
# Importance of the bases that are there, and its sums over all stretches of one width.
contributions = sequences * hypothetical
windows = np.lib.stride_tricks.sliding_window_view(contributions, WIDTH, axis=2)
sums = windows.sum(axis=(1, 3))
best = sums.argmax(axis=1)
print(f"share of the importance in the best {WIDTH} of {sequences.shape[2]} bases:", end=" ")
print(f"{np.median(sums.max(axis=1) / np.abs(contributions).sum(axis=(1, 2))):.2f} (median)")


def letters(stretch):
    return "".join("ACGT"[base] for base in stretch.argmax(axis=0))


strongest = np.argsort(-sums.max(axis=1))
for row in strongest[:5]:
    print(letters(sequences[row, :, best[row] : best[row] + WIDTH]))

# Each sequence's stretch that is most like a pattern, on either strand; the pattern is their mean.
row = strongest[0]
pattern = contributions[row, :, best[row] : best[row] + WIDTH]
places = np.concatenate([windows, windows[:, ::-1, :, ::-1]], axis=2)
for _ in range(5):
    like = np.einsum("npkw,pw->nk", places, pattern)
    chosen = like.argmax(axis=1)
    pattern = np.stack([places[n, :, at] for n, at in enumerate(chosen)]).mean(axis=0)
print("pattern:", letters(pattern))
print("height: ", " ".join(f"{value:.1f}" for value in pattern.max(axis=0)))
