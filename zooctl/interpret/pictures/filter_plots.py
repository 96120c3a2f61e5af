"""Pictures of filters: their weights as letters. Needs the ``plot`` extra and logomaker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.sequence.onehot import BASES

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import DPI, MM, with_defaults  # isort: skip
from zooctl.interpret.pictures.plots import BASE_COLOURS, save_figure, tidy  # isort: skip

from matplotlib.figure import Figure  # isort: skip

_COLUMNS = 4


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
