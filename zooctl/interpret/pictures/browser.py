"""Tracks of several regions beside each other, on shared axes, with genes below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.files.intervals.transcripts import Transcript
from zooctl.sequence.intervals import Interval

# First, because it names the missing library where matplotlib is not installed.
from zooctl.interpret.pictures.drawing import DPI, MM, with_defaults  # isort: skip
from zooctl.interpret.pictures.plots import COLOURS, GREY, save_figure, tidy  # isort: skip

from matplotlib.axes import Axes  # isort: skip
from matplotlib.figure import Figure  # isort: skip
from matplotlib.patches import Rectangle  # isort: skip
from matplotlib.ticker import FuncFormatter, MaxNLocator  # isort: skip

Values = NDArray[np.floating]

WIDTH_MM, ROW_MM, GENES_MM = 180.0, 24.0, 18.0
"""A page's width; heights of a track and of the genes."""
_MOST_LANES = 4


class RegionTracks(NamedTuple):
    """The tracks of one region.

    Attributes:
        region: The region.
        values: Of each track, per pixel or bin, ``(n,)``; NaN where there is none.
    """

    region: Interval
    values: Sequence[Values]


@with_defaults
def draw_browser(
    target: Path,
    regions: Sequence[RegionTracks],
    names: Sequence[str],
    units: Sequence[str],
    *,
    genes: Sequence[Transcript] | None = None,
    shared_y: bool = False,
    width_mm: float = WIDTH_MM,
    height_mm: float | None = None,
    title: str | None = None,
    force: bool = False,
) -> None:
    """Draw tracks of regions: a column a region, a row a track, each row on one scale.

    Args:
        target: PNG, PDF or SVG, by its ending.
        regions: From left to right.
        names: Names of the tracks, from top to bottom.
        units: Their units.
        genes: Transcripts that are drawn below; the longest of each gene.
        shared_y: One scale for all tracks.
        width_mm: Width of the picture.
        height_mm: Height of it; by default by the number of tracks.
        title: Title; the region if there is one.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    heights = [ROW_MM] * len(names) + [GENES_MM] * (genes is not None)
    height = sum(heights) + 14 if height_mm is None else height_mm
    figure = Figure(figsize=(width_mm * MM, height * MM), dpi=DPI, layout="constrained")
    grid = figure.subplots(
        len(heights), len(regions), sharex="col", squeeze=False, height_ratios=heights
    )
    limits = _limits(regions, len(names), shared_y)
    for column, one in enumerate(regions):
        for row, (name, unit) in enumerate(zip(names, units, strict=True)):
            axes = grid[row, column]
            _draw_values(axes, one.values[row], one.region, COLOURS[row % len(COLOURS)])
            axes.set_ylim(limits[row])
            if column == 0:
                axes.set_ylabel(unit, fontsize=6)
                axes.set_title(name, loc="left", fontsize=7, color=COLOURS[row % len(COLOURS)])
        if genes is not None:
            _draw_genes(grid[-1, column], one.region, genes)
        last = grid[-1, column]
        last.set_xlim(one.region.start, one.region.end)
        last.xaxis.set_major_locator(MaxNLocator(max(2, 6 // len(regions)), integer=True))
        last.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        last.set_xlabel(f"position on {one.region.chrom}", fontsize=6)
    figure.suptitle(title or " | ".join(str(one.region) for one in regions), fontsize=8)
    save_figure(figure, target, force)


def _limits(
    regions: Sequence[RegionTracks], n_tracks: int, shared: bool
) -> list[tuple[float, float]]:
    """Return the scale of each track over all regions; one for all tracks where it is shared."""
    found = []
    for row in range(n_tracks):
        known = np.concatenate([one.values[row][~np.isnan(one.values[row])] for one in regions])
        low, high = (min(0.0, float(known.min())), float(known.max())) if len(known) else (0, 1)
        found.append((low * 1.05, high * 1.05 if high > 0 else (0.0 if low < 0 else 1.0)))
    if shared:
        found = [(min(low for low, _ in found), max(high for _, high in found))] * n_tracks
    return found


def _draw_values(axes: Axes, values: Values, region: Interval, colour: str) -> None:
    edges = np.linspace(region.start, region.end, len(values) + 1)
    # The thin line keeps a peak of one pixel visible.
    axes.stairs(values, edges, fill=True, facecolor=colour, edgecolor=colour, linewidth=0.5)
    axes.axhline(0, color=GREY, linewidth=0.4)
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    if np.isnan(values).all():
        axes.text(0.5, 0.4, "no values here", transform=axes.transAxes, ha="center", fontsize=6)
    tidy(axes, labelsize=6)


def longest_over(region: Interval, transcripts: Sequence[Transcript]) -> list[Transcript]:
    """Return the longest transcript of each gene over a region, by place.

    >>> one = Transcript("chr21", 10, 90, "+", "A", "G1", "T1", ((10, 30), (60, 90)))
    >>> two = one._replace(name="T2", end=200)
    >>> [t.name for t in longest_over(Interval("chr21", 0, 50), [one, two])]
    ['T2']
    """
    best: dict[str, Transcript] = {}
    for one in transcripts:
        if one.chrom == region.chrom and one.start < region.end and one.end > region.start:
            known = best.get(one.gene_id)
            if known is None or one.end - one.start > known.end - known.start:
                best[one.gene_id] = one
    return sorted(best.values(), key=lambda one: (one.start, one.end))


def _draw_genes(axes: Axes, region: Interval, transcripts: Sequence[Transcript]) -> None:
    """Draw genes as lines with boxes for exons, in lanes that do not overlap."""
    lanes: list[float] = []
    # A name is about a twelfth of the region wide.
    spare = region.length / 12
    for gene in longest_over(region, transcripts):
        first, last = max(gene.start, region.start), min(gene.end, region.end)
        lane = next((n for n, end in enumerate(lanes) if end < first), len(lanes))
        if lane == _MOST_LANES:
            continue
        lanes[lane : lane + 1] = [max(last, first + spare) + spare / 4]
        y = -lane
        axes.plot([first, last], [y, y], color=GREY, linewidth=0.6)
        for start, end in gene.exons:
            box = Rectangle((start, y - 0.15), end - start, 0.3, color=COLOURS[0], linewidth=0.3)
            axes.add_patch(box)
        arrow = "→" if gene.strand == "+" else "←"
        text = f"{gene.gene} {arrow}"
        axes.text(first, y + 0.22, text, fontsize=5, ha="left", va="bottom", clip_on=True)
    axes.set_ylim(-max(len(lanes), 1) + 0.5, 0.9)
    axes.set_yticks([])
    tidy(axes, labelsize=6)
    axes.spines["left"].set_visible(False)
