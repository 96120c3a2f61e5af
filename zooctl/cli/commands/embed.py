"""`zooctl embed`: activations before a network's last layer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import (
    AllowUntrusted,
    AsJson,
    Device,
    Force,
    RegionStrings,
    Threads,
    with_records,
)
from zooctl.interpret.options import EmbedOptions


@with_records(
    chrom_map=Annotated[
        str | None,
        typer.Option(help="auto, or a file that maps contig names of the regions to the genome's."),
    ],
)
def command(
    model: Annotated[str, typer.Argument(help="Name that `zooctl list` shows, or a folder.")],
    bed: Annotated[
        Path | None, typer.Option(help="Regions as a BED file, plain or gz; - for stdin.")
    ] = None,
    region: RegionStrings = None,
    output: Annotated[
        str, typer.Option("-o", "--output", help="A .npz or .parquet, or a folder.")
    ] = "./",
    as_json: AsJson = False,
    device: Device = "auto",
    threads: Threads = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    *,
    options: EmbedOptions,
) -> None:
    """Write the activations that a network's last layer reads, a row a region.

    For clustering, and for small models on top. Works for every model with two layers or more.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo, echo_json
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.model import OpenModel
    from zooctl.inference.options.predict_and_score import SessionOptions
    from zooctl.interpret.embedding.run import write_embeddings

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    found, path = write_embeddings(
        OpenModel(entry, SessionOptions(device=device, threads=threads)),
        read_regions(bed, region or ()),
        output,
        options,
        force=force,
        say=say,
        progress=progress,
    )
    n, features = found.values.shape
    if as_json:
        facts = {"model": entry.name, "layer": found.layer, "regions": n, "features": features}
        echo_json({**facts, "file": str(path)})
        return
    say(f"embedded: {n:,} regions, {features:,} features")
    echo(path)
