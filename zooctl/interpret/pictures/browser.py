"""Signals and sites of regions beside each other, on shared axes, with genes below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.files.intervals.bed import Bed
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
_LETTER = 3.8
"""Points that a letter of a text is wide, with the margins of the picture."""
_ARROWS = {"+": "→", "-": "←"}


class PlottedSite(NamedTuple):
    """A stretch that is drawn as a line with boxes; coordinates are 0-based and half-open.

    Attributes:
        start: First base.
        end: Past the last base.
        boxes: Its parts that are drawn as boxes.
        text: Written above it.
    """

    start: int
    end: int
    boxes: tuple[tuple[int, int], ...]
    text: str


class RegionTracks(NamedTuple):
    """The tracks of one region.

    Attributes:
        region: The region.
        tracks: From top to bottom: a signal per pixel or bin, ``(n,)``, NaN where there is none; or
            a tuple of sites by place. Every region has the same kinds.
    """

    region: Interval
    tracks: Sequence[Values | tuple[PlottedSite, ...]]


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
    kinds = [isinstance(track, tuple) for track in regions[0].tracks]
    heights = [GENES_MM if sites else ROW_MM for sites in kinds] + [GENES_MM] * (genes is not None)
    height = sum(heights) + 14 if height_mm is None else height_mm
    figure = Figure(figsize=(width_mm * MM, height * MM), dpi=DPI, layout="constrained")
    grid = figure.subplots(
        len(heights), len(regions), sharex="col", squeeze=False, height_ratios=heights
    )
    letter = _LETTER * len(regions) / (width_mm * MM * 72)
    _draw_tracks(grid[: len(names)], regions, names, units, shared_y, letter)
    for one, below in zip(regions, grid[-1], strict=True):
        if genes is not None:
            _draw_sites(below, one.region, _genes_over(one.region, genes), COLOURS[0], letter)
        below.set_xlim(one.region.start, one.region.end)
        below.xaxis.set_major_locator(MaxNLocator(max(2, 6 // len(regions)), integer=True))
        below.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        below.set_xlabel(f"position on {one.region.chrom}", fontsize=6)
    figure.suptitle(title or " | ".join(str(one.region) for one in regions), fontsize=8)
    save_figure(figure, target, force)


def _draw_tracks(
    grid: NDArray[np.object_],
    regions: Sequence[RegionTracks],
    names: Sequence[str],
    units: Sequence[str],
    shared_y: bool,
    letter_share: float,
) -> None:
    """Draw a row a track and a column a region; names and units stand at the first column."""
    limits = _limits(regions, shared_y)
    for row, (name, unit) in enumerate(zip(names, units, strict=True)):
        colour = COLOURS[row % len(COLOURS)]
        for axes, one in zip(grid[row], regions, strict=True):
            track = one.tracks[row]
            if isinstance(track, tuple):
                _draw_sites(axes, one.region, track, colour, letter_share)
            else:
                _draw_values(axes, track, one.region, colour)
                axes.set_ylim(limits[row])
        grid[row, 0].set_ylabel(unit, fontsize=6)
        grid[row, 0].set_title(name, loc="left", fontsize=7, color=colour)


def _limits(regions: Sequence[RegionTracks], shared: bool) -> dict[int, tuple[float, float]]:
    """Return the scale of each signal over all regions; one for all signals where it is shared."""
    found = {}
    for row in range(len(regions[0].tracks)):
        signals = [one.tracks[row] for one in regions]
        known = [track[~np.isnan(track)] for track in signals if not isinstance(track, tuple)]
        if known:
            found[row] = _scale(np.concatenate(known))
    if shared and found:
        both = (min(low for low, _ in found.values()), max(high for _, high in found.values()))
        found = dict.fromkeys(found, both)
    return found


def _scale(known: Values) -> tuple[float, float]:
    """Return a range that holds 0 and all values."""
    low, high = (min(0.0, float(known.min())), float(known.max())) if len(known) else (0.0, 1.0)
    return low * 1.05, high * 1.05 if high > 0 else (0.0 if low < 0 else 1.0)


def _draw_values(axes: Axes, values: Values, region: Interval, colour: str) -> None:
    edges = np.linspace(region.start, region.end, len(values) + 1)
    # The thin line keeps a peak of one pixel visible.
    axes.stairs(values, edges, fill=True, facecolor=colour, edgecolor=colour, linewidth=0.5)
    axes.axhline(0, color=GREY, linewidth=0.4)
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    if np.isnan(values).all():
        axes.text(0.5, 0.4, "no values here", transform=axes.transAxes, ha="center", fontsize=6)
    tidy(axes, labelsize=6)


def sites_over(region: Interval, bed: Bed) -> tuple[PlottedSite, ...]:
    """Return the lines of a BED file that overlap a region, by place.

    The text is the name and the strand, each where the file has it.

    >>> bed = Bed(Path("a.bed"))
    >>> bed.append(Interval("chr21", 39_531_551, 39_531_570))
    >>> bed.others.append(("CTCF", "89", "+"))
    >>> sites_over(Interval("chr21", 39_500_000, 39_600_000), bed)
    (PlottedSite(start=39531551, end=39531570, boxes=((39531551, 39531570),), text='CTCF →'),)
    """
    found = []
    for one, others in zip(bed, bed.others, strict=True):
        if one.chrom == region.chrom and one.start < region.end and one.end > region.start:
            name = others[0] if others and others[0] != "." else ""
            arrow = _ARROWS.get(others[2], "") if len(others) > 2 else ""
            text = " ".join(filter(None, (name, arrow)))
            found.append(PlottedSite(one.start, one.end, ((one.start, one.end),), text))
    return tuple(sorted(found))


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


def _genes_over(region: Interval, transcripts: Sequence[Transcript]) -> tuple[PlottedSite, ...]:
    return tuple(
        PlottedSite(one.start, one.end, one.exons, f"{one.gene} {_ARROWS[one.strand]}")
        for one in longest_over(region, transcripts)
    )


def _draw_sites(
    axes: Axes, region: Interval, sites: Sequence[PlottedSite], colour: str, letter_share: float
) -> None:
    """Draw sites as lines with boxes, in lanes that do not overlap; what fits in none is left out.

    Where sites do not fit in four lanes with their texts, the texts are left out.

    Args:
        axes: Drawn into.
        region: Along the horizontal axis.
        sites: By place.
        colour: Of the boxes.
        letter_share: Width of a letter, as a share of the region's.
    """
    letter = letter_share * region.length
    lanes = _lanes(sites, region, letter)
    with_text = None not in lanes
    if not with_text:
        lanes = _lanes(sites, region, 0)
    for site, lane in zip(sites, lanes, strict=True):
        if lane is None:
            continue
        first, last = max(site.start, region.start), min(site.end, region.end)
        axes.plot([first, last], [-lane, -lane], color=GREY, linewidth=0.6)
        for start, end in site.boxes:
            # The thin line keeps a box of less than a pixel visible.
            box = (start, -lane - 0.15), end - start, 0.3
            axes.add_patch(Rectangle(*box, color=colour, linewidth=0.5))
        if with_text:
            left, _ = _text_span(site, region, letter)
            axes.text(left, 0.22 - lane, site.text, fontsize=5, va="bottom", clip_on=True)
    n_lanes = max((lane for lane in lanes if lane is not None), default=0) + 1
    axes.set_ylim(0.5 - n_lanes, 0.75)
    axes.set_yticks([])
    tidy(axes, labelsize=6)
    axes.spines["left"].set_visible(False)


def _text_span(site: PlottedSite, region: Interval, letter: float) -> tuple[float, float]:
    """Return the first and last place of a site's text: from its start, or up to the region's end.

    >>> _text_span(PlottedSite(90, 91, (), "CTCF"), Interval("chr1", 0, 100), 5)
    (80, 100)
    """
    width = letter * len(site.text)
    left = max(region.start, min(site.start, region.end - width))
    return left, left + width


def _lanes(sites: Sequence[PlottedSite], region: Interval, letter: float) -> list[int | None]:
    """Return the lane of each site with its text, None where all are taken.

    Args:
        sites: The sites, by place.
        region: The region.
        letter: bp that a letter of a text is wide.

    >>> two = [PlottedSite(10, 20, (), "a"), PlottedSite(30, 40, (), "b")]
    >>> _lanes(two, Interval("chr1", 0, 100), 5), _lanes(two, Interval("chr1", 0, 100), 50)
    ([0, 0], [0, 1])
    """
    ends: list[float] = []
    found: list[int | None] = []
    for site in sites:
        left, right = _text_span(site, region, letter)
        first, last = (
            min(left, max(site.start, region.start)),
            max(right, min(site.end, region.end)),
        )
        lane = next((n for n, end in enumerate(ends) if end < first), len(ends))
        if lane == _MOST_LANES:
            found.append(None)
            continue
        ends[lane : lane + 1] = [last + letter]
        found.append(lane)
    return found
