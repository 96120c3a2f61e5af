"""Picture of an explanation: predictions, their difference, letters, and lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import DPI, MM, with_defaults
from zooctl.interpret.pictures.importance import Letters, Values, draw_letters, limits, positions
from zooctl.interpret.pictures.plots import COLOURS, GREY, save_figure, tidy

from matplotlib.axes import Axes  # isort: skip
from matplotlib.figure import Figure  # isort: skip

_WIDTH = 180
_LINE = 3.4


@with_defaults
def draw_explanation(
    target: Path,
    names: Sequence[str],
    predicted: Values,
    edges: NDArray[np.int64],
    letters: Sequence[Letters],
    *,
    chrom: str,
    unit: str,
    importance_unit: str,
    mark: int | None,
    title: str,
    lines: Sequence[str] = (),
    force: bool = False,
) -> None:
    """Draw predictions of one or two sequences, their difference, and the bases that matter.

    Args:
        target: PNG, PDF or SVG, by its ending.
        names: Names of the sequences.
        predicted: ``(len(names), n_bins)``; not drawn where there is one bin.
        edges: First base of each bin, and past the last, ``(n_bins + 1,)``.
        letters: Importance of the bases of each.
        chrom: Contig.
        unit: Unit of the predictions.
        importance_unit: Scale of the importances.
        mark: Base of a variant, 0-based.
        title: Title.
        lines: Text below.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written or has another ending, or logomaker is missing.
    """
    tracks = predicted.shape[1] > 1
    heights = [24.0] * (tracks * (1 + (len(names) > 1))) + [22.0] * len(letters)
    text = _LINE * len(lines) + 4 if lines else 0.0
    figure = Figure(
        figsize=(_WIDTH * MM, (12 + sum(heights) * 1.25 + text) * MM),
        dpi=DPI,
        layout="constrained",
    )
    ratios = heights + ([text] if lines else [])
    panels = list(figure.subplots(len(ratios), height_ratios=ratios, squeeze=False)[:, 0])
    if tracks:
        _draw_tracks(panels, names, predicted, edges, unit)
    low, high = limits([row.heights for row in letters])
    for row in letters:
        axes = panels.pop(0)
        draw_letters(axes, row)
        axes.set_ylim(low, high)
        axes.set_ylabel(importance_unit, fontsize=6)
        axes.set_xlim(row.start + 0.5, row.start + len(row.codes) + 0.5)
        if mark is not None:
            axes.axvspan(mark + 0.5, mark + 1.5, color="#DDDDDD", linewidth=0, zorder=-1)
        axes.set_xlabel(f"position on {chrom}", fontsize=6)
    if lines:
        axes = panels.pop(0)
        axes.axis("off")
        joined = "\n".join(lines)
        axes.text(
            0, 1, joined, fontsize=6, family="DejaVu Sans Mono", va="top", transform=axes.transAxes
        )
    figure.suptitle(title, fontsize=8, x=0.012, ha="left")
    save_figure(figure, target, force)


def _draw_tracks(
    panels: list[Axes],
    names: Sequence[str],
    predicted: Values,
    edges: NDArray[np.int64],
    unit: str,
) -> None:
    """Draw predictions in the first panel and, of two sequences, the difference in the second."""
    axes = panels.pop(0)
    for number, (name, values) in enumerate(zip(names, predicted, strict=True)):
        axes.stairs(values, edges, baseline=None, color=COLOURS[number], label=name)
    axes.set_title("prediction", loc="left", fontsize=7)
    drawn = [axes]
    if len(names) > 1:
        axes.legend(fontsize=6, frameon=False)
        axes = panels.pop(0)
        change = predicted[1] - predicted[0]
        axes.stairs(change, edges, fill=True, color=COLOURS[2], linewidth=0.6)
        axes.set_title(f"{names[1]} minus {names[0]}", loc="left", fontsize=7)
        drawn.append(axes)
    for one in drawn:
        one.axhline(0, color=GREY, linewidth=0.4)
        one.set_xlim(int(edges[0]), int(edges[-1]))
        one.set_ylabel(unit if len(unit) < 28 else "predicted", fontsize=6)
        positions(one)
        tidy(one, labelsize=6)
