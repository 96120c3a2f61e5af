"""`zooctl genome`: download genomes, and show the files that a model would read."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import AsJson
from zooctl.cli.ui.tables import echo_files, echo_json

app = typer.Typer(
    help="Download genomes, and show the files that would be read.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("fetch")
def fetch(
    assembly: Annotated[str, typer.Argument(help="hg38, hg19 or sacCer3.")],
    as_json: AsJson = False,
) -> None:
    """Download a genome from UCSC into the cache, check it, and print its path."""
    from zooctl.catalog import genomes
    from zooctl.cli.ui.progress import progress

    path = genomes.download_genome(assembly, progress=progress)
    echo_files([path], as_json, assembly=assembly)


@app.command("find")
def find(
    assembly: Annotated[str, typer.Argument(help="As a model card names it: hg38, hg19, …")],
    as_json: AsJson = False,
) -> None:
    """Print the FASTA files that would be read for an assembly, one a line."""
    from zooctl.catalog.genomes import find_genome

    paths, description = find_genome(assembly)
    say(f"genome: {description}")
    echo_files(paths, as_json, assembly=assembly)


@app.command("list")
def show(as_json: AsJson = False) -> None:
    """List the genomes that zooctl can download, and the files of each that are here."""
    from zooctl.catalog.genomes import PUBLISHED, find_genome
    from zooctl.cli.ui.tables import print_table
    from zooctl.errors import InputError

    rows = []
    for assembly in PUBLISHED:
        try:
            paths = [str(path) for path in find_genome(assembly)[0]]
        except InputError:
            paths = []
        rows.append({"assembly": assembly, "files": paths})
    if as_json:
        echo_json(rows)
        return
    texts = [(str(row["assembly"]), ", ".join(row["files"]) or "not here") for row in rows]
    print_table(("assembly", "files"), texts)
