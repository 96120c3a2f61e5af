"""`zooctl studies`: claims of papers, each tested by one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import AsJson, Device, Force, RecipeGenome, Threads
from zooctl.cli.ui.tables import echo, echo_json

if TYPE_CHECKING:
    from zooctl.reproduction.studies.record import StudyResult

app = typer.Typer(
    help="Test claims of papers on open data: a grid of models, a table, a figure.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("list")
def table(as_json: AsJson = False) -> None:
    """List the studies: their claims, and the numbers in the papers."""
    from zooctl.cli.ui.tables import print_table
    from zooctl.reproduction.studies.find import study_names, study_of

    studies = [study_of(name) for name in study_names()]
    if as_json:
        echo_json([one.model_dump(mode="json") for one in studies])
        return
    rows = [
        (one.name, one.claim.strip(), one.paper.place, "trains" if one.training else "measures")
        for one in studies
    ]
    print_table(("study", "claim", "in the paper", "what it does"), rows)


@app.command("run")
def run(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|FILE", help="As `zooctl studies list` shows it, or a YAML file."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Run all studies, one after the other.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder; default: runs/studies.")
    ] = None,
    as_json: AsJson = False,
    fasta: RecipeGenome = None,
    device: Device = "auto",
    threads: Threads = None,
    force: Force = False,
) -> None:
    """Run a study and write its figures (JSON), its page (Markdown) and its picture.

    The folder also gets `results.md`, the table of all results in it. Networks that a study trains
    are kept in `runs/` there; killed and started again, it goes on. Needs the extra `train`.
    """
    from zooctl.catalog.recipes import recipe_as_run
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.restart import hold_portable
    from zooctl.errors import InputError, need
    from zooctl.files.disk.names import check_folder_name
    from zooctl.reproduction.studies.find import study_names, study_of

    if (name is None) != every:
        raise InputError("say which study", expected="either NAME or --all")
    check_folder_name(output)
    need("sklearn", "studies")
    from zooctl.reproduction.studies.measure import MeasureOptions
    from zooctl.reproduction.studies.run import check_files, run_study, write_study

    studies = [study_of(one) for one in ([name] if name else study_names())]
    for study in studies:
        if study.training is not None:
            need("torch", "training")
            hold_portable(recipe_as_run(study.training.recipe)[0])
    folder = output or Path("runs/studies")
    for study in studies:
        check_files(study, folder, force)
    options = MeasureOptions(device, threads, fasta, say, progress)
    results = []
    for study in studies:
        say(f"{study.name}: {study.title}")
        result = run_study(study, folder, options)
        results.append(result)
        written = write_study(study, result, folder, force=force, say=say)
        say(f"wrote {', '.join(path.name for path in written)} in {folder}")
        if not as_json:
            _print(study.metric, result)
    if as_json:
        echo_json([one.to_json() for one in results])


def _print(metric: str, result: StudyResult) -> None:
    from zooctl.cli.ui.tables import print_table
    from zooctl.reproduction.studies.page import signed

    print_table(("arm", metric), [(arm.name, signed(arm.figure)) for arm in result.arms])
    rows = [
        (
            f"{one.higher} above {one.lower}",
            signed(one.difference),
            f"{one.n_higher} of {one.n}",
            one.direction,
        )
        for one in result.comparisons
    ]
    print_table(("claimed", "difference", "higher in", "direction"), rows)
    echo(f"{result.study}: {result.verdict}")
