"""`zooctl tune`: search of a recipe's hyperparameters within ranges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import AsJson, RecipeGenome
from zooctl.cli.ui.tables import echo_files
from zooctl.errors import InputError, VerificationError
from zooctl.inference.options.predict_and_score import LARGEST_SEED, MOST_THREADS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zooctl.schema.recipe.recipe import Recipe
    from zooctl.schema.recipe.search_space import Candidate, Range
    from zooctl.training.data.dataset import Dataset
    from zooctl.training.tune.trials import Trial

BEST, CSV, MARKDOWN, PICTURE = "best.yaml", "trials.csv", "trials.md", "trials.png"
# The inputs of a search, kept beside its trials.
KEPT = ("recipe.yaml", "space.yaml", "search.yaml")


def command(
    recipe: Annotated[str, typer.Argument(help="A model of the zoo, or a recipe file.")],
    space: Annotated[
        Path, typer.Option(help="YAML: recipe field to choice, uniform, log_uniform or int.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder; default: runs/<name>_tune.")
    ] = None,
    trials: Annotated[
        int,
        typer.Option(
            min=2, max=10_000, help="Number of trials; the first is the unchanged recipe."
        ),
    ] = 20,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue an interrupted search.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the draws from the ranges.")
    ] = 0,
    grace_epochs: Annotated[
        int,
        typer.Option(
            min=1, max=100_000, help="Epochs that every trial gets before it may be stopped."
        ),
    ] = 1,
    reduction: Annotated[
        int,
        typer.Option(min=2, max=10_000, help="At each rung, one of this many trials continues."),
    ] = 3,
    address: Annotated[
        str | None,
        typer.Option(help="An existing Ray cluster that shares this folder; default: here."),
    ] = None,
    cpus: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_THREADS, help="CPU cores for all trials on this machine; default: all."
        ),
    ] = None,
    fasta: RecipeGenome = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    as_json: AsJson = False,
) -> None:
    """Search a recipe's hyperparameters; killed and resumed, no epoch is trained twice.

    Trials are drawn from the ranges by the seed; trial 0 is the unchanged recipe. Each is a run
    as `zooctl train` makes it. Asynchronous successive halving (ASHA) stops those that are behind.
    """
    from functools import partial

    from zooctl.catalog.recipes import recipe_as_run
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.restart import hold_portable
    from zooctl.errors import need
    from zooctl.files.disk.names import check_folder_name
    from zooctl.schema import strict_yaml
    from zooctl.schema.recipe.search_space import candidates, load_space

    check_folder_name(output)
    need("torch", "training")
    from zooctl.training.data.prepare import open_dataset
    from zooctl.training.data.windows import choose_windows
    from zooctl.training.tune.trials import ranked, read_trial
    from zooctl.training.tune.tune import Halving, Resources, need_ray, tune

    chosen, text = recipe_as_run(recipe)
    hold_portable(chosen)
    base = strict_yaml.loads(text, Path(recipe))
    ranges = load_space(space, base)
    drawn = candidates(ranges, base, trials, seed)
    if len(drawn) < trials:
        say(f"the space holds no more than {len(drawn)} trials")
    need_ray()
    folder = output or Path("runs") / f"{chosen.name}_tune"
    settings = {"seed": seed, "grace_epochs": grace_epochs, "reduction": reduction}
    kept = (text, space.read_text(encoding="utf-8"), strict_yaml.dumps(settings))
    _open(folder, dict(zip(KEPT, kept, strict=True)), drawn, resume)

    genome = None if fasta is None else fasta.resolve()
    choose_windows(
        chosen, open_dataset(chosen, genome, say)
    )  # Errors in the data show here, before the first trial.
    tune(
        folder,
        len(drawn),
        partial(_begin, fasta=genome, device=device),
        resources=Resources(device, address, cpus),
        halving=Halving(grace_epochs, reduction),
        say=say,
    )
    done = [
        read_trial(folder, number, candidate.values, int(candidate.data["seed"]))
        for number, candidate in enumerate(drawn)
    ]
    _write_tables(folder, done)
    best = ranked(done)[0]
    if not best.can_win:
        raise VerificationError("every trial failed", path=folder / CSV, got=best.note)
    _write_best(folder, drawn[best.number], best)
    _draw(folder, done, ranges, best, chosen.name)
    say(_gain(done[0], best))
    facts = {"trials": len(done), "best_trial": best.number, "validation_loss": best.best}
    echo_files([folder / BEST], as_json, **facts)


def _begin(recipe: Recipe, run: Path, *, fasta: Path | None, device: str) -> Dataset:
    """Record the environment of a trial in its folder, and read its data."""
    from zooctl.cli.ui.messages import say
    from zooctl.reproduction.environment.run_record import record_run
    from zooctl.training.data.prepare import open_dataset

    record_run(run, recipe, device, say=say)
    return open_dataset(recipe, fasta, say)


def _open(folder: Path, kept: Mapping[str, str], drawn: Sequence[Candidate], resume: bool) -> None:
    """Make the folder of a search, or resume an earlier one of the same values.

    Raises:
        InputError: It exists and is not to be resumed, or is of another search.
    """
    from zooctl.files.disk.atomic import atomic_output
    from zooctl.schema.strict_yaml import dumps
    from zooctl.training.tune.trials import folder_of

    last = KEPT[-1]
    if (folder / last).exists():
        if not resume:
            raise InputError("search exists", path=folder, hint="--resume goes on with it")
        for name, text in kept.items():
            if (folder / name).read_text(encoding="utf-8") != text:
                raise InputError(
                    "search is of other values", path=folder / name, hint="choose another -o"
                )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not resume:
        raise InputError("folder is not empty and no search", path=folder)
    files = {folder / name: text for name, text in kept.items()}
    for number, candidate in enumerate(drawn):
        files[folder_of(folder, number) / KEPT[0]] = dumps(candidate.data)
    # Written last: with it, the folder is a search.
    for path in sorted(files, key=lambda path: path == folder / last):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_output(path, force=True) as temporary:
                temporary.write_text(files[path], encoding="utf-8")


def _write_tables(folder: Path, done: Sequence[Trial]) -> None:
    from zooctl.files.disk.atomic import atomic_output
    from zooctl.training.tune.trials import as_csv, as_markdown

    for name, content in ((CSV, as_csv(done)), (MARKDOWN, as_markdown(done))):
        with atomic_output(folder / name, force=True) as temporary:
            temporary.write_bytes(content)


def _write_best(folder: Path, winner: Candidate, best: Trial) -> None:
    """Write the winning recipe; the file is read back before it gets its name."""
    from zooctl.files.disk.atomic import atomic_output
    from zooctl.schema.recipe.recipe import load_recipe
    from zooctl.schema.strict_yaml import dumps

    head = f"# Found by zooctl tune: trial {best.number}, validation loss {best.best}.\n"
    with atomic_output(folder / BEST, force=True) as temporary:
        temporary.write_text(head + dumps(winner.data), encoding="utf-8")
        load_recipe(temporary)


def _draw(
    folder: Path, done: Sequence[Trial], ranges: Mapping[str, Range], best: Trial, name: str
) -> None:
    from zooctl.cli.ui.messages import say
    from zooctl.errors import install_hint, is_installed

    if not is_installed("matplotlib"):
        say(f"no {PICTURE}: it needs matplotlib ({install_hint('matplotlib')})")
        return
    from zooctl.interpret.pictures.trial_plots import Scale, TrialCurve, draw_trials

    scales: dict[str, Scale] = {
        "choice": "categories",
        "log_uniform": "log",
        "uniform": "linear",
        "int": "linear",
    }
    shown = [trial for trial in done if trial.losses]
    draw_trials(
        folder / PICTURE,
        [TrialCurve(trial.losses, trial.values) for trial in shown],
        best=shown.index(best),
        scales={field: scales[found.kind] for field, found in ranges.items()},
        title=f"{name}: {len(done)} trials",
        force=True,
    )


def _gain(first: Trial, best: Trial) -> str:
    """Return the winner and the gain over the unchanged recipe, in words."""
    text = f"best is trial {best.number}, validation loss {best.best:.5f}; the recipe as it stands "
    if best.number == first.number:
        return f"{text}is the best"
    return f"{text}had {first.best:.5f}" if first.can_win else f"{text}fails"
