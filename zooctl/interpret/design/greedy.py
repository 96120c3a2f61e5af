"""Design by greedy substitution: of all single changes the best, again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zooctl.interpret.design.constraints import Constraints
from zooctl.interpret.interventions.window_value import Floats, ValueOf
from zooctl.progress import Advance, no_advance
from zooctl.sequence.onehot import BASES, Codes

Objective = Callable[[Floats], Floats]
"""Numbers to what is made as large as possible."""


@dataclass(frozen=True, eq=False)
class Design:
    """A designed sequence.

    Attributes:
        start: Window that it was begun from, ``(length,)``.
        codes: Window as designed.
        values: The number after each step, the start's first.
    """

    start: Codes
    codes: Codes
    values: tuple[float, ...]


def substitute_greedily(
    value: ValueOf,
    start: Codes,
    span: tuple[int, int],
    objective: Objective,
    constraints: Constraints,
    *,
    rounds: int,
    advance: Advance = no_advance,
) -> Design:
    """Change one base at a time, each time the one with the largest gain, until there is none.

    A change may not take the sequence further from its constraints. While they are not met, changes
    that come nearer to them are taken first, whatever they cost.

    Args:
        value: The number of a window.
        start: Codes ``(length,)``.
        span: First base that may be changed, and past the last.
        objective: What is made as large as possible.
        constraints: Constraints on the span.
        rounds: Changes at most.
        advance: Called with 1 after each round.
    """
    codes = start.copy()
    numbers = [float(value(codes[None])[0])]
    for _ in range(rounds):
        changed = _neighbours(codes, span)
        now = float(constraints.violations(codes[None], span)[0])
        wrong = constraints.violations(changed, span)
        kept = changed[wrong < now] if now > 0 else changed[wrong == 0]
        if not len(kept):
            break
        found = value(kept)
        best = int(objective(found).argmax())
        gain = objective(found[[best]])[0] - objective(np.array([numbers[-1]]))[0]
        if now == 0 and gain <= 0:
            break
        codes = kept[best]
        numbers.append(float(found[best]))
        advance(1)
    return Design(start, codes, tuple(numbers))


def _neighbours(codes: Codes, span: tuple[int, int]) -> Codes:
    """Return every window with one other base within the span, ``(3 n, length)``."""
    positions = np.repeat(np.arange(*span), len(BASES))
    bases = np.tile(np.arange(len(BASES), dtype=np.uint8), span[1] - span[0])
    other = codes[positions] != bases
    rows = np.tile(codes, (int(other.sum()), 1))
    rows[np.arange(len(rows)), positions[other]] = bases[other]
    return rows
