"""Every SNV and short deletion of a region, and their scores as maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.genome import Genome
from zooctl.inference.variants.table import VariantScore
from zooctl.sequence.alleles import Allele
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import BASES, Codes, N, decode


def every_change(genome: Genome, region: Interval, deletions: int = 0) -> list[Allele]:
    """Return the SNVs of each known base of a region, then its deletions, by place.

    A deletion is written with the base before it, as in a VCF, and lies in the region with all the
    bases that it takes away.

    Args:
        genome: The genome.
        region: The region.
        deletions: Longest deletion in bp.

    >>> from zooctl.sequence.onehot import encode
    >>> class Toy:
    ...     contigs = {"chr1": 5}
    ...     def padded_codes(self, chrom, start, end):
    ...         return encode(b"TACGN")[start:end]
    >>> [f"{a.start}{a.ref}>{a.alt}" for a in every_change(Toy(), Interval("chr1", 1, 3), 2)]
    ['1A>C', '1A>G', '1A>T', '2C>A', '2C>G', '2C>T', '0TA>T', '0TAC>T', '1AC>A']
    """
    codes = genome.padded_codes(region.chrom, region.start, region.end)
    return [*_substitutions(region, codes), *_deletions(genome, region, deletions)]


def _substitutions(region: Interval, codes: Codes) -> Iterator[Allele]:
    for offset, code in enumerate(codes.tolist()):
        if code != N:
            for alt in BASES.replace(BASES[code], ""):
                yield Allele(region.chrom, region.start + offset, BASES[code], alt)


def _deletions(genome: Genome, region: Interval, longest: int) -> Iterator[Allele]:
    first = max(region.start - 1, 0)
    letters = decode(genome.padded_codes(region.chrom, first, region.end))
    for at in range(len(letters) - 1):
        for length in range(1, min(longest, len(letters) - 1 - at) + 1):
            ref = letters[at : at + length + 1]
            if "N" not in ref:
                yield Allele(region.chrom, first + at, ref, ref[0])


def map_of(
    rows: Sequence[VariantScore], region: Interval, track: str, key: tuple[str, str]
) -> NDArray[np.float64]:
    """Return the scores of SNVs on one track, ``(4, length)``; NaN where there is none.

    Args:
        rows: The scores.
        region: Their region.
        track: Name of the track.
        key: Statistic and kind of the scores.
    """
    found = np.full((len(BASES), region.length), np.nan)
    for row in rows:
        if len(row.ref) == len(row.alt) == 1 and (row.track, row.statistic, row.kind) == (
            track,
            *key,
        ):
            found[BASES.index(row.alt), row.start - region.start] = row.score
    return found
