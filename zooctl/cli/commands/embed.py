"""`zooctl embed`: activations before a network's last layer."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.interpret_options import INTERPRET
from zooctl.cli.ui.options import (
    AllowUntrusted,
    AsJson,
    BedFile,
    Force,
    ModelName,
    RegionStrings,
    with_records,
)
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.options import EmbedOptions


@with_records(**INTERPRET)
def command(
    model: ModelName,
    bed: BedFile = None,
    region: RegionStrings = None,
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", help="A .npz, .parquet or .h5ad; a .png, .pdf or .svg; or a folder."
        ),
    ] = "./",
    as_json: AsJson = False,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    *,
    options: EmbedOptions,
    session: SessionOptions,
) -> None:
    """Write the activations that a network's last layer reads, a row a region.

    For clustering, and for small models on top. Works for every model with two layers or more. A
    picture shows their first two principal components, coloured by the prediction.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo, echo_json
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.model import OpenModel
    from zooctl.interpret.embedding.run import write_embeddings

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    found, path = write_embeddings(
        OpenModel(entry, session),
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
