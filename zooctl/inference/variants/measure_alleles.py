"""Scores of an allele from the predictions of its windows.

This is the one place where outputs of the network become statistics: ``measure_outputs`` takes the
predictions of each haplotype's windows in any way they were computed, and ``measure_sums`` the sums
that were made within the graph, which is all that the statistic ``sum`` needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import VerificationError
from zooctl.files.intervals.transcripts import Gene
from zooctl.inference.options.predict_and_score import Statistic
from zooctl.inference.variants.alignment import (
    Bases,
    HaplotypeOutputs,
    align,
    align_scalars,
    compared_bases,
    gain_and_loss_bases,
    near_bases,
    undo,
)
from zooctl.inference.variants.batches import Outputs
from zooctl.inference.variants.planner import Planned
from zooctl.inference.variants.shift_robust_statistics import (
    NO_PLACE,
    Aligned,
    Measure,
    Measured,
    Scale,
    Values,
    measure,
    measures_of,
)
from zooctl.inference.variants.shifts import Placement
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.alleles import Change, Status, add_flag
from zooctl.sequence.kinds import Kind, kind_of


@dataclass(frozen=True)
class ScoredAllele:
    """Status and scores of one allele.

    Attributes:
        status: ``OK``, flags such as ``EDGE+N``, or why there is no score (``alleles.Status``).
        measured: Its scores, in the order of the scorer's ``measures``; where genes were asked for,
            those of the gene in which one of them is largest.
        kind: Kind of a scored allele; None for those of no kind.
        gene: That gene; None where there are no genes.
        genes: Scores in each gene over the allele.
        gene_statuses: Status in each of them.

    All values are NaN where the allele is not scored. A log ratio is NaN too where a mean is not
    above 0, and a divergence where a profile is not above 0 (the status says NO_RATIO or, where it
    holds for some scores, SOME_RATIO; ``ref`` and ``alt`` are there): nothing is added to make it a
    number.
    """

    status: str
    measured: tuple[Measured, ...]
    kind: Kind | None = None
    gene: Gene | None = None
    genes: tuple[tuple[Gene, tuple[Measured, ...]], ...] = ()
    gene_statuses: tuple[str, ...] = ()

    @property
    def score(self) -> NDArray[np.float32]:
        """The first score, ``(n_tracks,)``."""
        return self.measured[0].score

    @property
    def sd(self) -> NDArray[np.float32]:
        """Its standard deviation over shifts."""
        return self.measured[0].sd

    @property
    def ref(self) -> NDArray[np.float32]:
        """The prediction for REF that it is of."""
        return self.measured[0].ref

    @property
    def alt(self) -> NDArray[np.float32]:
        """The prediction for ALT that it is of."""
        return self.measured[0].alt


@dataclass(frozen=True)
class Measuring:
    """The scores to make of predictions.

    Attributes:
        placement: Positions of the windows.
        statistics: Names of the statistics.
        distance: Reach of ``local`` and ``delta``, in bp from the change.
        mean_track: Add the mean over tracks as a last track.
        n_tracks: Tracks of the network.
        scale: Scale of its predictions.
        transform: Transform of its training target, which is undone.
        order_rc: Index of the track that each becomes on the other strand; None where windows are
            predicted on one strand alone.
        stranded: Tracks of the other strand stand behind those of the given one, each with scores
            of its own.
        masked: In a gene, gains at annotated ends of its exons and losses elsewhere are 0, as
            SpliceAI's program masks on request.
        whole: Outputs are those of all bins, whatever the statistics need.
    """

    placement: Placement
    statistics: tuple[Statistic, ...]
    distance: int
    mean_track: bool
    n_tracks: int
    scale: Scale
    transform: Transform
    order_rc: tuple[int, ...] | None
    stranded: bool = False
    masked: bool = False
    whole: bool = False

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The scores, in order.

        Raises:
            InputError: A statistic does not exist for the network's predictions.
        """
        return measures_of(self.statistics, self.scale, scalar=self.placement.is_scalar)

    @property
    def n_scored(self) -> int:
        """Tracks of each score, those of both strands and a mean among them."""
        return self.n_tracks * (1 + self.stranded) + self.mean_track

    @property
    def needs_bins(self) -> bool:
        """Whether sums over the compared bases are not enough."""
        return self.whole or set(self.statistics) != {"sum"}

    @property
    def is_near(self) -> bool:
        """Whether no statistic looks farther than the distance from a change."""
        return set(self.statistics) <= {"local", "delta"} and not self.placement.is_scalar

    def score(self, planned: Planned) -> ScoredAllele:
        """Return the scores of an allele whose predictions are there.

        Raises:
            VerificationError: A prediction is not a finite number.
        """
        if planned.genes:
            return self._in_genes(planned)
        if planned.outputs is None:
            return ScoredAllele(planned.status, tuple(self.nothing() for _ in self.measures))
        measured = (self.measure_outputs if self.needs_bins else self.measure_sums)(planned)
        kind = kind_of(_filled(planned)[0], swapped=planned.swapped)
        missing = np.concatenate([np.isnan(one.score) for one in measured])
        if not missing.any():
            return ScoredAllele(planned.status, measured, kind)
        flag = Status.NO_RATIO if missing.all() else Status.SOME_RATIO
        return ScoredAllele(add_flag(planned.status, flag), measured, kind)

    def _in_genes(self, planned: Planned) -> ScoredAllele:
        """Return the scores in each gene, those of the gene with the largest first."""
        each = []
        for gene, outputs in planned.genes:
            turned = outputs
            if gene.strand == "-" and self.needs_bins:
                # Bins of the other strand run backwards.
                turned = outputs[0][..., ::-1], outputs[1][..., ::-1]
            own = replace(planned, outputs=turned, genes=())
            scored = self.score(own)
            if self.masked:
                scored = replace(scored, measured=self._mask(scored.measured, gene))
            each.append((gene, scored))
        return in_best_gene(each)

    def _mask(self, measured: tuple[Measured, ...], gene: Gene) -> tuple[Measured, ...]:
        """Return scores without what confirms the annotation."""
        kept = []
        for of, one in zip(self.measures, measured, strict=True):
            at_end = np.isin(one.place, gene.ends)
            hidden = {"delta_gain": at_end, "delta_loss": ~at_end}.get(of.statistic)
            if hidden is not None:
                one = replace(one, score=np.where(hidden, np.float32(0), one.score))
            kept.append(one)
        return tuple(kept)

    def measure_sums(self, planned: Planned) -> tuple[Measured, ...]:
        """Return scores from sums over the compared bases, ``(n_windows, n_tracks)``."""
        change, outputs = _filled(planned)
        n_bases = self.placement.compared(change).n_bases
        means = [self._counted(sums, planned) / n_bases for sums in outputs]
        ref, alt = reversed(means) if planned.swapped else means
        aligned = align_scalars(ref, alt)
        return tuple(measure(aligned, of, mean_track=self.mean_track) for of in self.measures)

    def measure_outputs(self, planned: Planned) -> tuple[Measured, ...]:
        """Return scores from predictions of all bins, ``(n_windows, n_tracks, n_bins)``."""
        _, outputs = _filled(planned)
        values = [self._counted(undo(one, self.transform), planned) for one in outputs]
        found: dict[str, Aligned] = {}
        for of in self.measures:
            over = of.statistic.partition("_")[0]
            if over not in found:
                found[over] = self._aligned(values, over, planned)
        return tuple(
            measure(found[of.statistic.partition("_")[0]], of, mean_track=self.mean_track)
            for of in self.measures
        )

    def _aligned(self, values: list[Values], over: str, planned: Planned) -> Aligned:
        """Return predictions at the bases that a statistic is over."""
        change, placement = _filled(planned)[0], self.placement
        if placement.is_scalar:
            ref, alt = reversed(values) if planned.swapped else values
            return align_scalars(ref[..., 0], alt[..., 0])
        bases = self._bases(over, change)
        origins = placement.origins[planned.counted]
        genome, changed = (
            HaplotypeOutputs(one, origins, placement.geometry.bin_size) for one in values
        )
        return align(genome, changed, bases, placement.centre(change), planned.swapped)

    def _bases(self, over: str, change: Change) -> Bases:
        if over == "local":
            return near_bases(self.placement, change, self.distance)
        if over == "delta":
            return gain_and_loss_bases(self.placement, change, self.distance)
        return compared_bases(self.placement, change)

    def _counted(self, outputs: Values, planned: Planned) -> Values:
        """Return the outputs of the windows that count, averaged over strands."""
        if not np.isfinite(outputs).all():
            got = outputs[~np.isfinite(outputs)][0]
            what = f"a prediction for {planned.allele} is not a finite number"
            raise VerificationError(what, got=got)
        if self.order_rc is not None:
            half = len(outputs) // 2
            other = outputs[half:, list(self.order_rc)]
            # Bins of the other strand run backwards.
            other = other[..., ::-1] if other.ndim > 2 else other
            if self.stranded:
                outputs = np.concatenate((outputs[:half], other), axis=1)
            else:
                outputs = (outputs[:half] + other) / 2
        counted: Values = outputs[planned.counted]
        return counted

    def nothing(self) -> Measured:
        """Return the scores of an allele that has none."""
        n = self.n_scored
        nothing = np.full(n, np.nan, dtype=np.float32)
        return Measured(nothing, nothing, nothing, nothing, np.full(n, NO_PLACE))


def in_best_gene(each: Sequence[tuple[Gene, ScoredAllele]]) -> ScoredAllele:
    """Return the scores of an allele in several genes, those of the gene with the largest first."""
    gene, first = max(each, key=lambda one: _largest_score(one[1].measured))
    genes = tuple((gene, scored.measured) for gene, scored in each)
    statuses = tuple(scored.status for _, scored in each)
    return replace(first, gene=gene, genes=genes, gene_statuses=statuses)


def _largest_score(measured: Sequence[Measured]) -> float:
    """Return the largest absolute score of any track; below all where there is none."""
    sizes = np.concatenate([np.abs(one.score) for one in measured])
    return float(sizes[~np.isnan(sizes)].max(initial=-1.0))


def _filled(planned: Planned) -> tuple[Change, tuple[Outputs, Outputs]]:
    """Return change and outputs of an allele that is scored."""
    if planned.change is None or planned.outputs is None:
        raise ValueError(f"{planned.allele} is not scored: {planned.status}")
    return planned.change, planned.outputs
