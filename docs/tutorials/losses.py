"""Three predictions of one window of counts, under five losses."""

import numpy as np

counts = np.array([0, 1, 0, 2, 20, 36, 22, 3, 0, 1], dtype=float)
predictions = {
    "the mean everywhere": np.full(10, counts.mean()),
    "right shape, a third of the height": counts / 3 + 0.5,
    "right height, one bin to the left": np.roll(counts, -1) + 0.5,
}


def multinomial(measured, predicted):
    """Negative log likelihood of the shape, without its constant."""
    return -(measured * np.log(predicted / predicted.sum())).sum() / measured.sum()


losses = {
    "squared error": lambda y, p: ((y - p) ** 2).mean(),
    "Poisson": lambda y, p: (p - y * np.log(p)).mean(),
    "multinomial": multinomial,
    "1 - Pearson's r": lambda y, p: 1 - (np.corrcoef(y, p)[0, 1] if np.ptp(p) else 0),
    "1 - R²": lambda y, p: ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum(),
}
print(" " * 35 + "  ".join(f"{name:>15}" for name in losses))
for name, predicted in predictions.items():
    values = "  ".join(f"{loss(counts, predicted):>15.3f}" for loss in losses.values())
    print(f"{name:<35}{values}")
