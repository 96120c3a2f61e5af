"""Prediction of tracks in shards: stretches of the genome grid, whole tiles where there are tiles.

A bin depends on the genome, the model, the batch size and the number of threads, never on the bins
beside it, so stretches predicted anywhere and joined in order are the bins of one run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zooctl.files.intervals.regions import read_regions
from zooctl.inference.options.hardware import less_precision
from zooctl.inference.options.predict_and_score import (
    InputOptions,
    PredictOptions,
    SessionOptions,
)
from zooctl.inference.scale.folder import ShardFile
from zooctl.inference.scale.inputs import absolute, files_among, refuse_pipes, take_inputs
from zooctl.inference.scale.jobs.bins_file import BinsSink
from zooctl.inference.scale.jobs.job import cuts
from zooctl.inference.scale.jobs.models import Addresses, open_planned
from zooctl.inference.scale.plan import Plan, Shard, software
from zooctl.inference.tracks.genome_grid import GridPlan
from zooctl.inference.tracks.predict import predict
from zooctl.inference.tracks.run import Job, named_tracks, prepare
from zooctl.progress import Advance, Progress, Say, silent


@dataclass(frozen=True)
class TracksOrder:
    """Regions to predict in shards.

    Attributes:
        bed: BED file; None for region strings.
        regions: Region strings.
        options: Options of the prediction.
        session: Options of the session; one thread by default.
        inputs: What the models read beside the sequence.
        n_shards: Shards, at most, but one a model at least.
    """

    bed: Path | None
    regions: Sequence[str]
    options: PredictOptions
    session: SessionOptions
    inputs: InputOptions
    n_shards: int


def plan_tracks(models: Addresses, order: TracksOrder, *, say: Say, progress: Progress) -> Plan:
    """Check a run as ``predict_bigwigs`` does, and cut it into shards of equal numbers of bases.

    Args:
        models: The models.
        order: The run.
        say: Told about the genome and the device.
        progress: Opens the progress displays.

    Raises:
        InputError: An input is a pipe, or as ``predict_bigwigs``.
    """
    given = [files_among(asdict(one)) for one in (order.options, order.inputs)]
    refuse_pipes([*([] if order.bed is None else [order.bed]), *given[0], *given[1]])
    session = replace(order.session, threads=order.session.threads or 1)
    opened = models.open(session, order.inputs)
    regions = read_regions(order.bed, order.regions)
    with ExitStack() as stack:
        jobs = prepare(opened, regions, None, order.options, stack, say, progress, check=False)
        pinned = replace(session, device=jobs[0].model.session.device)
        options: dict[str, Any] = {
            "bed": None if order.bed is None else str(order.bed.absolute()),
            "regions": list(order.regions),
            "options": absolute(asdict(order.options)),
            "inputs": absolute(asdict(order.inputs)),
            "session": asdict(pinned),
        }
        genomes = [path for job in jobs for path in job.genome.paths]
        files = [*files_among(options["options"]), *files_among(options["inputs"]), *genomes]
        files += [] if order.bed is None else [order.bed]
        cards = [job.model.card for job in jobs]
        chosen = [sorted(job.outputs) for job in jobs]
        return Plan(
            verb="predict",
            software=software(),
            models=models.planned(opened),
            inputs=take_inputs(files, progress),
            options=options,
            settings=_settings(jobs),
            unit="windows",
            facts={
                "stem": regions.stem,
                "named": named_tracks(cards, chosen),
                "contigs": [list(job.genome.contigs.items()) for job in jobs],
            },
            output="",
            shards=_cut(jobs, order.n_shards),
        )


def _settings(jobs: Sequence[Job]) -> dict[str, Any]:
    """Return everything but the genome and the regions that bins depend on."""
    return {
        job.model.card.name: {
            "version": job.model.card.version,
            "tracks": list(job.paths),
            "device": job.model.session.device,
            "threads": job.model.session.threads,
            "batch_size": job.model.session.batch_size,
            "windows of a tile": _tile(job),
            "grid": asdict(job.plan.geometry),
            "transform": job.readout.transform,
            "both strands": job.readout.rc_order is not None,
            **less_precision(job.model.session.precision),
        }
        for job in jobs
    }


def _tile(job: Job) -> int:
    return 1 if job.model.tiles is None else job.model.tiles.n_windows


def _cut(jobs: Sequence[Job], n_shards: int) -> list[Shard]:
    """Cut each model's windows into stretches, as many as its share of all bases."""
    bases = [job.plan.n_windows * job.plan.geometry.input_length for job in jobs]
    made: list[Shard] = []
    for index, (job, some) in enumerate(zip(jobs, bases, strict=True)):
        n = max(1, round(n_shards * some / max(1, sum(bases))))
        for work, ends in _stretches(job.plan, _tile(job), n):
            made.append(Shard(len(made) + 1, work, {"model": index, **ends}))
    return made


def _stretches(grid: GridPlan, tile: int, n: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number of windows of each stretch, with its first and last.

    Args:
        grid: The windows.
        tile: Windows of a tile, among which nothing is cut.
        n: Stretches, at most.
    """
    wanted = [*cuts(grid.n_windows, n)]
    begins: tuple[str, int] | None = None
    done = before = 0
    last = ("", 0)
    for chrom in grid.regions:
        windows = grid.windows(chrom)
        inside = [end - before for end in wanted if before < end <= before + len(windows)]
        tiles = windows // tile
        at = sorted({int(np.searchsorted(tiles, tiles[end - 1], side="right")) for end in inside})
        low = 0
        for end in [*at, len(windows)]:
            if end == low:
                continue
            begins = begins or (chrom, int(windows[low]))
            last = (chrom, int(windows[end - 1]))
            done += end - low
            if end in at:
                yield done, {"first": list(begins), "last": list(last)}
                begins, done = None, 0
            low = end
        before += len(windows)
    if begins is not None:
        yield done, {"first": list(begins), "last": list(last)}


def part_of(grid: GridPlan, first: Sequence[Any], last: Sequence[Any]) -> GridPlan:
    """Return the part of a grid from one window to another, both included.

    Args:
        grid: The whole grid.
        first: Contig and number of the first window.
        last: Contig and number of the last.
    """
    chroms = list(grid.regions)
    low, high = chroms.index(first[0]), chroms.index(last[0])
    core = grid.geometry.core_length
    regions = {}
    for chrom in chroms[low : high + 1]:
        starts, ends = grid.regions[chrom]
        begin = int(first[1]) * core if chrom == first[0] else 0
        end = (int(last[1]) + 1) * core if chrom == last[0] else int(ends[-1])
        kept = (ends > begin) & (starts < end)
        regions[chrom] = (
            np.maximum(starts[kept], begin),
            np.minimum(ends[kept], end),
        )
    return replace(grid, regions=regions)


@dataclass(frozen=True)
class TracksJob:
    """An opened run (``job.ShardJob``)."""

    jobs: Sequence[Job]

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings as they follow here."""
        return _settings(self.jobs)

    def run(self, shard: Shard, file: ShardFile, advance: Advance) -> dict[str, Any]:
        """Predict the bins of a shard."""
        job = self.jobs[shard.part["model"]]
        contigs = {name: index for index, name in enumerate(job.genome.contigs)}
        tracks = sorted(job.outputs)
        sinks = {track: BinsSink(file, slot, contigs) for slot, track in enumerate(tracks)}
        counts = predict(
            part_of(job.plan, shard.part["first"], shard.part["last"]),
            job.genome,
            job.model.session,
            sinks,
            readout=job.readout,
            tiles=job.model.tiles,
            advance=advance,
        )
        return asdict(counts)


@contextmanager
def open_tracks(plan: Plan, progress: Progress, say: Say = silent) -> Iterator[TracksJob]:
    """Open the models and inputs of a plan."""
    given = plan.options
    inputs = InputOptions(**given["inputs"])
    models = open_planned(plan.models, SessionOptions(**given["session"]), inputs)
    regions = read_regions(None if given["bed"] is None else Path(given["bed"]), given["regions"])
    options = PredictOptions(**given["options"])
    with ExitStack() as stack:
        yield TracksJob(prepare(models, regions, None, options, stack, say, progress, check=False))
