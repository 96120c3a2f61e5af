"""Windows that each record needs and that are not predicted yet."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from zooctl.errors import InputError
from zooctl.files.intervals.transcripts import Gene, GeneIndex, Strand
from zooctl.inference.genome import Genome
from zooctl.inference.options.predict_and_score import CheckRef
from zooctl.inference.variants.allele_status import LocatedAllele, Site, locate
from zooctl.inference.variants.batches import AlleleWindows, Outputs, OutputsCache
from zooctl.inference.variants.shifts import Haplotype, Pair, Placement
from zooctl.sequence.alleles import Allele, Change, Status
from zooctl.sequence.onehot import Codes, N, decode
from zooctl.sequence.windows import Integers

MOST_REPLACED = 3
"""Longest allele that counts as a replacement of few bases where REF and ALT are as long."""

MOST_NEAR = 32
"""Longest allele of which only bases near the centre are compared, where a distance is stated."""


@dataclass(frozen=True)
class Planned:
    """An allele whose windows are planned.

    Attributes:
        allele: As its record states it.
        status: As ``score`` reports it.
        outputs: Outputs of the windows on the genome and on the changed sequence, filled after
            prediction; None where it is not scored. Those of the other strand stand behind those of
            the given one.
        change: The change of the genome; None where it is not scored.
        swapped: The genome has ALT, and the change makes REF of it.
        counted: Indices of a strand's windows that the score is the mean over.
        genes: Each gene over the allele, with outputs on its strand and within its ends; where
            genes are asked for, ``outputs`` is None.
    """

    allele: Allele
    status: str
    outputs: tuple[Outputs, Outputs] | None = None
    change: Change | None = None
    swapped: bool = False
    counted: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    genes: tuple[tuple[Gene, tuple[Outputs, Outputs]], ...] = ()


class Sequences(NamedTuple):
    """A haplotype as ``AlleleWindows`` describe it."""

    site: tuple[Hashable, ...]
    is_reference: bool
    haplotype: Haplotype
    reference: Haplotype | None
    wide: bool

    def windows(self, outputs: Outputs, strand: Strand) -> AlleleWindows:
        """Return its windows, and the array that takes their outputs."""
        return AlleleWindows(
            self.haplotype,
            outputs,
            (*self.site, self.wide),
            self.is_reference,
            strand,
            self.reference,
            self.wide,
        )


@dataclass(frozen=True)
class Planner:
    """Plans the windows of records.

    Attributes:
        genome: The genome.
        placement: Positions of the windows.
        check_ref: Treatment of alleles whose REF differs (see ``score.Scorer``).
        both_strands: Predict each window on the other strand, too.
        bins: Outputs are the predictions of all bins, not their sums.
        genes: Predict on the strand of each gene over an allele, the bases beyond its ends unknown.
    """

    genome: Genome
    placement: Placement
    check_ref: CheckRef
    both_strands: bool
    bins: bool = False
    genes: GeneIndex | None = None

    def locate(self, allele: Allele) -> LocatedAllele:
        """Check an allele against the genome, and the genes, and lay its windows."""
        located = locate(allele, self.genome, self.placement, self.check_ref == "swap")
        if located.site and self.genes and not self.genes.over(allele.chrom, allele.start):
            return LocatedAllele(Status.NO_GENE)
        return located

    def plan(
        self, records: Iterable[Sequence[Allele]], n_tracks: int
    ) -> Iterator[tuple[tuple[Planned, ...], list[AlleleWindows]]]:
        """Yield each record with the windows that no earlier record needed.

        Raises:
            InputError: ``check_ref`` is ``fail`` and the genome is not REF.
        """
        strands = 2 if self.both_strands else 1
        n_windows = strands * len(self.placement.shifts)
        if self.bins:
            shape = (n_windows, n_tracks, self.placement.geometry.n_bins)
            cache = OutputsCache(shape, np.dtype(np.float32))
        else:
            cache = OutputsCache((n_windows, n_tracks), np.dtype(np.float64))
        for alleles in records:
            needed: list[AlleleWindows] = []
            yield tuple(self._plan(allele, cache, needed) for allele in alleles), needed

    def _plan(self, allele: Allele, cache: OutputsCache, needed: list[AlleleWindows]) -> Planned:
        located = self.locate(allele)
        if located.status == Status.REF_MISMATCH and self.check_ref == "fail":
            raise self.mismatch(allele)
        site = located.site
        if site is None:
            return Planned(allele, located.status)
        counted = self.placement.counted(site.pair)
        planned = Planned(allele, located.status, None, site.change, site.swapped, counted)
        if self.genes is None:
            return replace(planned, outputs=self._of_site(site, None, cache, needed))
        genes = self.genes.over(allele.chrom, allele.start)
        each = tuple((gene, self._of_site(site, gene, cache, needed)) for gene in genes)
        return replace(planned, genes=each)

    def _of_site(
        self, site: Site, gene: Gene | None, cache: OutputsCache, needed: list[AlleleWindows]
    ) -> tuple[Outputs, Outputs]:
        """Return the outputs of both sequences, within a gene where there is one."""
        # The key of a sequence is everything that its outputs depend on.
        within = None if gene is None else (gene.start, gene.end, gene.strand)
        centre = self.placement.centre(site.change)
        summed = None if self.bins else self.placement.compared(site.change)
        pair = site.pair if gene is None else within_gene(site.pair, site.change, gene)
        strand = None if gene is None else gene.strand
        change, spot = site.change, (site.chrom, centre, within)
        longest = max(len(change.ref), len(change.alt))
        wide, replaces = longest > MOST_NEAR, change.growth == 0 and longest <= MOST_REPLACED
        key = (*spot, summed, wide)
        of = Sequences(spot, True, pair.reference, None, wide)
        genome = self._outputs(cache.get(key), needed, strand, of)
        of = Sequences(spot, False, pair.alternative, pair.reference if replaces else None, wide)
        cached = cache.get((site.chrom, change, within))
        return genome, self._outputs(cached, needed, strand, of)

    def _outputs(
        self,
        cached: tuple[Outputs, bool],
        needed: list[AlleleWindows],
        strand: Strand | None,
        of: Sequences,
    ) -> Outputs:
        """Return the outputs of a haplotype; where they are new, add its windows to ``needed``."""
        outputs, new = cached
        if not new:
            return outputs
        n = len(self.placement.shifts)
        if strand != "-":
            needed.append(of.windows(outputs[:n], "+"))
        if strand == "-" or self.both_strands:
            other = self.placement.other_strand
            turned = of._replace(
                haplotype=other(of.haplotype),
                reference=None if of.reference is None else other(of.reference),
            )
            needed.append(turned.windows(outputs if strand == "-" else outputs[n:], "-"))
        return outputs

    def mismatch(self, allele: Allele) -> InputError:
        """Return the refusal of an allele whose REF the genome lacks."""
        chrom, start, ref, _ = allele
        found = decode(self.genome.padded_codes(chrom, start, start + len(ref)))
        what = f"REF at {chrom}:{start + 1} is not what the genome has"
        return InputError(what, got=ref, expected=found, hint="is it another assembly?")


def within_gene(pair: Pair, change: Change, gene: Gene) -> Pair:
    """Return windows in which the bases beyond a gene's ends are unknown, as SpliceAI has them.

    A change across an end takes the end with it.
    """
    left = max(gene.start - pair.low, 0)
    right = max(gene.end - pair.low, 0)
    moved = max(right, change.end - pair.low) + change.growth
    reference, alternative = (
        replace(one, codes=_only(one.codes, left, end))
        for one, end in ((pair.reference, right), (pair.alternative, moved))
    )
    return replace(pair, reference=reference, alternative=alternative)


def _only(codes: Codes, first: int, last: int) -> Codes:
    """Return codes that are unknown before ``first`` and from ``last`` on."""
    kept = codes.copy()
    kept[:first] = N
    kept[last:] = N
    return kept
