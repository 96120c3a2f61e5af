"""Pictures of the importance of bases: letters as high as it, heat maps, tracks of windows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import BASES, Codes

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import DPI, MM, with_defaults  # isort: skip
from zooctl.interpret.pictures.plots import (  # isort: skip
    BASE_COLOURS,
    COLOURS,
    GREY,
    save_figure,
    tidy,
)

from matplotlib.axes import Axes  # isort: skip
from matplotlib.figure import Figure  # isort: skip
from matplotlib.ticker import FuncFormatter, MaxNLocator  # isort: skip

Values = NDArray[np.floating]

# Letters that are still read in a picture as wide as a page.
MOST_LETTERS = 120
_WIDTH = 180


class Letters(NamedTuple):
    """A stretch of sequence and the importance of its bases.

    Attributes:
        caption: Title of the row.
        codes: Bases, ``(length,)``.
        heights: Importance of each, ``(length,)``.
        start: First base on the contig, 0-based.
    """

    caption: str
    codes: Codes
    heights: Values
    start: int

    def cut(self, first: int, last: int) -> Letters:
        """Return a part, by positions in it."""
        return Letters(
            self.caption, self.codes[first:last], self.heights[first:last], self.start + first
        )


def best_part(heights: Values, length: int = MOST_LETTERS) -> tuple[int, int]:
    """Return the stretch of so many bases with the largest sum of importances, whatever their sign.

    >>> best_part(np.array([0.0, 0, -3, 1, 0, 0]), 2)
    (2, 4)
    """
    if len(heights) <= length:
        return 0, len(heights)
    sums = np.convolve(np.abs(heights), np.ones(length), mode="valid")
    first = int(sums.argmax())
    return first, first + length


def draw_letters(axes: Axes, row: Letters) -> None:
    """Draw bases as letters from 0 to their importance."""
    need("logomaker", "drawing importances as letters")
    import pandas as pd
    from logomaker import Logo

    known = row.codes < len(BASES)
    table = np.zeros((len(row.codes), len(BASES)))
    table[np.flatnonzero(known), row.codes[known]] = row.heights[known]
    index = np.arange(row.start + 1, row.start + 1 + len(row.codes))
    frame = pd.DataFrame(table, columns=list(BASES), index=index)
    Logo(frame, ax=axes, color_scheme=BASE_COLOURS, flip_below=False, font_name="DejaVu Sans")
    axes.set_title(row.caption, loc="left", fontsize=7)
    axes.axhline(0, color=GREY, linewidth=0.4)
    positions(axes)


def positions(axes: Axes, ticks: int = 6) -> None:
    """Write whole positions below an axis."""
    axes.xaxis.set_major_locator(MaxNLocator(ticks, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    tidy(axes, labelsize=6)


@with_defaults
def draw_importance(
    target: Path,
    rows: Sequence[Letters],
    chrom: str,
    *,
    unit: str,
    title: str,
    force: bool = False,
) -> None:
    """Draw importances as letters, a row each, on one scale; long ones also as a whole, above.

    Args:
        target: PNG, PDF or SVG, by its ending.
        rows: From top to bottom, all of one stretch of a contig.
        chrom: Contig.
        unit: Scale of the importances.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written or has another ending, or logomaker is missing.
    """
    first, last = best_part(np.max([np.abs(row.heights) for row in rows], axis=0))
    is_long = last - first < len(rows[0].codes)
    n = len(rows) + is_long
    figure = Figure(figsize=(_WIDTH * MM, (10 + 26 * n) * MM), dpi=DPI, layout="constrained")
    panels = list(figure.subplots(n, squeeze=False)[:, 0])
    low, high = limits([row.heights for row in rows])
    if is_long:
        axes = panels.pop(0)
        for number, row in enumerate(rows):
            places = np.arange(row.start + 1, row.start + 1 + len(row.heights))
            axes.plot(places, row.heights, color=COLOURS[number], linewidth=0.5, label=row.caption)
        axes.axvspan(rows[0].start + first + 1, rows[0].start + last, color="#DDDDDD", linewidth=0)
        axes.set_xlim(rows[0].start + 1, rows[0].start + len(rows[0].heights))
        if len(rows) > 1:
            axes.legend(fontsize=6, frameon=False)
        positions(axes)
    for axes, row in zip(panels, rows, strict=True):
        draw_letters(axes, row.cut(first, last))
    for axes in figure.axes:
        axes.set_ylim(low, high)
        axes.set_ylabel(unit, fontsize=6)
    figure.axes[-1].set_xlabel(f"position on {chrom}", fontsize=7)
    figure.suptitle(title, fontsize=8, x=0.012, ha="left")
    save_figure(figure, target, force)


def limits(values: Sequence[Values]) -> tuple[float, float]:
    """Return a range that holds 0 and all values."""
    low = min(0.0, *(float(one.min()) for one in values))
    high = max(0.0, *(float(one.max()) for one in values))
    if low == high:
        high = 1.0
    margin = 0.05 * (high - low)
    return low - margin * (low < 0), high + margin


class EffectMap(NamedTuple):
    """Effects of every substitution in a region.

    Attributes:
        caption: Title of the row.
        effects: ``(4, length)``, rows A, C, G, T; NaN where there is none, as of the base itself.
        unit: Scale of the effects.
    """

    caption: str
    effects: Values
    unit: str


@with_defaults
def draw_effect_maps(
    target: Path,
    maps: Sequence[EffectMap],
    region: Interval,
    codes: Codes,
    *,
    title: str,
    force: bool = False,
) -> None:
    """Draw effects of substitutions as heat maps, each with the mean loss of each base as letters.

    Args:
        target: PNG, PDF or SVG, by its ending.
        maps: From top to bottom; each on a colour scale of its own, even about 0.
        region: The region.
        codes: Its bases, ``(length,)``.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written or has another ending, or logomaker is missing.
    """
    width = max(120, min(2 * _WIDTH, 0.9 * region.length + 40))
    figure = Figure(figsize=(width * MM, (8 + 44 * len(maps)) * MM), dpi=DPI, layout="constrained")
    panels = figure.subplots(2 * len(maps), sharex=True, squeeze=False)[:, 0]
    for one, letters, heat in zip(maps, panels[::2], panels[1::2], strict=True):
        loss = -np.nan_to_num(_mean_known(one.effects)).astype(np.float64)
        draw_letters(letters, Letters(one.caption, codes, loss, region.start))
        letters.set_ylabel("mean loss", fontsize=6)
        _draw_heat(figure, heat, one, region)
        positions(letters, round(width / 30))
        letters.set_xlim(region.start + 0.5, region.end + 0.5)
    panels[-1].set_xlabel(f"position on {region.chrom}", fontsize=7)
    figure.suptitle(title, fontsize=8, x=0.012, ha="left")
    save_figure(figure, target, force)


def _mean_known(effects: Values) -> Values:
    """Return the mean of the known effects at each position; NaN where there is none."""
    known = ~np.isnan(effects)
    total = np.where(known, effects, 0).sum(axis=0)
    count = known.sum(axis=0)
    mean: Values = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def _draw_heat(figure: Figure, axes: Axes, one: EffectMap, region: Interval) -> None:
    largest = float(np.nanmax(np.abs(one.effects))) if (~np.isnan(one.effects)).any() else 1.0
    axes.set_facecolor("#D0D0D0")
    cells = axes.imshow(
        one.effects,
        aspect="auto",
        cmap="PuOr_r",
        vmin=-largest,
        vmax=largest,
        interpolation="nearest",
        extent=(region.start + 0.5, region.end + 0.5, 3.5, -0.5),
    )
    axes.set_yticks(range(len(BASES)), list(BASES))
    tidy(axes, labelsize=6)
    bar = figure.colorbar(cells, ax=axes, pad=0.01)
    bar.set_label(one.unit, fontsize=6)
    bar.ax.tick_params(labelsize=6)
