"""`zooctl train`: weights from a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zooctl.cli.ui.options import AsJson, RecipeGenome
from zooctl.cli.ui.tables import echo_files
from zooctl.inference.options.predict_and_score import LARGEST_SEED, MOST_THREADS

if TYPE_CHECKING:
    from zooctl.schema.recipe.recipe import Recipe
    from zooctl.training.data.dataset import Dataset
    from zooctl.training.data.windows import TrainingWindows
    from zooctl.training.loop.checkpoint import RunState


def command(
    recipe: Annotated[str, typer.Argument(help="A model of the zoo, or a recipe file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Run folder; default: runs/<name>.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="Replace a value, as optimiser.lr=0.0005; repeat."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST_SEED, help="Seed; short for --set seed=…")
    ] = None,
    fold: Annotated[
        str | None,
        typer.Option(metavar="K/N", help="Train fold K of N folds of the recipe's chromosomes."),
    ] = None,
    fasta: RecipeGenome = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    devices: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_THREADS, help="Devices that share each batch; on the CPU, processes."
        ),
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Train a model by its recipe; killed and resumed, it ends with the same bits."""
    from zooctl.catalog.recipes import recipe_as_run
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.restart import hold_portable
    from zooctl.errors import need
    from zooctl.files.disk.names import check_folder_name

    check_folder_name(output)
    need("torch", "training")
    from zooctl.interpret.pictures.run_curve import draw_curve
    from zooctl.reproduction.environment.run_record import record_run
    from zooctl.training.data.prepare import open_dataset
    from zooctl.training.data.windows import choose_windows
    from zooctl.training.determinism.device import check_device
    from zooctl.training.determinism.parallel import check_shares, launch
    from zooctl.training.loop.loggers import need_loggers
    from zooctl.training.loop.run_folder import open_run

    settings = [*(changes or []), *([] if seed is None else [f"seed={seed}"])]
    chosen, text = recipe_as_run(recipe, settings)
    if fold is not None:
        from zooctl.training.data.folds import fold_settings

        settings += fold_settings(chosen, fold, fasta)
        chosen, text = recipe_as_run(recipe, settings)
    hold_portable(chosen)
    check_device(device, chosen.precision, devices)
    need_loggers(chosen)
    run = output or Path("runs") / chosen.name
    with open_run(run, chosen, text, resume):
        record_run(run, chosen, device, devices, say)
        data = open_dataset(chosen, fasta, say)
        windows = choose_windows(chosen, data)
        if devices == 1:
            done = _fit(chosen, data, windows, run, device)
        else:
            check_shares(windows.n_epoch(chosen), chosen.batch_size, devices)
            work = (_fit_share, chosen, fasta, run, device)
            done = launch(*work, device=device, precision=chosen.precision, devices=devices)
        draw_curve(run, chosen.name, say)
    loss = f"validation loss {done.best_loss:.5f}"
    if chosen.ensemble:
        say(f"averaged {len(chosen.ensemble) + 1} networks, mean {loss}")
    else:
        say(f"kept epoch {done.best_epoch}, {loss}")
    facts = {"best_epoch": done.best_epoch, "validation_loss": done.best_loss}
    echo_files([run], as_json, networks=len(chosen.ensemble) + 1, **facts)


def _fit(
    recipe: Recipe,
    data: Dataset,
    windows: TrainingWindows,
    run: Path,
    device: str,
    fabric: Any = None,
) -> RunState:
    """Train with a progress bar."""
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.training.loop.ensemble import fit_recipe

    total = (1 + len(recipe.ensemble)) * recipe.schedule.max_epochs * windows.n_epoch(recipe)
    with progress(total, "windows", recipe.name) as advance:
        return fit_recipe(
            recipe, data, windows, run, device=device, say=say, advance=advance, fabric=fabric
        )


def _fit_share(fabric: Any, recipe: Recipe, fasta: Path | None, run: Path, device: str) -> RunState:
    """Train in one of several processes; the parent process has checked the data already."""
    from zooctl.training.data.prepare import open_dataset
    from zooctl.training.data.windows import choose_windows

    data = open_dataset(recipe, fasta)
    return _fit(recipe, data, choose_windows(recipe, data), run, device, fabric)
