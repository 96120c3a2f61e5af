"""`zooctl mutate`: the effects of every small change in a region."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.interpret_options import INTERPRET
from zooctl.cli.ui.options import AllowUntrusted, AsJson, Force, ModelName, with_records
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.options import LONGEST_DELETION, MutateOptions


@with_records(
    **INTERPRET,
    deletions=Annotated[
        int, typer.Option(min=0, max=LONGEST_DELETION, help="Longest deletion beside the SNVs.")
    ],
    measured=Annotated[
        Path | None, typer.Option(help="Table of measured effects, to draw beside.")
    ],
    element=Annotated[str | None, typer.Option(help="Element of the table.")],
    constructs=Annotated[
        bool,
        typer.Option("--constructs", help="Read the element alone, as rebuilt from the table."),
    ],
    min_n=Annotated[
        float, typer.Option(min=0, max=1e9, help="Fewest observations of a measured effect.")
    ],
)
def command(
    model: ModelName,
    region: Annotated[
        str | None, typer.Option(help="As chr21:39,731,901-39,731,920; default: the element.")
    ] = None,
    output: Annotated[
        str,
        typer.Option("-o", "--output", help="A .tsv, .png, .pdf or .svg; or a folder for both."),
    ] = "./",
    as_json: AsJson = False,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    *,
    options: MutateOptions,
    session: SessionOptions,
) -> None:
    """Score every SNV in a region, and draw a heat map with the bases that matter.

    Scores are those of score-variants, for every model. Pictures need the extra `interpret`.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo, echo_json
    from zooctl.inference.model import OpenModel
    from zooctl.interpret.saturation.run import write_saturation

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    found, paths = write_saturation(
        OpenModel(entry, session),
        region,
        output,
        options,
        force=force,
        say=say,
        progress=progress,
    )
    if as_json:
        files = [str(path) for path in paths]
        echo_json({"model": entry.name, **found.to_json(), "files": files})
        return
    if found.measured is not None:
        say(f"measured: Pearson {found.correlation:.3f} over {found.n:,} SNVs")
    for path in paths:
        echo(path)
