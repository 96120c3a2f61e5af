"""`zooctl design`: sequences made for a prediction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.interpret_options import INTERPRET
from zooctl.cli.ui.options import (
    LONGEST,
    AllowUntrusted,
    AsJson,
    Force,
    ModelName,
    with_records,
)
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.options import DesignOptions


@with_records(
    **INTERPRET,
    target=Annotated[str, typer.Option(help="high, low, or a number to come near.")],
    way=None,
    region=Annotated[
        str | None, typer.Option(help="Window to begin from; default: bases by chance.")
    ],
    n=Annotated[int, typer.Option("-n", min=1, max=10_000, help="Sequences from chance.")],
    width=Annotated[
        int, typer.Option(min=1, max=LONGEST, help="bp in the middle that may change.")
    ],
    rounds=Annotated[
        int, typer.Option(min=1, max=100_000, help="Changes, or steps, of a sequence at most.")
    ],
    least_gc=Annotated[
        float, typer.Option("--min-gc", min=0, max=1, help="Smallest share of C and G.")
    ],
    most_gc=Annotated[
        float, typer.Option("--max-gc", min=0, max=1, help="Largest share of C and G.")
    ],
    forbidden=Annotated[
        list[str] | None,
        typer.Option(
            "--forbid",
            help="Sites that may not occur, as IUPAC letters; by commas or repetition.",
        ),
    ],
    l2=Annotated[float, typer.Option(min=0, max=1e6, help="Penalty of --gradient.")],
)
def command(
    model: ModelName,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A .fa or .fasta for the designed windows.")
    ],
    gradient: Annotated[
        bool,
        typer.Option(
            "--gradient", help="Follow gradients of a recipe's network, not single bases."
        ),
    ] = False,
    judge: Annotated[
        str | None, typer.Option(help="Another model that scores the sequences in the end.")
    ] = None,
    judge_track: Annotated[
        str | None, typer.Option(help="Its track; default: the only one.")
    ] = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
    *,
    options: DesignOptions,
    session: SessionOptions,
) -> None:
    """Design sequences whose prediction is high, low or near a number."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.files.disk.atomic import atomic_output, check_output
    from zooctl.files.disk.names import file_named
    from zooctl.inference.model import OpenModel
    from zooctl.interpret.design.design import design

    output = file_named(output, (".fa", ".fasta"))
    check_output(output, force)
    made = design(
        OpenModel(registry.entry(model, allow_untrusted=allow_untrusted), session),
        replace(options, way="gradient" if gradient else "greedy"),
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
    from zooctl.cli.ui.tables import cell_text, print_table

    shown = [name for name in rows[0] if name not in ("sequence", "values")]
    print_table(shown, [[cell_text(row[name]) for name in shown] for row in rows])
