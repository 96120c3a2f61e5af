"""The number of a window that interventions change: the mean of one track around the middle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError
from zooctl.inference.model import OpenModel
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.inference.tracks.region import predict_windows
from zooctl.interpret.attribution.target import number_of, target_of, weights_of
from zooctl.interpret.options import AROUND
from zooctl.progress import Advance
from zooctl.sequence.onehot import Codes, reverse_complement

Floats = NDArray[np.float64]
ValueOf = Callable[[Codes], Floats]
"""Codes ``(n, input_length)`` to a number each, ``(n,)``."""


class WindowValue:
    """The mean of a track over the bins around the middle of a window; log odds of probabilities.

    Args:
        model: The model.
        track: Name of the track; the only one if not given.
        around: Bases around the middle of the output; at most all of it.
        rc: Average over both strands.

    Attributes:
        track: Name of the track.
        unit: Unit of the number.
        ratio: Whether a ratio of two numbers makes sense.
        weights: Weight of each bin in the mean, ``(1, n_bins)``.

    Raises:
        InputError: There is no such track, or several and none is named; or the model reads more
            than the sequence.
    """

    def __init__(
        self, model: OpenModel, track: str | None = None, around: int = AROUND, *, rc: bool = False
    ) -> None:
        card = model.card
        if isinstance(model.session, SeveralInputs):
            raise InputError(f"{card.name} reads more than the sequence", expected="sequence alone")
        self._model, self._rc = model, rc
        self._target = target_of(card, track)
        size, length = card.bin_size, card.output_length
        first = max(0, (length - around) // 2) // size
        last = min(card.geometry.n_bins, -(-(length + around) // 2 // size))
        self.weights = weights_of(np.array([[first, max(last, first + 1)]]), card.geometry.n_bins)
        self.track = self._target.name
        states = [one for one in card.tracks if one.name == self.track]
        self.unit = "log odds" if self._target.log_odds else (states[0].unit if states else "")
        self.ratio = card.output_scale == "signal"
        self.batch_size = model.session.batch_size
        self.input_length = card.input_length

    def __call__(self, codes: Codes) -> Floats:
        """Return the number of each window, ``(n,)``, for codes ``(n, input_length)``.

        Raises:
            VerificationError: A prediction is not a finite number.
        """
        given = reverse_complement(codes) if self._target.reverse else codes
        predicted = predict_windows(self._model, given, rc=self._rc)
        numbers = number_of(predicted, self.weights, self._target)
        if not np.isfinite(numbers).all():
            raise VerificationError(
                "a prediction is not a finite number", got=self._model.card.name
            )
        return numbers

    def counting(self, advance: Advance) -> ValueOf:
        """Return the same, batch by batch, with the windows done told to a display."""

        def value(codes: Codes) -> Floats:
            numbers = np.empty(len(codes))
            for first in range(0, len(codes), self.batch_size):
                part = slice(first, first + self.batch_size)
                numbers[part] = self(codes[part])
                advance(len(codes[part]))
            return numbers

        return value
