"""Scores of alleles by a model of exons: each annotated exon near an allele, on its strand.

The windows of REF and ALT are the exon with the bases beside it. A change within the exon makes it
longer or shorter; of a change across its end the inserted bases count to the intron; in an intron,
bases from farther away move in, so that both have the same length.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from zooctl.files.intervals.transcripts import Gene, GeneIndex
from zooctl.inference.device.check_precision import in_full
from zooctl.inference.device.machine import default_threads
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.session import Session, one_hot
from zooctl.inference.genome import Genome
from zooctl.inference.graph.structure import parse_model
from zooctl.inference.options.hardware import Precision
from zooctl.inference.tracks.points.places import read_places
from zooctl.inference.variants.allele_status import Site
from zooctl.inference.variants.exons.combine import delta_logit_psi
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.inference.variants.shift_robust_statistics import NO_PLACE, Measured
from zooctl.schema.card import Card
from zooctl.sequence.alleles import Allele, Change, Status
from zooctl.sequence.kinds import kind_of
from zooctl.sequence.onehot import Codes, encode, reverse_complement

Values = NDArray[np.float32]

_KEPT_EXONS = 1_024


@dataclass(frozen=True)
class _ExonSession:
    """The network on its device; windows have the lengths of exons."""

    graph: LoadedGraph
    input: str
    unknown_base: float
    threads: int
    batch_size: int = 1
    at_once: int = 1
    precision: Precision = "fp32"

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        return self.graph.device

    def interrupt(self) -> None:
        self.graph.interrupt()

    def predict(self, codes: Codes) -> Values:
        """Return the values of one window, ``(n_tracks,)``."""
        (output,) = self.graph.run({self.input: one_hot(codes[None], self.unknown_base)})
        return cast(Values, output[0, :, 0])


def exons_near(card: Card, annotation: Path, genome: Genome) -> GeneIndex:
    """Return the exons of an annotation with the bases that the model reads beside them.

    Raises:
        InputError: As ``read_places``.
    """
    assert card.reads_at is not None
    beside = card.reads_at.offset
    places = read_places("exon", annotation, None, genome.contigs)
    exons = [
        Gene(
            place.chrom,
            max(place.start - beside, 0),
            min(place.end + beside, genome.contigs[place.chrom]),
            place.strand,
            place.gene,
            (place.start, place.end - 1),
        )
        for place in places
    ]
    return GeneIndex(exons)


class ExonScorer(Scorer):
    """Scores alleles with a network of exons; behind its tracks stands their combination.

    An allele near several exons has the scores of the one whose inclusion changes most.

    Args:
        network: The network; its tracks are MMSplice's modules.
        genome: The genome.
        exons: Exons with the bases beside them (``exons_near``).
        beside: Number of these.
        options: As of ``Scorer``; there is one window, and shifts and both strands do not apply.
    """

    def __init__(
        self, network: VariantModel, genome: Genome, exons: GeneIndex, beside: int, **options: Any
    ) -> None:
        self._beside = beside
        self._exons = exons
        options |= {"n_shifts": 1, "max_shift": 0, "genes": exons, "engine": "plain"}
        options["reverse_complement"] = options["mean_track"] = options["masked"] = False
        super().__init__(replace(network, n_tracks=network.n_tracks + 1), genome, **options)
        self._reference = lru_cache(_KEPT_EXONS)(self._predicted)

    def _open(self, **session: Any) -> Session:
        """Return the network for windows of any length."""
        threads = session.get("threads") or default_threads()
        graph = LoadedGraph(self._network.model, in_full(session.get("device", "auto")), threads)
        name = parse_model(self._network.model).graph.input[0].name
        return cast(Session, _ExonSession(graph, name, self._network.unknown_base, threads))

    def score(self, records: Iterable[Sequence[Allele]]) -> Generator[tuple[ScoredAllele, ...]]:
        """Yield one tuple for each record, in order: an item for each of its alleles."""
        for alleles in records:
            yield tuple(self._scored(allele) for allele in alleles)

    def _scored(self, allele: Allele) -> ScoredAllele:
        located = self._planner.locate(allele)
        if located.status == Status.REF_MISMATCH and self._planner.check_ref == "fail":
            raise self._planner.mismatch(allele)
        site = located.site
        if site is None:
            return ScoredAllele(located.status, self._nothing())
        kind = kind_of(site.change, swapped=site.swapped)
        each = [
            (exon, (self._measured(exon, site),) * len(self.measures))
            for exon in self._exons.over(allele.chrom, allele.start)
            if _remains(exon, site.change)
        ]
        if not each:
            return ScoredAllele(Status.TOO_LONG, self._nothing())
        best, first = max(each, key=lambda one: abs(float(one[1][0].score[-1])))
        statuses = (located.status,) * len(each)
        return ScoredAllele(located.status, first, kind, best, tuple(each), statuses)

    def _nothing(self) -> tuple[Measured, ...]:
        return tuple(self._measuring.nothing() for _ in self.measures)

    def _measured(self, exon: Gene, site: Site) -> Measured:
        """Return the changes of the modules, and behind them their combination."""
        start, end = exon.ends[0], exon.ends[-1] + 1
        reference = self._reference(site.chrom, start, end, exon.strand, None)
        changed = self._predicted(site.chrom, start, end, exon.strand, site.change)
        ref, alt = (changed, reference) if site.swapped else (reference, changed)
        effect = np.float32(delta_logit_psi(alt - ref))
        score = np.append(alt - ref, effect)
        sd = np.zeros_like(score)
        places = np.full(len(score), NO_PLACE)
        return Measured(score, sd, np.append(ref, np.float32(0)), np.append(alt, effect), places)

    def _predicted(
        self, chrom: str, start: int, end: int, strand: str, change: Change | None
    ) -> Values:
        self.n_predicted += 1
        codes = exon_codes(self._planner.genome, chrom, (start, end), self._beside, change)
        turned = reverse_complement(codes[None])[0] if strand == "-" else codes
        return cast(_ExonSession, self._session).predict(turned)


def _remains(exon: Gene, change: Change) -> bool:
    """Say whether a change leaves bases of an exon."""
    start, end = exon.ends[0], exon.ends[-1] + 1
    return _moved(end, change, after=False) > _moved(start, change, after=True)


def exon_codes(
    genome: Genome, chrom: str, exon: tuple[int, int], beside: int, change: Change | None
) -> Codes:
    """Return an exon and the bases beside it, with a change made, on the genome's strand.

    Args:
        genome: The genome.
        chrom: Contig.
        exon: First base, and base after the last.
        beside: Bases on each side.
        change: The change; None for the genome's own.
    """
    start, end = exon
    if change is None:
        return genome.padded_codes(chrom, start - beside, end + beside)
    spare = beside + len(change.ref)
    low = min(start, change.start) - spare
    read = genome.padded_codes(chrom, low, max(end, change.end) + spare)
    first, last = change.start - low, change.end - low
    codes = np.concatenate((read[:first], encode(change.alt.encode()), read[last:]))
    own_start = _moved(start, change, after=True) - low
    own_end = _moved(end, change, after=False) - low
    return codes[own_start - beside : own_end + beside]


def _moved(boundary: int, change: Change, *, after: bool) -> int:
    """Return where a boundary of the genome lies after a change.

    Of a change across it, the new bases lie on its side of the intron: before the start of an exon
    (``after``), or behind its end.

    >>> _moved(10, Change(4, "ACG", "A"), after=True), _moved(10, Change(9, "AC", "G"), after=True)
    (8, 10)
    """
    if change.end <= boundary:
        return boundary + change.growth
    if change.start >= boundary:
        return boundary
    return change.start + len(change.alt) if after else change.start
