"""The windows of a variant's two alleles, or of a region, and the bins and bases of interest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.genome import Genome
from zooctl.inference.variants.table import is_variant, parse_variant
from zooctl.interpret.attribution.regions import cut_long, place
from zooctl.sequence.alleles import Allele
from zooctl.sequence.contigs import other_style, unknown_contig
from zooctl.sequence.intervals import Interval, parse_region
from zooctl.sequence.onehot import Codes, decode, encode
from zooctl.sequence.windows import Geometry


@dataclass(frozen=True, eq=False)
class Subject:
    """The windows that are explained: those of REF and ALT, or of a region alone.

    Attributes:
        text: As people type it.
        chrom: Contig.
        allele: The variant; None for a region.
        codes: Windows of REF and ALT, or of the region, ``(1 or 2, input_length)``.
        start: First base of the windows on the contig.
        bins: Bins of each window whose mean is explained, ``(1 or 2, 2)``.
        middle: Position in the windows that pictures are centred on.
    """

    text: str
    chrom: str
    allele: Allele | None
    codes: Codes
    start: int
    bins: NDArray[np.int64]
    middle: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the windows."""
        return ("sequence",) if self.allele is None else ("REF", "ALT")

    def span(self, reach: int) -> tuple[int, int]:
        """Return the positions that are drawn: so many on each side of the middle."""
        return max(0, self.middle - reach), min(self.codes.shape[1], self.middle + reach + 1)


NEAR = 64
"""Bases on each side of a variant whose bins are explained."""


def read_subject(text: str, genome: Genome, geometry: Geometry) -> Subject:
    """Read a variant, as ``chr21:39731913 A>C``, or a region, and cut its windows.

    A variant may have any of the forms of ``parse_variant``.

    Raises:
        InputError: It is neither; REF is not the genome's; or the region is longer than the core.
    """
    if text.strip() not in genome.contigs and is_variant(text):
        allele = parse_variant(text)
        _check_contig(allele.chrom, text, genome)
        return _of_variant(allele, genome, geometry)
    _check_style(text.rpartition(":")[0] or text, text, genome)
    region = parse_region(text, genome.contigs)
    if len(cut_long([region], geometry.core_length)) > 1:
        expected = f"<= {geometry.core_length:,} bp, the model's core"
        raise InputError("the region is too long to explain", got=text, expected=expected)
    starts, _, bins = place([region], geometry, geometry.core_length, 0)
    start = int(starts[0])
    codes = genome.padded_codes(region.chrom, start, start + geometry.input_length)[None]
    middle = (region.start + region.end) // 2 - start
    return Subject(str(region), region.chrom, None, codes, start, bins, middle)


def _check_contig(chrom: str, text: str, genome: Genome) -> None:
    """Refuse a variant on a contig that the genome lacks."""
    _check_style(chrom, text, genome)
    if chrom not in genome.contigs:
        what = f"{text!r}: contig is not in the genome"
        raise unknown_contig(chrom, genome.contigs, what=what)


def _check_style(chrom: str, text: str, genome: Genome) -> None:
    """Refuse the other style of a name, which one typed by hand needs no map for."""
    other = other_style(chrom)
    if chrom not in genome.contigs and other in genome.contigs:
        what = f"{text!r}: contig is not in the genome"
        raise InputError(what, got=repr(chrom), hint=f"the genome names it {other}")


def _of_variant(allele: Allele, genome: Genome, geometry: Geometry) -> Subject:
    text = f"{allele.chrom}:{allele.start + 1:,} {allele.ref}>{allele.alt}"
    ref = allele.ref.upper()
    found = decode(genome.padded_codes(allele.chrom, allele.start, allele.start + len(allele.ref)))
    if found != ref:
        raise InputError("REF is not the genome's", field=text, got=ref, expected=found)
    length = geometry.input_length
    near = Interval(allele.chrom, allele.start - NEAR, allele.start + NEAR)
    starts, _, bins = place([near] * 2, geometry, geometry.core_length, 0)
    start = int(starts[0])
    grown = genome.padded_codes(allele.chrom, start, start + length + len(ref))
    at = length // 2
    alt = np.concatenate([grown[:at], encode(allele.alt.encode()), grown[at + len(ref) :]])
    codes = np.stack([grown[:length], alt[:length]])
    return Subject(text, allele.chrom, allele, codes, start, bins, at)
