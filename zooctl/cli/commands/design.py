"""`zooctl design`: sequences made for a prediction."""

from __future__ import annotations

from dataclasses import replace
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
        str,
        typer.Option(
            "-o", "--output", help="A .fa, .fasta, .png, .pdf or .svg; or a folder for both."
        ),
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
    """Design sequences whose prediction is high, low or near a number.

    A folder gets the designed windows as FASTA, and a picture of the steps and the changed bases.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.inference.model import OpenModel
    from zooctl.interpret.design.design import design
    from zooctl.interpret.design.files import design_files, write_designs

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    targets = design_files(output, entry.name, options, force)
    made = design(
        OpenModel(entry, session),
        replace(options, way="gradient" if gradient else "greedy"),
        None
        if judge is None
        else OpenModel(registry.entry(judge, allow_untrusted=allow_untrusted), session),
        judge_track=judge_track,
        say=say,
        progress=progress,
    )
    write_designs(made, targets, force=force)
    say(f"wrote {' and '.join(map(str, targets))}")
    report = made.to_json()
    if as_json:
        echo_json(report)
    else:
        _print(report["designs"])


def _print(rows: list[dict[str, object]]) -> None:
    from zooctl.cli.ui.tables import cell_text, print_table

    shown = [name for name in rows[0] if name not in ("sequence", "values")]
    print_table(shown, [[cell_text(row[name]) for name in shown] for row in rows])
