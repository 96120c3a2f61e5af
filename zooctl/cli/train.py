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
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="Replace a value, as optimiser.lr=0.0005; repeat."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Short for --set seed=…")] = None,
    fasta: Annotated[
        Path | None, typer.Option(help="Genome, plain or bgzipped; default: by the recipe.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Train a model by its recipe; killed and resumed, it ends with the same bits."""
    from zooctl.cli.progress import progress
    from zooctl.cli.run_folder import draw_curve, open_run, write_environment
    from zooctl.cli.runs import dataset, load, need_training, say

    need_training()
    from zooctl.training.device import check_device
    from zooctl.training.fit import fit
    from zooctl.training.loggers import need_loggers
    from zooctl.training.selection import choose_windows

    settings = [*(changes or []), *([] if seed is None else [f"seed={seed}"])]
    chosen, text = load(recipe, settings)
    check_device(device, chosen.precision)
    need_loggers(chosen)
    run = output or Path("runs") / chosen.name
    with open_run(run, chosen, text, resume):
        write_environment(run, device)
        data = dataset(chosen, fasta)
        windows = choose_windows(chosen, data)
        total = chosen.schedule.max_epochs * windows.n_epoch(chosen)
        with progress(total, "windows", chosen.name) as advance:
            done = fit(chosen, data, windows, run, device=device, report=say, advance=advance)
        draw_curve(run, chosen.name)
    say(f"kept epoch {done.best_epoch}, validation loss {done.best_loss:.5f}")
    typer.echo(run)
