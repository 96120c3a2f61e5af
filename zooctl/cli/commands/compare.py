"""`zooctl compare`: agreement of two tracks at several resolutions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from zooctl.cli.ui.options import LONGEST, AsJson, Clip, RegionStrings


def command(
    a: Annotated[Path, typer.Argument(metavar="A.bw", help="As a rule the prediction.")],
    b: Annotated[Path, typer.Argument(metavar="B.bw", help="As a rule the measurement.")],
    region: RegionStrings = None,
    bed: Annotated[Path | None, typer.Option(help="Regions as a BED file.")] = None,
    chrom_map: Annotated[
        str | None,
        typer.Option(help="auto, or a file that maps contig names of the regions to the tracks'."),
    ] = None,
    clip: Clip = False,
    resolution: Annotated[
        str, typer.Option(help="Bin sizes in bp, separated by commas.")
    ] = "32,128,512",
    missing: Annotated[
        Literal["b-zero", "skip", "zero"],
        typer.Option(
            help="Bases without an entry: left out in A and 0 in B (coverage files leave zeros "
            "out), left out in both, or 0 in both; counted either way."
        ),
    ] = "b-zero",
    profile: Annotated[
        int,
        typer.Option(
            min=1, max=LONGEST, help="Bases to a profile, for figures averaged over profiles."
        ),
    ] = 2048,
    smooth: Annotated[
        int,
        typer.Option(
            min=1, max=LONGEST, help="Bases to a box that both tracks are averaged over first."
        ),
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Compare two bigWig tracks: correlation, shape and errors of binned means.

    Without regions, all contigs that both files have are compared, and the others are named.
    """
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.options import bin_sizes
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.evaluation.compare import Missing
    from zooctl.evaluation.compare_files import compare_files
    from zooctl.files.intervals.regions import read_regions

    agreements = compare_files(
        a,
        b,
        read_regions(bed, region or ()) if bed or region else None,
        chrom_map=chrom_map,
        clip=clip,
        resolutions=bin_sizes(resolution),
        missing=Missing(missing),
        profile_length=profile,
        smooth=smooth,
        say=say,
        progress=progress,
    )
    rows = [agreement.to_json() for agreement in agreements]
    if as_json:
        head = {"a": str(a), "b": str(b), "missing": missing, "smooth": smooth}
        echo_json(head | {"resolutions": rows})
    else:
        _print(a, b, rows)


_COLUMNS = {
    "resolution": ("resolution", "{:,} bp"),
    "bins": ("bins", "{:,}"),
    "missing_a": ("missing A", "{:,}"),
    "missing_b": ("missing B", "{:,}"),
    "mean_a": ("mean A", "{:.4g}"),
    "mean_b": ("mean B", "{:.4g}"),
    "pearson": ("Pearson", "{:.4f}"),
    "pearson_per_sequence": ("per sequence", "{:.4f}"),
    "jensen_shannon": ("JSD", "{:.4f}"),
    "mse": ("MSE", "{:.4g}"),
    "scaled_mse": ("scaled MSE", "{:.4g}"),
    "mae": ("MAE", "{:.4g}"),
    "r2": ("R2", "{:.4f}"),
    "scaled_r2": ("scaled R2", "{:.4f}"),
    "poisson_nll": ("Poisson NLL", "{:.4g}"),
}


def _print(a: Path, b: Path, rows: list[dict[str, float | int | None]]) -> None:
    from zooctl.cli.ui.tables import plain, print_table

    typer.echo(plain(f"A  {a}\nB  {b}\n"))
    shown = {name: column for name, column in _COLUMNS.items() if name in rows[0]}
    print_table(
        [header for header, _ in shown.values()],
        [
            [
                "-" if row[name] is None else form.format(row[name])
                for name, (_, form) in shown.items()
            ]
            for row in rows
        ],
    )
