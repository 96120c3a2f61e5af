"""Alleles on a genome: the status of each, and the windows of those that can be scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from zooctl.inference.variants.shifts import Pair, Placement
from zooctl.sequence.alleles import Allele, Change, Status, fault, join_flags, left_align, trim
from zooctl.sequence.onehot import Codes, N, encode

# Shares of a window's bases: with more unknown than the first it has no value, than the second it
# is flagged.
_MOST_UNKNOWN, _MUCH_UNKNOWN = 0.5, 0.1


class Genome(Protocol):
    """Where sequence comes from; ``files.fasta.Fasta`` is one."""

    @property
    def contigs(self) -> Mapping[str, int]:
        """Length of each contig."""
        ...

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        """Return the codes of ``[start, end)``, N outside of the contig."""
        ...


@dataclass(frozen=True)
class Site:
    """An allele that can be scored, on the genome.

    Attributes:
        chrom: Contig.
        change: What the allele changes, trimmed and left-aligned.
        pair: Windows of the genome and of the changed sequence.
        swapped: The genome has ALT, and the change makes REF of it.
    """

    chrom: str
    change: Change
    pair: Pair
    swapped: bool


@dataclass(frozen=True)
class LocatedAllele:
    """What became of an allele: a status as ``score`` reports it, and its site if it has one."""

    status: str
    site: Site | None = None


def locate(allele: Allele, genome: Genome, placement: Placement, swap: bool) -> LocatedAllele:
    """Put an allele on a genome.

    Args:
        allele: As its record states it.
        genome: The genome.
        placement: Where windows lie.
        swap: Whether the genome may have ALT in place of REF.
    """
    if problem := fault(allele, genome.contigs):
        return LocatedAllele(problem)
    swapped = False
    if not _has(genome, allele, allele.ref):
        swapped = swap and _has(genome, allele, allele.alt)
        if not swapped:
            return LocatedAllele(Status.REF_MISMATCH)
    chrom, start, ref, alt = allele
    change = trim(start, alt, ref) if swapped else trim(start, ref, alt)
    if max(len(change.ref), len(change.alt)) > placement.longest:
        return LocatedAllele(Status.TOO_LONG)
    read = partial(genome.padded_codes, chrom)
    change = left_align(change, read)
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


def _has(genome: Genome, allele: Allele, letters: str) -> bool:
    """Say whether the genome has a sequence where an allele starts."""
    found = genome.padded_codes(allele.chrom, allele.start, allele.start + len(letters))
    return bool(np.array_equal(found, encode(letters.encode("ascii"))))


def _share_unknown(pair: Pair, length: int) -> float:
    """Return the largest share of a window's bases that is unknown, padding among them."""
    if not (pair.genome == N).any():
        return 0.0
    return max(pair.reference.most_unknown(length), pair.alternative.most_unknown(length)) / length
