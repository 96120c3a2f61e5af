"""`zooctl compare`: how two tracks agree, at several resolutions."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zooctl.evaluation.compare import Shape


# Contigs to name before the rest is counted.
_SHOWN = 5


class MissingRule(StrEnum):
    """The choices of ``evaluation.compare.Missing``, which would bring numpy into ``--help``."""

    b_zero = "b-zero"
    skip = "skip"
    zero = "zero"


def command(
    a: Annotated[Path, typer.Argument(metavar="A.bw", help="As a rule the prediction.")],
    b: Annotated[Path, typer.Argument(metavar="B.bw", help="As a rule the measurement.")],
    region: Annotated[
        list[str] | None,
        typer.Option(help="As chr21:30,000,001-31,000,000; may be given several times."),
    ] = None,
    bed: Annotated[Path | None, typer.Option(help="Regions as a BED file.")] = None,
    chrom_map: Annotated[
        str | None,
        typer.Option(help="auto, or a file: how the regions' contig names are said in the tracks."),
    ] = None,
    clip: Annotated[
        bool, typer.Option("--clip", help="Cut intervals that go beyond their contig.")
    ] = False,
    resolution: Annotated[
        str, typer.Option(help="Bin sizes in bp, separated by commas.")
    ] = "32,128,512",
    missing: Annotated[
        MissingRule,
        typer.Option(
            help="Bases without an entry: left out in A and 0 in B (coverage files leave zeros "
            "out), left out in both, or 0 in both; counted either way."
        ),
    ] = MissingRule.b_zero,
    profile: Annotated[
        int, typer.Option(min=1, help="Bases to a profile, for figures averaged over profiles.")
    ] = 2048,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two bigWig tracks: correlation, shape and errors of binned means.

    Without regions, all contigs that both files have are compared; it is said which they are not.
    """
    import json

    from zooctl.cli.ui.options import bin_sizes
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.regions import read_regions
    from zooctl.evaluation.compare import Missing, compare, shared_contigs
    from zooctl.files.bigwig.reader import BigWig

    sizes = bin_sizes(resolution)
    with BigWig(a) as track_a, BigWig(b) as track_b:
        contigs = shared_contigs(track_a.contigs, track_b.contigs)
        given = read_regions(bed, region) if bed or region else None
        regions = (
            given.within(contigs, chrom_map=chrom_map, clip=clip, of="both tracks") if given else []
        )
        if given is None:
            _say_left_out(track_a.contigs, track_b.contigs)
        bases = sum(part.length for part in regions) or sum(contigs.values())
        with progress(bases, "B", "comparing") as advance:
            found = compare(
                track_a,
                track_b,
                regions,
                resolutions=sizes,
                missing=Missing(missing.value),
                profile_length=profile,
                shapes=_shapes(),
                advance=advance,
            )
    rows = [result.to_json() for result in found]
    if as_json:
        report = {"a": str(a), "b": str(b), "missing": missing.value, "resolutions": rows}
        typer.echo(json.dumps(report, indent=2))
    else:
        _print(a, b, rows)


def _say_left_out(a: Mapping[str, int], b: Mapping[str, int]) -> None:
    """Name the contigs that only one track has."""
    from zooctl.cli.ui.models import say

    sides = []
    for name, contigs, other in (("A", a, b), ("B", b, a)):
        alone = [chrom for chrom in contigs if chrom not in other]
        if alone:
            more = f" and {len(alone) - _SHOWN:,} more" if len(alone) > _SHOWN else ""
            sides.append(f"only {name} has {', '.join(alone[:_SHOWN])}{more}")
    if sides:
        say(f"contigs left out: {'; '.join(sides)}")


def _shapes() -> Mapping[str, Shape]:
    """Return what is said of profiles: as in `zooctl evaluate`, where SciPy and sklearn are."""
    from importlib.util import find_spec

    from zooctl.cli.ui.models import say

    if find_spec("sklearn") is None:
        say("nothing is said of profiles: scikit-learn is not installed (zooctl's extra `train`)")
        return {}
    from zooctl.evaluation.metrics.regression import jensen_shannon, pearson_per_sequence

    return {"pearson_per_sequence": pearson_per_sequence, "jensen_shannon": jensen_shannon}


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
