"""Picture of embeddings: their first two principal components."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import DPI, MM, with_defaults  # isort: skip
from zooctl.interpret.pictures.plots import COLOURS, save_figure, tidy  # isort: skip

from matplotlib.figure import Figure  # isort: skip

_SIZE = (100 * MM, 76 * MM)


class Components(NamedTuple):
    """The first two principal components of rows.

    Attributes:
        scores: Place of each row along them, ``(n, 2)``, in the unit of the features.
        shares: Share of the variance that each explains, ``(2,)``.
    """

    scores: NDArray[np.float64]
    shares: NDArray[np.float64]


def principal_components(values: NDArray[np.floating]) -> Components:
    """Return the first two principal components of features that are centred and not scaled.

    The largest weight of each component is positive.

    Args:
        values: ``(n, features)``, two or more of each.

    >>> found = principal_components(np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 1.0], [2.0, -1.0]]))
    >>> found.scores[:, 0].round(6).tolist(), found.shares.round(6).tolist()
    ([-2.0, 2.0, 0.0, 0.0], [0.8, 0.2])
    """
    centred = values - values.mean(axis=0, dtype=np.float64)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    largest = np.abs(axes[:2]).argmax(axis=1)
    signs = np.where(axes[np.arange(2), largest] < 0, -1.0, 1.0)
    total = float((sizes**2).sum()) or 1.0
    return Components(centred @ (axes[:2] * signs[:, None]).T, sizes[:2] ** 2 / total)


@with_defaults
def draw_components(
    target: Path,
    found: Components,
    numbers: NDArray[np.floating] | None,
    *,
    label: str,
    title: str,
    force: bool = False,
) -> None:
    """Draw a dot a row, coloured by a number.

    Args:
        target: PNG, PDF or SVG, by its ending.
        found: The components.
        numbers: Number of each row, ``(n,)``; None for one colour.
        label: The number and its unit.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    figure = Figure(figsize=_SIZE, dpi=DPI, layout="constrained")
    axes = figure.subplots()
    colours = COLOURS[0] if numbers is None else numbers
    palette = None if numbers is None else "viridis"
    first, second = found.scores.T
    dots = axes.scatter(first, second, c=colours, cmap=palette, s=9, linewidths=0)
    if numbers is not None:
        bar = figure.colorbar(dots, ax=axes)
        bar.set_label(fill(label, 44), fontsize=6)
        bar.ax.tick_params(labelsize=6)
    for number, (name, place) in enumerate((("first", axes.xaxis), ("second", axes.yaxis))):
        share = f"{found.shares[number]:.0%} of the variance"
        place.set_label_text(f"{name} principal component, {share}", fontsize=6)
    tidy(axes, labelsize=6)
    figure.suptitle(title, fontsize=8, x=0.012, ha="left")
    save_figure(figure, target, force)
