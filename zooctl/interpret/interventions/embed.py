"""Global importance of a pattern: its mean effect over backgrounds, and that of its flanks.

Source: Koo et al. 2021, doi:10.1371/journal.pcbi.1008925 (global importance analysis).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from zooctl.interpret.interventions.effects import MeanEffect, effect_of
from zooctl.interpret.interventions.pattern import Pattern
from zooctl.interpret.interventions.window_value import Floats, ValueOf
from zooctl.sequence.onehot import BASES, Codes


class Embedding(NamedTuple):
    """A pattern in the middle of backgrounds.

    Attributes:
        pattern: The pattern.
        start: Its first base in the windows.
        planted: Backgrounds with the pattern, ``(n, length)``.
        without: Number of each background, ``(n,)``.
        forward: Number of each with the pattern, ``(n,)``.
        reverse: Number of each with its reverse complement, ``(n,)``.
    """

    pattern: Pattern
    start: int
    planted: Codes
    without: Floats
    forward: Floats
    reverse: Floats

    @property
    def effect(self) -> MeanEffect:
        """Effect of the pattern."""
        return effect_of(self.forward - self.without)

    @property
    def reverse_effect(self) -> MeanEffect:
        """Effect of its reverse complement."""
        return effect_of(self.reverse - self.without)

    @property
    def orientation(self) -> MeanEffect:
        """Effect of the pattern less that of its reverse complement."""
        return effect_of(self.forward - self.reverse)

    @property
    def log2_ratio(self) -> float | None:
        """log2 of the mean with the pattern to that without; None where either is not above 0."""
        with_it, without = float(self.forward.mean()), float(self.without.mean())
        return float(np.log2(with_it / without)) if min(with_it, without) > 0 else None


def embed(value: ValueOf, backgrounds: Codes, pattern: Pattern, seed: int) -> Embedding:
    """Put a pattern into the middle of backgrounds, and compare the numbers with those without.

    Args:
        value: The number of a window.
        backgrounds: Codes ``(n, length)``.
        pattern: The pattern.
        seed: Seed of the bases that the pattern leaves open.
    """
    start = (backgrounds.shape[1] - pattern.length) // 2
    planted = pattern.put(backgrounds, start, np.random.default_rng(seed))
    turned = pattern.reverse_complement().put(backgrounds, start, np.random.default_rng(seed))
    values = (value(windows) for windows in (backgrounds, planted, turned))
    return Embedding(pattern, start, planted, *values)


@dataclass(frozen=True, eq=False)
class FlankEffects:
    """Effects of the bases beside a pattern.

    Attributes:
        offsets: Place of each: -1 is the base before the pattern, 1 the one behind it.
        effects: Of each base at each place, four a place: the number with that base less the mean
            over the four bases.
    """

    offsets: tuple[int, ...]
    effects: tuple[tuple[MeanEffect, ...], ...]

    @property
    def means(self) -> Floats:
        """Mean effects, ``(n_places, 4)``."""
        return np.array([[effect.mean for effect in row] for row in self.effects])


def flank_effects(value: ValueOf, embedding: Embedding, n_flank: int) -> FlankEffects:
    """Return the effect of each base at each place beside a pattern.

    Args:
        value: The number of a window.
        embedding: The pattern in its backgrounds.
        n_flank: Places on each side.
    """
    start, end = embedding.start, embedding.start + embedding.pattern.length
    before = range(max(0, start - n_flank), start)
    behind = range(end, min(end + n_flank, embedding.planted.shape[1]))
    places = [(at - start, at) for at in before] + [(at - end + 1, at) for at in behind]
    rows = []
    for _, at in places:
        values = np.repeat(embedding.forward[:, None], len(BASES), axis=1)
        for base in range(len(BASES)):
            other = embedding.planted[:, at] != base
            windows = embedding.planted[other]
            windows[:, at] = base
            values[other, base] = value(windows)
        centred = values - values.mean(axis=1, keepdims=True)
        rows.append(tuple(effect_of(column) for column in centred.T))
    return FlankEffects(tuple(offset for offset, _ in places), tuple(rows))
