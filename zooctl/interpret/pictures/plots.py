"""Pictures of genome tracks, sequence logos and learning curves. Needs the ``plot`` extra.

Figures are drawn without a display, with matplotlib's defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.motifs import Motif
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import BASES

# First, because it names the missing library, and keeps others' settings out.
from zooctl.interpret.pictures.drawing import with_defaults  # isort: skip

from matplotlib import rc_context  # isort: skip
from matplotlib.axes import Axes  # isort: skip
from matplotlib.figure import Figure  # isort: skip
from matplotlib.font_manager import FontProperties  # isort: skip
from matplotlib.patches import PathPatch  # isort: skip
from matplotlib.textpath import TextPath  # isort: skip
from matplotlib.ticker import FuncFormatter, MaxNLocator  # isort: skip
from matplotlib.transforms import Affine2D  # isort: skip
from PIL import Image  # isort: skip

Values = NDArray[np.floating]

DPI = 150
# Six of Okabe and Ito's, and the six that lie farthest from them and each other for readers with
# and without colour blindness: CIE 1976 distances of at least 16 (a test computes them).
COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"),
    *("#202000", "#8000FF", "#DFDF9F", "#602060", "#00209F", "#DF0040"),
)
BASE_COLOURS = {"A": "#109648", "C": "#255C99", "G": "#F7B32B", "T": "#D62839"}
GREY = "#444444"


@dataclass(frozen=True, eq=False)
class PlottedTrack:
    """One track of a picture.

    Attributes:
        name: Shown at the top left.
        values: Signal per pixel or bin over the region, ``(n,)``; NaN where there is none.
        unit: Shown at the axis.
    """

    name: str
    values: Values
    unit: str = ""


def summarise(values: Values, n: int) -> Values:
    """Return at most n values for a picture, each the mean over a run of bases.

    Coverage files leave zeros out, so an absent base counts as 0 in a run that has values; a run
    without any is NaN.

    >>> summarise(np.array([1.0, 3.0, np.nan, 5.0, np.nan, np.nan]), 3).tolist()
    [2.0, 2.5, nan]
    """
    if len(values) <= n:
        return values
    edges = np.linspace(0, len(values), n + 1).astype(np.int64)
    known = ~np.isnan(values)
    total = np.add.reduceat(np.where(known, values, 0).astype(np.float64), edges[:-1])
    any_known = np.logical_or.reduceat(known, edges[:-1])
    return np.where(any_known, total / np.diff(edges), np.nan)


@with_defaults
def draw_tracks(
    target: Path,
    tracks: Sequence[PlottedTrack],
    region: Interval,
    *,
    title: str | None = None,
    force: bool = False,
) -> None:
    """Draw tracks of one region, one below the other.

    Args:
        target: PNG, PDF or SVG, by its ending.
        tracks: From top to bottom; each on its own scale, which begins at 0 unless values are
            negative.
        region: Region that the values span.
        title: Title; the region if not given.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    figure = Figure(figsize=(10, 0.75 + 1.2 * len(tracks)), dpi=DPI, layout="constrained")
    rows = figure.subplots(len(tracks), sharex=True, squeeze=False)[:, 0]
    for index, (axes, track) in enumerate(zip(rows, tracks, strict=True)):
        _draw_track(axes, track, region, COLOURS[index % len(COLOURS)])
        last = index == len(tracks) - 1
        axes.spines["bottom"].set_visible(last)
        axes.tick_params(axis="x", bottom=last, labelbottom=last)
    rows[-1].set_xlim(region.start / 1e6, region.end / 1e6)
    rows[-1].xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 5, 10]))
    rows[-1].xaxis.set_major_formatter(FuncFormatter(_megabases(region.length)))
    rows[-1].set_xlabel(f"position on {region.chrom} (Mb)", fontsize=9)
    figure.suptitle(title or str(region), fontsize=10, x=0.012, ha="left")
    figure.align_ylabels()
    save_figure(figure, target, force)


def _megabases(length: int) -> Callable[[float, int], str]:
    """Return a formatter of ticks with as many digits as the region's length needs."""
    digits = max(0, 1 - int(np.floor(np.log10(max(length, 1) / 1e6))))

    def text(position: float, _: int) -> str:
        return f"{position:.{digits}f}"

    return text


def _draw_track(axes: Axes, track: PlottedTrack, region: Interval, colour: str) -> None:
    edges = np.linspace(region.start, region.end, len(track.values) + 1) / 1e6
    known = track.values[~np.isnan(track.values)]
    # The thin line keeps a peak of one pixel visible.
    axes.stairs(track.values, edges, fill=True, facecolor=colour, edgecolor=colour, linewidth=0.7)
    axes.axhline(0, color=GREY, linewidth=0.6)
    low, high = (min(0.0, float(known.min())), float(known.max())) if len(known) else (0.0, 1.0)
    axes.set_ylim(low * 1.05, high * 1.05 if high > 0 else (0.0 if low < 0 else 1.0))
    if not len(known):
        axes.text(0.5, 0.4, "no values here", transform=axes.transAxes, ha="center", color=GREY)
    axes.set_title(track.name, loc="left", fontsize=8.5, color=colour, fontweight="bold", pad=3)
    axes.set_ylabel(track.unit, fontsize=8)
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    tidy(axes)


@with_defaults
def draw_logos(
    target: Path, motifs: Sequence[tuple[str, Motif, int]], *, force: bool = False
) -> None:
    """Draw sequence logos, one below the other: letters as high as their share of information.

    Args:
        target: PNG, PDF or SVG, by its ending.
        motifs: Caption, motif, and offset in columns to the right, of each logo.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    first = min(shift for _, _, shift in motifs)
    width = max(motif.length + shift - first for _, motif, shift in motifs)
    figure = Figure(
        figsize=(1.2 + 0.34 * width, 0.5 + 1.55 * len(motifs)), dpi=DPI, layout="constrained"
    )
    rows = figure.subplots(len(motifs), squeeze=False)[:, 0]
    for axes, (caption, motif, shift) in zip(rows, motifs, strict=True):
        draw_logo(axes, motif)
        left = 0.4 - (shift - first)
        axes.set_xlim(left, left + width + 0.2)
        axes.set_title(caption, loc="left", fontsize=9)
    save_figure(figure, target, force)


def draw_logo(axes: Axes, motif: Motif) -> None:
    """Draw a motif from 0 to 2 bits; its columns stand at 1, 2 and so on."""
    heights = motif.probabilities() * motif.information()[:, None]
    font = FontProperties(family="DejaVu Sans", weight="bold")
    for position, column in enumerate(heights, start=1):
        bottom = 0.0
        # The highest letter stands on top.
        for index in np.argsort(column, kind="stable"):
            height = float(column[index])
            if height > 0.005:
                _draw_letter(axes, BASES[index], position - 0.47, bottom, 0.94, height, font)
            bottom += height
    axes.set_ylim(0, 2)
    axes.set_yticks([0, 1, 2])
    axes.set_ylabel("bits", fontsize=8)
    axes.set_xticks(range(1, motif.length + 1))
    axes.tick_params(length=2)
    tidy(axes, labelsize=7)


def _draw_letter(
    axes: Axes,
    letter: str,
    left: float,
    bottom: float,
    width: float,
    height: float,
    font: FontProperties,
) -> None:
    """Stretch a letter's outline to fill a box in data coordinates."""
    outline = TextPath((0, 0), letter, size=1, prop=font)
    box = outline.get_extents()
    fit = (
        Affine2D()
        .translate(-box.x0, -box.y0)
        .scale(width / box.width, height / box.height)
        .translate(left, bottom)
    )
    axes.add_patch(PathPatch(fit.transform_path(outline), color=BASE_COLOURS[letter], linewidth=0))


@with_defaults
def draw_learning_curve(
    target: Path,
    epochs: Sequence[int],
    losses: Mapping[str, Values],
    *,
    best: int,
    title: str,
    force: bool = False,
) -> None:
    """Draw losses over epochs, and mark the epoch that was kept.

    Args:
        target: PNG, PDF or SVG, by its ending.
        epochs: Numbers of the epochs, ``(n,)``.
        losses: Name to the loss of each epoch, ``(n,)``.
        best: Number of the epoch that was kept.
        title: Title.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    figure = Figure(figsize=(6, 3.6), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    for colour, (name, values) in zip(COLOURS, losses.items(), strict=False):
        axes.plot(epochs, values, color=colour, label=name, marker="o", markersize=3, linewidth=1.3)
    axes.axvline(best, color=GREY, linewidth=0.8, linestyle=":", label=f"kept: epoch {best}")
    axes.set_xlabel("epoch", fontsize=9)
    axes.set_ylabel("loss", fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=8, frameon=False)
    axes.set_title(title, loc="left", fontsize=10)
    tidy(axes)
    save_figure(figure, target, force)


def tidy(axes: Axes, labelsize: float = 8) -> None:
    """Hide the upper and right spines, and draw ticks in small grey type."""
    axes.tick_params(labelsize=labelsize, color=GREY)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def save_figure(figure: Figure, target: Path, force: bool, *, colours: int | None = None) -> None:
    """Save a figure without time stamps and random names: equal pictures are equal files.

    Args:
        figure: The figure.
        target: PNG, PDF or SVG, by its ending.
        force: Replace an existing file.
        colours: Most colours of a PNG, at most 256, with which a picture of many letters is a
            third as large; all by default.

    Raises:
        InputError: The target can't be written, or has another ending.
    """
    ending = target.suffix.lower().removeprefix(".")
    if ending not in ("png", "pdf", "svg"):
        raise InputError(
            "not a picture that can be drawn", path=target, expected=".png, .pdf or .svg"
        )
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
    # SVG names its parts by random numbers unless salted.
    salt = rc_context({"svg.hashsalt": "zooctl"})
    with atomic_output(target, force=force) as temporary, salt:
        figure.savefig(temporary, format=ending, metadata=metadata[ending])
        if colours is not None and ending == "png":
            _reduce_colours(temporary, colours)


def _reduce_colours(path: Path, colours: int) -> None:
    """Write a PNG again with a palette of so many colours."""
    with Image.open(BytesIO(path.read_bytes())) as image:
        reduced = image.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        reduced.save(path, format="png", optimize=True, dpi=image.info["dpi"])
