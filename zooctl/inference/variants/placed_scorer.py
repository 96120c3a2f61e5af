"""Scores of alleles by networks that read more than the sequence.

Signals per base belong to places of the genome, so each allele's windows are predicted with the
signals there. The alternative haplotype keeps the signals of the bases that it keeps; replaced
bases keep those of the replaced ones, and inserted bases have that of the base before them. A
siamese network reads both haplotypes in one pass: the prediction for REF is 0, which the network
has for equal alleles by construction, and that for ALT is the effect.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.device.session import Session, one_hot
from zooctl.inference.genome import Genome
from zooctl.inference.other_inputs.given_inputs import ALTERNATIVE
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.inference.variants.allele_status import Site
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.planner import Planned
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.inference.variants.shifts import Haplotype
from zooctl.sequence.alleles import Allele, Change, Status
from zooctl.sequence.onehot import Codes

Values = NDArray[np.float32]


class PlacedScorer(Scorer):
    """Scores alleles with a network of several inputs, one allele at a time.

    Args:
        network: The network.
        genome: The genome.
        session: The network on its device, with its other inputs.
        options: As of ``Scorer``; windows are predicted one by one.

    Raises:
        InputError: Both strands are asked for; or as ``Scorer``.
    """

    def __init__(
        self, network: VariantModel, genome: Genome, session: SeveralInputs, **options: Any
    ) -> None:
        if options.get("reverse_complement") or network.transcribed:
            raise InputError(
                "a model that reads more than the sequence is predicted on one strand",
                got="--rc" if options.get("reverse_complement") else "a transcribed strand",
            )
        self._placed = session
        self._siamese = session.given.names == [ALTERNATIVE]
        if self._siamese:
            # The prediction is a difference already, and no ratio of two values.
            network = replace(network, scale="log")
        super().__init__(network, genome, **{**options, "engine": "plain"})
        self._measuring = replace(self._measuring, whole=True)

    @property
    def max_allele_length(self) -> int:
        """Longest changed stretch in bp; a siamese network has seen substitutions alone."""
        return 1 if self._siamese else super().max_allele_length

    @property
    def inputs(self) -> str:
        """Files with their sizes and times of change, and values."""
        given = self._placed.given
        files = [(one.name, str(one.path), one.path.stat()) for one in given.tracks]
        words = [
            f"{name} {path} {status.st_size} {status.st_mtime_ns}" for name, path, status in files
        ]
        if given.features is not None:
            words.append(f"features {given.features.tolist()}")
        return "; ".join(words)

    def _open(self, **_: Any) -> Session:
        """Return the session that was given, whose predictions are asked for here alone."""
        return cast(Session, self._placed)

    def score(self, records: Iterable[Sequence[Allele]]) -> Generator[tuple[ScoredAllele, ...]]:
        """Yield one tuple for each record, in order: an item for each of its alleles."""
        for alleles in records:
            yield tuple(self._measuring.score(self._planned(allele)) for allele in alleles)

    def _planned(self, allele: Allele) -> Planned:
        """Return an allele with its predictions."""
        located = self._planner.locate(allele)
        if located.status == Status.REF_MISMATCH and self._planner.check_ref == "fail":
            raise self._planner.mismatch(allele)
        site = located.site
        if site is None:
            return Planned(allele, located.status)
        if self._siamese and (len(site.change.ref), len(site.change.alt)) != (1, 1):
            return Planned(allele, Status.TOO_LONG)
        outputs = self._effects(site) if self._siamese else self._predictions(site)
        counted = self.placement.counted(site.pair)
        return Planned(allele, located.status, outputs, site.change, site.swapped, counted)

    def _predictions(self, site: Site) -> tuple[Values, Values]:
        """Return the predictions of both haplotypes, ``(n_windows, n_tracks, n_bins)``."""
        pair, given = site.pair, self._placed.given
        start, length = np.array([pair.low]), len(pair.genome)
        others = given.values(site.chrom, start, length)
        signals = others.get("signals")
        found = []
        for haplotype, here in (
            (pair.reference, signals),
            (
                pair.alternative,
                None if signals is None else changed_signals(signals, site.change, pair.low),
            ),
        ):
            offsets = haplotype.offsets
            own: dict[str, Values] = {}
            if here is not None:
                own["signals"] = np.concatenate(
                    [here[..., at : at + self._length] for at in offsets]
                )
            if given.features is not None:
                own["features"] = np.tile(given.features, (len(offsets), 1))
            found.append(self._run(self._rows(haplotype), own))
        return found[0], found[1]

    def _effects(self, site: Site) -> tuple[Values, Values]:
        """Return 0 for REF, and the effect that the network has for both haplotypes."""
        reference, alternative = map(self._rows, (site.pair.reference, site.pair.alternative))
        second = one_hot(alternative, self._placed.unknown_base)
        effects = self._run(reference, {ALTERNATIVE: second})
        if site.swapped:
            # The change makes REF of the genome's ALT: outputs are swapped back by measuring.
            return -effects, np.zeros_like(effects)
        return np.zeros_like(effects), effects

    def _run(self, codes: Codes, others: dict[str, Values]) -> Values:
        """Predict windows in batches."""
        size = self._placed.batch_size
        parts = [
            self._placed.run(
                codes[first : first + size],
                {name: values[first : first + size] for name, values in others.items()},
            )
            for first in range(0, len(codes), size)
        ]
        self.n_predicted += len(codes)
        return np.concatenate(parts)

    def _rows(self, haplotype: Haplotype) -> Codes:
        return np.stack(list(haplotype.rows(self._length)))

    @property
    def _length(self) -> int:
        return self._network.geometry.input_length


def changed_signals(signals: Values, change: Change, low: int) -> Values:
    """Return signals of the changed sequence, ``(1, n_inputs, length + growth)``.

    Args:
        signals: On the genome from ``low`` on, ``(1, n_inputs, length)``.
        change: The change.
        low: First base.

    >>> signals = np.arange(6, dtype=np.float32)[None, None]
    >>> changed_signals(signals, Change(12, "A", "CGT"), 10)[0, 0].tolist()
    [0.0, 1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0]
    >>> changed_signals(signals, Change(12, "AC", ""), 10)[0, 0].tolist()
    [0.0, 1.0, 4.0, 5.0]
    """
    first, end = change.start - low, change.end - low
    kept = min(len(change.ref), len(change.alt))
    before, replaced = signals[..., :first], signals[..., first : first + kept]
    at = max(first + kept - 1, 0)
    inserted = np.repeat(signals[..., at : at + 1], len(change.alt) - kept, axis=-1)
    return np.concatenate((before, replaced, inserted, signals[..., end:]), axis=-1)
