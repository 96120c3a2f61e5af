"""`zooctl evaluate`: models on their held-out chromosomes, beside simpler methods."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zooctl.cli.ui.lists import list_names, list_regions
from zooctl.cli.ui.options import (
    MOST_DRAWS,
    AllowUntrusted,
    AsJson,
    Device,
    FeatureTable,
    Force,
    GenomeFile,
    GivenInput,
    SampleName,
    Threads,
    Tracks,
)
from zooctl.cli.ui.tables import echo, echo_json
from zooctl.inference.options.predict_and_score import LARGEST_SEED, MOST_SHIFTS, InputOptions

if TYPE_CHECKING:
    from zooctl.evaluation.heldout.run import ZooEvaluation
    from zooctl.evaluation.report.recovered_motif import RecoveredMotif
    from zooctl.evaluation.report.report import EvaluationReport


def command(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL|RUN",
            help="A name that `zooctl list` shows, or a folder of `zooctl train`.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Evaluate every model of the zoo; prints a leaderboard.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for JSON, Markdown, pictures and the motif."),
    ] = None,
    as_json: AsJson = False,
    track: Tracks = None,
    data: Annotated[
        str | None,
        typer.Option(help="Entry whose recipe names the data; default: by the card."),
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TRACK.bw|PEAKS.bed",
            help="Measurement in place of the recipe's data; once, or once a track.",
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            callback=list_regions,
            help="Regions in place of the held-out ones, as chr20,chr21:1-5,000,000.",
        ),
    ] = None,
    resolution: Annotated[
        str | None,
        typer.Option(help="Bin sizes in bp, as 32,128,512; multiples of the model's own."),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(help="Test sets of profiles that reach these signals, as 2,5,10."),
    ] = None,
    threshold_over: Annotated[
        Literal["bin", "base"],
        typer.Option(help="Whether a profile's highest bin or its highest base is asked."),
    ] = "bin",
    fasta: GenomeFile = None,
    bootstrap: Annotated[
        int, typer.Option(min=0, max=MOST_DRAWS, help="Draws of megabases for the 95 % intervals.")
    ] = 1000,
    shifts: Annotated[
        int,
        typer.Option(
            min=0,
            max=MOST_SHIFTS,
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
    baselines: Annotated[
        str | None,
        typer.Option(
            help="Further baselines, tuned on validation: logistic, dense (on 5-mers), boosting, "
            "gkm (a gapped k-mer SVM), motif_accessibility, best_motif (of JASPAR; minutes)."
        ),
    ] = None,
    resample: Annotated[
        str, typer.Option(help="New positives for these, in training alone: none, smote, adasyn.")
    ] = "none",
    accessibility: Annotated[
        Path | None, typer.Option(metavar="TRACK.bw", help="For motif_accessibility, as DNase.")
    ] = None,
    versus: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL|RUN",
            callback=list_names,
            help="Other models on the same bins: paired bootstrap, DeLong for AUROC.",
        ),
    ] = None,
    trunk: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="A further baseline: a ridge regression on this model's activations, fitted to "
            "the data's training regions.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the draws and the shifts.")
    ] = 0,
    device: Device = "auto",
    threads: Threads = None,
    update_card: Annotated[
        bool, typer.Option("--update-card", help="Write the figures onto the model's card.")
    ] = False,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    given: GivenInput = None,
    features: FeatureTable = None,
    sample: SampleName = None,
) -> None:
    """Evaluate a model on regions that it was not trained on, beside simpler methods.

    Needs the extra `train` (scikit-learn and SciPy).
    """
    from zooctl.cli.ui.lists import split_names
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.options import bin_sizes, numbers
    from zooctl.cli.ui.progress import progress
    from zooctl.errors import InputError, need
    from zooctl.files.disk.names import check_folder_name

    check_folder_name(output)
    need("sklearn", "evaluate")
    from zooctl.evaluation.heldout.options import EvaluationOptions
    from zooctl.evaluation.heldout.run import evaluate_model, evaluate_zoo

    options = EvaluationOptions(
        resolutions=bin_sizes(resolution) if resolution else (),
        thresholds=numbers(threshold, "--threshold") if threshold else None,
        threshold_over=threshold_over,
        n_draws=bootstrap,
        n_shifts=shifts,
        seed=seed,
        learners=split_names([baselines] if baselines else None),
        resample=resample,
        accessibility=accessibility,
    )
    inputs = InputOptions(inputs=tuple(given or ()), features=features, sample=sample)
    if (model is None) != every:
        raise InputError("say which model", expected="either MODEL or --all")
    if model is None:
        of_one = (track, data, against, region, output, versus, trunk)
        if any(of_one) or update_card or inputs.any:
            raise InputError("--all judges every model by its own data and prints one table")
        judge = partial(evaluate_zoo, fasta=fasta, options=options, device=device, threads=threads)
        _print_zoo(judge(say=say, progress=progress), as_json)
        return
    found = evaluate_model(
        model,
        tracks=track or (),
        data=data,
        against=against or (),
        regions=region or (),
        fasta=fasta,
        options=options,
        versus=versus or (),
        trunk=trunk,
        motif_windows=motif_windows,
        output=output,
        update_card=update_card,
        device=device,
        threads=threads,
        inputs=inputs,
        allow_untrusted=allow_untrusted,
        force=force,
        say=say,
        progress=progress,
    )
    if as_json:
        echo_json(found.to_json())
    else:
        _print(found.report, found.motif)


def _print_zoo(found: ZooEvaluation, as_json: bool) -> None:
    """Print the leaderboard, and the reasons why models are not on it.

    Raises:
        ZooError: The first that is more than missing weights or data.
    """
    from zooctl.cli.ui.tables import plain, print_table
    from zooctl.evaluation.report.leaderboard import leaderboard

    if as_json:
        models = [report.to_json() for report in found.reports]
        echo_json({"models": models, "not_judged": found.missing})
    else:
        grid = leaderboard(found.reports)
        print_table(grid.headers, grid.rows)
        for name, reason in found.missing.items():
            typer.echo(plain(f"{name}  not judged: {reason}"))
    if found.error is not None:
        raise found.error


def _print(report: EvaluationReport, motif: RecoveredMotif | None) -> None:
    from zooctl.cli.ui.tables import plain, print_fields, print_table
    from zooctl.evaluation.report import tables

    data = f", data of {report.data}" * (report.data != report.model)
    typer.echo(plain(f"{report.model} on {', '.join(report.regions)}, held out{data}"))
    several = len(report.tracks) > 1
    if several:
        echo(f"mean over {len(report.tracks)} tracks")
    typer.echo()
    first, track = tables.methods(report.rows), report.tracks[0]
    for grid in (first, tables.by_track(report) if several else tables.resolutions(track)):
        if grid.title:
            echo(f"\n{grid.title}")
        print_table(grid.headers, grid.rows)
    if report.classes is not None:
        grid = tables.classes(report.classes)
        echo(f"\n{grid.title}")
        print_table(grid.headers, grid.rows)
    notes = {row.name: row for one in report.tracks for row in one.rows if row.note is not None}
    for row in notes.values():
        typer.echo(plain(f"{row.name}  {row.note}"))
    typer.echo()
    fields = [("positive is", tables.positive_rule_text(report))]
    fields += tables.fits(report.tracks) if several else tables.fields(report, track)
    if report.robustness is not None:
        fields.append(("variation score", tables.robustness_text(report.robustness)))
    if motif is not None:
        fields.append(("motif", str(motif)))
    print_fields(fields)
