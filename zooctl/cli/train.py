"""`zooctl train`: from a recipe to weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    recipe: Annotated[str, typer.Argument(help="A model of the zoo, or a recipe file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Run folder; default: runs/<name>.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the run folder stands.")
    ] = False,
    fasta: Annotated[
        Path | None, typer.Option(help="Genome, plain or bgzipped; default: by the recipe.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Train a model by its recipe; killed and resumed, it ends with the same bits."""
    from zooctl.cli.progress import progress
    from zooctl.cli.runs import dataset, load, need_training, open_run, say

    need_training()
    from zooctl.training.fit import choose_windows, fit

    chosen, text = load(recipe)
    run = open_run(output or Path("runs") / chosen.name, text, resume)
    data = dataset(chosen, fasta)
    windows = choose_windows(chosen, data)
    total = chosen.schedule.max_epochs * windows.n_epoch(chosen)
    with progress(total, "windows", chosen.name) as advance:
        done = fit(chosen, data, windows, run, device=device, report=say, advance=advance)
    say(f"kept epoch {done.best_epoch}, validation loss {done.best_loss:.5f}")
    typer.echo(run)
