"""Shift-robust scores of alleles: a stream of records in, a score or a reason for each allele out.

Toneyan, Tang and Koo 2022 (doi:10.1038/s42256-022-00570-9) and its released code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.card import Card
from zooctl.inference.predict import Transform
from zooctl.inference.runtime import Device
from zooctl.sequence.alleles import Allele
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry

Scale = Literal["signal", "log", "logit", "probability"]
CheckRef = Literal["skip", "fail", "swap"]


class Genome(Protocol):
    """Where sequence comes from; ``files.fasta.Fasta`` is one."""

    @property
    def contigs(self) -> Mapping[str, int]:
        """Length of each contig."""
        ...

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        """Return the codes of ``[start, end)``, N outside of the contig."""
        ...


@dataclass(frozen=True)
class Network:
    """A network as its card describes it.

    Attributes:
        model: Serialised ONNX model of the zoo.
        geometry: Window lengths.
        n_tracks: Tracks it predicts.
        unknown_base: Value of all four channels at an unknown base.
        transform: What the training target went through; it is undone.
        scale: What a predicted value is after that; ``signal`` is scored as a log2 ratio, the
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
    def of(cls, card: Card, model: bytes) -> Network:
        """Take from a card what scoring needs."""
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
    """What scoring found for one allele; arrays are float32 ``(n_tracks,)``.

    Attributes:
        status: ``OK``, flags such as ``EDGE+N``, or why there is no score (``alleles.Status``).
        score: log2(alternative / reference), or the difference, by the network's scale.
        sd: Standard deviation over shifts (ddof 0) of the score of one shift; NaN for one shift.
        ref: Mean prediction for the reference over the compared bases and shifts.
        alt: The same for the alternative.

    All are NaN where the allele is not scored. The log ratio is NaN too where a mean is not above
    0 (the status says OK, ``ref`` and ``alt`` are there): nothing is added to make it a number.
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
        genome: Where the reference comes from.
        n_shifts: Windows to an allele, at shifts drawn once from ``seed``.
        max_shift: Shifts lie in ``[-max_shift, max_shift - 1]``; default by the geometry.
        seed: Of the shifts.
        reverse_complement: Average over both strands.
        check_ref: What to do where the genome is not REF: ``skip`` the allele (REF_MISMATCH),
            ``fail``, or ``swap`` where the genome is ALT (else REF_MISMATCH): both keep their
            names, only the sequence around them is the genome's.
        batch_size: Windows to a batch.
        threads: CPU threads.
        device: ``auto``, ``cpu`` or ``cuda``.

    Attributes:
        shifts: The shifts, int64 ``(n_shifts,)``.
        max_shift: As used.
        max_allele_length: Longest changed stretch of REF or ALT in bp; beyond it is TOO_LONG.
        device, threads, batch_size: As they are used.

    Raises:
        InputError: Shifts that leave nothing to compare; or as ``runtime.Session``.
    """

    def __init__(
        self,
        network: Network,
        genome: Genome,
        *,
        n_shifts: int = 20,
        max_shift: int | None = None,
        seed: int = 0,
        reverse_complement: bool = False,
        check_ref: CheckRef = "skip",
        batch_size: int | None = None,
        threads: int | None = None,
        device: Device = "auto",
    ) -> None:
        raise NotImplementedError

    def check(self, allele: Allele) -> str:
        """Return the status that an allele would get, without predicting; nothing raises."""
        raise NotImplementedError

    def score(self, records: Iterable[Sequence[Allele]]) -> Iterator[tuple[ScoredAllele, ...]]:
        """Yield one tuple for each record, in order: an item for each of its alleles.

        It streams: memory does not grow with the records, batches are filled across them.
        ``records`` is iterated in another thread, some batches ahead of what was yielded. A record
        without alleles gives an empty tuple.

        Raises:
            InputError: ``check_ref`` is ``fail`` and the genome is not REF.
            VerificationError: A prediction is not a finite number.
        """
        raise NotImplementedError
