"""`zooctl report`: reports of `zooctl reproduce`, and the pictures that they compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.lists import list_names
from zooctl.cli.ui.options import AsJson, GenomeFile
from zooctl.cli.ui.tables import echo, echo_files, echo_json

if TYPE_CHECKING:
    from zooctl.reproduction.verify.recorded_reports import RecordedReport

app = typer.Typer(
    help="Verify and list reports of zooctl reproduce; publish the numbers of a card's pictures.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("verify")
def verify(
    report: Annotated[Path, typer.Argument(metavar="R.json", help="As --report wrote it.")],
    as_json: AsJson = False,
) -> None:
    """Verify a report against its entry as it is here; exit 3 or 5 if it fails.

    Checks that the report is whole and about these very bytes, that its evidence agrees with the
    entry, that its verdict follows from the evidence, and that the Markdown and the statement
    beside it say the same. Whether the evidence was really gathered, only another run can show.
    """
    from zooctl.catalog import registry
    from zooctl.errors import InputError, ManyErrors
    from zooctl.reproduction.report.report import from_text
    from zooctl.reproduction.verify.recorded_reports import check_beside
    from zooctl.reproduction.verify.report import check_report

    try:
        content = report.read_bytes()
    except OSError as error:
        raise InputError("cannot be read", path=report, got=error.strerror) from None
    found = from_text(content, report)
    errors = check_report(registry.entry(found.model), found) + check_beside(found, report)
    if errors:
        raise ManyErrors(errors)
    if as_json:
        echo_json({"model": found.model, "level": found.level, "mode": found.coverage})
    else:
        echo(f"{found.model}: {found.level} ({found.coverage}), as the report says")


@app.command("list")
def table(as_json: AsJson = False) -> None:
    """List the recorded report of every model, each verified against its entry.

    A report lies beside the card, as `zooctl reproduce MODEL --mode full --record` leaves it. Exit
    3 or 5 if one does not hold.
    """
    from zooctl.catalog import registry
    from zooctl.catalog.root import model_names
    from zooctl.cli.ui.tables import print_table
    from zooctl.errors import ManyErrors
    from zooctl.reproduction.verify.recorded_reports import verify_recorded

    found = [verify_recorded(registry.entry(name)) for name in model_names()]
    headers = ("model", "level", "mode", "equivalence", "minutes", "made at")
    if as_json:
        echo_json([_document(one) for one in found])
    else:
        print_table(headers, [_row(one) for one in found])
    if errors := [error for one in found for error in one.errors]:
        raise ManyErrors(errors)


def _document(recorded: RecordedReport) -> dict[str, object]:
    report = recorded.report
    found: dict[str, object] = {
        "model": recorded.model,
        "holds": report is not None and not recorded.errors,
        "problems": [" ".join(str(error).split()) for error in recorded.errors],
    }
    if report is not None:
        found |= {
            "level": report.level,
            "mode": report.coverage,
            "equivalence": report.equivalence,
            "seconds": report.seconds,
            "commit": report.commit.revision,
        }
    return found


def _row(recorded: RecordedReport) -> tuple[str, ...]:
    report = recorded.report
    if recorded.errors:
        return (recorded.model, "report does not hold", *[""] * 4)
    if report is None:
        return (recorded.model, "no report", *[""] * 4)
    at = "no commit" if report.commit.revision is None else report.commit.revision[:12]
    return (
        recorded.model,
        report.level,
        report.coverage,
        report.equivalence or "none",
        f"{report.seconds / 60:.1f}",
        f"{at}{', changed' * bool(report.commit.changed)}",
    )


@app.command("pictures")
def draw(
    model: Annotated[str, typer.Argument(help="A model of the zoo.")],
    region: Annotated[
        str | None,
        typer.Option(help="Held-out region of the tracks, as chr21:33,900,001-34,100,000."),
    ] = None,
    track: Annotated[
        list[str] | None,
        typer.Option(
            callback=list_names,
            help="Track to show; several by commas or repetition; default: the first.",
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Above the tracks; default: the region.")] = "",
    unit: Annotated[str, typer.Option(help="At their axes.")] = "",
    motif_windows: Annotated[
        int, typer.Option(min=0, max=100, help="Highest predictions to read the motif from.")
    ] = 0,
    fasta: GenomeFile = None,
    as_json: AsJson = False,
) -> None:
    """Draw the pictures of a card from the published weights, and publish their numbers.

    The numbers go to `zoo/<model>/pictures.json`, which the manifest pins: a full run of
    `zooctl reproduce` has to arrive at the same. Without --region and --motif-windows the pictures
    of that file are drawn again.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.errors import InputError, need
    from zooctl.reproduction.report import picture_files, pictures
    from zooctl.reproduction.run.measure import draw_published
    from zooctl.sequence.intervals import parse_region

    need("torch", "training")
    entry = registry.entry(model)
    known = picture_files.published(entry)
    if region is None and not motif_windows:
        if known is None:
            raise InputError("say what to draw", expected="--region, --motif-windows or both")
        plan = pictures.plan_of(known)
    else:
        plan = pictures.PicturePlan(
            title,
            unit,
            None if region is None else parse_region(region),
            tuple(track or [entry.card().tracks[0].name]),
            motif_windows,
        )
    drawn = draw_published(entry, plan, fasta, progress=progress, say=say)
    files = [path.relative_to(entry.root).as_posix() for path in drawn]
    echo_files(files, as_json, model=model)


@app.command("seeds")
def seeds(
    model: Annotated[str, typer.Argument(help="A model of the zoo.")],
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs of other seeds.")],
    update_card: Annotated[
        bool, typer.Option("--update-card", help="Write the figure onto the model's card.")
    ] = False,
    fasta: GenomeFile = None,
    as_json: AsJson = False,
) -> None:
    """Measure how alike the predictions of several seeds are, beside the published weights.

    By this a full run judges a retrained network of other bits.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.errors import need
    from zooctl.reproduction.record_environment import write_seed_agreement
    from zooctl.reproduction.run.seeds import seed_agreement

    need("torch", "training")
    entry = registry.entry(model)
    found = seed_agreement(entry, runs, fasta, say)
    if as_json:
        echo_json({"model": model, "lowest_pearson": found.pearson, "seeds": found.n_seeds})
    else:
        echo(f"{found.pearson:g} is the lowest correlation between two of {found.n_seeds} seeds")
    if update_card:
        write_seed_agreement(entry, found)
        say(f"wrote {entry.card_path}; zooctl check --stamp {entry.name} pins it")
