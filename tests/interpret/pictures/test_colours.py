"""The cycle of colours is told apart with and without colour blindness."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from zooctl.interpret.pictures.plots import COLOURS

# Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, at full severity.
VISIONS = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def lab(colour: str, vision: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE 1976 L*a*b* of a colour as it is seen."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    srgb = np.array([red, green, blue])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(vision @ linear, 0, 1)
    t = (TO_XYZ @ seen) / (TO_XYZ @ np.ones(3))
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_twelve_colours_far_from_each_other() -> None:
    assert len(set(COLOURS)) == 12
    for name, vision in VISIONS.items():
        seen = [lab(colour, np.array(vision)) for colour in COLOURS]
        distances = [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)]
        assert min(distances) >= 16, name
