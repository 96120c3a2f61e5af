"""`zooctl marginalise`: the effect of a pattern on a model, over backgrounds and in place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.interpret_options import INTERPRET
from zooctl.cli.ui.options import (
    MOST_DRAWS,
    AllowUntrusted,
    AsJson,
    Force,
    ModelName,
    RegionStrings,
    with_records,
)
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.options import BackgroundKind, MarginaliseOptions


@with_records(
    **INTERPRET
    | {
        "motifs": Annotated[
            str | None,
            typer.Option(help="hocomoco, jaspar, or a file of motifs; their consensus is put in."),
        ],
        "n": Annotated[int, typer.Option("-n", min=10, max=MOST_DRAWS, help="Backgrounds.")],
        "background": Annotated[
            BackgroundKind,
            typer.Option(
                help="Stretches of the genome with their dinucleotides shuffled; or bases by "
                "chance, which need no genome."
            ),
        ],
        "flanks": Annotated[
            int, typer.Option(min=0, max=1000, help="bp on each side whose bases are compared.")
        ],
        "second": Annotated[
            str | None, typer.Option("--with", help="Second pattern, named as the first.")
        ],
        "spacing": Annotated[
            str,
            typer.Option(help="Distances of the second: first:last or first:last:step, in bp."),
        ],
        "occlude": Annotated[
            bool, typer.Option("--occlude", help="Take sites of the pattern out of the regions.")
        ],
        "draws": Annotated[
            int, typer.Option(min=1, max=1000, help="Draws of an occlusion: sites and bases.")
        ],
    }
)
def command(
    model: ModelName,
    pattern: Annotated[
        str, typer.Option(help="IUPAC letters, as CANNTG; or with --motifs the name of a motif.")
    ],
    bed: Annotated[
        Path | None, typer.Option(help="BED file: windows that are shuffled, or occluded.")
    ] = None,
    region: RegionStrings = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for JSON, tables and pictures."),
    ] = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
    *,
    options: MarginaliseOptions,
    session: SessionOptions,
) -> None:
    """Measure the effect of a pattern: in backgrounds, beside others, with flanks, taken out."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.files.disk.names import check_folder_name
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.model import OpenModel
    from zooctl.interpret.interventions.folder import check_folder, write_folder
    from zooctl.interpret.interventions.marginalise import marginalise

    check_folder_name(output)
    if output is not None:
        check_folder(output, force)
    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    found = marginalise(
        OpenModel(entry, session),
        pattern,
        options,
        read_regions(bed, region or ()) if bed or region else None,
        say=say,
        progress=progress,
    )
    if output is not None:
        write_folder(found, output, force=force)
        say(f"wrote {output}")
    if as_json:
        echo_json(found.to_json())
    else:
        _print(found.to_json())


def _print(report: dict[str, object]) -> None:
    from zooctl.cli.ui.tables import cell_text, echo, print_table
    from zooctl.interpret.interventions.folder import tables_of

    echo(f"effect on {report['track']}, {report['unit']}")
    for name, rows in tables_of(report).items():
        echo("")
        echo(name)
        print_table(list(rows[0]), [[cell_text(cell) for cell in row.values()] for row in rows])
