"""`zooctl design`: sequences made for a prediction."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import (
    LONGEST,
    AllowUntrusted,
    AsJson,
    Device,
    Force,
    GenomeFile,
    Threads,
    split_names,
)
from zooctl.inference.options.predict_and_score import LARGEST_SEED


def command(
    model: Annotated[str, typer.Argument(help="Name that `zooctl list` shows, or a folder.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A .fa or .fasta for the designed windows.")
    ],
    target: Annotated[str, typer.Option(help="high, low, or a number to come near.")] = "high",
    gradient: Annotated[
        bool,
        typer.Option(
            "--gradient", help="Follow gradients of a recipe's network, not single bases."
        ),
    ] = False,
    region: Annotated[
        str | None, typer.Option(help="Window to begin from; default: bases by chance.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=10_000, help="Sequences from chance.")] = 1,
    width: Annotated[
        int, typer.Option(min=1, max=LONGEST, help="bp in the middle that may change.")
    ] = 100,
    rounds: Annotated[
        int, typer.Option(min=1, max=100_000, help="Changes, or steps, of a sequence at most.")
    ] = 30,
    track: Annotated[
        str | None, typer.Option(help="Name of the track; default: the only one.")
    ] = None,
    around: Annotated[
        int, typer.Option(min=1, max=LONGEST, help="bp around the middle that are averaged.")
    ] = 256,
    min_gc: Annotated[float, typer.Option(min=0, max=1, help="Smallest share of C and G.")] = 0.0,
    max_gc: Annotated[float, typer.Option(min=0, max=1, help="Largest share of C and G.")] = 1.0,
    forbid: Annotated[
        list[str] | None,
        typer.Option(help="Sites that may not occur, as IUPAC letters; by commas or repetition."),
    ] = None,
    l2: Annotated[float, typer.Option(min=0, max=1e6, help="Penalty of --gradient.")] = 0.01,
    judge: Annotated[
        str | None, typer.Option(help="Another model that scores the sequences in the end.")
    ] = None,
    judge_track: Annotated[
        str | None, typer.Option(help="Its track; default: the only one.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of chance.")] = 0,
    fasta: GenomeFile = None,
    device: Device = "auto",
    threads: Threads = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
) -> None:
    """Design sequences whose prediction is high, low or near a number."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.files.disk.atomic import atomic_output, check_output
    from zooctl.files.disk.names import file_named
    from zooctl.inference.model import OpenModel
    from zooctl.inference.options.predict_and_score import SessionOptions
    from zooctl.interpret.design.design import DesignOptions, design

    output = file_named(output, (".fa", ".fasta"))
    check_output(output, force)
    session = SessionOptions(device=device, threads=threads)
    made = design(
        OpenModel(registry.entry(model, allow_untrusted=allow_untrusted), session),
        DesignOptions(
            target=target,
            way="gradient" if gradient else "greedy",
            region=region,
            n=n,
            width=width,
            rounds=rounds,
            track=track,
            around=around,
            least_gc=min_gc,
            most_gc=max_gc,
            forbidden=split_names(forbid),
            l2=l2,
            seed=seed,
            fasta=fasta,
        ),
        None
        if judge is None
        else OpenModel(registry.entry(judge, allow_untrusted=allow_untrusted), session),
        judge_track=judge_track,
        say=say,
        progress=progress,
    )
    with atomic_output(output, force=force) as temporary:
        temporary.write_text(made.to_fasta())
    say(f"wrote {output}")
    report = made.to_json()
    if as_json:
        echo_json(report)
    else:
        _print(report["designs"])


def _print(rows: list[dict[str, object]]) -> None:
    from zooctl.cli.ui.tables import print_table

    shown = [name for name in rows[0] if name not in ("sequence", "values")]
    cells = [
        [f"{row[name]:.4g}" if isinstance(row[name], float) else str(row[name]) for name in shown]
        for row in rows
    ]
    print_table(shown, cells)
