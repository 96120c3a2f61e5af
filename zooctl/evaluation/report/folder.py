"""The folder that `zooctl evaluate -o` writes: JSON, Markdown, pictures, and the motif."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zooctl.errors import InputError, install_hint, is_installed
from zooctl.evaluation.metrics.classification import precision_recall, roc
from zooctl.evaluation.report import tables
from zooctl.evaluation.report.recovered_motif import RecoveredMotif
from zooctl.evaluation.report.report import EvaluationReport, TrackReport
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.motifs import to_meme
from zooctl.progress import Say, silent
from zooctl.schema.escape import markdown as escaped
from zooctl.sequence.intervals import Interval

# Bases on both sides of a peak in a picture of tracks.
_AROUND = 50_000
_PICTURES = {
    "scatter": "predicted against measured",
    "curves": "ROC and precision-recall",
    "resolutions": "over resolutions and test sets",
    "tracks": "around the highest peak",
}


@dataclass(frozen=True)
class ReportFolder:
    """A folder for a report, checked to be writable.

    Attributes:
        path: The folder.
        force: Whether files in it are replaced.
    """

    path: Path
    force: bool

    @classmethod
    def checked(cls, path: Path, force: bool) -> ReportFolder:
        """Make a folder.

        Raises:
            InputError: It cannot be made, or holds a report and ``force`` is not given.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                "not a folder that can be made", path=path, got=error.strerror
            ) from None
        for name in ("evaluation.json", "report.md", "motif.meme", "motif.png"):
            check_output(path / name, force)
        return cls(path, force)

    def write(
        self, report: EvaluationReport, motif: RecoveredMotif | None, say: Say = silent
    ) -> None:
        """Write everything; the pictures where matplotlib is installed."""
        with_pictures = is_installed("matplotlib")
        if not with_pictures:
            say(f"no pictures: matplotlib is not installed ({install_hint('matplotlib')})")
        if motif is not None:
            self._text("motif.meme", to_meme([motif.oriented]))
            if with_pictures:
                self._logo(motif)
        pictures = {}
        if with_pictures:
            pictures = {track.track: self._pictures(report, track) for track in report.tracks}
        self._text("report.md", markdown(report, motif, pictures))
        self._text(
            "evaluation.json",
            json.dumps(report_json(report, motif), indent=2, allow_nan=False) + "\n",
        )
        say(f"wrote {self.path}")

    def _text(self, name: str, text: str) -> None:
        with atomic_output(self.path / name, force=self.force) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def _logo(self, motif: RecoveredMotif) -> None:
        from zooctl.interpret.pictures.plots import draw_logos  # matplotlib is optional

        logos = [("recovered from the highest predictions", motif.oriented, 0)]
        if motif.known is not None and motif.match is not None:
            logos.append((motif.known.name, motif.known, -motif.match.offset))
        draw_logos(self.path / "motif.png", logos, force=self.force)

    def _pictures(self, report: EvaluationReport, track: TrackReport) -> dict[str, str]:
        """Draw a track's pictures; return the subject of each and its file."""
        prefix = f"{track.track}." if len(report.tracks) > 1 else ""
        drawn = {}
        for name, draw in (
            ("scatter", _draw_scatter),
            ("curves", _draw_curves),
            ("resolutions", _draw_resolutions),
            ("tracks", _draw_tracks),
        ):
            file = f"{prefix}{name}.png"
            if draw(self.path / file, report, track, self.force):
                drawn[_PICTURES[name]] = file
        return drawn


def report_json(report: EvaluationReport, motif: RecoveredMotif | None) -> dict[str, object]:
    """Return a report and its motif as `zooctl evaluate --json` prints them."""
    return report.to_json() | {"motif": None if motif is None else motif.to_json()}


def _title(report: EvaluationReport, track: TrackReport) -> str:
    return report.model if len(report.tracks) == 1 else f"{report.model}, {track.track}"


def _draw_scatter(path: Path, report: EvaluationReport, track: TrackReport, force: bool) -> bool:
    from zooctl.interpret.pictures.evaluation_plots import draw_scatter

    values = track.picture_data.scores[0].values
    assert values is not None
    pearson = track.rows[0].metrics.get("pearson")
    agreement = f", Pearson {pearson}" if pearson else ""
    title = f"{_title(report, track)}: bins of {report.rules.bin_size} bp{agreement}"
    draw_scatter(path, values, track.picture_data.signal, title=title, force=force)
    return True


def _draw_curves(path: Path, report: EvaluationReport, track: TrackReport, force: bool) -> bool:
    from zooctl.interpret.pictures.evaluation_plots import MethodCurves, draw_curves

    data = track.picture_data
    positive = data.positive[data.classed]
    if not positive.any() or positive.all():
        return False
    figures = {row.name: row.metrics for row in track.rows}
    methods = [
        MethodCurves(
            f"{score.name}: {figures[score.name]['auroc'].value:.3f}, "
            f"{figures[score.name]['auprc'].value:.3f}",
            roc(score.ranking[data.classed], positive),
            precision_recall(score.ranking[data.classed], positive),
        )
        for score in data.scores
    ]
    title = f"{_title(report, track)}: AUROC and auPRC of {track.n_classed:,} bins"
    draw_curves(path, methods, track.prevalence, title=title, force=force)
    return True


def _draw_resolutions(
    path: Path, report: EvaluationReport, track: TrackReport, force: bool
) -> bool:
    from zooctl.interpret.pictures.evaluation_plots import Panel, draw_panels

    figures = {
        "Pearson": "pearson",
        "Pearson per sequence": "pearson_per_sequence",
        "Spearman": "spearman",
        "Jensen-Shannon distance": "jensen_shannon",
    }
    steps = [one for one in track.selections if one.kind != "peaks"]
    panels = []
    for title, label, places, found in (
        (
            "all bins",
            "resolution (bp)",
            [f"{one.resolution:,}" for one in track.resolutions],
            [one.agreement for one in track.resolutions],
        ),
        (
            f"profiles that reach a signal, {report.fine_size} bp",
            "threshold of the measured signal",
            ["all" if one.threshold is None else f"{one.threshold:g}" for one in steps],
            [one.agreement for one in steps],
        ),
    ):
        lines = {name: [getattr(one, field) for one in found] for name, field in figures.items()}
        panels.append(Panel(title, label, places, lines))
    draw_panels(path, panels, title=_title(report, track), force=force)
    return True


def _draw_tracks(path: Path, report: EvaluationReport, track: TrackReport, force: bool) -> bool:
    from zooctl.interpret.pictures.plots import PlottedTrack, draw_tracks

    if not track.picture_data.peaks:
        return False
    chrom, place = track.picture_data.peaks[0]
    for name, bins in zip(track.picture_data.contigs, track.picture_data.regions, strict=True):
        first = (place - _AROUND - bins.start) // bins.size
        last = first + 2 * _AROUND // bins.size
        first, last = max(0, first), min(last, len(bins.predicted))
        if name != chrom or not first <= (place - bins.start) // bins.size < last:
            continue
        start = bins.start + first * bins.size
        region = Interval(chrom, start, start + (last - first) * bins.size)
        known = np.where(bins.used, bins.predicted, np.nan)[first:last]
        tracks = [
            PlottedTrack("measured", bins.measured[first:last]),
            PlottedTrack(f"predicted by {report.model}", known),
        ]
        title = f"{track.track}, {region}: around the highest peak held out"
        draw_tracks(path, tracks, region, title=title, force=force)
        return True
    return False


def markdown(
    report: EvaluationReport, motif: RecoveredMotif | None, pictures: dict[str, dict[str, str]]
) -> str:
    """Return a report as Markdown.

    Args:
        report: The figures.
        motif: The recovered motif, if there is one.
        pictures: Track to the subject of each picture and its file.
    """
    held_out = escaped(f"{', '.join(report.regions)}, held out; data of {report.data}.")
    parts = [f"# {report.model}\n\n{held_out} Positive is: {tables.positive_rule_text(report)}.\n"]
    if report.mean:
        parts += [tables.methods(report.mean, "mean over tracks").markdown()]
        parts += [tables.by_track(report).markdown()]
    if report.classes is not None:
        parts += [tables.classes(report.classes).markdown()]
    for track in report.tracks:
        parts.append(f"## {track.track}\n")
        grids = (tables.methods(track.rows), tables.resolutions(track), tables.test_sets(track))
        parts += [grid.markdown() for grid in grids]
        parts += [
            f"{escaped(row.name)}: {escaped(row.note)}.\n"
            for row in track.rows
            if row.note is not None
        ]
        parts.append(
            "\n".join(f"- {name}: {escaped(value)}" for name, value in tables.fields(report, track))
            + "\n"
        )
        parts += [f"![{shown}]({file})\n" for shown, file in pictures.get(track.track, {}).items()]
    if report.robustness is not None:
        parts.append(f"Variation score: {tables.robustness_text(report.robustness)}.\n")
    if motif is not None:
        parts.append(f"## Motif\n\n{escaped(str(motif))}\n")
        if pictures:
            parts.append("![recovered motif](motif.png)\n")
    return "\n".join(parts)
