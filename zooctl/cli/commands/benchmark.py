"""`zooctl benchmark`: models on measured effects of variants, as leaderboards."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.effect_options import EFFECTS
from zooctl.cli.ui.lists import split_names
from zooctl.cli.ui.options import AsJson, with_records
from zooctl.inference.options.predict_and_score import EffectOptions, SessionOptions


@with_records(**EFFECTS)
def command(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]…", help="Names that `zooctl list` shows; default: all with weights."
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SET|FILE",
            help="mpra_satmut, mfass, allele_specific_ctcf, h3k27ac_qtl, or a table as of "
            "evaluate-variants; several by commas or repetition; default: the four.",
        ),
    ] = None,
    as_json: AsJson = False,
    *,
    options: EffectOptions,
    session: SessionOptions,
) -> None:
    """Rank models by how well their scores follow measured effects of variants.

    Each score stands in one pass beside the mean over shifts, and last are scores without a model.
    By default all statistics of a model, shifts by its card, and of several tracks their mean and
    the score farthest from 0. Needs the extra `train` (scikit-learn and SciPy).
    """
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json, plain, print_table
    from zooctl.errors import need

    need("sklearn", "benchmark")
    from zooctl.evaluation.variants.benchmark import SETS, benchmark

    boards = benchmark(
        split_names(models),
        split_names(sets) or SETS,
        options,
        session,
        say=say,
        progress=progress,
    )
    if as_json:
        echo_json([board.to_json() for board in boards])
        return
    for number, board in enumerate(boards):
        grid = board.table()
        if number:
            typer.echo()
        typer.echo(plain(grid.title))
        print_table(grid.headers, grid.rows)
        for name, reason in board.missing.items():
            typer.echo(plain(f"{name}  not judged: {reason}"))
