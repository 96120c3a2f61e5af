"""Picture of a matrix of correlations, with the chosen rows marked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import with_defaults
from zooctl.interpret.pictures.plots import DPI, save_figure, tidy

from matplotlib.figure import Figure  # isort: skip


@with_defaults
def draw_matrix(
    target: Path,
    names: Sequence[str],
    values: NDArray[np.floating],
    *,
    chosen: Collection[int],
    title: str,
    force: bool = False,
) -> None:
    """Draw correlations as colours, with their numbers where there are few.

    Args:
        target: PNG, PDF or SVG, by its ending.
        names: Of rows and columns.
        values: ``(n, n)``, from -1 to 1.
        chosen: Indices of rows with a mark.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    n = len(names)
    side = 2.2 + 0.36 * n
    figure = Figure(figsize=(side + 0.6, side), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(values, vmin=-1, vmax=1, cmap="RdBu_r")
    labels = [f"{name} *" if index in chosen else name for index, name in enumerate(names)]
    axes.set_xticks(range(n), names, rotation=90, fontsize=7)
    axes.set_yticks(range(n), labels, fontsize=7)
    if n <= 20:
        for row in range(n):
            for column in range(n):
                dark = abs(values[row, column]) > 0.6
                axes.text(
                    column,
                    row,
                    f"{values[row, column]:.2f}",
                    ha="center",
                    va="center",
                    fontsize=5,
                    color="white" if dark else "black",
                )
    figure.colorbar(image, ax=axes, shrink=0.7)
    tidy(axes, 7)
    figure.suptitle(title, fontsize=10, x=0.012, ha="left")
    save_figure(figure, target, force)
