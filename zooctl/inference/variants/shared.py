"""All shifted windows of a haplotype at once, in place of one by one.

Only the bins that are compared are asked for, and what windows share is computed once
(``inference.engine``). The outputs are those of ``batches``, within the last bits of float32.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from zooctl.inference.engine.network import LEAST_GAIN, FollowedNetwork
from zooctl.inference.engine.shared import SharedWindows
from zooctl.inference.options import Device
from zooctl.inference.variants.batches import AlleleWindows
from zooctl.inference.variants.shifts import Placement
from zooctl.schema.recipe.signals import Transform

Record = TypeVar("Record")

# Records that may wait for a batch to fill.
_WAITING = 4_096


def compared_bins(placement: Placement) -> list[tuple[int, int]]:
    """Return the bins of each shifted window that any change compares, as many of each.

    >>> from zooctl.sequence.windows import Geometry
    >>> placement = Placement(Geometry(2048, 2048, 32, 1024), 2, 512, 0, even=True)
    >>> placement.shifts.tolist(), compared_bins(placement)
    ([-512, 512], [(32, 64), (0, 32)])
    """
    geometry = placement.geometry
    if geometry.n_bins == 1:
        return [(0, 1)] * len(placement.shifts)
    size, shared = geometry.bin_size, geometry.output_length - 2 * placement.max_shift
    firsts = (placement.max_shift - placement.shifts) // size
    lasts = -(-(placement.max_shift - placement.shifts + shared) // size)
    taken = int((lasts - firsts).max())
    lows = np.minimum(firsts, geometry.n_bins - taken)
    return [(low, low + taken) for low in lows.tolist()]


@dataclass(frozen=True)
class SharedBatch(Generic[Record]):
    """Haplotypes to predict together.

    Attributes:
        windows: Haplotypes, and the arrays that take their outputs.
        records: Records whose outputs are complete after this batch, in order.
    """

    windows: tuple[AlleleWindows, ...]
    records: tuple[Record, ...]


class SharedHaplotypes:
    """A network on the windows of haplotypes, on one strand or both.

    Args:
        network: The network.
        placement: Positions of the windows.
        summed: Transform of the target, which is undone before predictions are summed; None where
            the predictions themselves are asked for.
        both_strands: Whether haplotypes of the other strand come, too.
        device: As ``session.Session``.
        threads: As ``session.Session``.
        batch_size: Windows in a batch, about.
    """

    def __init__(
        self,
        network: FollowedNetwork,
        placement: Placement,
        summed: Transform | None,
        *,
        both_strands: bool,
        device: Device,
        threads: int | None,
        batch_size: int | None,
    ) -> None:
        offsets, bins = _places(placement)
        given = [(offsets, bins)]
        if both_strands:
            n_bins = placement.geometry.n_bins
            turned = [(n_bins - high, n_bins - low) for low, high in bins]
            given.append((tuple(offsets[-1] - one for one in offsets), turned))
        self._summed = summed is not None
        self._n_strands = len(given)
        by_offsets: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for places, needed in given:
            # A single window lies alike on both strands.
            other = by_offsets.get(places, needed)
            pairs = zip(needed, other, strict=True)
            by_offsets[places] = [(min(a[0], b[0]), max(a[1], b[1])) for a, b in pairs]
        self._by_offsets = {
            places: SharedWindows(
                network,
                network.lay_out(places, needed),
                summed=summed,
                device=device,
                threads=threads,
                batch_size=batch_size,
            )
            for places, needed in by_offsets.items()
        }

    @staticmethod
    def gain(network: FollowedNetwork, placement: Placement) -> float:
        """Return how many times fewer multiplications it takes than windows one by one."""
        return network.gain(network.lay_out(*_places(placement)))

    @property
    def n_sequences(self) -> int:
        """Haplotypes in a batch, of both strands where there are two."""
        return self._n_strands * min(one.n_sequences for one in self._by_offsets.values())

    def interrupt(self) -> None:
        """Make the prediction that runs in another thread, and every later one, fail at once."""
        for shared in self._by_offsets.values():
            shared.interrupt()

    def deliver(self, windows: Sequence[AlleleWindows]) -> int:
        """Fill the outputs of haplotypes, and return the number of their windows.

        Bins that no change compares are not predicted; they are 0.
        """
        for offsets, shared in self._by_offsets.items():
            some = [one for one in windows if one.haplotype.offsets == offsets]
            if not some:
                continue
            codes = np.stack([one.haplotype.codes for one in some])
            if self._summed:
                spans = np.stack([one.haplotype.spans for one in some])
                for one, sums in zip(some, shared.sums(codes, spans), strict=True):
                    one.outputs[:] = sums
                continue
            for one, values in zip(some, shared.predict(codes), strict=True):
                one.outputs[:] = 0
                for number, (low, high) in enumerate(shared.layout.needed):
                    one.outputs[number, :, low:high] = values[number]
        return sum(len(one.outputs) for one in windows)


def _places(placement: Placement) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
    """Return the first base of each window from that of the first, and the bins compared."""
    shifts = placement.shifts
    return tuple((shifts - shifts[0]).tolist()), compared_bins(placement)


def is_faster(network: FollowedNetwork, placement: Placement) -> bool:
    """Return whether windows share enough; those kept inside a contig do not lie alike."""
    return not placement.inside and SharedHaplotypes.gain(network, placement) >= LEAST_GAIN


def fill_sequences(
    records: Iterable[tuple[Record, Sequence[AlleleWindows]]], n_sequences: int
) -> Generator[SharedBatch[Record]]:
    """Yield batches of haplotypes across records, as ``batches.fill_batches``.

    Args:
        records: Each with the haplotypes that it is the first to need.
        n_sequences: Haplotypes in a batch, of both strands where there are two.
    """
    waiting: list[AlleleWindows] = []
    done: list[Record] = []
    for record, needed in records:
        for windows in needed:
            waiting.append(windows)
            if len(waiting) == n_sequences:
                yield SharedBatch(tuple(waiting), tuple(done))
                waiting, done = [], []
        done.append(record)
        if len(done) == _WAITING:
            yield SharedBatch(tuple(waiting), tuple(done))
            waiting, done = [], []
    if done:
        yield SharedBatch(tuple(waiting), tuple(done))
