"""Pictures of an evaluation: scatter, ROC and precision-recall, curves over a quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import with_defaults
from zooctl.interpret.pictures.plots import COLOURS, DPI, GREY, save_figure, tidy

from matplotlib.figure import Figure  # isort: skip
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator  # isort: skip

Values = NDArray[np.floating]
# More points make a picture no smoother.
_MOST_POINTS = 2000


class MethodCurves(NamedTuple):
    """ROC and precision-recall curves of one method.

    Attributes:
        name: Method, with the areas under its curves.
        roc: False and true positive rate, each ``(n,)``.
        precision_recall: Recall and precision, each ``(m,)``, recall falling; drawn as steps.
    """

    name: str
    roc: tuple[Values, Values]
    precision_recall: tuple[Values, Values]


class Panel(NamedTuple):
    """Metrics over a quantity.

    Attributes:
        title: Title of the panel.
        label: Label of the quantity.
        places: Values of the quantity as text, evenly spaced.
        lines: Values by metric, ``(len(places),)``; NaN where it has none.
    """

    title: str
    label: str
    places: Sequence[str]
    lines: Mapping[str, Sequence[float]]


@with_defaults
def draw_scatter(
    target: Path, predicted: Values, measured: Values, *, title: str, force: bool = False
) -> None:
    """Draw the density of bins, predicted against measured, on scales of ``log10(1 + x)``.

    Args:
        target: PNG, PDF or SVG, by its ending.
        predicted: Predicted bins, ``(n,)``; values below 0 are drawn at 0.
        measured: Measured bins, likewise.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    figure = Figure(figsize=(5, 4.3), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    x, y = (np.log10(1 + np.maximum(side, 0)) for side in (measured, predicted))
    top = max(float(x.max()), float(y.max()), 0.1)
    cells = axes.hexbin(x, y, gridsize=60, bins="log", mincnt=1, extent=(0, top, 0, top))
    axes.plot([0, top], [0, top], color=GREY, linewidth=0.8, linestyle=":")
    axes.set_xlabel("measured", fontsize=9)
    axes.set_ylabel("predicted", fontsize=9)
    for axis in (axes.xaxis, axes.yaxis):
        ticks = [value for value in (0, 1, 3, 10, 30, 100, 300, 1000) if np.log10(1 + value) <= top]
        axis.set_major_locator(FixedLocator(np.log10(1 + np.array(ticks))))
        axis.set_major_formatter(FuncFormatter(lambda place, _: f"{10**place - 1:.0f}"))
    bar = figure.colorbar(cells, ax=axes)
    bar.set_label("bins", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    axes.set_title(title, loc="left", fontsize=10)
    tidy(axes)
    save_figure(figure, target, force)


@with_defaults
def draw_curves(
    target: Path,
    methods: Sequence[MethodCurves],
    prevalence: float,
    *,
    title: str,
    force: bool = False,
) -> None:
    """Draw ROC and precision-recall curves beside each other.

    Args:
        target: PNG, PDF or SVG, by its ending.
        methods: The first is drawn thickest.
        prevalence: Precision of a score without information.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    figure = Figure(figsize=(9, 4.6), dpi=DPI, layout="constrained")
    left, right = figure.subplots(1, 2)
    for index, method in enumerate(methods):
        colour = COLOURS[index % len(COLOURS)]
        width = 2.0 if index == 0 else 1.1
        style = "-" if index < len(COLOURS) else "--"
        left.plot(*_thinned(method.roc), color=colour, linewidth=width, linestyle=style)
        right.plot(
            *_thinned(method.precision_recall),
            color=colour,
            linewidth=width,
            linestyle=style,
            label=method.name,
            drawstyle="steps-post",
        )
    left.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
    right.axhline(prevalence, color=GREY, linewidth=0.8, linestyle=":", label="prevalence")
    for axes, across, up in (
        (left, "false positive rate", "true positive rate"),
        (right, "recall", "precision"),
    ):
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.01, 1.01)
        axes.set_xlabel(across, fontsize=9)
        axes.set_ylabel(up, fontsize=9)
        tidy(axes)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=2)
    figure.suptitle(title, fontsize=10, x=0.012, ha="left")
    save_figure(figure, target, force)


def _thinned(curve: tuple[Values, Values]) -> tuple[Values, Values]:
    """Thin a curve to at most ``_MOST_POINTS`` points, its ends among them."""
    across, up = curve
    if len(across) <= _MOST_POINTS:
        return across, up
    # Evenly along the drawn line, as most points lie on top of each other.
    way = np.concatenate([[0], np.cumsum(np.abs(np.diff(across)) + np.abs(np.diff(up)))])
    rows = np.unique(np.searchsorted(way, np.linspace(0, way[-1], _MOST_POINTS)))
    return across[rows], up[rows]


@with_defaults
def draw_panels(target: Path, panels: Sequence[Panel], *, title: str, force: bool = False) -> None:
    """Draw metrics over a quantity, panels beside each other.

    Args:
        target: PNG, PDF or SVG, by its ending.
        panels: Panels from left to right, with the same metrics.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    figure = Figure(figsize=(0.6 + 4.2 * len(panels), 3.6), dpi=DPI, layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        places = np.arange(len(panel.places))
        for colour, (name, values) in zip(COLOURS, panel.lines.items(), strict=False):
            label = name if panel is panels[0] else None
            axes.plot(places, values, color=colour, label=label, marker="o", markersize=3.5)
        axes.set_xticks(places, panel.places, rotation=30 if len(places) > 4 else 0, fontsize=8)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel(panel.label, fontsize=9)
        axes.set_title(panel.title, loc="left", fontsize=9)
        tidy(axes)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=4)
    figure.suptitle(title, fontsize=10, x=0.012, ha="left")
    save_figure(figure, target, force)
