"""Data of an evaluation: a genome, and measured signals per base of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zooctl.catalog.genomes import find_genome
from zooctl.errors import InputError
from zooctl.evaluation.data.known_motifs import known_motif
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.fasta.reader import Fasta
from zooctl.files.motifs import Motif
from zooctl.progress import Say
from zooctl.schema.fields import Region, Split
from zooctl.training.data.dataset import Mask
from zooctl.training.tracks.bin_values_and_labels import PLAIN, Binning, Signal


@dataclass(frozen=True)
class EvaluatedTrack:
    """A track of a model that is evaluated.

    Attributes:
        index: Its index in the model's output.
        name: Its name.
        assay: The assay, as on the card.
        target: Protein or mark that was assayed, where the assay has one.
    """

    index: int
    name: str
    assay: str | None = None
    target: str | None = None


@dataclass(frozen=True, eq=False)
class MeasuredTrack:
    """A measured signal that predictions of a track are compared with.

    Attributes:
        name: Name of the track, or of the replicate or other cell.
        signal: Its value at every base of each contig, ``(length,)``.
        binning: Turns bases into bins.
    """

    name: str
    signal: Mapping[str, Signal]
    binning: Binning = PLAIN


@dataclass(frozen=True, eq=False)
class ExcludedBases:
    """Bases that a recipe excludes.

    Attributes:
        excluded: Mask of each contig, ``(length,)``; a bin with one of these is left out.
        unmappable: Mask of each contig, ``(length,)``.
        max_unmappable: A bin with a larger share of these is left out.
    """

    excluded: Mapping[str, Mask] = field(default_factory=dict)
    unmappable: Mapping[str, Mask] = field(default_factory=dict)
    max_unmappable: float = 1.0

    def allows(self, chrom: str, bins: range, size: int) -> Mask:
        """Return which bins of a contig are not left out, ``(n,)``.

        Args:
            chrom: The contig.
            bins: Indices of bins of ``size`` bp, counted from the contig's start.
            size: Bases to a bin.

        >>> bases = ExcludedBases({"chr21": np.array([True, False, False, False])})
        >>> bases.allows("chr21", range(2), 2).tolist()
        [False, True]
        """
        here = slice(bins.start * size, bins.stop * size)
        allowed = np.ones(len(bins), np.bool_)
        if chrom in self.excluded:
            allowed &= ~self.excluded[chrom][here].reshape(-1, size).any(axis=1)
        if chrom in self.unmappable:
            share = self.unmappable[chrom][here].reshape(-1, size).mean(axis=1)
            allowed &= share <= self.max_unmappable
        return allowed


@dataclass(frozen=True, eq=False)
class EvaluationData:
    """Genome and measurements of an evaluation.

    Attributes:
        genome: Assembly of the signals.
        tracks: Evaluated tracks.
        measured: Measurement of each.
        split: Regions of training, validation and test.
        controls: Signals of control experiments, per base of each contig.
        replicates: Measurements of replicates and of other cells.
        other_tracks: Tracks of the model that are not evaluated, with their measurements; the mean
            over tracks of one assay is a baseline.
        motifs: Known motif of each assayed target, by the target's name.
        no_motif: Reason why a target has none, by its name.
        unfitted: Reason why no baseline is fitted where the split has no training regions.
        exclusion: Places that are left out of every part of the split.
    """

    genome: Fasta
    tracks: Sequence[EvaluatedTrack]
    measured: Sequence[MeasuredTrack]
    split: Split
    controls: Sequence[Mapping[str, Signal]] = ()
    replicates: Sequence[MeasuredTrack] = ()
    other_tracks: Sequence[tuple[EvaluatedTrack, MeasuredTrack]] = ()
    motifs: Mapping[str, Motif] = field(default_factory=dict)
    no_motif: Mapping[str, str] = field(default_factory=dict)
    unfitted: str = "no training regions"
    exclusion: ExcludedBases = field(default_factory=ExcludedBases)

    @property
    def one_unit(self) -> bool:
        """Whether all tracks are of one kind: labels, means of bases, or sums of them."""
        binnings = [one.binning for one in self.measured]
        return len({"label" if one.is_label else one.statistic for one in binnings}) == 1


@contextmanager
def open_genome(assembly: str, fasta: Path | None, say: Say) -> Iterator[Fasta]:
    """Open a genome as ``zooctl genome`` finds it, and tell the user which file it is."""
    paths, description = find_genome(assembly, fasta)
    say(f"genome: {description}")
    with Fasta(*paths) as genome:
        yield genome


def known_motifs(tracks: Sequence[EvaluatedTrack]) -> tuple[dict[str, Motif], dict[str, str]]:
    """Return the known motif of each assayed target, and the reason where there is none."""
    motifs, reasons = {}, {}
    for target in dict.fromkeys(track.target for track in tracks if track.target is not None):
        try:
            motifs[target] = known_motif(target)
        except InputError as error:
            reasons[target] = (
                f"needs {error.got} in ZOOCTL_DATA_MIRROR" if error.got else error.what
            )
    return motifs, reasons


def check_regions(genome: Fasta, regions: Sequence[Region]) -> None:
    """Refuse regions that a genome does not hold.

    Raises:
        InputError: Names the first such region.
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
    """Refuse a bigWig that lacks a contig, or differs from the genome in its length.

    Raises:
        InputError: Names the first such contig.
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
