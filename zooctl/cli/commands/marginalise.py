"""`zooctl marginalise`: the effect of a pattern on a model, over backgrounds and in place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from zooctl.cli.ui.options import (
    LONGEST,
    MOST_DRAWS,
    AllowUntrusted,
    AsJson,
    BothStrands,
    Clip,
    Device,
    Force,
    GenomeFile,
    RegionStrings,
    Threads,
)
from zooctl.inference.options.predict_and_score import LARGEST_SEED


def command(
    model: Annotated[str, typer.Argument(help="Name that `zooctl list` shows, or a folder.")],
    pattern: Annotated[
        str, typer.Option(help="IUPAC letters, as CANNTG; or with --motifs the name of a motif.")
    ],
    motifs: Annotated[
        str | None,
        typer.Option(help="hocomoco, jaspar, or a file of motifs; their consensus is put in."),
    ] = None,
    track: Annotated[
        str | None, typer.Option(help="Name of a track; default: the only one.")
    ] = None,
    around: Annotated[
        int, typer.Option(min=1, max=LONGEST, help="bp around the middle that are averaged.")
    ] = 256,
    n: Annotated[int, typer.Option("-n", min=10, max=MOST_DRAWS, help="Backgrounds.")] = 1000,
    background: Annotated[
        Literal["shuffled", "uniform"],
        typer.Option(
            help="Stretches of the genome with their dinucleotides shuffled; or bases by chance, "
            "which need no genome."
        ),
    ] = "shuffled",
    flanks: Annotated[
        int, typer.Option(min=0, max=1000, help="bp on each side whose bases are compared.")
    ] = 0,
    second: Annotated[
        str | None, typer.Option("--with", help="Second pattern, named as the first.")
    ] = None,
    spacing: Annotated[
        str, typer.Option(help="Distances of the second: first:last or first:last:step, in bp.")
    ] = "-100:100",
    occlude: Annotated[
        bool, typer.Option("--occlude", help="Take sites of the pattern out of the regions.")
    ] = False,
    draws: Annotated[
        int, typer.Option(min=1, max=1000, help="Draws of an occlusion: sites and bases.")
    ] = 10,
    bed: Annotated[
        Path | None, typer.Option(help="BED file: windows that are shuffled, or occluded.")
    ] = None,
    region: RegionStrings = None,
    clip: Clip = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for JSON, tables and pictures."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the backgrounds.")
    ] = 0,
    fasta: GenomeFile = None,
    rc: BothStrands = False,
    device: Device = "auto",
    threads: Threads = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
) -> None:
    """Measure the effect of a pattern: in backgrounds, beside others, with flanks, taken out."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.files.disk.names import check_folder_name
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.model import OpenModel
    from zooctl.inference.options.predict_and_score import SessionOptions
    from zooctl.interpret.interventions.folder import check_folder, write_folder
    from zooctl.interpret.interventions.marginalise import MarginaliseOptions, marginalise

    check_folder_name(output)
    if output is not None:
        check_folder(output, force)
    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    options = MarginaliseOptions(
        motifs=motifs,
        track=track,
        around=around,
        n=n,
        seed=seed,
        background=background,
        flanks=flanks,
        second=second,
        spacing=spacing,
        occlude=occlude,
        draws=draws,
        rc=rc,
        fasta=fasta,
        clip=clip,
    )
    found = marginalise(
        OpenModel(entry, SessionOptions(device=device, threads=threads)),
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
    from zooctl.cli.ui.tables import echo, print_table
    from zooctl.interpret.interventions.folder import tables_of

    echo(f"effect on {report['track']}, {report['unit']}")
    for name, rows in tables_of(report).items():
        echo("")
        echo(name)
        print_table(list(rows[0]), [[_text(cell) for cell in row.values()] for row in rows])


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
