"""The windows of a variant's two alleles, or of a region, and the bins and bases of interest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.genome import Genome
from zooctl.inference.variants.table import parse_variant
from zooctl.interpret.attribution.regions import cut_long, place
from zooctl.sequence.alleles import Allele
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


# Bases on each side of a variant whose bins are explained.
_NEAR = 64


def read_subject(text: str, genome: Genome, geometry: Geometry) -> Subject:
    """Read a variant, as ``chr21:39731913 A>C``, or a region, and cut its windows.

    Raises:
        InputError: It is neither; REF is not the genome's; or the region is longer than the core.
    """
    if ">" in text:
        return _of_variant(parse_variant(text), genome, geometry)
    region = parse_region(text, genome.contigs)
    if len(cut_long([region], geometry.core_length)) > 1:
        expected = f"<= {geometry.core_length:,} bp, the model's core"
        raise InputError("the region is too long to explain", got=text, expected=expected)
    starts, _, bins = place([region], geometry, geometry.core_length, 0)
    start = int(starts[0])
    codes = genome.padded_codes(region.chrom, start, start + geometry.input_length)[None]
    middle = (region.start + region.end) // 2 - start
    return Subject(str(region), region.chrom, None, codes, start, bins, middle)


def _of_variant(allele: Allele, genome: Genome, geometry: Geometry) -> Subject:
    if allele.chrom not in genome.contigs:
        parse_region(f"{allele.chrom}:1-1", genome.contigs)  # names the contigs that are like it
    text = f"{allele.chrom}:{allele.start + 1:,} {allele.ref}>{allele.alt}"
    ref = allele.ref.upper()
    found = decode(genome.padded_codes(allele.chrom, allele.start, allele.start + len(allele.ref)))
    if found != ref:
        raise InputError("REF is not the genome's", field=text, got=ref, expected=found)
    length = geometry.input_length
    near = Interval(allele.chrom, allele.start - _NEAR, allele.start + _NEAR)
    starts, _, bins = place([near] * 2, geometry, geometry.core_length, 0)
    start = int(starts[0])
    grown = genome.padded_codes(allele.chrom, start, start + length + len(ref))
    at = length // 2
    alt = np.concatenate([grown[:at], encode(allele.alt.encode()), grown[at + len(ref) :]])
    codes = np.stack([grown[:length], alt[:length]])
    return Subject(text, allele.chrom, allele, codes, start, bins, at)
