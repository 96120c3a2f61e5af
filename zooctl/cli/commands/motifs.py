"""`zooctl motifs`: motifs that a model's predictions over regions rest on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import (
    LONGEST,
    AllowUntrusted,
    AsJson,
    BothStrands,
    Device,
    Force,
    GenomeFile,
    RegionStrings,
    Threads,
)
from zooctl.inference.options.predict_and_score import LARGEST_SEED
from zooctl.interpret.options import MOST_REFERENCES, Method


def command(
    model: Annotated[str, typer.Argument(help="Name that `zooctl list` shows, or a folder.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for MEME, HDF5, JSON and a report.")
    ],
    bed: Annotated[Path | None, typer.Option(help="Regions as a BED file; hundreds.")] = None,
    region: RegionStrings = None,
    motifs: Annotated[
        str | None,
        typer.Option(help="Compare with hocomoco, jaspar, or the motifs of a file, by Tomtom."),
    ] = None,
    method: Annotated[
        Method, typer.Option(help="ism works for every model; others need a recipe's network.")
    ] = "deeplift",
    track: Annotated[
        str | None, typer.Option(help="Name of the track; default: the only one.")
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            min=50, max=LONGEST, help="bp around each region's middle; default: 400, or the core."
        ),
    ] = None,
    references: Annotated[
        int, typer.Option(min=1, max=MOST_REFERENCES, help="Shuffled references of a window.")
    ] = 10,
    seqlets: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Stretches of each sign at most.")
    ] = 2000,
    runs: Annotated[int, typer.Option(min=1, max=1000, help="Runs of the clustering.")] = 10,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of references.")] = 0,
    fasta: GenomeFile = None,
    rc: BothStrands = False,
    device: Device = "auto",
    threads: Threads = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    as_json: AsJson = False,
) -> None:
    """Discover the motifs that predictions over regions rest on: TF-MoDISco on importances."""
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.files.disk.names import check_folder_name
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.model import OpenModel
    from zooctl.inference.options.predict_and_score import SessionOptions
    from zooctl.interpret.discovery.discover import DiscoverOptions, discover_motifs
    from zooctl.interpret.discovery.folder import check_folder, write_folder
    from zooctl.interpret.options import AttributeOptions

    check_folder_name(output)
    check_folder(output, force)
    attribution = AttributeOptions(
        method=method,
        track=track,
        width=width,
        references=references,
        seed=seed,
        rc=rc,
        fasta=fasta,
    )
    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    made = discover_motifs(
        OpenModel(entry, SessionOptions(device=device, threads=threads)),
        read_regions(bed, region or ()),
        DiscoverOptions(motifs=motifs, attribution=attribution, most_seqlets=seqlets, runs=runs),
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
