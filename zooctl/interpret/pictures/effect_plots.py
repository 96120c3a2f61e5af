"""Pictures of effects: bars, heat maps of bases, curves. Needs the ``plot`` extra."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.interpret.pictures.drawing import with_defaults
from zooctl.interpret.pictures.plots import COLOURS, DPI, GREY, save_figure, tidy
from zooctl.sequence.onehot import BASES

from matplotlib.axes import Axes  # isort: skip
from matplotlib.figure import Figure  # isort: skip


class Bar(NamedTuple):
    """A value with its interval.

    Attributes:
        name: Beside the bar.
        value: Its length.
        low: Lower end of the interval.
        high: Upper end.
        group: Bars of one group have one colour; those after the first are paler.
    """

    name: str
    value: float
    low: float
    high: float
    group: int = 0


class Curve(NamedTuple):
    """Values over places.

    Attributes:
        name: In the legend; empty for none.
        places: Along the horizontal axis.
        values: One a place.
        low: Lower ends of their intervals; empty for none.
        high: Upper ends.
        group: Curves of one group have one colour.
    """

    name: str
    places: Sequence[float]
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    group: int = 0


class CurvePanel(NamedTuple):
    """Curves that share axes.

    Attributes:
        label: Of the vertical axis.
        curves: The curves.
        level: A dotted line at this height.
        from_zero: The vertical axis begins at 0.
    """

    label: str
    curves: Sequence[Curve]
    level: float | None = None
    from_zero: bool = False


@with_defaults
def draw_bars(
    target: Path, bars: Sequence[Bar], *, label: str, title: str, force: bool = False
) -> None:
    """Draw values as bars with their intervals, from top to bottom.

    Args:
        target: PNG, PDF or SVG, by its ending.
        bars: The values.
        label: Of the horizontal axis.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    figure = Figure(figsize=(7, 0.9 + 0.4 * len(bars)), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    for place, bar in enumerate(bars):
        is_first = place == 0 or bars[place - 1].group != bar.group
        colour = COLOURS[bar.group % len(COLOURS)]
        axes.barh(place, bar.value, color=colour, alpha=1.0 if is_first else 0.55)
        axes.plot([bar.low, bar.high], [place, place], color=GREY, linewidth=1.5)
    axes.axvline(0, color=GREY, linewidth=0.6)
    axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axes.invert_yaxis()
    axes.set_xlabel(label, fontsize=8)
    axes.set_title(title, loc="left", fontsize=9)
    tidy(axes)
    save_figure(figure, target, force)


@with_defaults
def draw_base_map(
    target: Path,
    effects: NDArray[np.float64],
    places: Sequence[str],
    *,
    label: str,
    title: str,
    force: bool = False,
) -> None:
    """Draw the effect of each base at each place as a heat map, white at 0.

    Args:
        target: PNG, PDF or SVG, by its ending.
        effects: ``(n_places, 4)``.
        places: Name of each place.
        label: Of the horizontal axis.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    most = float(np.abs(effects).max()) or 1.0
    figure = Figure(figsize=(1.8 + 0.42 * len(places), 2.6), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    drawn = axes.imshow(effects.T, cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto")
    axes.set_yticks(range(len(BASES)), list(BASES))
    axes.set_xticks(range(len(places)), list(places))
    axes.set_xlabel(label, fontsize=8)
    axes.set_title(title, loc="left", fontsize=9)
    tidy(axes)
    figure.colorbar(drawn, ax=axes).ax.tick_params(labelsize=7)
    save_figure(figure, target, force)


@with_defaults
def draw_effect_curves(
    target: Path, panels: Sequence[CurvePanel], *, label: str, title: str, force: bool = False
) -> None:
    """Draw curves with their intervals, in panels below each other that share their places.

    Args:
        target: PNG, PDF or SVG, by its ending.
        panels: From top to bottom.
        label: Of the horizontal axis.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    figure = Figure(figsize=(8, 0.8 + 2.2 * len(panels)), dpi=DPI, layout="constrained")
    rows = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axes, panel in zip(rows, panels, strict=True):
        for curve in panel.curves:
            _draw_curve(axes, curve)
        if panel.level is not None:
            axes.axhline(panel.level, color=GREY, linewidth=0.8, linestyle=":")
        if panel.from_zero:
            axes.set_ylim(bottom=0)
        axes.set_ylabel(panel.label, fontsize=8)
        tidy(axes)
    rows[0].legend(fontsize=8, frameon=False)
    rows[0].set_title(title, loc="left", fontsize=9)
    rows[-1].set_xlabel(label, fontsize=8)
    save_figure(figure, target, force)


def _draw_curve(axes: Axes, curve: Curve) -> None:
    colour = COLOURS[curve.group % len(COLOURS)]
    label = curve.name or "_"  # matplotlib leaves such a name out
    axes.plot(
        curve.places,
        curve.values,
        color=colour,
        label=label,
        marker="o",
        markersize=2.5,
        linewidth=1,
    )
    if curve.low:
        axes.fill_between(curve.places, curve.low, curve.high, color=colour, alpha=0.2, linewidth=0)
