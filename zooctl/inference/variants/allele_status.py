"""Alleles on a genome: the status of each, and the windows of those that can be scored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from zooctl.inference.genome import Genome
from zooctl.inference.variants.shifts import Pair, Placement
from zooctl.sequence.alleles import Allele, Change, Status, fault, join_flags, left_align, trim
from zooctl.sequence.onehot import N, encode

# Shares of unknown bases in a window: above the first it has no value, above the second it is
# flagged.
_MOST_UNKNOWN, _MUCH_UNKNOWN = 0.5, 0.1


@dataclass(frozen=True)
class Site:
    """An allele that can be scored, on the genome.

    Attributes:
        chrom: Contig.
        change: The allele, trimmed and left-aligned.
        pair: Windows of the genome and of the changed sequence.
        swapped: The genome has ALT, and the change makes REF of it.
    """

    chrom: str
    change: Change
    pair: Pair
    swapped: bool


@dataclass(frozen=True)
class LocatedAllele:
    """The status of an allele as ``score`` reports it, and its site if it can be scored."""

    status: str
    site: Site | None = None


def locate(allele: Allele, genome: Genome, placement: Placement, swap: bool) -> LocatedAllele:
    """Check an allele against a genome and lay its windows.

    Args:
        allele: As its record states it.
        genome: The genome.
        placement: Positions of the windows.
        swap: Whether the genome may have ALT in place of REF.
    """
    found = normal_form(allele, genome, placement.longest, swap)
    if isinstance(found, Status):
        return LocatedAllele(found)
    change, swapped = found
    chrom, read = allele.chrom, partial(genome.padded_codes, allele.chrom)
    contig_length = genome.contigs[chrom]
    pair = placement.pair(change, read, contig_length)
    unknown = _share_unknown(pair, placement.geometry.input_length)
    if unknown > _MOST_UNKNOWN:
        return LocatedAllele(Status.MOSTLY_N)
    named = {
        Status.EDGE: pair.low < 0 or pair.low + len(pair.genome) > contig_length,
        Status.N: unknown > _MUCH_UNKNOWN,
        Status.SWAPPED: swapped,
    }
    flags = join_flags([flag for flag, raised in named.items() if raised])
    return LocatedAllele(flags, Site(chrom, change, pair, swapped))


def normal_form(
    allele: Allele, genome: Genome, longest: int, swap: bool
) -> tuple[Change, bool] | Status:
    """Return the change that an allele makes to a genome, trimmed and left-aligned.

    Args:
        allele: As its record states it.
        genome: The genome.
        longest: Longest changed stretch of REF or ALT in bp.
        swap: Whether the genome may have ALT in place of REF.

    Returns:
        The change, and whether the genome has ALT, so that it makes REF of it; or why there is
        none.
    """
    if problem := fault(allele, genome.contigs):
        return problem
    swapped = False
    if not _has(genome, allele, allele.ref):
        swapped = swap and _has(genome, allele, allele.alt)
        if not swapped:
            return Status.REF_MISMATCH
    chrom, start, ref, alt = allele
    change = trim(start, alt, ref) if swapped else trim(start, ref, alt)
    if max(len(change.ref), len(change.alt)) > longest:
        return Status.TOO_LONG
    return left_align(change, partial(genome.padded_codes, chrom)), swapped


def _has(genome: Genome, allele: Allele, letters: str) -> bool:
    """Return whether the genome has these letters at an allele's start."""
    found = genome.padded_codes(allele.chrom, allele.start, allele.start + len(letters))
    return bool(np.array_equal(found, encode(letters.encode("ascii"))))


def _share_unknown(pair: Pair, length: int) -> float:
    """Return the largest share of a window's bases that is unknown, padding among them."""
    if not (pair.genome == N).any():
        return 0.0
    return max(pair.reference.most_unknown(length), pair.alternative.most_unknown(length)) / length
