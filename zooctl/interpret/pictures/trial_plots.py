"""Picture of a hyperparameter search: losses of all trials, over epochs and over each field."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import with_defaults
from zooctl.interpret.pictures.plots import COLOURS, DPI, save_figure, tidy

from matplotlib.axes import Axes  # isort: skip
from matplotlib.figure import Figure  # isort: skip
from matplotlib.ticker import MaxNLocator  # isort: skip

_OTHER, _BEST = COLOURS[:2]
_COLUMNS = 3

Scale = Literal["linear", "log", "categories"]


class TrialCurve(NamedTuple):
    """Losses and searched values of one trial.

    Attributes:
        losses: Validation loss of each epoch.
        values: Values of the searched fields, by field.
    """

    losses: Sequence[float]
    values: Mapping[str, object]


@with_defaults
def draw_trials(
    target: Path,
    trials: Sequence[TrialCurve],
    *,
    best: int,
    scales: Mapping[str, Scale],
    title: str,
    force: bool = False,
) -> None:
    """Draw losses over epochs, and the lowest loss of each trial over each searched field.

    Args:
        target: PNG, PDF or SVG, by its ending.
        trials: Trials with at least one epoch; the first is the recipe as it stood.
        best: Index of the best trial.
        scales: Scale of the axis by searched field; fields without one are not drawn.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    fields = list(scales)
    n = 1 + len(fields)
    columns = min(n, _COLUMNS)
    rows = math.ceil(n / columns)
    figure = Figure(figsize=(3.4 * columns, 0.4 + 2.8 * rows), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    _draw_curves(panels[0], trials, best)
    for axes, field in zip(panels[1:], fields, strict=False):
        _draw_field(axes, trials, best, field, scales[field])
    for axes in panels[:n]:
        tidy(axes, labelsize=7)
    for axes in panels[n:]:
        axes.set_visible(False)
    figure.suptitle(title, fontsize=10, x=0.012, ha="left")
    save_figure(figure, target, force)


def _draw_curves(axes: Axes, trials: Sequence[TrialCurve], best: int) -> None:
    for number, trial in enumerate(trials):
        first, won = number == 0, number == best
        axes.plot(
            range(len(trial.losses)),
            trial.losses,
            color=_BEST if won else _OTHER,
            linestyle="--" if first else "-",
            alpha=1.0 if won or first else 0.35,
            linewidth=1.3,
            marker="o",
            markersize=2.5,
            zorder=3 if won else 2,
            label="best" if won else "recipe as it stood" if first else None,
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch", fontsize=8)
    axes.set_ylabel("validation loss", fontsize=8)
    axes.legend(fontsize=7, frameon=False)


def _draw_field(
    axes: Axes, trials: Sequence[TrialCurve], best: int, field: str, scale: Scale
) -> None:
    values = [trial.values[field] for trial in trials]
    lowest = [min(trial.losses) for trial in trials]
    places = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if scale == "categories" or len(places) < len(values):
        # Numbers in their order, other values in that of the trials.
        kinds = sorted(set(places)) if len(places) == len(values) else values
        names = list(dict.fromkeys(map(_text, kinds)))
        axes.set_xticks(range(len(names)), [name[:16] for name in names])
        axes.set_xlim(-0.5, len(names) - 0.5)
        places = [names.index(_text(value)) for value in values]
    elif scale == "log" and min(places) > 0:
        axes.set_xscale("log")
    for number, (place, loss) in enumerate(zip(places, lowest, strict=True)):
        axes.plot(
            place,
            loss,
            marker="D" if number == 0 else "o",
            markersize=5,
            color=_BEST if number == best else _OTHER,
            alpha=1.0 if number == best else 0.6,
            zorder=3 if number == best else 2,
        )
    axes.set_xlabel(field, fontsize=8)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
