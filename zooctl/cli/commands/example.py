"""`zooctl example`: small files to try the commands on.

The FASTA file has chromosome 21 of hg19 at its full length, so that places are those of hg19;
outside of one stretch it is N. Regions and variants lie inside, a window of every model apart
from N.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import AsJson, Force
from zooctl.cli.ui.tables import echo_files

GENOME = "hg19.chr21.fa.gz"
REGIONS = "regions.bed"
VARIANTS = "variants.vcf"
FILES = (GENOME, f"{GENOME}.fai", f"{GENOME}.gzi", REGIONS, VARIANTS, "SOURCE.txt")

app = typer.Typer(
    help="Write small files to try the commands on.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _group() -> None:
    """Keep `get` a subcommand while it is the only one."""


@app.command("get")
def get(
    folder: Annotated[Path, typer.Argument(help="Folder to write them into; made if missing.")],
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write a FASTA, a BED and a VCF file that the pages of the documentation use.

    The FASTA file is chr21 of hg19 at its full length, with sequence from 39,450,001 to 40,050,000
    and N elsewhere. Nothing is downloaded.
    """
    from zooctl.catalog.root import packaged_root
    from zooctl.errors import IntegrityError
    from zooctl.files.disk.atomic import atomic_output, check_output

    source = packaged_root() / "recipes" / "example"
    for name in FILES:
        if not (source / name).is_file():
            raise IntegrityError("this installation lacks a file", path=source / name)
        if folder.is_dir():
            check_output(folder / name, force)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        with atomic_output(folder / name, force=force) as temporary:
            temporary.write_bytes((source / name).read_bytes())
    echo_files([folder / name for name in FILES], as_json)
