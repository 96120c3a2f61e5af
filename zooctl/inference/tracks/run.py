"""Tracks of models over regions, written as bigWig files, and the estimate of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zooctl.catalog.genomes import find_genome, open_genome
from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.regions import Regions
from zooctl.inference.device.announce_remarks import announce, announce_genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import PredictOptions, as_path
from zooctl.inference.tracks.choose import choose_tracks, require_anywhere, tracks_of
from zooctl.inference.tracks.estimate import estimate_seconds
from zooctl.inference.tracks.genome_grid import GridPlan, plan
from zooctl.inference.tracks.outputs import NamedTracks, check_tracks, open_track, track_paths
from zooctl.inference.tracks.predict import Counts, Readout, Sink, lay_work, predict
from zooctl.inference.tracks.tiles import are_sparse
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.card import Card
from zooctl.sequence.intervals import Interval

# A bin of float32 in a bigWig, compressed and with zoom levels; measured on chr21 at 32 bp.
_BYTES_PER_BIN = 5.3


class WrittenTracks(NamedTuple):
    """The bigWig files of one model.

    Attributes:
        model: Its name.
        paths: Name of each track to its file.
        n_windows: Windows of the grid that hold a bin of the regions.
        n_unknown: Those of them without a value: over half their bases are N.
    """

    model: str
    paths: Mapping[str, Path]
    n_windows: int
    n_unknown: int


class TracksEstimate(NamedTuple):
    """Size and time of a prediction by one model, from a few real batches.

    Attributes:
        model: Its name.
        n_windows: Windows to predict.
        input_length: Bases that each reads.
        seconds: Time of all of them.
        rate: Windows per second; 0 where no window has a value.
        n_bytes: Size of each bigWig.
        paths: Name of each track to its file.
    """

    model: str
    n_windows: int
    input_length: int
    seconds: float
    rate: float
    n_bytes: int
    paths: Mapping[str, Path]

    def to_json(self) -> dict[str, object]:
        """Return the estimate as JSON has it, ``bytes`` those of each file."""
        return {
            "model": self.model,
            "windows": self.n_windows,
            "input_length": self.input_length,
            "seconds": round(self.seconds, 1),
            "bytes": self.n_bytes,
            "files": [str(path) for path in self.paths.values()],
        }


@dataclass(frozen=True)
class Job:
    """One model's part of the work.

    Attributes:
        model: The model.
        genome: The genome.
        plan: Windows of the grid that hold the intervals.
        readout: Transform and strands.
        outputs: Index of each track to its file.
        intervals: The regions, in the genome's names.
    """

    model: OpenModel
    genome: Fasta
    plan: GridPlan
    readout: Readout
    outputs: Mapping[int, Path]
    intervals: Sequence[Interval]

    @property
    def paths(self) -> dict[str, Path]:
        """Name of each track to its file."""
        tracks = tracks_of(self.model.card)
        return {tracks[index].name: path for index, path in self.outputs.items()}


def predict_bigwigs(
    models: Sequence[OpenModel],
    regions: Regions,
    output: str | Path | None,
    options: PredictOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Iterator[WrittenTracks]:
    """Predict tracks over regions, and yield the files of each model once they are whole.

    A value depends on the genome and the model, never on the way regions are cut. All checks of
    inputs and outputs come before the first prediction.

    Args:
        models: The models.
        regions: BED file or region strings.
        output: A .bw, .bigwig, .bedgraph or .bedgraph.gz; the names of several models or tracks
            are put into it. Or a folder, which ends with a slash or exists; by default the working
            folder. There the files are ``<regions>.<model>[.<track>].bw``.
        options: Genome, tracks, strands and the treatment of names and existing files.
        say: Told about the genome, the device and windows without a value.
        progress: Opens the progress displays.

    Raises:
        InputError: Regions, tracks, genome or outputs do not fit.
        ManyErrors: Several of these.
        VerificationError: A prediction is not a finite number.
    """
    with ExitStack() as stack:
        for job in prepare(models, regions, output, options, stack, say, progress):
            yield _write(job, options.force, say, progress)


def estimate_bigwigs(
    models: Sequence[OpenModel],
    regions: Regions,
    output: str | Path | None,
    options: PredictOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Iterator[TracksEstimate]:
    """Yield the size and time of ``predict_bigwigs`` for each model; nothing is written."""
    with ExitStack() as stack:
        for job in prepare(models, regions, output, options, stack, say, progress):
            yield _estimate(job)


def prepare(
    models: Sequence[OpenModel],
    regions: Regions,
    output: str | Path | None,
    options: PredictOptions,
    stack: ExitStack,
    say: Say,
    progress: Progress,
    *,
    one_file: bool = False,
    check: bool = True,
) -> list[Job]:
    """Check inputs and outputs as ``predict_bigwigs`` does, then open genomes and networks.

    Args:
        models: The models.
        regions: BED file or region strings.
        output: File or folder.
        options: Genome, tracks, strands and the treatment of names and existing files.
        stack: Closes what is opened.
        say: Told about the genome and the device.
        progress: Opens the progress displays.
        one_file: All tracks of all models go into one file, the output.
        check: Refuse outputs that cannot be written.
    """
    cards = [model.card for model in models]
    for model in models:
        require_anywhere(model.card, "predicts no tracks along a genome")
        model.entry.manifest()  # missing weights are reported before a genome is looked for
    chosen = choose_tracks(cards, options.tracks)
    targets = (
        [[Path(str(output))] * len(indices) for indices in chosen]
        if one_file
        else track_paths(regions.stem, output, named_tracks(cards, chosen))
    )
    sources = {
        assembly: find_genome(assembly, as_path(options.fasta))
        for assembly in dict.fromkeys(card.assembly for card in cards)
    }
    inputs = [path for paths, _ in sources.values() for path in paths]
    inputs += [] if regions.bed is None or str(regions.bed.path) == "-" else [regions.bed.path]
    inputs += [Path(options.chrom_map)] if options.chrom_map else []
    if check:
        check_tracks(targets, inputs, options.force)
    opened = {}
    for assembly, (paths, description) in sources.items():
        say(f"genome: {description}")
        genome = stack.enter_context(open_genome(assembly, paths, progress))
        intervals = regions.within(genome.contigs, chrom_map=options.chrom_map, clip=options.clip)
        opened[assembly] = genome, intervals
    jobs = []
    for model, indices, paths in zip(models, chosen, targets, strict=True):
        genome, intervals = opened[model.card.assembly]
        announce_genome(model.card, genome.contigs, say)
        grid = plan(intervals, genome.contigs, model.card.geometry)
        outputs = dict(zip(indices, paths, strict=True))
        jobs.append(
            Job(model, genome, grid, readout_of(model.card, options.rc), outputs, intervals)
        )
    if regions.bed is not None and regions.bed.n_empty:
        n = regions.bed.n_empty
        say(f"left out: {n:,} empty interval{'s' * (n > 1)} of {regions.bed.path}")
    announce([(model.card, model.session) for model in models], say)
    return jobs


def named_tracks(cards: Sequence[Card], chosen: Sequence[Sequence[int]]) -> list[NamedTracks]:
    """Return the names of the tracks that are written, for each model."""
    return [
        NamedTracks(
            card.name, [tracks_of(card)[index].name for index in indices], card.n_tracks > 1
        )
        for card, indices in zip(cards, chosen, strict=True)
    ]


def readout_of(card: Card, rc: bool) -> Readout:
    """Return transform and strands for the outputs of a card's network.

    Raises:
        InputError: Both strands were to be averaged for a network of the transcribed strand.
    """
    if card.reads_strand == "transcribed":
        if rc:
            raise InputError(
                f"{card.name} reads the transcribed strand, and no mean of both",
                got="--rc",
                expected="tracks of each strand, as without it",
            )
        order = tuple(range(card.n_tracks))
        return Readout(card.output_transform, order, n_stranded=card.n_tracks)
    return Readout(card.output_transform, card.track_order_rc if rc else None)


def _write(job: Job, force: bool, say: Say, progress: Progress) -> WrittenTracks:
    with ExitStack() as stack:
        sinks = {
            index: open_track(path, job.genome.contigs, force, stack)
            for index, path in job.outputs.items()
        }
        counts = predict_job(job, sinks, say, progress)
    warn_empty(counts, job.model.card.name, say)
    return WrittenTracks(job.model.card.name, job.paths, counts.windows, counts.unknown)


def warn_empty(counts: Counts, name: str, say: Say) -> None:
    """Tell where the written tracks of a model have no value at all."""
    if counts.unknown and counts.unknown == counts.windows:
        say(f"warning: no value was written: every window of {name} is more than half N")


def predict_job(job: Job, sinks: Mapping[int, Sink], say: Say, progress: Progress) -> Counts:
    """Predict the bins of a job into its tracks' sinks, and tell what has no value."""
    name, session, tiles = job.model.card.name, job.model.session, job.model.tiles
    if tiles is not None and are_sparse(job.plan, tiles):
        say(
            f"regions: far apart for tiles of {tiles.n_windows} windows; "
            "--engine plain is faster here"
        )
    with progress(job.plan.n_windows, "windows", name) as advance:
        counts = predict(
            job.plan,
            job.genome,
            session,
            sinks,
            readout=job.readout,
            tiles=tiles,
            advance=advance,
        )
    if counts.unknown:
        say(
            f"left out: {counts.unknown:,} of {counts.windows:,} windows of {name}, "
            "more than half N"
        )
    if session.halved:
        size = session.batch_size
        say(f"memory: not enough for batches of {size} windows; went on with {size // 2}")
    return counts


def _estimate(job: Job) -> TracksEstimate:
    grid, session = job.plan, job.model.session
    tracks, tiles = sorted(job.outputs), job.model.tiles
    seconds = estimate_seconds(lay_work(grid, job.genome, session, tracks, job.readout, tiles))
    return TracksEstimate(
        job.model.card.name,
        grid.n_windows,
        grid.geometry.input_length,
        seconds,
        grid.n_windows / seconds if seconds else 0.0,
        round(grid.n_bins * _BYTES_PER_BIN),
        job.paths,
    )
