"""What of each record must be predicted: the windows of its alleles that are not known yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from zooctl.errors import InputError
from zooctl.inference.genome import Genome
from zooctl.inference.options import CheckRef
from zooctl.inference.variants.batches import AlleleWindows, Kept, Sums
from zooctl.inference.variants.locate import LocatedAllele, locate
from zooctl.inference.variants.shifts import Haplotype, Placement
from zooctl.sequence.alleles import Allele, Status
from zooctl.sequence.onehot import decode
from zooctl.sequence.windows import Integers


@dataclass(frozen=True)
class Planned:
    """An allele on its way.

    Attributes:
        allele: As its record states it.
        status: As ``score`` reports it.
        sums: Of REF's and of ALT's windows, filled when they are predicted; None where it is not
            scored. Those of the other strand stand behind those of the given one.
        n_bases: Over how many bases each of them is.
        counted: Which of a strand's windows the score is the mean over, as indices.
    """

    allele: Allele
    status: str
    sums: tuple[Sums, Sums] | None = None
    n_bases: int = 0
    counted: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Planner:
    """Turns records into windows.

    Attributes:
        genome: Where the reference comes from.
        placement: Where windows lie.
        check_ref: What to do where the genome is not REF (see ``score.Scorer``).
        both_strands: Predict each window on the other strand, too.
    """

    genome: Genome
    placement: Placement
    check_ref: CheckRef
    both_strands: bool

    def locate(self, allele: Allele) -> LocatedAllele:
        """Put an allele on the genome."""
        return locate(allele, self.genome, self.placement, self.check_ref == "swap")

    def plan(
        self, records: Iterable[Sequence[Allele]], n_tracks: int
    ) -> Iterator[tuple[tuple[Planned, ...], list[AlleleWindows]]]:
        """Yield each record with the windows that it is the first to need.

        Raises:
            InputError: ``check_ref`` is ``fail`` and the genome is not REF.
        """
        strands = 2 if self.both_strands else 1
        kept = Kept(strands * len(self.placement.shifts), n_tracks)
        for alleles in records:
            needed: list[AlleleWindows] = []
            yield tuple(self._plan(allele, kept, needed) for allele in alleles), needed

    def _plan(self, allele: Allele, kept: Kept, needed: list[AlleleWindows]) -> Planned:
        located = self.locate(allele)
        if located.status == Status.REF_MISMATCH and self.check_ref == "fail":
            raise self._mismatch(allele)
        site = located.site
        if site is None:
            return Planned(allele, located.status)
        compared = self.placement.compared(site.change)
        centre = self.placement.centre(site.change)
        # All that its predictions depend on is the key of a sequence.
        ref = self._sums(kept.get((site.chrom, centre, compared)), site.pair.reference, needed)
        alt = self._sums(kept.get((site.chrom, site.change)), site.pair.alternative, needed)
        sums = (alt, ref) if site.swapped else (ref, alt)
        counted = self.placement.counted(site.pair)
        return Planned(allele, located.status, sums, compared.n_bases, counted)

    def _sums(
        self, found: tuple[Sums, bool], haplotype: Haplotype, needed: list[AlleleWindows]
    ) -> Sums:
        """Return the sums of a haplotype, after noting its windows where they are new."""
        sums, new = found
        if new:
            n = len(self.placement.shifts)
            needed.append(AlleleWindows(haplotype, sums[:n]))
            if self.both_strands:
                needed.append(AlleleWindows(self.placement.other_strand(haplotype), sums[n:]))
        return sums

    def _mismatch(self, allele: Allele) -> InputError:
        chrom, start, ref, _ = allele
        found = decode(self.genome.padded_codes(chrom, start, start + len(ref)))
        what = f"REF at {chrom}:{start + 1} is not what the genome has"
        return InputError(what, got=ref, expected=found, hint="is it another assembly?")
