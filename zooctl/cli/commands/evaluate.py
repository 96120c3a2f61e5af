"""`zooctl evaluate`: models on their held-out chromosomes, beside simpler methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import AllowUntrusted, Device, DeviceChoice, GenomeFile, Threads

if TYPE_CHECKING:
    from zooctl.cli.ui.evaluation_folder import Recovered
    from zooctl.evaluation.heldout.options import EvaluationOptions
    from zooctl.evaluation.heldout.target import EvaluationTarget
    from zooctl.evaluation.report.report import EvaluationReport

_MOTIF_WINDOWS = 40


def command(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL|RUN",
            help="A name that `zooctl list` shows, or a folder of `zooctl train`.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Judge every model of the zoo; prints a leaderboard.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for JSON, Markdown, pictures and the motif."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    track: Annotated[
        list[str] | None,
        typer.Option(help="Track to judge, by name; may be given several times; default: all."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Entry whose recipe names the data; default: as the card says."),
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TRACK.bw|PEAKS.bed",
            help="Judge by this file in place of the recipe's data; once, or once a track.",
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Judge here in place of what is held out: chr21, chr21:1-5,000,000."),
    ] = None,
    resolution: Annotated[
        str | None,
        typer.Option(help="Bin sizes in bp, as 32,128,512; multiples of the model's own."),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(help="Test sets where a profile reaches such signal, as 2,5,10."),
    ] = None,
    fasta: GenomeFile = None,
    bootstrap: Annotated[
        int, typer.Option(min=0, help="Draws of megabases for the 95 % intervals.")
    ] = 1000,
    shifts: Annotated[
        int,
        typer.Option(
            min=0,
            help="Windows to a peak for the variation score, which log odds do not have; "
            "0 for none.",
        ),
    ] = 20,
    motif_windows: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100,
            help="Highest predictions to read the motif from; default: 40 with -o, else none.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws and of the shifts.")] = 0,
    device: Device = DeviceChoice.auto,
    threads: Threads = None,
    update_card: Annotated[
        bool, typer.Option("--update-card", help="Write the figures onto the model's card.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing report.")] = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Judge a model where it was not trained, beside what simpler methods reach there.

    Needs the extra `train` (scikit-learn and SciPy).
    """
    from zooctl.cli.ui.evaluation_folder import Folder
    from zooctl.cli.ui.models import need_sklearn
    from zooctl.cli.ui.options import bin_sizes, numbers
    from zooctl.errors import InputError

    need_sklearn("evaluate")
    from zooctl.evaluation.heldout.options import EvaluationOptions

    options = EvaluationOptions(
        resolutions=tuple(bin_sizes(resolution)) if resolution else (),
        thresholds=tuple(numbers(threshold, "--threshold")) if threshold else None,
        n_draws=bootstrap,
        n_shifts=shifts,
        seed=seed,
    )
    if (model is None) != every:
        raise InputError("say which model", expected="either MODEL or --all")
    if model is None:
        if track or data or against or region or output or update_card:
            raise InputError("--all judges every model by its own data and prints one table")
        _judge_all(options, fasta, device, threads, as_json)
        return
    if update_card and (track or data or against or region):
        raise InputError("a card has the figures of all tracks, on the model's own data")
    folder = None if output is None else Folder.checked(output, force)
    if motif_windows is None:
        motif_windows = 0 if folder is None else _MOTIF_WINDOWS

    from zooctl.evaluation.heldout.open_target import open_target

    if update_card and "/" in model:
        raise InputError("only cards of the zoo are updated", got=model)
    subject = open_target(
        model,
        track or [],
        data,
        fasta=fasta,
        device=device.value,
        threads=threads,
        allow_untrusted=allow_untrusted,
    )
    report, recovered = _judge(subject, against or [], region or [], fasta, options, motif_windows)
    result = report.to_json() | {"motif": None if recovered is None else recovered.to_json()}
    if folder is not None:
        folder.write(report, result, recovered)
    if update_card:
        _update_card(subject, report)
    if as_json:
        _echo_json(result)
    else:
        _print(report, recovered)


def _judge(
    subject: EvaluationTarget,
    against: list[Path],
    regions: list[str],
    fasta: Path | None,
    options: EvaluationOptions,
    motif_windows: int,
) -> tuple[EvaluationReport, Recovered | None]:
    from zooctl.cli.ui.evaluation_folder import Recovered
    from zooctl.cli.ui.models import say
    from zooctl.cli.ui.progress import progress
    from zooctl.evaluation.heldout.evaluate import evaluate
    from zooctl.evaluation.heldout.recover_motif import Evaluation, recover

    data = ", ".join(path.name for path in against) or subject.data_name
    with subject.open_data(against, regions, fasta, say) as opened:
        report = evaluate(
            subject.model, opened, subject.rules, options, data_name=data, progress=progress
        )
        judged = Evaluation(report, subject.model, opened)
        found = recover(judged, motif_windows, progress)
    return report, None if found is None else Recovered(*found)


def _judge_all(
    options: EvaluationOptions,
    fasta: Path | None,
    device: DeviceChoice,
    threads: int | None,
    as_json: bool,
) -> None:
    """Print the zoo's leaderboard, and why an entry is not on it.

    Raises:
        ZooError: The first that says more than that weights or data are not here.
    """
    from zooctl.catalog.root import model_names
    from zooctl.cli.ui.tables import plain, print_table
    from zooctl.errors import InputError, NetworkError, ZooError
    from zooctl.evaluation.heldout.open_target import open_target
    from zooctl.evaluation.report.leaderboard import leaderboard

    tolerated = (InputError.exit_code, NetworkError.exit_code)
    reports, missing, wrong = [], {}, []
    for name in model_names():
        typer.echo(name, err=True)
        try:
            subject = open_target(name, [], None, fasta=fasta, device=device.value, threads=threads)
            reports.append(_judge(subject, [], [], fasta, options, 0)[0])
        except ZooError as error:
            missing[name] = " ".join(str(error).split())
            if error.exit_code not in tolerated:
                wrong.append(error)
    if as_json:
        _echo_json({"models": [report.to_json() for report in reports], "not_judged": missing})
    else:
        grid = leaderboard(reports)
        print_table(grid.headers, grid.rows)
        for name, reason in missing.items():
            typer.echo(plain(f"{name}  not judged: {reason}"))
    # Weights or data that are not here are no reason to fail; those that were changed are.
    if wrong:
        raise wrong[0]


def _echo_json(result: dict[str, object]) -> None:
    import json

    typer.echo(json.dumps(result, indent=2, allow_nan=False))


def _update_card(subject: EvaluationTarget, report: EvaluationReport) -> None:
    """Write the figures onto the card, which is read again before it is written."""
    from zooctl.errors import InputError
    from zooctl.evaluation.report.card_metrics import card_text
    from zooctl.files.disk.atomic import atomic_output
    from zooctl.schema.card import Card
    from zooctl.schema.strict_yaml import loads, parse

    if subject.entry is None:
        raise InputError("a run has no card", got=subject.name, hint="zooctl export makes one")
    path = subject.entry.card_path
    text = card_text(path.read_text(encoding="utf-8"), subject.entry.card(), report)
    parse(Card, loads(text, path))
    with atomic_output(path, force=True) as temporary:
        temporary.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {path}; zooctl check --stamp {subject.name} pins it", err=True)


def _print(report: EvaluationReport, recovered: Recovered | None) -> None:
    from zooctl.cli.ui.tables import plain, print_fields, print_table
    from zooctl.evaluation.report import tables

    data = f", data of {report.data}" * (report.data != report.model)
    typer.echo(plain(f"{report.model} on {', '.join(report.regions)}, held out{data}"))
    several = len(report.tracks) > 1
    if several:
        typer.echo(f"mean over {len(report.tracks)} tracks")
    typer.echo()
    first, track = tables.methods(report.rows), report.tracks[0]
    for grid in (first, tables.by_track(report) if several else tables.resolutions(track)):
        if grid.title:
            typer.echo(f"\n{grid.title}")
        print_table(grid.headers, grid.rows)
    notes = {row.name: row for one in report.tracks for row in one.rows if row.note is not None}
    for row in notes.values():
        typer.echo(plain(f"{row.name}  {row.note}"))
    typer.echo()
    fields = [("strong is", tables.positive_rule_text(report))]
    fields += tables.fits(report.tracks) if several else tables.fields(report, track)
    if report.robustness is not None:
        fields.append(("variation score", tables.robustness_text(report.robustness)))
    if recovered is not None:
        fields.append(("motif", str(recovered)))
    print_fields(fields)
