"""Picture of a study: the figure of each arm, with its interval and its replicates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import with_defaults
from zooctl.interpret.pictures.plots import COLOURS, DPI, GREY, save_figure, tidy

from matplotlib.figure import Figure  # isort: skip


class PlottedArm(NamedTuple):
    """One arm of a study.

    Attributes:
        name: The arm.
        value: Its figure.
        interval: Of 95 %; None without one.
        replicates: Figure of each replicate.
    """

    name: str
    value: float
    interval: tuple[float, float] | None
    replicates: Sequence[float]


@with_defaults
def draw_arms(
    target: Path, arms: Sequence[PlottedArm], *, metric: str, title: str, force: bool = False
) -> None:
    """Draw arms from top to bottom.

    Args:
        target: PNG, PDF or SVG, by its ending.
        arms: At least one.
        metric: Label of the axis.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    figure = Figure(figsize=(6.4, 1.1 + 0.34 * len(arms)), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    for place, arm in enumerate(arms):
        if len(arm.replicates) > 1:
            rows = [place] * len(arm.replicates)
            axes.scatter(arm.replicates, rows, s=14, color=GREY, alpha=0.4, linewidths=0)
        if arm.interval is not None:
            axes.plot(arm.interval, [place, place], color=COLOURS[0], linewidth=1.6)
        axes.plot(arm.value, place, color=COLOURS[0], marker="o", markersize=6)
    axes.set_yticks(range(len(arms)), [arm.name for arm in arms], fontsize=9)
    axes.set_ylim(len(arms) - 0.5, -0.5)
    axes.set_xlabel(metric, fontsize=9)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    tidy(axes)
    figure.suptitle(title, fontsize=10, x=0.012, ha="left")
    save_figure(figure, target, force)
