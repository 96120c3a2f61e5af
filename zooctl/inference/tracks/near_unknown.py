"""Rise of predictions beside unknown bases, which a network meets at assembly gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.tracks.predict import Predictor, Readout, core_values
from zooctl.schema.card import Card
from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.windows import Geometry, mostly_unknown_bins

SHARES = (0.1, 0.2, 0.3, 0.45)
"""Shares of a window that are made unknown, from its left or its right end."""

LIMIT = 2.0
"""Rise from which on a card has to state it."""


def rise_near_n(session: Predictor, card: Card, codes: Codes) -> float:
    """Return the largest rise of predictions where a part of their windows is unknown.

    The same bins of the same windows are predicted with all bases known, and with a part of the
    window, from either end, made unknown; bins of more than half N have no value and do not count.
    A rise is the factor between the means over windows and bins of a track; for logarithms and
    logits, which have no factors, the difference in standard deviations of the values.

    Args:
        session: The network.
        card: Its card.
        codes: Windows of known sequence, ``(n, input_length)``.
    """
    window = card.geometry
    whole = Geometry(
        window.input_length, window.output_length, window.bin_size, window.output_length
    )
    readout = Readout(card.output_transform)

    def values(windows: Codes) -> NDArray[np.float32]:
        return core_values(windows, session, whole, list(range(card.n_tracks)), readout)

    known, rises = values(codes).astype(np.float64), [-np.inf]
    for share in SHARES:
        n = int(window.input_length * share)
        for side in (slice(0, n), slice(window.input_length - n, None)):
            masked = codes.copy()
            masked[:, side] = N
            bins = ~mostly_unknown_bins(masked, whole)[:, None]
            near = values(masked)
            if bins.any():
                rises += [
                    _rise(near[:, track][bins[:, 0]], known[:, track][bins[:, 0]], card)
                    for track in range(card.n_tracks)
                ]
    return float(max(rises))


def _rise(near: NDArray[np.float32], known: NDArray[np.float64], card: Card) -> float:
    mean, usual = float(near.mean(dtype=np.float64)), float(known.mean())
    if card.output_scale in ("signal", "probability"):
        return mean / usual if usual > 0 else 0.0
    return (mean - usual) / spread if (spread := float(known.std())) else 0.0
