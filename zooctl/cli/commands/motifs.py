"""`zooctl motifs`: motifs that a model's predictions over regions rest on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.interpret_options import INTERPRET
from zooctl.cli.ui.options import (
    LONGEST,
    AllowUntrusted,
    AsJson,
    BedFile,
    Force,
    ModelName,
    RegionStrings,
    with_records,
)
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.options import DiscoverOptions


@with_records(
    **INTERPRET,
    width=Annotated[
        int | None,
        typer.Option(
            min=50, max=LONGEST, help="bp around each region's middle; default: 400, or the core."
        ),
    ],
    most_seqlets=Annotated[
        int,
        typer.Option("--seqlets", min=100, max=1_000_000, help="Stretches of each sign at most."),
    ],
    runs=Annotated[int, typer.Option(min=1, max=1000, help="Runs of the clustering.")],
)
def command(
    model: ModelName,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for MEME, HDF5, JSON and a report.")
    ],
    bed: BedFile = None,
    region: RegionStrings = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
    *,
    options: DiscoverOptions,
    session: SessionOptions,
) -> None:
    """Discover the motifs that predictions over regions rest on: TF-MoDISco on importances."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.files.disk.names import check_folder_name
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.model import OpenModel
    from zooctl.interpret.discovery.discover import discover_motifs
    from zooctl.interpret.discovery.folder import check_folder, write_folder

    check_folder_name(output)
    check_folder(output, options, force)
    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    made = discover_motifs(
        OpenModel(entry, session),
        read_regions(bed, region or ()),
        options,
        say=say,
        progress=progress,
    )
    write_folder(made, output, force=force)
    say(f"wrote {output}")
    if as_json:
        echo_json(made.to_json())
    else:
        _print(made.to_json())


def _print(report: dict[str, list[dict[str, object]]]) -> None:
    from zooctl.cli.ui.tables import print_table

    rows = []
    for pattern in report["patterns"]:
        matches = pattern["matches"]
        best = matches[0] if isinstance(matches, list) and matches else None
        rows.append(
            [
                str(pattern["name"]),
                f"{pattern['seqlets']:,}",
                str(pattern["consensus"]),
                "-" if best is None else best["known"],
                "-" if best is None else f"{best['q_value']:.2g}",
            ]
        )
    print_table(["pattern", "stretches", "consensus", "known", "q value"], rows)
