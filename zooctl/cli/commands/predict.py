"""`zooctl predict`: tracks of models over regions, as bigWig."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zooctl.cli.ui.lists import split_names
from zooctl.cli.ui.options import (
    AcceptLicence,
    AllowUntrusted,
    AsJson,
    BedFile,
    RegionStrings,
    Workers,
    accept_licences,
    with_records,
)
from zooctl.cli.ui.tables import echo_files, echo_json
from zooctl.inference.options.predict_and_score import InputOptions, PredictOptions, SessionOptions

if TYPE_CHECKING:
    from zooctl.inference.model import OpenModel
    from zooctl.inference.tracks.run import TracksEstimate


@with_records()
def command(
    model: Annotated[
        list[str], typer.Option(help="Names that `zooctl list` shows, by commas or repetition.")
    ],
    bed: BedFile = None,
    region: RegionStrings = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="A .bw, .bigwig, .bedgraph or .bedgraph.gz; a .tsv, .tsv.gz or .parquet with a "
            "row for each interval; or a folder; default: <regions>.<model>[.<track>].bw here.",
        ),
    ] = None,
    at: Annotated[
        Literal["promoter", "polya", "exon"] | None,
        typer.Option(help="Predict at these places in genes instead, to a table (TSV)."),
    ] = None,
    genes: Annotated[
        Path | None, typer.Option(help="GTF with the genes for --at; or --bed with strands.")
    ] = None,
    workers: Workers = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print windows, time and size; write nothing.")
    ] = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
    accept_licence: AcceptLicence = False,
    *,
    options: PredictOptions,
    session: SessionOptions,
    inputs: InputOptions,
) -> None:
    """Predict tracks over regions and write each as a bigWig.

    Values lie on a grid of the genome, so they do not depend on the way regions are cut. With --at,
    models of promoters, ends of transcripts or exons are predicted there, on the gene's strand.
    """
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.errors import InputError
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.scale.jobs.job import DEFAULT_SHARDS
    from zooctl.inference.scale.jobs.models import Addresses
    from zooctl.inference.scale.jobs.tracks import TracksOrder
    from zooctl.inference.scale.whole import predict_in_processes
    from zooctl.inference.tracks.interval_table import is_table, predict_table
    from zooctl.inference.tracks.run import WrittenTracks, estimate_bigwigs, predict_bigwigs

    names = Addresses(split_names(model), allow_untrusted)
    models = names.open(session, inputs)
    if accept_licence:
        accept_licences(model.card for model in models)
    if workers is not None and (at is not None or genes is not None or is_table(output)):
        expected = "a .bw, a .bedgraph or a folder"
        raise InputError("several workers write tracks", got="a table", expected=expected)
    if at is not None or genes is not None:
        _predict_points(models, at, genes, bed, output, options, as_json=as_json)
        return
    regions = read_regions(bed, region or ())
    if dry_run:
        _print(
            estimate_bigwigs(models, regions, output, options, say=say, progress=progress), as_json
        )
        return
    if is_table(output):
        n = predict_table(models, regions, Path(str(output)), options, say=say, progress=progress)
        say(f"predicted: {n:,} intervals")
        echo_files([output], as_json, intervals=n)
        return
    found: Iterable[WrittenTracks]
    if workers is not None:
        order = TracksOrder(bed, region or (), options, session, inputs, DEFAULT_SHARDS)
        found = predict_in_processes(names, order, output, workers, say=say, progress=progress)
    else:
        found = predict_bigwigs(models, regions, output, options, say=say, progress=progress)
    files = (path for written in found for path in written.paths.values())
    echo_files(files, as_json)


def _predict_points(
    models: list[OpenModel],
    at: str | None,
    genes: Path | None,
    bed: Path | None,
    output: str | None,
    options: PredictOptions,
    *,
    as_json: bool,
) -> None:
    """Write a table of predictions at places in genes."""
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.errors import InputError
    from zooctl.inference.tracks.points.table import write_points

    if len(models) != 1 or output is None or at is None:
        expected = "--at, one --model, and -o with the table's name"
        raise InputError("places in genes need a table of one model", expected=expected)
    n = write_points(
        models[0], at, Path(output), options, genes=genes, bed=bed, say=say, progress=progress
    )
    say(f"predicted: {n:,} places")
    echo_files([output], as_json, places=n)


def _print(estimates: Iterable[TracksEstimate], as_json: bool) -> None:
    from zooctl.cli.ui.tables import duration_text, print_fields, size_text

    if as_json:
        echo_json([estimate.to_json() for estimate in estimates])
        return
    for estimate in estimates:
        rate = f" at {estimate.rate:,.0f} windows/s" if estimate.rate else ""
        size = size_text(estimate.n_bytes)
        print_fields(
            [
                ("model", estimate.model),
                ("windows", f"{estimate.n_windows:,} of {estimate.input_length:,} bp"),
                ("time", f"about {duration_text(estimate.seconds)}{rate}"),
                *(("output", f"{path}, about {size}") for path in estimate.paths.values()),
            ]
        )
