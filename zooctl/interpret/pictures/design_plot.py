"""Picture of designed sequences: their values over the steps, and the bases that changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np

from zooctl.sequence.onehot import Codes, decode

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import DPI, MM, with_defaults  # isort: skip
from zooctl.interpret.pictures.importance import MOST_LETTERS, best_part, positions  # isort: skip
from zooctl.interpret.pictures.plots import (  # isort: skip
    BASE_COLOURS,
    COLOURS,
    GREY,
    save_figure,
    tidy,
)

from matplotlib.axes import Axes  # isort: skip
from matplotlib.figure import Figure  # isort: skip
from matplotlib.ticker import MaxNLocator  # isort: skip

MOST_DRAWN = 10
"""Sequences whose colours and rows are still told apart."""
_WIDTH, _CURVES, _ROW = 180, 52, 17
# Points that letters have between them, over a picture as wide as a page.
_POINTS = 450


class DrawnDesign(NamedTuple):
    """A designed sequence.

    Attributes:
        name: The sequence.
        start: Bases that were designed, before, ``(width,)``.
        codes: The same bases after the last step, ``(width,)``.
        values: Value at the start and after each step.
    """

    name: str
    start: Codes
    codes: Codes
    values: Sequence[float]


@with_defaults
def draw_designs(
    target: Path,
    designs: Sequence[DrawnDesign],
    first: int,
    *,
    label: str,
    title: str,
    force: bool = False,
) -> None:
    """Draw values over steps, and below each sequence before and after with its changed bases.

    Of more than 120 bases the 120 with most changes are drawn, of more than ten sequences the
    first ten.

    Args:
        target: PNG, PDF or SVG, by its ending.
        designs: The sequences; all of one width.
        first: Position of the first designed base in the window, 0-based.
        label: The value and its unit.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    drawn = designs[:MOST_DRAWN]
    heights = [_CURVES, *[_ROW] * len(drawn)]
    size = (_WIDTH * MM, (8 + sum(heights)) * MM)
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    curves, *rows = figure.subplots(len(heights), squeeze=False, height_ratios=heights)[:, 0]
    for number, one in enumerate(drawn):
        colour = COLOURS[number]
        places = range(len(one.values))
        style = {"color": colour, "marker": "o", "markersize": 2.5, "linewidth": 1}
        curves.plot(places, one.values, label=one.name, **style)
        _draw_changes(rows[number], one, first, colour)
    curves.set_xlabel("step", fontsize=7)
    curves.set_ylabel(fill(label, 28), fontsize=6)
    curves.xaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(curves, labelsize=6)
    if len(drawn) > 1:
        curves.legend(fontsize=6, frameon=False)
    rows[-1].set_xlabel("position in the window", fontsize=7)
    figure.suptitle(title, fontsize=8, x=0.012, ha="left")
    save_figure(figure, target, force)


def _draw_changes(axes: Axes, one: DrawnDesign, first: int, colour: str) -> None:
    """Write the bases before and after below each other; those that changed have their colours."""
    changed = one.start != one.codes
    low, high = best_part(changed.astype(float), MOST_LETTERS)
    size = min(9.0, _POINTS / (high - low))
    font: dict[str, Any] = {"ha": "center", "va": "center", "family": "DejaVu Sans Mono"}
    for height, codes in ((1, one.start), (0, one.codes)):
        for place, letter in enumerate(decode(codes[low:high]), start=low):
            own = BASE_COLOURS.get(letter, GREY) if changed[place] else "#999999"
            weight = "bold" if changed[place] else "normal"
            axes.text(
                first + place + 1, height, letter, color=own, weight=weight, size=size, **font
            )
    n = int(np.count_nonzero(changed))
    text = f"{one.name}: {one.values[0]:.4g} to {one.values[-1]:.4g}, {n:,} of {len(changed):,} bp"
    axes.set_title(f"{text} changed", loc="left", fontsize=7, color=colour)
    axes.set_xlim(first + low + 0.2, first + high + 0.8)
    axes.set_ylim(-0.6, 1.6)
    axes.set_yticks([1, 0], ["start", "designed"])
    positions(axes)
