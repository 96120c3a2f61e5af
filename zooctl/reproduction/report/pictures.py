"""Numbers behind the pictures of a card: taken from an evaluation, published, compared.

A card has up to two pictures: measured against predicted tracks over a held-out region, and the
motif that drives the highest predictions. Their numbers lie beside the weights as
``pictures.json``, and a full run has to arrive at the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.motifs import Motif
from zooctl.progress import Progress
from zooctl.reproduction.report.equivalence import Distance, distance
from zooctl.schema.fields import Items, Values
from zooctl.schema.manifest import picture_paths
from zooctl.sequence.intervals import Interval

if TYPE_CHECKING:
    from zooctl.evaluation.heldout.recover_motif import FinishedEvaluation
    from zooctl.evaluation.report.report import EvaluationReport, TrackReport

# A picture is about as many pixels wide.
_POINTS = 1200


class CurveLine(Values):
    """One track of a picture: its values from left to right, None where there is none."""

    name: str
    values: Items[float | None]


class TrackPicture(Values):
    """Measured and predicted tracks over a region.

    Attributes:
        title: Above all.
        unit: At the axes.
        chrom: Contig of the region.
        start: Of the region.
        end: Of the region.
        tracks: Of the model, from top to bottom.
        lines: Measured and predicted values of each.
    """

    title: str
    unit: str
    chrom: str
    start: int
    end: int
    tracks: Items[str]
    lines: Items[CurveLine]


class Logo(Values):
    """A motif of a picture: ``counts`` ``(length, 4)``, from column ``first`` on."""

    name: str
    first: int
    counts: Items[Items[float]]


class MotifPicture(Values):
    """The motif that drives the highest predictions, and the known one.

    Attributes:
        windows: Number of highest predictions that it is read from.
        logos: The motif first.
    """

    windows: int
    logos: Items[Logo]


class Pictures(Values):
    """All pictures of a card."""

    schema_version: Literal[1] = 1
    tracks: TrackPicture | None = None
    motif: MotifPicture | None = None


@dataclass(frozen=True)
class PicturePlan:
    """Contents of pictures, whatever the numbers turn out to be.

    Attributes:
        title: Above the tracks.
        unit: At their axes.
        region: That they span; None for no tracks.
        tracks: Of the model.
        windows: Number of highest predictions to read the motif from; 0 for no motif.
    """

    title: str = ""
    unit: str = ""
    region: Interval | None = None
    tracks: tuple[str, ...] = ()
    windows: int = 0


def plan_of(pictures: Pictures) -> PicturePlan:
    """Return the contents of published pictures, to draw them again."""
    shown = pictures.tracks
    windows = 0 if pictures.motif is None else pictures.motif.windows
    if shown is None:
        return PicturePlan(windows=windows)
    region = Interval(shown.chrom, shown.start, shown.end)
    return PicturePlan(shown.title, shown.unit, region, shown.tracks, windows)


def take_pictures(judged: FinishedEvaluation, plan: PicturePlan, progress: Progress) -> Pictures:
    """Take the numbers of a card's pictures from an evaluation.

    Args:
        judged: Evaluation, its network and its data, which are open.
        plan: Contents of the pictures.
        progress: Opens a progress display from total, unit and label.

    Raises:
        InputError: The plan does not fit the model.
    """
    from zooctl.evaluation.heldout.recover_motif import recover

    motif = None
    if plan.windows and (found := recover(judged, plan.windows, progress)) is not None:
        own, known, matched = found.motif, found.known, found.match
        if known is None or matched is None:
            motif = motif_picture(own, None, 0, plan.windows)
        else:
            motif = motif_picture(matched.motif, known, -matched.offset, plan.windows)
    return Pictures(tracks=track_picture(judged.report, plan), motif=motif)


def track_picture(report: EvaluationReport, plan: PicturePlan) -> TrackPicture | None:
    """Take the tracks of a picture from an evaluation.

    Raises:
        InputError: The region is not held out, or a track is none of the model's.
    """
    if plan.region is None:
        return None
    lines = []
    for name in plan.tracks:
        track = next((one for one in report.tracks if one.track == name), None)
        if track is None:
            known = ", ".join(one.track for one in report.tracks)
            raise InputError("no such track", got=name, expected=known)
        measured, predicted = _bins(track, plan.region)
        lines += [
            CurveLine(name=f"{name}, measured", values=_points(measured)),
            CurveLine(name=f"{name}, predicted", values=_points(predicted)),
        ]
    return TrackPicture(
        title=plan.title,
        unit=plan.unit,
        chrom=plan.region.chrom,
        start=plan.region.start,
        end=plan.region.end,
        tracks=plan.tracks,
        lines=tuple(lines),
    )


def _bins(track: TrackReport, shown: Interval) -> tuple[NDArray[np.floating], ...]:
    """Return the measured and the predicted bins of a held-out region; NaN where none is used."""
    for region, chrom in zip(track.picture_data.regions, track.picture_data.contigs, strict=True):
        first, rest = divmod(shown.start - region.start, region.size)
        last = first + shown.length // region.size
        if chrom != shown.chrom or first < 0 or last > len(region.predicted):
            continue
        if rest or shown.length % region.size:
            size = f"bounds that are multiples of {region.size} bp"
            raise InputError("region is not of whole bins", got=str(shown), expected=size)
        predicted = np.where(region.used, region.predicted, np.nan)
        return region.measured[first:last], predicted[first:last]
    raise InputError("region is not held out", got=str(shown))


def _points(values: NDArray[np.floating]) -> tuple[float | None, ...]:
    """Reduce values to the points of a picture, in six digits, which no eye tells from all.

    >>> _points(np.array([0.12345678, np.nan]))
    (0.123457, None)
    """
    from zooctl.interpret.pictures.plots import summarise

    shown = summarise(values, _POINTS)
    return tuple(None if np.isnan(value) else float(f"{value:.6g}") for value in shown)


def motif_picture(motif: Motif, known: Motif | None, first: int, windows: int) -> MotifPicture:
    """Take the logos of a picture.

    Args:
        motif: Read from the model, on the strand of the known one.
        known: Motif of the assay's target, where there is one.
        first: Column of the picture at which the known one begins.
        windows: Number of highest predictions that the motif was read from.
    """
    logos = [("what the highest predictions hang on", motif, 0)]
    logos += [] if known is None else [(known.name, known, first)]
    return MotifPicture(
        windows=windows,
        logos=tuple(
            Logo(
                name=name,
                first=place,
                counts=tuple(tuple(float(f"{n:.6g}") for n in row) for row in one.counts),
            )
            for name, one, place in logos
        ),
    )


def array(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Return numbers of a picture, NaN where there is none."""
    return np.array([np.nan if value is None else value for value in values])


def numbers(pictures: Pictures | None, name: str) -> dict[str, NDArray[np.float64]]:
    """Return the numbers of each picture of an entry, by its file."""
    rows: dict[str, list[Sequence[float | None]]] = {}
    tracks, motif = picture_paths(name)
    if pictures is not None and pictures.tracks is not None:
        rows[tracks] = [line.values for line in pictures.tracks.lines]
    if pictures is not None and pictures.motif is not None:
        logos = pictures.motif.logos
        rows[motif] = [[logo.first for logo in logos]]
        rows[motif] += [column for logo in logos for column in logo.counts]
    return {file: np.concatenate([array(row) for row in found]) for file, found in rows.items()}


def compare_numbers(old: NDArray[np.float64], new: NDArray[np.float64]) -> Distance:
    """Return the largest differences between the numbers of two pictures.

    >>> compare_numbers(np.array([1.0, np.nan]), np.array([1.0, np.nan]))
    Distance(max_abs=0.0, tolerances=0.0)
    >>> compare_numbers(np.array([1.0, np.nan]), np.array([1.0, 2.0]))
    Distance(max_abs=None, tolerances=None)
    """
    if old.shape != new.shape or not np.array_equal(np.isnan(old), np.isnan(new)):
        return Distance(None, None)
    return distance(old, new)
