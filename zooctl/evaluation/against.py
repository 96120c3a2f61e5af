"""Files that a model is held against in place of its recipe's targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from zooctl.catalog.binning import PLAIN, Binning, Signal
from zooctl.catalog.fields import Split
from zooctl.catalog.per_base import kept
from zooctl.errors import InputError
from zooctl.evaluation.material import (
    Material,
    Say,
    Truth,
    Wanted,
    check_regions,
    check_track,
    known_motifs,
    open_genome,
    silent,
)
from zooctl.files.bigwig import BigWig
from zooctl.files.columns import check_places
from zooctl.files.fasta import Fasta
from zooctl.files.partial import file_digest
from zooctl.files.peaks import Peaks, read_peaks
from zooctl.sequence.pileup import covered

Make = Callable[[Path, str, int], Signal]

_BIGWIG = (".bw", ".bigwig")
# A bin is positive when peaks cover half of it, and unknown when they cover less.
_LABELS = Binning("label")


@contextmanager
def open_against(
    wanted: Sequence[Wanted],
    files: Sequence[Path],
    *,
    assembly: str,
    split: Split,
    fasta: Path | None = None,
    say: Say = silent,
) -> Iterator[Material]:
    """Open a genome and read tracks (bigWig) or peaks (BED, narrowPeak) to judge a model by.

    Args:
        wanted: Tracks to judge.
        files: One for all tracks, or one a track.
        assembly: Of the model and of the files.
        split: Regions that baselines are fitted on and that are judged.
        fasta: Genome to use in place of what the assembly leads to.
        say: Told which genome is used, and what takes time.

    Raises:
        InputError: Files or genome are not here, do not fit each other, or are too many.
    """
    if len(files) not in (1, len(wanted)):
        raise InputError(
            "give one file for all tracks, or one a track",
            field="--against",
            got=len(files),
            expected=f"1 or {len(wanted)}: {', '.join(track.name for track in wanted)}",
        )
    regions = (*split.train, *split.validation, *split.test)
    chroms = list(dict.fromkeys(region.chrom for region in regions))
    with open_genome(assembly, fasta, say) as genome:
        check_regions(genome, regions)
        truths = [_truth(path, genome, chroms, say) for path in files]
        motifs, no_motif = known_motifs(wanted)
        yield Material(
            genome,
            wanted,
            truths if len(truths) == len(wanted) else truths * len(wanted),
            split,
            motifs=motifs,
            no_motif=no_motif,
        )


def _truth(path: Path, genome: Fasta, chroms: Sequence[str], say: Say) -> Truth:
    if not path.is_file():
        raise InputError("no such file", path=path)
    digest = file_digest(path)[:32]
    lengths = {chrom: genome.contigs[chrom] for chrom in chroms}
    if path.suffix.lower() in _BIGWIG:
        check_track(genome, path, chroms)
        return Truth(path.name, _bases(digest, path, lengths, say, _track), PLAIN)
    peaks = read_peaks(path)
    check_places(peaks.ends(), genome.contigs, path)
    bases = _bases(f"{digest}-covered", path, lengths, say, partial(_covered, peaks))
    return Truth(path.name, bases, _LABELS)


def _bases(
    name: str, path: Path, lengths: Mapping[str, int], say: Say, make: Make
) -> dict[str, Signal]:
    """Return the bases of each contig, kept in the cache by the content of the file."""
    return {
        chrom: kept(
            name, chrom, length, partial(make, path, chrom, length), say, f"{path.name} {chrom}"
        )
        for chrom, length in lengths.items()
    }


def _track(path: Path, chrom: str, length: int) -> Signal:
    with BigWig(path) as track:
        return np.nan_to_num(track.values(chrom, 0, length), nan=0.0)


def _covered(peaks: Peaks, path: Path, chrom: str, length: int) -> Signal:
    here = peaks.on(chrom)
    return covered(here.start, here.end, length).astype(np.float32)
