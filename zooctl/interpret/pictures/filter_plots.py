"""Pictures of filters: profiles as logos, weights as letters. Needs the ``plot`` extra."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.files.motifs import Motif
from zooctl.sequence.onehot import BASES

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import DPI, MM, with_defaults  # isort: skip
from zooctl.interpret.pictures.plots import (  # isort: skip
    BASE_COLOURS,
    draw_logo,
    save_figure,
    tidy,
)

from matplotlib.figure import Figure  # isort: skip

_COLUMNS = 4
# Of a caption, as many as fit over a logo.
_MOST_CHARACTERS = 34


@with_defaults
def draw_profiles(
    target: Path, profiles: Sequence[tuple[str, Motif]], *, force: bool = False
) -> None:
    """Draw the profiles of filters as logos of 0 to 2 bits, four beside each other.

    Args:
        target: PNG, PDF or SVG, by its ending.
        profiles: Caption and profile of each filter; a caption may have two lines.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    rows = -(-len(profiles) // _COLUMNS)
    # Half the dots of other pictures as wide as a page: networks have hundreds of filters.
    size = (180 * MM, (4 + 21 * rows) * MM)
    figure = Figure(figsize=size, dpi=DPI // 2, layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False, sharey=True)
    for number, axes in enumerate(panels.ravel()):
        if number >= len(profiles):
            axes.set_visible(False)
            continue
        caption, motif = profiles[number]
        draw_logo(axes, motif)
        axes.set_xlim(0.4, motif.length + 0.6)
        axes.set_title(_shortened(caption), loc="left", fontsize=6)
        axes.set_xticks([])
        axes.set_ylabel("bits" if number % _COLUMNS == 0 else "", fontsize=6)
        tidy(axes, labelsize=6)
    save_figure(figure, target, force, colours=256)


def _shortened(caption: str) -> str:
    """Cut each line of a caption to the width of a logo.

    >>> _shortened("filter 0\\nMA0494.1_MA0494.1.Nr1h3::Rxra_of_another_collection")
    'filter 0\\nMA0494.1_MA0494.1.Nr1h3::Rxra_of_…'
    """
    lines = caption.split("\n")
    most = _MOST_CHARACTERS
    return "\n".join(one if len(one) <= most else one[: most - 1] + "…" for one in lines)


@with_defaults
def draw_weights(
    target: Path, weights: NDArray[np.floating], *, centre: bool = True, force: bool = False
) -> None:
    """Draw the weights of filters, or mean contributions, as letters above or below 0.

    Args:
        target: PNG, PDF or SVG, by its ending.
        weights: ``(n_filters, 4, width)``.
        centre: Take the mean over the four bases off each position.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written or has another ending, or logomaker is missing.
    """
    need("logomaker", "drawing weights as letters")
    import pandas as pd
    from logomaker import Logo

    columns = min(_COLUMNS, len(weights))
    rows = -(-len(weights) // columns)
    size = (180 * MM, (6 + 22 * rows * (1 if columns > 1 else 2)) * MM)
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    shown = weights - weights.mean(axis=1, keepdims=True) if centre else weights
    for number, axes in enumerate(panels):
        if number >= len(weights):
            axes.set_visible(False)
            continue
        frame = pd.DataFrame(shown[number].T.astype(float), columns=list(BASES))
        Logo(frame, ax=axes, color_scheme=BASE_COLOURS, flip_below=False, font_name="DejaVu Sans")
        if len(weights) > 1:
            axes.set_title(f"filter {number}", loc="left", fontsize=6)
        axes.set_xticks([])
        tidy(axes, labelsize=5)
    save_figure(figure, target, force)
