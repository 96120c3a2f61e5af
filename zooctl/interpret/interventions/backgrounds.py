"""Sequences that interventions are made in: shuffled stretches of a genome, or bases by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zooctl.errors import InputError
from zooctl.inference.background.draw import ShuffledGenome
from zooctl.inference.genome import Genome
from zooctl.progress import Progress, no_progress
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import BASES, Codes
from zooctl.sequence.shuffle import shuffle_dinucleotides


def uniform_backgrounds(n: int, length: int, seed: int) -> Codes:
    """Return n sequences of bases that are equally frequent, ``(n, length)``."""
    return np.random.default_rng(seed).integers(len(BASES), size=(n, length), dtype=np.uint8)


def shuffled_backgrounds(
    genome: Genome,
    n: int,
    length: int,
    seed: int,
    *,
    regions: Sequence[Interval] = (),
    progress: Progress = no_progress,
) -> Codes:
    """Return n stretches of a genome with their dinucleotides shuffled, ``(n, length)``.

    Args:
        genome: The genome.
        n: Number of stretches.
        length: Their length in bp.
        seed: Seed of the places and of each shuffle.
        regions: Take the windows around their middles, in turn, in place of random places.
        progress: Opens the progress display.

    Raises:
        InputError: No contig is as long as a stretch.
    """
    if not regions and max(genome.contigs.values()) < length:
        raise InputError(
            "no contig is as long as a window",
            got=f"{max(genome.contigs.values()):,} bp",
            expected=f"{length:,} bp",
            hint="--background uniform needs no genome",
        )
    shuffled = None if regions else ShuffledGenome(genome, n, length, seed)
    rows = np.empty((n, length), dtype=np.uint8)
    with progress(n, "sequences", "shuffling") as advance:
        for number, row in enumerate(rows):
            if shuffled is not None:
                row[:] = shuffled.padded_codes(f"shuffled_{number}", 0, length)
            else:
                window = centred(genome, regions[number % len(regions)], length)
                row[:] = shuffle_dinucleotides(window, np.random.default_rng([seed, number]))
            advance(1)
    return rows


def centred(genome: Genome, region: Interval, length: int) -> Codes:
    """Return the window around the middle of a region, ``(length,)``; N outside of the contig."""
    start = (region.start + region.end) // 2 - length // 2
    return genome.padded_codes(region.chrom, start, start + length)
