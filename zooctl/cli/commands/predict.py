"""`zooctl predict`: tracks of models over regions, as bigWig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.models import announce, duration_text, say
from zooctl.cli.ui.options import (
    AllowUntrusted,
    BatchSize,
    BothStrands,
    Device,
    DeviceChoice,
    GenomeFile,
    Threads,
)

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.files.fasta.reader import Fasta
    from zooctl.inference.session import Session
    from zooctl.inference.tracks.batches import GridPlan
    from zooctl.inference.tracks.predict import Readout
    from zooctl.schema.card import Card
    from zooctl.sequence.intervals import Interval

# A bin of float32 in a bigWig, compressed and with zoom levels; measured on chr21 at 32 bp.
_BYTES_A_BIN = 5.3


def command(
    model: Annotated[
        list[str], typer.Option(help="As `zooctl list` shows it; may be given several times.")
    ],
    bed: Annotated[Path | None, typer.Option(help="Regions as a BED file, plain or gz.")] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(help="As chr21:30,000,001-31,000,000; may be given several times."),
    ] = None,
    fasta: GenomeFile = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="bigWig to write; default: <regions>.<model>[.<track>].bw here."
        ),
    ] = None,
    track: Annotated[
        list[str] | None, typer.Option(help="Tracks to write, by name; default: all.")
    ] = None,
    rc: BothStrands = False,
    device: Device = DeviceChoice.auto,
    batch_size: BatchSize = None,
    threads: Threads = None,
    chrom_map: Annotated[
        str | None,
        typer.Option(help="auto, or a file: how the regions' contig names are said in the genome."),
    ] = None,
    clip: Annotated[
        bool, typer.Option("--clip", help="Cut intervals that go beyond their contig.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing outputs.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print windows, time and size; write nothing.")
    ] = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Predict tracks over regions and write each as a bigWig.

    Values lie on a grid of the genome, so they do not depend on how regions are cut.
    """
    from zooctl.catalog import registry
    from zooctl.catalog.genomes import open_genome
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.regions import read_regions
    from zooctl.inference.tracks.choose import choose_tracks

    regions = read_regions(bed, region)
    entries = [
        registry.entry(name, allow_untrusted=allow_untrusted) for name in dict.fromkeys(model)
    ]
    cards = [entry.card() for entry in entries]
    for entry in entries:
        entry.manifest()  # what has no weights is said before a genome is looked for
    chosen = choose_tracks(cards, track)
    targets = _targets(regions.stem, output, cards, chosen)
    sources = _find_genomes(cards, fasta)
    inputs = [path for paths, _ in sources.values() for path in paths]
    inputs += [path for path in (bed, chrom_map and Path(chrom_map)) if path]
    _check_targets(targets, inputs, force)
    with ExitStack() as stack:
        genomes, intervals = {}, {}
        for assembly, (paths, description) in sources.items():
            say(f"genome: {description}")
            genome = genomes[assembly] = stack.enter_context(open_genome(assembly, paths, progress))
            intervals[assembly] = regions.within(genome.contigs, chrom_map=chrom_map, clip=clip)
        jobs = [
            _Job(
                card,
                genomes[card.assembly],
                _open_session(entry, card, device, threads, batch_size),
                _plan(card, genomes[card.assembly], intervals[card.assembly]),
                _readout(card, rc),
                dict(zip(indices, paths, strict=True)),
            )
            for entry, card, indices, paths in zip(entries, cards, chosen, targets, strict=True)
        ]
        if regions.bed is not None and regions.bed.n_empty:
            say(f"left out: {regions.bed.n_empty:,} empty intervals of {bed}")
        announce([(job.card, job.session) for job in jobs])
        for job in jobs:
            if dry_run:
                _estimate(job)
            else:
                _run(job, force)


@dataclass(frozen=True)
class _Job:
    """One model's part of the work."""

    card: Card
    genome: Fasta
    session: Session
    plan: GridPlan
    readout: Readout
    outputs: Mapping[int, Path]


def _targets(
    stem: str, output: Path | None, cards: Sequence[Card], chosen: Sequence[Sequence[int]]
) -> list[list[Path]]:
    """Return the path of each track to write, for each model."""
    targets = []
    for card, indices in zip(cards, chosen, strict=True):
        paths = []
        for index in indices:
            track = card.tracks[index].name
            if output is None:
                parts = [stem, card.name] + ([track] if card.n_tracks > 1 else [])
                paths.append(Path(".".join([*parts, "bw"])))
            else:
                parts = [card.name] * (len(cards) > 1) + [track] * (len(indices) > 1)
                inserted = ".".join([output.stem, *parts]) + output.suffix
                paths.append(output.with_name(inserted) if parts else output)
        targets.append(paths)
    return targets


def _check_targets(targets: Sequence[Sequence[Path]], inputs: Sequence[Path], force: bool) -> None:
    """Refuse what cannot be written before anything is computed; every such output is named."""
    from zooctl.errors import InputError, ManyErrors, ZooError
    from zooctl.files.disk.atomic import check_output

    errors: list[ZooError] = []
    for path in (path for paths in targets for path in paths):
        try:
            check_output(path, force, inputs)
        except InputError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)


def _find_genomes(
    cards: Sequence[Card], fasta: Path | None
) -> dict[str, tuple[Sequence[Path], str]]:
    """Return files and description of the genome for each assembly that the cards name."""
    from zooctl.catalog.genomes import find_genome

    assemblies = dict.fromkeys(card.assembly for card in cards)
    return {assembly: find_genome(assembly, fasta) for assembly in assemblies}


def _open_session(
    entry: Entry, card: Card, device: DeviceChoice, threads: int | None, batch_size: int | None
) -> Session:
    from zooctl.catalog.weights import onnx_bytes
    from zooctl.inference.session import Session

    return Session(
        onnx_bytes(entry),
        geometry=card.geometry,
        n_tracks=card.n_tracks,
        unknown_base=card.unknown_base,
        device=device.value,
        threads=threads,
        batch_size=batch_size,
    )


def _plan(card: Card, genome: Fasta, intervals: Sequence[Interval]) -> GridPlan:
    from zooctl.inference.tracks.batches import plan

    return plan(intervals, genome.contigs, card.geometry)


def _readout(card: Card, rc: bool) -> Readout:
    from zooctl.inference.tracks.predict import Readout

    return Readout(card.output_transform, card.track_order_rc if rc else None)


def _run(job: _Job, force: bool) -> None:
    """Write one model's tracks; each path is printed once the file is whole."""
    from zooctl.cli.ui.progress import progress
    from zooctl.files.bigwig.writer import BigWigWriter
    from zooctl.inference.tracks.predict import predict

    name, total = job.card.name, job.plan.n_windows
    with ExitStack() as stack:
        sinks = {
            index: stack.enter_context(BigWigWriter(path, job.genome.contigs, force=force))
            for index, path in job.outputs.items()
        }
        advance = stack.enter_context(progress(total, "windows", name))
        counts = predict(
            job.plan, job.genome, job.session, sinks, readout=job.readout, advance=advance
        )
    if counts.unknown:
        say(
            f"left out: {counts.unknown:,} of {counts.windows:,} windows of {name}, "
            "more than half N"
        )
    if job.session.halved:
        size = job.session.batch_size
        say(f"memory: not enough for batches of {size} windows; went on with {size // 2}")
    for path in job.outputs.values():
        typer.echo(path)


def _estimate(job: _Job) -> None:
    """Print what a run would do, timing a few real batches."""
    from zooctl.cli.ui.tables import print_fields, size_text
    from zooctl.inference.tracks.predict import batch_seconds

    plan, size = job.plan, job.session.batch_size
    seconds = batch_seconds(plan, job.genome, job.session, sorted(job.outputs), job.readout)
    rate = f" at {size / seconds:,.0f} windows/s" if seconds else ""
    total = -(-plan.n_windows // size) * seconds
    bins = size_text(round(plan.n_bins * _BYTES_A_BIN))
    print_fields(
        [
            ("model", job.card.name),
            ("windows", f"{plan.n_windows:,} of {plan.geometry.input_length:,} bp"),
            ("time", f"about {duration_text(total)}{rate}"),
            *(("output", f"{path}, about {bins}") for path in job.outputs.values()),
        ]
    )
