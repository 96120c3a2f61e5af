"""Windows that each record needs and that are not predicted yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from zooctl.errors import InputError
from zooctl.inference.genome import Genome
from zooctl.inference.options import CheckRef
from zooctl.inference.variants.allele_status import LocatedAllele, locate
from zooctl.inference.variants.batches import AlleleWindows, Outputs, OutputsCache
from zooctl.inference.variants.shifts import Haplotype, Placement
from zooctl.sequence.alleles import Allele, Change, Status
from zooctl.sequence.onehot import decode
from zooctl.sequence.windows import Integers


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
    """

    allele: Allele
    status: str
    outputs: tuple[Outputs, Outputs] | None = None
    change: Change | None = None
    swapped: bool = False
    counted: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Planner:
    """Plans the windows of records.

    Attributes:
        genome: The genome.
        placement: Positions of the windows.
        check_ref: Treatment of alleles whose REF differs (see ``score.Scorer``).
        both_strands: Predict each window on the other strand, too.
        bins: Outputs are the predictions of all bins, not their sums.
    """

    genome: Genome
    placement: Placement
    check_ref: CheckRef
    both_strands: bool
    bins: bool = False

    def locate(self, allele: Allele) -> LocatedAllele:
        """Check an allele against the genome and lay its windows."""
        return locate(allele, self.genome, self.placement, self.check_ref == "swap")

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
            raise self._mismatch(allele)
        site = located.site
        if site is None:
            return Planned(allele, located.status)
        # The key of a sequence is everything that its outputs depend on.
        key = (site.chrom, self.placement.centre(site.change))
        summed = None if self.bins else self.placement.compared(site.change)
        genome = self._outputs(cache.get((*key, summed)), site.pair.reference, needed)
        changed = self._outputs(cache.get((site.chrom, site.change)), site.pair.alternative, needed)
        counted = self.placement.counted(site.pair)
        outputs = (genome, changed)
        return Planned(allele, located.status, outputs, site.change, site.swapped, counted)

    def _outputs(
        self, cached: tuple[Outputs, bool], haplotype: Haplotype, needed: list[AlleleWindows]
    ) -> Outputs:
        """Return the outputs of a haplotype; where they are new, add its windows to ``needed``."""
        outputs, new = cached
        if new:
            n = len(self.placement.shifts)
            needed.append(AlleleWindows(haplotype, outputs[:n]))
            if self.both_strands:
                needed.append(AlleleWindows(self.placement.other_strand(haplotype), outputs[n:]))
        return outputs

    def _mismatch(self, allele: Allele) -> InputError:
        chrom, start, ref, _ = allele
        found = decode(self.genome.padded_codes(chrom, start, start + len(ref)))
        what = f"REF at {chrom}:{start + 1} is not what the genome has"
        return InputError(what, got=ref, expected=found, hint="is it another assembly?")
