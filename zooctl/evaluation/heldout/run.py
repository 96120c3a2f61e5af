"""Evaluation of a model or of the whole zoo on held-out regions, from a name to a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zooctl.catalog.entry import Entry
from zooctl.catalog.root import model_names
from zooctl.errors import InputError, NetworkError, ZooError
from zooctl.evaluation.heldout.evaluate import evaluate
from zooctl.evaluation.heldout.open_target import heldout_rival, open_rival, open_target, open_trunk
from zooctl.evaluation.heldout.options import EvaluationOptions, with_recipe
from zooctl.evaluation.heldout.recover_motif import FinishedEvaluation, recover
from zooctl.evaluation.report.card_metrics import card_text
from zooctl.evaluation.report.folder import ReportFolder, report_json
from zooctl.evaluation.report.recovered_motif import RecoveredMotif
from zooctl.evaluation.report.report import EvaluationReport
from zooctl.files.disk.atomic import atomic_output
from zooctl.inference.options.predict_and_score import (
    NO_INPUTS,
    Device,
    InputOptions,
    SessionOptions,
)
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.card import Card
from zooctl.schema.strict_yaml import loads, parse

_DEFAULT = EvaluationOptions()
_MOTIF_WINDOWS = 40
# Missing weights or data leave a model out of the leaderboard; other errors are raised.
_TOLERATED = (InputError.exit_code, NetworkError.exit_code)


@dataclass(frozen=True)
class ModelEvaluation:
    """An evaluation of one model.

    Attributes:
        report: All figures.
        motif: The recovered motif, if it was asked for and there is one.
        entry: The model's entry; None for a run folder.
    """

    report: EvaluationReport
    motif: RecoveredMotif | None
    entry: Entry | None

    def to_json(self) -> dict[str, object]:
        """Return all figures under their names."""
        return report_json(self.report, self.motif)


@dataclass(frozen=True)
class ZooEvaluation:
    """Evaluations of all models of the zoo.

    Attributes:
        reports: One for each model that could be evaluated.
        missing: Other models, and the reason why.
        error: First error that is more than missing weights or data, such as changed bytes.
    """

    reports: tuple[EvaluationReport, ...]
    missing: Mapping[str, str]
    error: ZooError | None


def evaluate_model(
    model: str,
    *,
    tracks: Sequence[str] = (),
    data: str | None = None,
    against: Sequence[Path] = (),
    regions: Sequence[str] = (),
    fasta: Path | None = None,
    options: EvaluationOptions = _DEFAULT,
    versus: Sequence[str] = (),
    trunk: str | None = None,
    motif_windows: int | None = None,
    output: Path | None = None,
    update_card: bool = False,
    device: Device = "auto",
    threads: int | None = None,
    inputs: InputOptions = NO_INPUTS,
    allow_untrusted: bool = False,
    force: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> ModelEvaluation:
    """Evaluate a model, or a run of training, on regions that it was not trained on.

    Args:
        model: Name of a model, or folder of a run.
        tracks: Names of tracks; empty for all.
        data: Entry whose recipe names the data; by default the one that the card names.
        against: bigWig or BED files in place of the recipe's data: one, or one for each track.
        regions: Samtools-style regions in place of the held-out ones.
        fasta: Genome; by default chosen by assembly.
        options: Resolutions, thresholds, bootstrap and shifts.
        versus: Other models or runs to compare with on the same bins; none may have been trained on
            a held-out region.
        motif_windows: Highest predictions to recover a motif from; by default 40 with an output
            folder, else none.
        output: Folder for JSON, Markdown, pictures and the motif.
        update_card: Write the figures onto the model's card.
        device: ``auto``, ``cpu`` or ``cuda``.
        threads: CPU threads.
        inputs: What the network reads beside the sequence; its sample's targets are judged.
        allow_untrusted: Accept models outside of the zoo.
        force: Replace an existing report.
        say: Told about data and files.
        progress: Opens the progress displays.

    Raises:
        InputError: Model, tracks, data or regions do not fit, or the report exists.
    """
    if update_card and (tracks or data or against or regions):
        raise InputError("a card has the figures of all tracks, on the model's own data")
    folder = None if output is None else ReportFolder.checked(output, force)
    if motif_windows is None:
        motif_windows = 0 if folder is None else _MOTIF_WINDOWS
    if update_card and "/" in model:
        raise InputError("only cards of the zoo are updated", got=model)
    target = open_target(
        model,
        tracks,
        data,
        fasta=fasta,
        device=device,
        threads=threads,
        inputs=inputs,
        allow_untrusted=allow_untrusted,
    )
    if target.model.needs_places:
        motif_windows = 0
    others = [
        open_rival(name, target, SessionOptions(device=device, threads=threads), fasta, inputs)
        for name in versus
    ]
    if update_card and target.entry is None:
        raise InputError("a run has no card", got=target.name, hint=f"zooctl export {model}")
    data_name = ", ".join(path.name for path in against) or target.data_name
    with target.open_data(against, regions, fasta, say) as opened:
        report = evaluate(
            target.model,
            opened,
            target.rules,
            with_recipe(options, target.recipe),
            data_name=data_name,
            versus=[heldout_rival(other, opened.split) for other in others],
            trunk=None if trunk is None else open_trunk(trunk, target, opened.split),
            progress=progress,
        )
        recovered = recover(
            FinishedEvaluation(report, target.model, opened), motif_windows, progress
        )
    if folder is not None:
        folder.write(report, recovered, say)
    if update_card and target.entry is not None:
        _update_card(target.entry, report)
        say(f"wrote {target.entry.card_path}; zooctl check --stamp {target.name} pins it")
    return ModelEvaluation(report, recovered, target.entry)


def evaluate_zoo(
    *,
    fasta: Path | None = None,
    options: EvaluationOptions = _DEFAULT,
    device: Device = "auto",
    threads: int | None = None,
    say: Say = silent,
    progress: Progress = no_progress,
) -> ZooEvaluation:
    """Evaluate every model of the zoo on its own data; arguments are those of one model."""
    reports: list[EvaluationReport] = []
    missing: dict[str, str] = {}
    wrong: list[ZooError] = []
    for name in model_names():
        say(name)
        try:
            evaluation = evaluate_model(
                name,
                fasta=fasta,
                options=options,
                device=device,
                threads=threads,
                say=say,
                progress=progress,
            )
            reports.append(evaluation.report)
        except ZooError as error:
            missing[name] = " ".join(str(error).split())
            if error.exit_code not in _TOLERATED:
                wrong.append(error)
    return ZooEvaluation(tuple(reports), missing, wrong[0] if wrong else None)


def _update_card(entry: Entry, report: EvaluationReport) -> None:
    """Write the figures onto the card, after reading the new text back."""
    path = entry.card_path
    text = card_text(path.read_text(encoding="utf-8"), entry.card(), report)
    parse(Card, loads(text, path))
    with atomic_output(path, force=True) as temporary:
        temporary.write_text(text, encoding="utf-8")
