"""Shift-robust scores of alleles: a score, or the reason for none, for each allele of a stream.

Toneyan, Tang and Koo 2022 (doi:10.1038/s42256-022-00570-9) and its released code: predictions of
shifted windows are aligned on the genome, averaged over shifts, summed over the bases that all of
them share, and compared. Three stages run beside each other, each a few batches ahead:

- ``planner`` reads records, locates their alleles on the genome (``locate``), lays windows on both
  sequences (``shifts``) and passes on those that are not cached;
- the network sums each window over its bases, within its graph (``graph.front_back``), in full
  batches (``batches``);
- here the sums of an allele become its score.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import VerificationError
from zooctl.inference.genome import Genome
from zooctl.inference.options import CheckRef, Device
from zooctl.inference.session import Session
from zooctl.inference.tracks.genome_grid import in_background
from zooctl.inference.variants.batches import AlleleBatch, Sums, fill_batches
from zooctl.inference.variants.planner import Planned, Planner
from zooctl.inference.variants.shifts import Placement, default_max_shift
from zooctl.schema.card import Card
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.alleles import Allele, Status, add_flag
from zooctl.sequence.windows import Geometry, Integers

Scale = Literal["signal", "log", "logit", "probability"]


@dataclass(frozen=True)
class VariantModel:
    """A network as its card describes it.

    Attributes:
        model: Serialised ONNX model of the zoo.
        geometry: Window lengths.
        n_tracks: Tracks it predicts.
        unknown_base: Value of all four channels at an unknown base.
        transform: Transform of the training target, which is undone.
        scale: Scale of predicted values after that; ``signal`` is scored as a log2 ratio, the
            others as a difference.
        track_order_rc: Index of the track that each becomes under reverse complement.
    """

    model: bytes
    geometry: Geometry
    n_tracks: int
    unknown_base: float
    transform: Transform
    scale: Scale
    track_order_rc: tuple[int, ...]

    @classmethod
    def of(cls, card: Card, model: bytes) -> VariantModel:
        """Return the network of a card."""
        return cls(
            model,
            card.geometry,
            card.n_tracks,
            card.unknown_base,
            card.output_transform,
            card.output_scale,
            card.track_order_rc,
        )


@dataclass(frozen=True)
class ScoredAllele:
    """Status and scores of one allele; arrays are float32 ``(n_tracks,)``.

    Attributes:
        status: ``OK``, flags such as ``EDGE+N``, or why there is no score (``alleles.Status``).
        score: log2(alternative / reference), or the difference, by the network's scale.
        sd: Standard deviation over shifts (ddof 0) of the score of one shift; NaN for one shift.
        ref: Mean prediction for the reference over the compared bases and shifts.
        alt: The same for the alternative.

    All are NaN where the allele is not scored. The log ratio is NaN too where a mean is not above
    0 (the status says NO_RATIO or, where it holds for some tracks, SOME_RATIO; ``ref`` and ``alt``
    are there): nothing is added to make it a number.
    """

    status: str
    score: NDArray[np.float32]
    sd: NDArray[np.float32]
    ref: NDArray[np.float32]
    alt: NDArray[np.float32]


class Scorer:
    """Scores alleles against a genome with one network.

    Args:
        network: The network.
        genome: The genome.
        n_shifts: Windows of an allele, at shifts drawn once from ``seed``.
        max_shift: Shifts lie in ``[-max_shift, max_shift - 1]``; default by the geometry.
        seed: Of the shifts.
        even: Shifts lie at even distances from ``-max_shift`` to ``max_shift`` instead.
        inside: Windows are kept inside the contig, which only a network with one value allows.
        reverse_complement: Average over both strands.
        check_ref: Treatment of alleles whose REF differs from the genome: ``skip`` them
            (REF_MISMATCH), ``fail``, or ``swap`` where the genome has ALT (else REF_MISMATCH):
            both keep their names, and the sequence around them is the genome's.
        batch_size: Windows in a batch.
        threads: CPU threads.
        device: ``auto``, ``cpu`` or ``cuda``.

    Attributes:
        placement: Positions of the windows: the shifts, the largest, the longest allele.
        n_predicted: Windows predicted so far.

    Raises:
        InputError: Shifts that leave nothing to compare; or as ``session.Session``.
        UnsafeError, VerificationError: As ``session.Session``.
    """

    def __init__(
        self,
        network: VariantModel,
        genome: Genome,
        *,
        n_shifts: int = 20,
        max_shift: int | None = None,
        seed: int = 0,
        even: bool = False,
        inside: bool = False,
        reverse_complement: bool = False,
        check_ref: CheckRef = "skip",
        batch_size: int | None = None,
        threads: int | None = None,
        device: Device = "auto",
    ) -> None:
        if max_shift is None:
            max_shift = default_max_shift(network.geometry)
        self.placement = Placement(network.geometry, n_shifts, max_shift, seed, even, inside)
        self._network = network
        self._order_rc = list(network.track_order_rc) if reverse_complement else None
        self._planner = Planner(genome, self.placement, check_ref, reverse_complement)
        self.n_predicted = 0
        self._session = Session(
            network.model,
            geometry=network.geometry,
            n_tracks=network.n_tracks,
            unknown_base=network.unknown_base,
            summed=network.transform,
            batch_size=batch_size,
            threads=threads,
            device=device,
        )

    @property
    def shifts(self) -> Integers:
        """The shifts, int64 ``(n_shifts,)``."""
        return self.placement.drawn

    @property
    def max_shift(self) -> int:
        """The largest shift in bp, as used."""
        return self.placement.max_shift

    @property
    def max_allele_length(self) -> int:
        """Longest changed stretch of REF or ALT in bp; beyond it an allele is TOO_LONG."""
        return self.placement.longest

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        """The device, as it really runs."""
        return self._session.device

    @property
    def threads(self) -> int:
        """CPU threads it runs with."""
        return self._session.threads

    @property
    def batch_size(self) -> int:
        """Windows in a batch."""
        return self._session.batch_size

    def check(self, allele: Allele) -> str:
        """Return the status of an allele without predicting; ``fail`` is treated as ``skip``."""
        return self._planner.locate(allele).status

    def score(self, records: Iterable[Sequence[Allele]]) -> Generator[tuple[ScoredAllele, ...]]:
        """Yield one tuple for each record, in order: an item for each of its alleles.

        It streams: memory does not grow with the records, and batches are filled across them.
        ``records`` is iterated in another thread, some batches ahead. A record without alleles
        gives an empty tuple. Leaving the iterator early interrupts the network for
        good: a scorer can be used again only after it was read to its end. Close it then: a thread
        that still predicts when the program ends would abort it.

        Raises:
            InputError: ``check_ref`` is ``fail`` and the genome is not REF.
            VerificationError: A prediction is not a finite number.
        """
        batches = in_background(self._predict(records), self._session.interrupt)
        # The calling thread only puts together, so that a signal is heard at any time.
        with contextlib.closing(batches):
            for batch in batches:
                for record in batch.records:
                    yield tuple(map(self._finish, record))

    def _predict(
        self, records: Iterable[Sequence[Allele]]
    ) -> Generator[AlleleBatch[tuple[Planned, ...]]]:
        """Yield batches whose sums are delivered."""
        length = self._network.geometry.input_length
        filled = fill_batches(
            self._planner.plan(records, self._network.n_tracks), self._session.batch_size, length
        )
        with contextlib.closing(in_background(filled)) as batches:
            for batch in batches:
                batch.deliver(self._session.sums(batch.codes, batch.spans))
                self.n_predicted += len(batch.codes)
                yield batch

    def _finish(self, planned: Planned) -> ScoredAllele:
        if planned.sums is None:
            nothing = np.full(self._network.n_tracks, np.nan, dtype=np.float32)
            return ScoredAllele(planned.status, nothing, nothing, nothing, nothing)
        ref, alt = (self._means(sums, planned) for sums in planned.sums)
        score, sd = compare(ref, alt, self._network.scale)
        values = (value.astype(np.float32) for value in (score, sd, ref.mean(0), alt.mean(0)))
        missing = np.isnan(score)
        if not missing.any():
            return ScoredAllele(planned.status, *values)
        flag = Status.NO_RATIO if missing.all() else Status.SOME_RATIO
        return ScoredAllele(add_flag(planned.status, flag), *values)

    def _means(self, sums: Sums, planned: Planned) -> NDArray[np.float64]:
        """Return the mean over bases of each window that counts, ``(n, n_tracks)``."""
        if not np.isfinite(sums).all():
            got = sums[~np.isfinite(sums)][0]
            what = f"a prediction for {planned.allele} is not a finite number"
            raise VerificationError(what, got=got)
        if self._order_rc is not None:
            half = len(sums) // 2
            sums = (sums[:half] + sums[half:, self._order_rc]) / 2
        means: NDArray[np.float64] = sums[planned.counted] / planned.n_bases
        return means


def compare(
    ref: NDArray[np.float64], alt: NDArray[np.float64], scale: Scale
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return score and standard deviation over shifts from means ``(n_shifts, n_tracks)``.

    >>> compare(np.array([[1.0], [3.0]]), np.array([[4.0], [4.0]]), "signal")[0].tolist()
    [1.0]
    """
    if scale == "signal":
        score, each = _log_ratio(ref.mean(0), alt.mean(0)), _log_ratio(ref, alt)
    else:
        each = alt - ref
        score = each.mean(0)
    return score, each.std(0) if len(each) > 1 else np.full_like(score, np.nan)


def _log_ratio(ref: NDArray[np.float64], alt: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log2(alt / ref), NaN where one is not above 0."""
    both = (ref > 0) & (alt > 0)
    ratio: NDArray[np.float64] = np.full(ref.shape, np.nan)
    np.divide(alt, ref, out=ratio, where=both)
    return np.log2(ratio, out=ratio, where=both)
