"""`zooctl explain`: one report on a variant or a region."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.interpret_options import INTERPRET
from zooctl.cli.ui.options import AllowUntrusted, AsJson, Force, ModelName, with_records
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.options import LONGEST_REACH, ExplainOptions, Method


@with_records(
    **INTERPRET
    | {
        "method": Annotated[
            Method | None,
            typer.Option(
                help="Importances; default: deeplift, or ism for models without a recipe."
            ),
        ],
        "motifs": Annotated[
            str, typer.Option(help="jaspar, hocomoco, a file of motifs, or none to name none.")
        ],
        "reach": Annotated[
            int, typer.Option(min=10, max=LONGEST_REACH, help="bp on each side drawn as letters.")
        ],
    }
)
def command(
    model: ModelName,
    subject: Annotated[
        str, typer.Argument(metavar="VARIANT|REGION", help="As 'chr21:39731913 A>C', or a region.")
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="A .html, .pdf, .json, .png or .svg; or a folder.",
        ),
    ] = "./",
    as_json: AsJson = False,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    *,
    options: ExplainOptions,
    session: SessionOptions,
) -> None:
    """Explain a prediction: tracks of REF and ALT, bases that matter, motifs, and percentiles.

    The page and the PDF are complete in themselves. Needs the extra `interpret`.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo, echo_json
    from zooctl.inference.model import OpenModel
    from zooctl.interpret.explanation.report import write_explanation

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    found, paths = write_explanation(
        OpenModel(entry, session),
        subject,
        output,
        options,
        force=force,
        say=say,
        progress=progress,
    )
    if as_json:
        files = [str(path) for path in paths]
        echo_json({**found.to_json(), "files": files})
        return
    for path in paths:
        echo(path)
