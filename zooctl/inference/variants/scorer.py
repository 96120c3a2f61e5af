"""Shift-robust scores of alleles: a score, or the reason for none, for each allele of a stream.

Toneyan, Tang and Koo 2022 (doi:10.1038/s42256-022-00570-9) and its released code: predictions of
shifted windows are aligned on the genome, averaged over shifts, summed over the bases that all of
them share, and compared. Three stages run beside each other, each a few batches ahead:

- ``planner`` reads records, locates their alleles on the genome (``locate``), lays windows on both
  sequences (``shifts``) and passes on those that are not cached;
- the network predicts windows in full batches (``batches``), and sums each over its bases, within
  its graph (``graph.front_back``), where no statistic needs more than the sum;
- ``measure_alleles`` makes scores of them, by the formulas of ``shift_robust_statistics``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.intervals.transcripts import GeneIndex
from zooctl.inference.device.session import Session
from zooctl.inference.device.threaded import in_background, side_by_side
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.genome import Genome
from zooctl.inference.options.hardware import Hardware, On, Precision
from zooctl.inference.options.predict_and_score import CheckRef, Engine, Statistic
from zooctl.inference.variants.batches import AlleleBatch, fill_batches
from zooctl.inference.variants.measure_alleles import Measuring, ScoredAllele
from zooctl.inference.variants.planner import Planned, Planner
from zooctl.inference.variants.shared import (
    SharedBatch,
    SharedHaplotypes,
    fill_sequences,
    is_faster,
)
from zooctl.inference.variants.shift_robust_statistics import Scale
from zooctl.inference.variants.shifts import Placement, default_max_shift
from zooctl.schema.card import Card
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.alleles import Allele
from zooctl.sequence.windows import Geometry, Integers

DEFAULT_N_SHIFTS = 20
"""Windows that a score is the mean over, in Toneyan, Tang and Koo 2022."""

DEFAULT_DISTANCE = 50
"""Reach of the statistics ``local`` and ``delta`` in bp: SpliceAI's default."""


@dataclass(frozen=True)
class VariantModel:
    """A network as its card describes it.

    Attributes:
        model: Serialised ONNX model of the zoo.
        geometry: Window lengths.
        n_tracks: Tracks it predicts.
        unknown_base: Value of all four channels at an unknown base.
        transform: Transform of the training target, which is undone.
        scale: Scale of predicted values after that; it decides between ratios and differences.
        track_order_rc: Index of the track that each becomes under reverse complement.
        transcribed: It reads the transcribed strand, so that each strand has scores of its own.
    """

    model: bytes
    geometry: Geometry
    n_tracks: int
    unknown_base: float
    transform: Transform
    scale: Scale
    track_order_rc: tuple[int, ...]
    transcribed: bool = False

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
            card.reads_strand == "transcribed",
        )

    def around(self, distance: int, max_shift: int) -> VariantModel:
        """Return a network of any length with as short a window as a distance needs.

        Changes of up to twice the distance fit, as long as they are in SpliceAI's program.

        Args:
            distance: Reach of a statistic, in bp from the change.
            max_shift: Largest shift, in bp.
        """
        window = self.geometry
        output = (4 * distance + 2 * max_shift) // window.bin_size * window.bin_size
        output += window.bin_size
        length = window.input_length - window.output_length + output
        if output >= window.output_length or window.n_bins == 1:
            return self
        return replace(self, geometry=Geometry(length, output, window.bin_size, window.bin_size))


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
        reverse_complement: Average over both strands; of no use to a network of the transcribed
            strand, whose tracks of the other strand stand behind those of the given one.
        genes: Score in each gene over an allele, on its strand, with unknown bases beyond its ends.
        masked: In genes, gains at annotated ends of exons and losses elsewhere are 0.
        statistics: Comparisons of REF and ALT (``shift_robust_statistics``).
        distance: Reach of ``local`` and ``delta``, in bp from the change.
        mean_track: Add the mean over tracks as a last track.
        check_ref: Treatment of alleles whose REF differs from the genome: ``skip`` them
            (REF_MISMATCH), ``fail``, or ``swap`` where the genome has ALT (else REF_MISMATCH):
            both keep their names, and the sequence around them is the genome's.
        batch_size: Windows in a batch.
        threads: CPU threads.
        device: ``auto``, ``cpu`` or ``cuda``.
        engine: ``auto`` computes once what windows share, where that is less work by the sizes of
            the network; ``plain`` predicts them one by one. Scores agree within 1e-5.

    Attributes:
        placement: Positions of the windows: the shifts, the largest, the longest allele.
        measures: The scores of an allele on a track, in order.
        n_predicted: Windows predicted so far.

    Raises:
        InputError: Shifts that leave nothing to compare; a statistic that the network's predictions
            do not have; or as ``session.Session``.
        UnsafeError, VerificationError: As ``session.Session``.
    """

    def __init__(
        self,
        network: VariantModel,
        genome: Genome,
        *,
        n_shifts: int = DEFAULT_N_SHIFTS,
        max_shift: int | None = None,
        seed: int = 0,
        even: bool = False,
        inside: bool = False,
        reverse_complement: bool = False,
        genes: GeneIndex | None = None,
        masked: bool = False,
        statistics: Sequence[Statistic] = ("sum",),
        distance: int = DEFAULT_DISTANCE,
        mean_track: bool = False,
        check_ref: CheckRef = "skip",
        batch_size: int | None = None,
        threads: int | None = None,
        device: On = "auto",
        engine: Engine = "plain",
    ) -> None:
        if distance < 1:
            raise InputError("distance must be at least 1", got=distance)
        if reverse_complement and network.transcribed:
            what = "the network reads the transcribed strand, and no mean of both"
            expected = "scores of each strand, or with --genes those on the gene's"
            raise InputError(what, got="--rc", expected=expected)
        if genes is not None and not network.transcribed:
            raise InputError(
                "genes are of use to networks of the transcribed strand", got="--genes"
            )
        stranded = network.transcribed and genes is None
        both = reverse_complement or stranded
        if max_shift is None:
            max_shift = default_max_shift(network.geometry)
        self.placement = Placement(network.geometry, n_shifts, max_shift, seed, even, inside)
        self._network = network
        self._measuring = Measuring(
            self.placement,
            tuple(statistics),
            distance,
            mean_track,
            network.n_tracks,
            network.scale,
            network.transform,
            network.track_order_rc if both else None,
            stranded,
            masked,
        )
        self.measures = self._measuring.measures
        bins = self._measuring.needs_bins
        self._planner = Planner(genome, self.placement, check_ref, both, bins, genes)
        self.n_predicted = 0
        self._session = self._open(batch_size=batch_size, threads=threads, device=device)
        self._shared = self._share(device, threads, batch_size) if engine == "auto" else None

    def _open(self, **session: Any) -> Session:
        """Return the network on its device."""
        of = self._network
        session["summed"] = None if self._measuring.needs_bins else of.transform
        session |= {"geometry": of.geometry, "n_tracks": of.n_tracks}
        return Session(of.model, unknown_base=of.unknown_base, **session)

    def _share(
        self, device: On, threads: int | None, batch_size: int | None
    ) -> SharedHaplotypes | None:
        """Return the network on all windows of a haplotype; None where they share too little."""
        given, measuring = self._network, self._measuring
        network = FollowedNetwork(given.model, given.geometry, given.n_tracks, given.unknown_base)
        distance = measuring.distance if measuring.is_near else None
        if not is_faster(network, self.placement, distance):
            return None
        return SharedHaplotypes(
            network,
            self.placement,
            None if measuring.needs_bins else given.transform,
            distance=distance,
            both_strands=measuring.order_rc is not None or self._planner.genes is not None,
            device=Hardware.of(device)._replace(device=self.device),
            threads=threads,
            batch_size=batch_size,
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
    def n_tracks(self) -> int:
        """Tracks of each score, those of both strands and a mean among them."""
        return self._measuring.n_scored

    @property
    def by_gene(self) -> bool:
        """Whether scores are those in genes."""
        return self._planner.genes is not None

    @property
    def distance(self) -> int:
        """Reach of the statistics ``local`` and ``delta`` in bp."""
        return self._measuring.distance

    @property
    def max_allele_length(self) -> int:
        """Longest changed stretch of REF or ALT in bp; beyond it an allele is TOO_LONG."""
        return self.placement.longest

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        """The device, as it really runs."""
        return self._session.device

    @property
    def precision(self) -> Precision:
        """Arithmetic of convolutions and products."""
        return self._session.precision

    @property
    def threads(self) -> int:
        """CPU threads it runs with."""
        return self._session.threads

    @property
    def batch_size(self) -> int:
        """Windows in a batch."""
        return self._session.batch_size

    @property
    def engine(self) -> Literal["shared", "plain"]:
        """The path that is taken: windows that share, or one by one."""
        return "plain" if self._shared is None else "shared"

    @property
    def inputs(self) -> str:
        """Inputs beside the sequence, in words; empty for none."""
        return ""

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
        batches = in_background(self._predict(records), self._interrupt)
        # The calling thread only puts together, so that a signal is heard at any time.
        with contextlib.closing(batches):
            for batch in batches:
                for record in batch.records:
                    yield tuple(map(self._measuring.score, record))

    def _predict(
        self, records: Iterable[Sequence[Allele]]
    ) -> Generator[AlleleBatch[tuple[Planned, ...]] | SharedBatch[tuple[Planned, ...]]]:
        """Yield batches whose outputs are delivered."""
        planned = self._planner.plan(records, self._network.n_tracks)
        if self._shared is not None:
            together = fill_sequences(planned, self._shared.n_sequences)
            with contextlib.closing(in_background(together)) as shared:
                for some in shared:
                    self.n_predicted += self._shared.deliver(some.windows)
                    yield some
            return
        length = self._network.geometry.input_length
        filled = fill_batches(planned, self._session.batch_size, length)
        with contextlib.closing(in_background(filled)) as batches:
            work = side_by_side(self._outputs, batches, self._session.at_once)
            for batch, outputs in work:
                batch.deliver(outputs)
                self.n_predicted += len(batch.codes)
                yield batch

    def _outputs(self, batch: AlleleBatch[tuple[Planned, ...]]) -> NDArray[Any]:
        """Return the predictions or sums of a batch."""
        if self._measuring.needs_bins:
            return self._session.predict(batch.codes)
        return self._session.sums(batch.codes, batch.spans)

    def _interrupt(self) -> None:
        """End a prediction that runs in another thread."""
        self._session.interrupt()
        if self._shared is not None:
            self._shared.interrupt()
