"""`zooctl scan`: sites of known motifs in regions of a genome."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.lists import split_names
from zooctl.cli.ui.options import AsJson, Clip, Force, MotifCollection, RegionStrings


def command(
    motifs: MotifCollection,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A .bed or .bed.gz; its columns have a header.")
    ],
    assembly: Annotated[
        str | None, typer.Option(help="Genome by its name, as hg19, hg38 or sacCer3.")
    ] = None,
    fasta: Annotated[
        Path | None, typer.Option(help="Genome as FASTA, plain or bgzipped, in place of a name.")
    ] = None,
    bed: Annotated[Path | None, typer.Option(help="Regions as a BED file.")] = None,
    region: RegionStrings = None,
    motif: Annotated[
        list[str] | None,
        typer.Option(help="Name of a motif; several by commas or repetition; default: all."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=1e-12, max=0.1, help="p value that a site falls below.")
    ] = 1e-4,
    one_strand: Annotated[
        bool, typer.Option("--one-strand", help="Leave the other strand out.")
    ] = False,
    clip: Clip = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Find sites of motifs in regions: p values of FIMO, a line of BED for each site."""
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo, echo_json, print_fields
    from zooctl.files.intervals.regions import read_regions
    from zooctl.interpret.motif_search.scan import ScanOptions, scan_file

    options = ScanOptions(
        names=split_names(motif),
        threshold=threshold,
        both_strands=not one_strand,
        assembly=assembly,
        fasta=fasta,
        clip=clip,
        force=force,
    )
    regions = read_regions(bed, region or ())
    scan = scan_file(motifs, regions, output, options, say=say, progress=progress)
    counts = scan.to_json()
    if as_json:
        echo_json(counts)
        return
    print_fields(
        [
            ("sites", f"{counts['sites']:,}"),
            ("motifs", f"{counts['motifs']:,}"),
            ("bases", f"{counts['bases']:,}"),
        ]
    )
    echo(output)
