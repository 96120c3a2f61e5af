"""What an evaluation reads: a genome, and per base what was measured there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from zooctl.catalog.data import locate
from zooctl.catalog.genomes import find_genome
from zooctl.errors import InputError
from zooctl.evaluation.data.known_motifs import known_motif
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.fasta.reader import Fasta
from zooctl.files.motifs import Motif
from zooctl.progress import Say, silent
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import AnySignal, BigWigSignal
from zooctl.tracks.binning import PLAIN, Binning, Signal, binning_of
from zooctl.tracks.per_base import Files, per_base


@dataclass(frozen=True)
class TrackOfInterest:
    """A track of the model that is judged.

    Attributes:
        index: Its place in the model's output.
        name: Its name.
        assay: What was done, as on the card.
        target: What was assayed, where the assay has one.
    """

    index: int
    name: str
    assay: str | None = None
    target: str | None = None


@dataclass(frozen=True, eq=False)
class Truth:
    """What a track is held against.

    Attributes:
        name: Of the track, or of the replicate or other cell.
        signal: Its bases on each contig, ``(length,)``.
        binning: How they become bins.
    """

    name: str
    signal: Mapping[str, Signal]
    binning: Binning = PLAIN


@dataclass(frozen=True, eq=False)
class EvaluationData:
    """What an evaluation reads.

    Attributes:
        genome: The assembly of the signal.
        wanted: Tracks that are judged.
        truths: What each is held against.
        split: Which regions were trained on and which are held out.
        controls: Bases of control experiments on each contig.
        others: Replicates and other cells' tracks.
        beside: Tracks of the model that are not judged, and what they would be held against; what
            is the same in all of them is a baseline of those that are.
        motifs: Known motif of what a track's assay is about, by the target's name.
        no_motif: Why there is none, by the target's name.
        unfitted: Why nothing is fitted where the split has no training regions.
    """

    genome: Fasta
    wanted: Sequence[TrackOfInterest]
    truths: Sequence[Truth]
    split: Split
    controls: Sequence[Mapping[str, Signal]] = ()
    others: Sequence[Truth] = ()
    beside: Sequence[tuple[TrackOfInterest, Truth]] = ()
    motifs: Mapping[str, Motif] = field(default_factory=dict)
    no_motif: Mapping[str, str] = field(default_factory=dict)
    unfitted: str = "no training regions"


@contextmanager
def open_material(
    wanted: Sequence[TrackOfInterest],
    recipe: Recipe,
    *,
    beside: Sequence[TrackOfInterest] = (),
    split: Split | None = None,
    fasta: Path | None = None,
    say: Say = silent,
) -> Iterator[EvaluationData]:
    """Open the genome of a recipe, and read what its targets state.

    Args:
        wanted: Tracks to judge.
        recipe: Names data, split and rules.
        beside: The model's other tracks; those without a target are left out.
        split: In place of the recipe's.
        fasta: Genome to use in place of what the recipe's assembly leads to.
        say: Told which genome is used, and what takes time.

    Raises:
        InputError: Data or genome are not here, or do not fit each other.
        IntegrityError: Data were changed.
    """
    split = split or recipe.split
    regions = (*split.train, *split.validation, *split.test)
    signals = _signals(wanted, recipe)
    with open_genome(recipe.genome.assembly, fasta, say) as genome:
        check_regions(genome, regions)
        chroms = list(dict.fromkeys(region.chrom for region in regions))
        # Tracks that share a target share its bases, by which they are known to.
        bases = cache(signal_reader(recipe, [s.id for s in recipe.sources], genome, chroms, say))

        def truth(name: str, signal: AnySignal) -> Truth:
            return Truth(name, bases(signal), binning_of(signal))

        motifs, no_motif = known_motifs(wanted)
        yield EvaluationData(
            genome,
            wanted,
            [truth(track.name, signal) for track, signal in zip(wanted, signals, strict=True)],
            split,
            [bases(control.signal) for control in recipe.controls],
            [truth(other.track, other.signal) for other in recipe.evaluation.others],
            [
                (track, truth(track.name, signal))
                for track in beside
                if (signal := signal_of(track, recipe)) is not None
            ],
            motifs,
            no_motif,
        )


def signal_reader(
    recipe: Recipe, sources: Sequence[str], genome: Fasta, chroms: Sequence[str], say: Say
) -> Callable[[AnySignal], Mapping[str, Signal]]:
    """Locate sources of a recipe; return what reads the bases of a signal that is made of them.

    Raises:
        InputError: A source is not here; or, when a signal is read, does not fit the genome.
        IntegrityError: Data were changed.
        NetworkError: Data have to be downloaded and can't be.
    """
    paths = {name: locate(recipe.source(name)).path for name in sources}
    files = Files(recipe, paths, dict(genome.contigs), say)

    def bases(signal: AnySignal) -> Mapping[str, Signal]:
        if isinstance(signal, BigWigSignal):
            check_track(genome, paths[signal.source], chroms)
        return per_base(files, signal, chroms)

    return bases


def signal_of(track: TrackOfInterest, recipe: Recipe) -> AnySignal | None:
    """Return what a track is held against: its own target, or the only one there is."""
    signals = {found.track: found.signal for found in recipe.targets}
    return next(iter(signals.values())) if len(signals) == 1 else signals.get(track.name)


def _signals(wanted: Sequence[TrackOfInterest], recipe: Recipe) -> list[AnySignal]:
    """Return what each track is held against.

    Raises:
        InputError: One has no target.
    """
    found = []
    for track in wanted:
        signal = signal_of(track, recipe)
        if signal is None:
            raise InputError(
                f"the data of {recipe.name} have no target for the track",
                field="targets",
                got=track.name,
                expected=", ".join(target.track for target in recipe.targets),
            )
        found.append(signal)
    return found


@contextmanager
def open_genome(assembly: str, fasta: Path | None, say: Say) -> Iterator[Fasta]:
    """Open a genome as ``zooctl genome`` finds it, and say which it is."""
    paths, description = find_genome(assembly, fasta)
    say(f"genome: {description}")
    with Fasta(*paths) as genome:
        yield genome


def known_motifs(wanted: Sequence[TrackOfInterest]) -> tuple[dict[str, Motif], dict[str, str]]:
    """Return the known motif of each assayed target, and the reason where there is none."""
    motifs, reasons = {}, {}
    for target in dict.fromkeys(track.target for track in wanted if track.target is not None):
        try:
            motifs[target] = known_motif(target)
        except InputError as error:
            reasons[target] = (
                f"needs {error.got} in ZOOCTL_DATA_MIRROR" if error.got else error.what
            )
    return motifs, reasons


def check_regions(genome: Fasta, regions: Sequence[Region]) -> None:
    """Refuse regions that the genome does not hold.

    Raises:
        InputError: The first that it does not.
    """
    for region in regions:
        length = genome.contigs.get(region.chrom)
        if length is None or (region.end is not None and region.end > length):
            raise InputError(
                "the genome does not hold a region of the split",
                path=genome.paths[0],
                got=str(region),
                expected="a contig that the genome has" if length is None else f"{length:,} bp",
            )


def check_track(genome: Fasta, path: Path, chroms: Sequence[str]) -> None:
    """Refuse contigs that a bigWig lacks, or on whose length it and the genome differ.

    Raises:
        InputError: The first that does not fit.
    """
    with BigWig(path) as track:
        for chrom in chroms:
            expected, got = genome.contigs[chrom], track.contigs.get(chrom)
            if got != expected:
                raise InputError(
                    f"the track and the genome do not fit on {chrom}",
                    path=path,
                    got="no such contig" if got is None else f"{got:,} bp",
                    expected=f"{expected:,} bp",
                )
