"""Predictions over intervals as a table: a row for each, with mean, max and sum of each track."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.bgzf import END, bgzip_blocks
from zooctl.files.intervals.regions import Regions
from zooctl.files.vcf.table import write_columns
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import PredictOptions
from zooctl.inference.tracks.choose import tracks_of
from zooctl.inference.tracks.interval_values import IntervalValues
from zooctl.inference.tracks.run import Job, predict_job, prepare
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.escape import visible
from zooctl.sequence.intervals import Interval

ENDINGS = (".tsv", ".tsv.gz", ".parquet")


def is_table(output: str | Path | None) -> bool:
    """Say whether an output's name is that of a table.

    >>> is_table("a.tsv.gz"), is_table("a.bw"), is_table(None)
    (True, False, False)
    """
    return output is not None and str(output).lower().endswith(ENDINGS)


def predict_table(
    models: Sequence[OpenModel],
    regions: Regions,
    output: Path,
    options: PredictOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> int:
    """Write a row for each interval, in the order given; return their number.

    Columns are ``chrom``, ``start``, ``end`` (0-based, half-open), ``name`` and ``strand`` as in
    the BED file, then ``<track>_mean``, ``<track>_max`` and ``<track>_sum``, with the model's name
    and a dot before them where there are several models. Above the header of a TSV stands a comment
    for each track: its columns, what each is over the bases of the interval, and the unit.

    Args:
        models: The models.
        regions: BED file or region strings.
        output: A .tsv, .tsv.gz or .parquet.
        options: Genome, tracks, strands and the treatment of names and existing files.
        say: Told about the genome, the device and windows without a value.
        progress: Opens the progress displays.

    Raises:
        InputError: As ``predict_bigwigs``; or pyarrow is missing for Parquet.
        VerificationError: A prediction is not a finite number.
    """
    if output.name.lower().endswith(".parquet"):
        need("pyarrow", "writing Parquet")
    with ExitStack() as stack:
        jobs = prepare(models, regions, output, options, stack, say, progress, one_file=True)
        columns: dict[str, Sequence[object] | NDArray[np.float64]] = {}
        comments: list[str] = []
        for job in jobs:
            if not columns:
                columns |= _places(regions, job.intervals)
            prefix = f"{job.model.card.name}." if len(jobs) > 1 else ""
            columns |= _measure(job, prefix, say, progress)
            comments += _comments(job, prefix)
    with atomic_output(output, force=options.force) as path:
        _write(columns, comments, path, output.name.lower())
    return len(columns["chrom"])


def _places(regions: Regions, intervals: Sequence[Interval]) -> dict[str, Sequence[object]]:
    """Return the columns that say where each row is."""
    others = [] if regions.bed is None else regions.bed.others
    names = [other[0] if other else "." for other in others] or list(regions.typed)
    strands = [other[2] if len(other) > 2 else "." for other in others] or ["."] * len(names)
    return {
        "chrom": [interval.chrom for interval in intervals],
        "start": [interval.start for interval in intervals],
        "end": [interval.end for interval in intervals],
        "name": names,
        "strand": strands,
    }


def _measure(job: Job, prefix: str, say: Say, progress: Progress) -> dict[str, NDArray[np.float64]]:
    sinks = {index: IntervalValues(job.intervals, job.genome.contigs) for index in job.outputs}
    predict_job(job, sinks, say, progress)
    return {
        f"{prefix}{track}_{name}": values
        for index, track in zip(job.outputs, job.paths, strict=True)
        for name, values in sinks[index].columns().items()
    }


def _comments(job: Job, prefix: str) -> list[str]:
    """Return a line for each track: its columns, their statistics and the unit."""
    card = job.model.card
    tracks = tracks_of(card)
    return [
        visible(
            f"# {prefix}{track}_mean, _max, _sum: mean, largest value and sum over the interval's "
            f"bases; {tracks[index].unit}; {card.name} {card.version}"
        )
        for index, track in zip(job.outputs, job.paths, strict=True)
    ]


def _write(
    columns: dict[str, Sequence[object] | NDArray[np.float64]],
    comments: Sequence[str],
    path: Path,
    name: str,
) -> None:
    if name.endswith(".parquet"):
        write_columns(columns, path)
        return
    rows = zip(*(map(_text, values) for values in columns.values()), strict=True)
    lines = [*comments, "\t".join(columns), *("\t".join(row) for row in rows), ""]
    text = "\n".join(lines).encode()
    path.write_bytes(bgzip_blocks(text) + END if name.endswith(".gz") else text)


def _text(value: object) -> str:
    """Return a cell: the shortest text that reads back as the same float32, "" for NaN."""
    if isinstance(value, float):
        return "" if np.isnan(value) else str(np.float32(value))
    return str(value)
