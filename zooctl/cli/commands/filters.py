"""`zooctl filters`: filters of a model's first layer, as motifs."""

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
from zooctl.interpret.options import FilterOptions


@with_records(
    **INTERPRET,
    n=Annotated[
        int,
        typer.Option(
            "-n", min=10, max=MOST_DRAWS, help="Windows at random places of the test split."
        ),
    ],
    threshold=Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of its highest activation that counts for a filter."
        ),
    ],
)
def command(
    model: ModelName,
    bed: Annotated[
        Path | None, typer.Option(help="Read windows around these, not at random places.")
    ] = None,
    region: RegionStrings = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for MEME, table, JSON and logos."),
    ] = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
    *,
    options: FilterOptions,
) -> None:
    """Read the filters of the first layer as motifs, and find the known ones among them."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.files.disk.names import check_folder_name
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.model import OpenModel
    from zooctl.interpret.filters.folder import check_folder, write_folder
    from zooctl.interpret.filters.read_filters import read_filters

    check_folder_name(output)
    if output is not None:
        check_folder(output, force)
    found = read_filters(
        OpenModel(registry.entry(model, allow_untrusted=allow_untrusted)),
        options,
        read_regions(bed, region or ()) if bed or region else None,
        say=say,
        progress=progress,
    )
    if output is not None:
        write_folder(found, output, force=force)
        say(f"wrote {output}")
    report = found.to_json()
    if as_json:
        echo_json(report)
    else:
        _print(report)


def _print(report: dict[str, object]) -> None:
    from zooctl.cli.ui.tables import cell_text, print_fields, print_table

    rows = report.pop("profiles")
    assert isinstance(rows, list)
    print_fields([(name.replace("_", " "), cell_text(value)) for name, value in report.items()])
    typer.echo("")
    rows.sort(key=lambda row: (2.0 if row["q_value"] is None else row["q_value"], row["filter"]))
    shown = [name for name in rows[0] if report["motifs"] is not None or name not in _COMPARED]
    print_table(shown, [[cell_text(row[name]) for name in shown] for row in rows])


_COMPARED = ("match", "p_value", "q_value", "strand")
