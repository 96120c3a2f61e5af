"""Two patterns at distances: the effect of the second beside the first, and their cooperativity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from zooctl.errors import InputError
from zooctl.interpret.interventions.effects import MeanEffect, effect_of
from zooctl.interpret.interventions.embed import Embedding
from zooctl.interpret.interventions.pattern import Pattern
from zooctl.interpret.interventions.window_value import ValueOf
from zooctl.sequence.onehot import Codes


class PairEffect(NamedTuple):
    """Two patterns at one distance.

    Attributes:
        distance: First base of the second pattern less that of the first, in bp.
        orientation: ``-`` if the second is reverse-complemented.
        both: Effect of both patterns together.
        second: Effect of the second alone, at its place.
        cooperativity: Effect of both less the sum of those of either alone.
    """

    distance: int
    orientation: Literal["+", "-"]
    both: MeanEffect
    second: MeanEffect
    cooperativity: MeanEffect


def parse_spacing(text: str) -> range:
    """Return the distances of a text ``first:last`` or ``first:last:step``, the last included.

    Raises:
        InputError: It is none.

    >>> list(parse_spacing("-20:20:10"))
    [-20, -10, 0, 10, 20]
    """
    found = re.fullmatch(r"(-?[0-9]{1,6}):(-?[0-9]{1,6})(?::([0-9]{1,6}))?", text)
    if found is not None:
        first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
        if first <= last and step > 0:
            return range(first, last + 1, step)
    raise InputError(
        "not a range of distances",
        field="--spacing",
        got=repr(text[:40]),
        expected="first:last or first:last:step, in bp",
        hint="--spacing -100:100:10",
    )


def usable_distances(
    distances: Sequence[int], first: Pattern, second: Pattern, length: int
) -> list[int]:
    """Return the distances at which the patterns do not overlap and both lie within a window.

    Args:
        distances: First base of the second less that of the first.
        first: Pattern in the middle.
        second: The other.
        length: Length of the window.

    Raises:
        InputError: There is none.
    """
    start = (length - first.length) // 2
    kept = [
        distance
        for distance in distances
        if not -second.length < distance < first.length
        and 0 <= start + distance <= length - second.length
    ]
    if not kept:
        raise InputError(
            "at no distance do both patterns lie in a window without an overlap",
            field="--spacing",
            got=f"{distances[0]} to {distances[-1]}",
            expected=f"at least {first.length} or at most {-second.length}",
        )
    return kept


def pair_effects(
    value: ValueOf,
    backgrounds: Codes,
    embedding: Embedding,
    second: Pattern,
    distances: Sequence[int],
    seed: int,
) -> list[PairEffect]:
    """Return the effects of two patterns at each distance, the second on either strand.

    Args:
        value: The number of a window.
        backgrounds: Codes ``(n, length)``, those of the embedding.
        embedding: The first pattern in the backgrounds.
        second: The second pattern.
        distances: First base of the second less that of the first, in bp.
        seed: Seed of the bases that the second leaves open.
    """
    found = []
    strands: tuple[tuple[Literal["+", "-"], Pattern], ...] = (
        ("+", second),
        ("-", second.reverse_complement()),
    )
    for distance in distances:
        for strand, pattern in strands:
            place = embedding.start + distance
            both, alone = (
                value(pattern.put(windows, place, np.random.default_rng(seed)))
                for windows in (embedding.planted, backgrounds)
            )
            together, apart = both - embedding.without, alone - embedding.without
            first = embedding.forward - embedding.without
            found.append(
                PairEffect(
                    distance,
                    strand,
                    effect_of(together),
                    effect_of(apart),
                    effect_of(together - first - apart),
                )
            )
    return found
