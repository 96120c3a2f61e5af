"""Scores that a store has already are taken from it; the rest is computed and added.

A score is found again only where everything agrees that its last bit depends on: the weights, the
settings, the way of computing, and the file of the genome. So an output is the same, byte for byte,
with and without a store.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.transcripts import Gene
from zooctl.files.score_store.rows import Key, StoredScore, to_table
from zooctl.files.score_store.spaces import Contig, Facts, Space, Store
from zooctl.inference.device.machine import instruction_sets
from zooctl.inference.device.runtime import VERSION
from zooctl.inference.options.hardware import less_precision
from zooctl.inference.variants.allele_status import normal_form
from zooctl.inference.variants.measure_alleles import ScoredAllele, in_best_gene
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.inference.variants.shift_robust_statistics import NO_PLACE, Measure, Measured
from zooctl.progress import Say
from zooctl.sequence.alleles import Allele, Status, anchor
from zooctl.sequence.kinds import Kind

# Records that are asked for, computed and added together; all that a killed run has to do again.
_RECORDS = 1024


class StoreContext(NamedTuple):
    """A store, and what a scorer's own settings do not say of its scores.

    Attributes:
        store: The folder of the store.
        facts: Model, version, weights, assembly and tracks.
        genes: Digest of the annotation; "" without genes.
        say: Told about the store.
    """

    store: Path
    facts: Facts
    genes: str
    say: Say


class RememberingScorer(Scorer):
    """A scorer that asks a store before it computes, and adds what it has computed.

    Args:
        network: As of ``Scorer``.
        genome: A genome in files, by whose digests scores are kept.
        origin: The store.
        options: As of ``Scorer``.

    Attributes:
        space: The scores of these settings in the store.
        n_found: Alleles that the store has answered.
    """

    def __init__(
        self, network: VariantModel, genome: Fasta, origin: StoreContext, **options: Any
    ) -> None:
        super().__init__(network, genome, **options)
        self.n_found = 0
        self._say: Say | None = origin.say
        self._genome = genome
        self._swap = options.get("check_ref") == "swap"
        scores = self._scores(network)
        scores |= {"rc": bool(options.get("reverse_complement")), "genes": origin.genes}
        facts = {
            **origin.facts,
            "measures": [list(of) for of in self.measures],
            "scores": scores,
            "computing": self._computing(),
        }
        store = Store(origin.store, origin.say)
        self.space = store.space(json.loads(json.dumps(facts)))
        if note := unused(store, self.space):
            origin.say(note)

    def _scores(self, network: VariantModel) -> dict[str, Any]:
        """Return all that says what a score is of."""
        placement, measuring = self.placement, self._measuring
        return {
            "input_length": network.geometry.input_length,
            "output_length": network.geometry.output_length,
            "bin_size": network.geometry.bin_size,
            "unknown_base": network.unknown_base,
            "transform": network.transform,
            "scale": network.scale,
            "order_rc": measuring.order_rc,
            "stranded": measuring.stranded,
            "masked": measuring.masked,
            "distance": measuring.distance,
            "mean_track": measuring.mean_track,
            "shifts": placement.drawn.tolist(),
            "max_shift": placement.max_shift,
            "longest": placement.longest,
            "even": placement.even,
            "inside": placement.inside,
        }

    def _computing(self) -> dict[str, Any]:
        """Return all that the last bits of a score depend on beside that."""
        return {
            "zooctl": __version__,
            "onnxruntime": VERSION,
            "numpy": np.__version__,
            "device": self.device,
            "instructions": instruction_sets(),
            "threads": self.threads,
            "batch_size": self.batch_size,
            "engine": self.engine,
            **less_precision(self.precision),
        }

    def score(self, records: Iterable[Sequence[Allele]]) -> Generator[tuple[ScoredAllele, ...]]:
        """Yield as ``Scorer.score``; alleles that the store has are not computed."""
        given = iter(records)
        while chunk := list(islice(given, _RECORDS)):
            yield from self._score_chunk(chunk)

    def _score_chunk(self, chunk: Sequence[Sequence[Allele]]) -> Iterator[tuple[ScoredAllele, ...]]:
        keys = [[self._keys(allele) for allele in alleles] for alleles in chunk]
        known = self._ask(chunk, keys)
        missing = [
            [a for a, key in zip(alleles, own, strict=True) if not self._has(a, key, known)]
            for alleles, own in zip(chunk, keys, strict=True)
        ]
        new: dict[str, dict[Key, StoredScore]] = {}
        computed = super().score(missing)
        try:
            for alleles, own, found in zip(chunk, keys, computed, strict=True):
                rest = iter(found)
                row = []
                for allele, key in zip(alleles, own, strict=True):
                    if self._has(allele, key, known):
                        self.n_found += 1
                        row.append(self._answer(allele, key, known))
                    else:
                        row.append(next(rest))
                        new.setdefault(allele.chrom, {}).update(_stored(key, row[-1]))
                yield tuple(row)
        finally:
            computed.close()
            self._add(new)

    def _keys(self, allele: Allele) -> dict[Key, Gene | None]:
        """Return the names of an allele in a store, one a gene; none where it has no score."""
        found = normal_form(allele, self._genome, self.placement.longest, self._swap)
        if isinstance(found, Status):
            return {}
        change, swapped = found
        start, ref, alt = anchor(change, partial(self._genome.padded_codes, allele.chrom))
        ref, alt = (alt, ref) if swapped else (ref, alt)
        genes = self._planner.genes
        if genes is None:
            return {Key(start, ref, alt, swapped): None}
        over = genes.over(allele.chrom, allele.start)
        return {Key(start, ref, alt, swapped, _gene_text(gene)): gene for gene in over}

    def _contig(self, chrom: str) -> Contig:
        return Contig(chrom, self._genome.sha256(chrom))

    def _ask(
        self, chunk: Sequence[Sequence[Allele]], keys: Sequence[Sequence[Mapping[Key, Gene | None]]]
    ) -> dict[tuple[str, Key], StoredScore]:
        asked: dict[str, list[Key]] = {}
        for alleles, own in zip(chunk, keys, strict=True):
            for allele, some in zip(alleles, own, strict=True):
                if some:
                    asked.setdefault(allele.chrom, []).extend(some)
        found = {}
        for chrom, wanted in asked.items():
            parts = self.space.parts(self._contig(chrom))
            for key, row in (parts.ask(wanted) if parts else {}).items():
                found[chrom, key] = row
        return found

    def _has(
        self,
        allele: Allele,
        keys: Mapping[Key, Gene | None],
        known: Mapping[tuple[str, Key], StoredScore],
    ) -> bool:
        return bool(keys) and all((allele.chrom, key) in known for key in keys)

    def _answer(
        self,
        allele: Allele,
        keys: Mapping[Key, Gene | None],
        known: Mapping[tuple[str, Key], StoredScore],
    ) -> ScoredAllele:
        rows = [(gene, self._scored(known[allele.chrom, key])) for key, gene in keys.items()]
        genes = [(gene, scored) for gene, scored in rows if gene is not None]
        return in_best_gene(genes) if genes else rows[0][1]

    def _scored(self, row: StoredScore) -> ScoredAllele:
        return ScoredAllele(row.status, unpack(row, self.measures, self.n_tracks), _kind(row.kind))

    def _add(self, new: Mapping[str, Mapping[Key, StoredScore]]) -> None:
        """Add what was computed; a run does not fail for a store that takes no more."""
        try:
            for chrom, rows in new.items():
                if rows and (parts := self.space.parts(self._contig(chrom), create=True)):
                    parts.add(to_table(rows))
        except InputError as error:
            if self._say is not None:
                self._say(f"warning: new scores are not stored: {error}")
            self._say = None


def _gene_text(gene: Gene) -> str:
    return f"{gene.name} {gene.start}-{gene.end} {gene.strand}"


def _kind(text: str) -> Kind | None:
    return text or None  # type: ignore[return-value]


def _stored(keys: Mapping[Key, Gene | None], allele: ScoredAllele) -> dict[Key, StoredScore]:
    """Return the rows of an allele that was computed; none where it has no score."""
    if not keys or (allele.status == Status.MOSTLY_N):
        return {}
    if not allele.genes:
        (key,) = keys
        return {key: pack(allele.status, allele.kind, allele.measured)}
    return {
        key: pack(status, allele.kind, measured)
        for key, (_, measured), status in zip(keys, allele.genes, allele.gene_statuses, strict=True)
    }


def pack(status: str, kind: Kind | None, measured: Sequence[Measured]) -> StoredScore:
    """Return scores as a row: of each score its value, deviation, REF and ALT, track by track."""
    values = np.array([(one.score, one.sd, one.ref, one.alt) for one in measured], np.float32)
    places = np.array([one.place for one in measured], np.int64)
    if (places == NO_PLACE).all():
        places = places[:0]
    return StoredScore(str(status), kind or "", values.ravel(), places.ravel())


def unpack(row: StoredScore, measures: Sequence[Measure], n_tracks: int) -> tuple[Measured, ...]:
    """Return the scores of a row.

    >>> nan = np.float32("nan")
    >>> one = Measured(*np.float32([[0.5], [nan], [1], [2]]), np.array([NO_PLACE]))
    >>> row = pack("OK", "snv", [one])
    >>> [found] = unpack(row, [Measure("sum", "difference")], 1)
    >>> found.score.tolist(), found.alt.tolist(), found.place.tolist()
    ([0.5], [2.0], [-1])
    """
    values = row.values.reshape(len(measures), 4, n_tracks)
    places: NDArray[np.int64] = np.full((len(measures), n_tracks), NO_PLACE)
    if len(row.places):
        places = row.places.reshape(places.shape)
    return tuple(
        Measured(one[0], one[1], one[2], one[3], place)
        for one, place in zip(values, places, strict=True)
    )


def unused(store: Store, space: Space) -> str | None:
    """Return a note on scores of the same kind that were computed in another way; None if none."""
    own = space.facts
    for other in store.spaces(own["model"]):
        facts = other.facts
        alike = all(facts.get(name) == own[name] for name in own if name != "computing")
        if alike and other.digest != space.digest:
            differing = [
                f"{name} {theirs}, now {own['computing'].get(name, 'none')}"
                for name, theirs in facts["computing"].items()
                if own["computing"].get(name) != theirs
            ]
            return (
                f"store: scores of {own['model']} that were computed in another way are left: "
                f"{'; '.join(differing)}"
            )
    return None
