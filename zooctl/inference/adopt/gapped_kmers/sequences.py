"""Scores of whole sequences by a model of one value a window, such as a gapped k-mer SVM."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zooctl.errors import InputError
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.progress import Progress, no_progress


class SequenceScore(NamedTuple):
    """The score of a sequence.

    Attributes:
        name: Its name.
        value: The highest value of its windows.
        start: First base of that window, from 0; below 0 where the sequence is shorter.
    """

    name: str
    value: float
    start: int


def score_sequences(
    model: OpenModel, sequences: Genome, progress: Progress = no_progress
) -> list[SequenceScore]:
    """Return the highest value among each sequence's windows, half a window apart.

    A sequence that is shorter than a window is read with unknown bases on both sides.

    Args:
        model: A model of one track and one value a window.
        sequences: The sequences, by their names.
        progress: Opens the progress display.

    Raises:
        InputError: The model has more values.
    """
    card = model.card
    if card.n_tracks * card.geometry.n_bins != 1:
        got = f"{card.n_tracks} tracks, {card.geometry.n_bins} bins"
        raise InputError(f"{card.name} has several values a window", got=got, expected="one")
    width, found = card.input_length, []
    with progress(len(sequences.contigs), "sequences", card.name) as advance:
        for name, length in sequences.contigs.items():
            spare = length - width
            starts = np.unique([*range(0, max(spare, 1), width // 2), spare])
            if spare < 0:
                starts = np.array([spare // 2])
            windows = [sequences.padded_codes(name, start, start + width) for start in starts]
            values = model.session.predict(np.stack(windows))[:, 0, 0]
            best = int(values.argmax())
            found.append(SequenceScore(name, float(values[best]), int(starts[best])))
            advance(1)
    return found
