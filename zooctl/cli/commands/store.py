"""`zooctl store`: list, verify and export stores of scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import (
    AllowUntrusted,
    AsJson,
    Force,
    GenomeFile,
    RegionStrings,
    StoreFolder,
)
from zooctl.cli.ui.tables import echo, echo_files, echo_json, print_table, size_text

app = typer.Typer(
    help="List, verify and export stores of scores.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("list")
def show(store: StoreFolder = None, as_json: AsJson = False) -> None:
    """List the scores of a store: model, digest of the settings, alleles and size."""
    from zooctl.inference.scale.store.contents import contents

    rows = contents(store, say)
    if as_json:
        echo_json([row.to_json() for row in rows])
        return
    texts = [
        (row.model, row.settings, f"{row.alleles:,}", str(row.parts), size_text(row.size), row.note)
        for row in rows
    ]
    print_table(("model", "settings", "alleles", "parts", "size", "note"), texts)


@app.command("verify")
def verify(store: StoreFolder = None, as_json: AsJson = False) -> None:
    """Compare every part with its digest; damaged ones are dropped, and the exit code is 3."""
    from zooctl.cli.ui.progress import progress
    from zooctl.inference.scale.store.contents import verify as verify_store

    sound, damaged = verify_store(store, say, progress)
    if as_json:
        echo_json({"sound": sound, "damaged": damaged})
    else:
        echo(f"sound: {sound:,} parts")
    if damaged:
        say(f"dropped: {damaged:,} damaged parts; their alleles are computed again when asked for")
        raise typer.Exit(3)


@app.command("export")
def export(
    model: Annotated[str, typer.Argument(help="Name that `zooctl list` shows.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="A .tsv.gz, which gets a tabix index, or a .parquet."),
    ],
    store: StoreFolder = None,
    settings: Annotated[
        str | None,
        typer.Option(help="Begin of a digest that `zooctl store list` shows; of several needed."),
    ] = None,
    regions: RegionStrings = None,
    fasta: GenomeFile = None,
    force: Force = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Write stored scores as one file: a row an allele, a column a value."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.progress import progress
    from zooctl.inference.model import OpenModel
    from zooctl.inference.scale.store.contents import export_model

    opened = OpenModel(registry.entry(model, allow_untrusted=allow_untrusted))
    n_rows, files = export_model(
        opened,
        store,
        output,
        settings=settings,
        regions=tuple(regions or ()),
        fasta=fasta,
        force=force,
        say=say,
        progress=progress,
    )
    say(f"exported: {n_rows:,} alleles")
    echo_files(files if as_json else files[:1], as_json, alleles=n_rows)
