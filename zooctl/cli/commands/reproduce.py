"""`zooctl reproduce`: does it come again, and which level does that reach?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import AllowUntrusted, RecipeGenome

if TYPE_CHECKING:
    from zooctl.reproduce.report.report import Predictions, ReproductionReport


class ModeChoice(StrEnum):
    """How much is done again."""

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
        bool, typer.Option("--resume", help="Go on where the work folder stands.")
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
            help="After a full run to the same bits, note on the card the environment it was "
            "made in, and keep the report beside the card.",
        ),
    ] = False,
    fasta: RecipeGenome = None,
    allow_untrusted: AllowUntrusted = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing report.")] = False,
) -> None:
    """Reproduce a model, compare, and say which level of reproducibility that reaches.

    Levels are those of Heil et al. 2021 (doi:10.1038/s41592-021-01256-7). Gold is given to a full
    run alone. Where smoke or full cannot train, since data, documents or weights are not as they
    must be, it says so and exits with 3.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.restart import hold_portable_entry
    from zooctl.cli.ui.tables import say
    from zooctl.errors import InputError, VerificationError, need
    from zooctl.files.disk.atomic import check_output
    from zooctl.reproduce import reproduce as steps
    from zooctl.reproduce.run.journal import check_work_folder

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    work = workdir or (Path("reproduce") / entry.name if mode is ModeChoice.full else None)
    steps.need_training(entry, mode.value)
    if fasta is not None and not fasta.is_file():
        raise InputError("no such file", path=fasta, hint="--fasta names a genome")
    if report is not None and len(set(_beside(report))) < 3:
        raise InputError(
            "the report would be overwritten by what is written beside it",
            path=report,
            expected="a name such as report.json",
        )
    if work is not None and mode is not ModeChoice.verify:
        check_work_folder(work, resume)
    if dry_run:
        for line in steps.plan(entry, mode.value):
            typer.echo(line)
        return
    if record and mode is not ModeChoice.full:
        raise InputError("only a full run proves an environment", got=f"--mode {mode.value}")
    if resume and mode is not ModeChoice.full:
        raise InputError("only a full run can be gone on with", got=f"--mode {mode.value}")
    if mode is not ModeChoice.verify:
        need("torch", "training")
    for path in [] if report is None else _beside(report):
        check_output(path, force)
    hold_portable_entry(entry)
    if offline:
        from zooctl.reproduce.run.offline import switch_off

        switch_off()
    order = steps.ReproductionOrder(
        mode=mode.value,
        work=work,
        resume=resume,
        offline=offline,
        required=None if require is None else require.value,
        fasta=fasta,
    )
    found = steps.reproduce(entry, order, progress=progress, say=say)
    _print(found)
    old = [stage.name for stage in found.stages if stage.resumed]
    if record and not found.exit_code and not old:
        from zooctl.reproduce.judge.record import record_environment
        from zooctl.reproduce.verify.recorded import report_path

        found = record_environment(entry, found)
        say(f"noted on {entry.card_path.name} and beside the weights what this was made with")
        _write(found, report_path(entry), True)
    if report is not None:
        _write(found, report, force)
    if record and not found.exit_code and old:
        raise VerificationError(
            "nothing is recorded: not all of it was made by this command",
            got=f"{', '.join(old)} taken from the journal of an earlier one",
            hint="run it whole, in a new work folder",
        )
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def _beside(report: Path) -> list[Path]:
    """Return the report's file and those that go with it."""
    return [report, report.with_suffix(".md"), report.with_suffix(".intoto.json")]


def _write(found: ReproductionReport, report: Path, force: bool) -> None:
    import json

    from zooctl.files.disk.atomic import atomic_output
    from zooctl.reproduce.report.report import to_text
    from zooctl.reproduce.report.text import markdown, statement

    texts = (to_text(found), markdown(found), json.dumps(statement(found), indent=2) + "\n")
    for path, text in zip(_beside(report), texts, strict=True):
        with atomic_output(path, force=force) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")


def _print(found: ReproductionReport) -> None:
    from zooctl.cli.ui.tables import plain, print_fields, print_table
    from zooctl.reproduce.report.levels import DEMANDS
    from zooctl.reproduce.report.text import equivalence_text

    typer.echo(f"{found.model}: {found.level} ({found.coverage})\n")
    rows = [(one.id, one.status, DEMANDS[one.id]) for one in found.criteria]
    print_table(("criterion", "", "demand"), rows)
    typer.echo()
    for one in found.criteria:
        if one.status != "pass":
            typer.echo(plain(f"{one.id}: {one.evidence}"))
    fields = [(f"probe, {one.engine}", _likeness(one)) for one in found.predictions]
    for name, part in (("software", found.software), ("hardware", found.hardware)):
        known = {True: "as recorded", False: "another than recorded", None: "not recorded"}
        fields.append((name, f"{part.found} ({known[part.match]})"))
    if found.weights.trained is not None:
        same = sum(one.equivalence == "bitwise" for one in found.figures)
        fields.append(("weights", f"{found.weights.trained} trained now"))
        fields.append(("numbers", f"{same} of {len(found.figures)} as on the card"))
        drawn = sum(one.equivalence == "bitwise" for one in found.pictures)
        if found.pictures:
            fields.append(("pictures", f"{drawn} of {len(found.pictures)} as on the card"))
    fields.append(("equivalence", equivalence_text(found)))
    fields.append(("commit", str(found.commit)))
    fields.append(("time", f"{found.seconds / 60:.1f} minutes"))
    print_fields(fields)
    for text in found.warnings:
        typer.echo(plain(f"note: {text}"), err=True)
    for fault in found.faults:
        typer.echo(plain(f"error: {fault.text}"), err=True)


def _likeness(one: Predictions) -> str:
    from zooctl.reproduce.report.text import difference_text

    return f"{one.equivalence}, {one.n} windows, largest difference {difference_text(one)}"
