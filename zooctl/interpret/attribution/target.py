"""The one number of a window's prediction that is attributed to its bases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.tracks.choose import choose_tracks, tracks_of
from zooctl.schema.card import Card

# Probabilities nearer to 0 or 1 are lost in float32.
_LEAST = 1e-6


@dataclass(frozen=True)
class TrackTarget:
    """The number: the mean of one track over some bins of a window, before any inverse transform.

    Attributes:
        track: Index of the network's track.
        name: Its name.
        log_odds: The mean is a probability, and its log odds are the number.
        reverse: The window is read on the other strand, as tracks of the minus strand ask for.
    """

    track: int
    name: str
    log_odds: bool
    reverse: bool = False

    @property
    def unit(self) -> str:
        """Scale of importances, for axes."""
        return "log odds" if self.log_odds else "predicted unit"


def target_of(card: Card, track: str | None = None) -> TrackTarget:
    """Return the number that a card's network is asked for.

    Args:
        card: Its card.
        track: Name of the track; the only one if not given.

    Raises:
        InputError: There is no such track, or there are several and none is named.
    """
    names = [one.name for one in tracks_of(card)]
    if track is None and card.n_tracks > 1:
        raise InputError(
            "the importance of bases is that for one track",
            field="track",
            expected=f"one of {', '.join(names)}",
        )
    index = choose_tracks([card], [] if track is None else [track])[0][0]
    log_odds = card.output_scale == "probability"
    return TrackTarget(
        index % card.n_tracks, names[index], log_odds, reverse=index >= card.n_tracks
    )


def all_bins(n: int, n_bins: int) -> NDArray[np.int64]:
    """Return the whole output of n windows as ranges of bins, ``(n, 2)``, half-open."""
    return np.tile(np.array([0, n_bins], dtype=np.int64), (n, 1))


def weights_of(bins: NDArray[np.int64], n_bins: int) -> NDArray[np.float32]:
    """Return the weight of each bin in the mean over ranges of bins, ``(n, n_bins)``.

    >>> weights_of(np.array([[1, 3]]), 4).tolist()
    [[0.0, 0.5, 0.5, 0.0]]
    """
    place = np.arange(n_bins)
    inside = (place >= bins[:, :1]) & (place < bins[:, 1:])
    counts = inside.sum(axis=1, keepdims=True)
    if not counts.all():
        raise InputError("a window has no bin to explain", expected=f"0 to {n_bins}")
    weights: NDArray[np.float32] = (inside / counts).astype(np.float32)
    return weights


def number_of(
    predictions: NDArray[np.float32], weights: NDArray[np.float32], target: TrackTarget
) -> NDArray[np.float64]:
    """Return the number of each prediction, ``(n,)``.

    Args:
        predictions: ``(n, n_tracks, n_bins)``.
        weights: Of their bins, ``(n, n_bins)``.
        target: Track and scale.

    >>> one = TrackTarget(0, "a", log_odds=True)
    >>> number_of(np.full((1, 1, 2), 0.75, np.float32), np.full((1, 2), 0.5), one).round(4).tolist()
    [1.0986]
    """
    bins = predictions[:, target.track].astype(np.float64)
    mean: NDArray[np.float64] = (bins * weights).sum(axis=1)
    if not target.log_odds:
        return mean
    mean = np.clip(mean, _LEAST, 1 - _LEAST)
    odds: NDArray[np.float64] = np.log(mean) - np.log1p(-mean)
    return odds


def mirrored(bins: NDArray[np.int64], n_bins: int) -> NDArray[np.int64]:
    """Return the same ranges of bins as counted on the other strand.

    >>> mirrored(np.array([[0, 3]]), 10).tolist()
    [[7, 10]]
    """
    return n_bins - bins[:, ::-1]


def on_other_strand(target: TrackTarget, order: Sequence[int]) -> TrackTarget:
    """Return the target on the reverse complement, where stranded tracks take each other's place.

    Args:
        target: On the given strand.
        order: Index of the track that each becomes (``Card.track_order_rc``).
    """
    return TrackTarget(order[target.track], target.name, target.log_odds, target.reverse)
