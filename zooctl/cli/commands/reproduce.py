"""`zooctl reproduce`: repeat a model, and tell the level of reproducibility reached."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import AllowUntrusted, AsJson, RecipeGenome
from zooctl.cli.ui.tables import echo, echo_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zooctl.reproduction.report.report import ReproductionReport
    from zooctl.reproduction.reproduce import ReproductionOrder


class ModeChoice(StrEnum):
    """How much is repeated."""

    verify = "verify"
    smoke = "smoke"
    full = "full"


class LevelChoice(StrEnum):
    """Levels of Heil et al. 2021."""

    bronze = "bronze"
    silver = "silver"
    gold = "gold"


def command(
    model: Annotated[str, typer.Argument(help="A name that `zooctl list` shows.")],
    mode: Annotated[
        ModeChoice,
        typer.Option(
            help="verify: digests and probe, minutes; smoke: also the first training steps, "
            "repeated; full: from data to weights to every figure.",
        ),
    ] = ModeChoice.verify,
    offline: Annotated[
        bool, typer.Option("--offline", help="Refuse every connection to the network.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the run of the work folder.")
    ] = False,
    workdir: Annotated[
        Path | None, typer.Option(help="Work folder; default of a full run: reproduce/<model>.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="R.json", help="Write the report here; Markdown and in-toto statement beside."
        ),
    ] = None,
    require: Annotated[
        LevelChoice | None, typer.Option(help="Exit with 3 below this level.")
    ] = None,
    record: Annotated[
        bool,
        typer.Option(
            "--record",
            help="After a full run to the same bits, record its environment on the card, and keep "
            "the report beside the card.",
        ),
    ] = False,
    fasta: RecipeGenome = None,
    allow_untrusted: AllowUntrusted = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the steps and stop.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing report.")] = False,
    as_json: AsJson = False,
) -> None:
    """Reproduce a model, compare, and tell the level of reproducibility reached.

    Levels are those of Heil et al. 2021 (doi:10.1038/s41592-021-01256-7). Gold is given to a full
    run alone. Where smoke or full cannot train, since data, documents or weights do not hold, it
    says so and exits with 3.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.restart import hold_portable_entry
    from zooctl.reproduction import reproduce as steps
    from zooctl.reproduction.record_environment import record_run
    from zooctl.reproduction.report.report import to_text
    from zooctl.reproduction.report.text import write_report
    from zooctl.reproduction.run.offline import switch_off

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    order = steps.ReproductionOrder(
        mode=mode.value,
        work=workdir or (Path("reproduce") / entry.name if mode is ModeChoice.full else None),
        resume=resume,
        offline=offline,
        required=None if require is None else require.value,
        fasta=fasta,
    )
    steps.need_training(entry, mode.value)
    _check_paths(order, report)
    if dry_run:
        for line in steps.plan(entry, mode.value):
            echo(line)
        return
    _check_options(order, record, report, force)
    hold_portable_entry(entry)
    if offline:
        switch_off()
    found = steps.reproduce(entry, order, progress=progress, say=say)
    if not as_json:
        _print(found)
    try:
        if record and not found.exit_code:
            found = record_run(entry, found)
            say(f"recorded on {entry.card_path.name} and beside the weights: environment, report")
    finally:
        if report is not None:
            write_report(found, report, force=force)
        if as_json:
            echo_json(json.loads(to_text(found)))
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def _check_paths(order: ReproductionOrder, report: Path | None) -> None:
    """Refuse a genome, a report or a work folder that cannot be used."""
    from zooctl.errors import InputError
    from zooctl.reproduction.report.text import files_beside
    from zooctl.reproduction.run.journal import check_work_folder

    if order.fasta is not None and not order.fasta.is_file():
        raise InputError("no such file", path=order.fasta, hint="--fasta names a genome")
    if report is not None and len({report, *files_beside(report)}) < 3:
        raise InputError(
            "the report would be overwritten by the files beside it",
            path=report,
            expected="a name such as report.json",
        )
    if order.work is not None and order.mode != "verify":
        check_work_folder(order.work, order.resume)


def _check_options(
    order: ReproductionOrder, record: bool, report: Path | None, force: bool
) -> None:
    """Refuse options that this mode does not have, and files that exist already."""
    from zooctl.errors import InputError, need
    from zooctl.files.disk.atomic import check_output
    from zooctl.reproduction.report.text import files_beside

    if record and order.mode != "full":
        raise InputError("only a full run proves an environment", got=f"--mode {order.mode}")
    if order.resume and order.mode != "full":
        raise InputError("only a full run can be resumed", got=f"--mode {order.mode}")
    if order.mode != "verify":
        need("torch", "training")
    for path in () if report is None else (report, *files_beside(report)):
        check_output(path, force)


def _print(found: ReproductionReport) -> None:
    from zooctl.cli.ui.tables import plain, print_fields, print_table
    from zooctl.reproduction.report.levels import DEMANDS

    echo(f"{found.model}: {found.level} ({found.coverage})\n")
    rows = [(one.id, one.status, DEMANDS[one.id]) for one in found.criteria]
    print_table(("criterion", "", "demand"), rows)
    typer.echo()
    for one in found.criteria:
        if one.status != "pass":
            typer.echo(plain(f"{one.id}: {one.evidence}"))
    print_fields(list(_fields(found)))
    for text in found.warnings:
        say(f"note: {text}")
    for text in found.failures:
        say(f"error: {text}")


def _fields(found: ReproductionReport) -> Iterator[tuple[str, str]]:
    from zooctl.reproduction.report.text import difference_text, equivalence_text

    for one in found.predictions:
        text = f"{one.equivalence}, {one.n} windows, largest difference {difference_text(one)}"
        yield f"probe, {one.engine}", text
    for name, part in (("software", found.software), ("hardware", found.hardware)):
        known = {True: "as recorded", False: "another than recorded", None: "not recorded"}
        yield name, f"{part.found} ({known[part.match]})"
    if found.weights.trained is not None:
        same = sum(one.equivalence == "bitwise" for one in found.figures)
        yield "weights", f"{found.weights.trained} trained now"
        yield "numbers", f"{same} of {len(found.figures)} as on the card"
        drawn = sum(one.equivalence == "bitwise" for one in found.pictures)
        if found.pictures:
            yield "pictures", f"{drawn} of {len(found.pictures)} as on the card"
    yield "equivalence", equivalence_text(found)
    yield "commit", str(found.commit)
    yield "time", f"{found.seconds / 60:.1f} minutes"
