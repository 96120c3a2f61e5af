"""All shifted windows of a haplotype at once, in place of one by one.

Only the bins that are compared are asked for, and what windows share is computed once
(``inference.engine``). An alternative that replaces a few bases is computed where it can differ
from its reference. The outputs are those of ``batches``, within the last bits of float32.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from zooctl.inference.engine.network import LEAST_GAIN, FollowedNetwork
from zooctl.inference.options.hardware import On
from zooctl.inference.variants.batches import AlleleWindows
from zooctl.inference.variants.planner import MOST_NEAR, MOST_REPLACED
from zooctl.inference.variants.shared_strand import SharedPlaces, SharedStrand
from zooctl.inference.variants.shifts import Placement
from zooctl.schema.recipe.signals import Transform

Record = TypeVar("Record")

# Records that may wait for a batch to fill.
_WAITING = 4_096
# Alternatives of each site of a batch that are computed by their cone: all SNVs of a base.
_ALTERNATIVES = 3


def compared_bins(placement: Placement, reach: int | None = None) -> list[tuple[int, int]]:
    """Return the bins of each shifted window that any change compares, as many of each.

    Args:
        placement: Positions of the windows.
        reach: Bases on each side of the centre that are compared at most; by default all that
            windows share.

    >>> from zooctl.sequence.windows import Geometry
    >>> placement = Placement(Geometry(2048, 2048, 32, 1024), 2, 512, 0, even=True)
    >>> placement.shifts.tolist(), compared_bins(placement)
    ([-512, 512], [(32, 64), (0, 32)])
    """
    geometry = placement.geometry
    if placement.is_scalar:
        return [(0, 1)] * len(placement.shifts)
    first = int(placement.origins.max())
    last = int(placement.origins.min()) + geometry.output_length
    if reach is not None:
        first, last = max(first, -reach), min(last, reach + 1)
    size = geometry.bin_size
    firsts = (first - placement.origins) // size
    taken = int((-((placement.origins - last) // size) - firsts).max())
    lows = np.minimum(firsts, geometry.n_bins - taken)
    return [(low, low + taken) for low in lows.tolist()]


def places_of(placement: Placement, reach: int | None) -> SharedPlaces:
    """Return the windows of a haplotype, the bins compared, and the bases of a small change."""
    shifts, geometry = placement.shifts, placement.geometry
    centre = (geometry.input_length - 1) // 2 - int(shifts[0])
    before = (MOST_REPLACED - 1) // 2
    return SharedPlaces(
        tuple((shifts - shifts[0]).tolist()),
        tuple(compared_bins(placement, reach)),
        (centre - before, centre - before + MOST_REPLACED),
        int(shifts[-1] - shifts[0]) + geometry.input_length,
    )


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
        distance: Bases from a change that are compared at most, where all statistics state one.
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
        distance: int | None,
        both_strands: bool,
        device: On,
        threads: int | None,
        batch_size: int | None,
    ) -> None:
        n_bins = placement.geometry.n_bins
        self._strands: dict[tuple[bool, str], SharedStrand] = {}
        for wide in (False, True) if distance is not None else (False,):
            reach = None if wide or distance is None else distance + MOST_NEAR
            given = places_of(placement, reach)
            for strand in "+-" if both_strands else "+":
                places = given if strand == "+" else given.turned(n_bins)
                self._strands[wide, strand] = SharedStrand(
                    network,
                    places,
                    summed,
                    device=device,
                    threads=threads,
                    batch_size=batch_size,
                )
        self._wide = distance is not None

    @property
    def n_sequences(self) -> int:
        """Haplotypes of one strand that are predicted as a whole, to give at once."""
        return min(strand.n_sequences for strand in self._strands.values())

    def interrupt(self) -> None:
        """Make the prediction that runs in another thread, and every later one, fail at once."""
        for strand in self._strands.values():
            strand.interrupt()

    def deliver(self, windows: Sequence[AlleleWindows]) -> int:
        """Fill the outputs of haplotypes, and return the number of their windows.

        Bins that no change compares are not predicted; they are 0.
        """
        for (wide, name), strand in self._strands.items():
            strand.deliver(
                [one for one in windows if one.strand == name and (one.wide and self._wide) == wide]
            )
        return sum(len(one.outputs) for one in windows)


def gain_of(network: FollowedNetwork, placement: Placement, distance: int | None) -> float:
    """Return how many times fewer multiplications an SNV takes than windows one by one."""
    reach = None if distance is None else distance + MOST_NEAR
    places = places_of(placement, reach)
    plain = 2 * len(places.offsets) * network.plain_cost
    cone = network.lay_out_cone(places.offsets, places.needed, places.replaced)
    if cone is not None:
        return plain / (cone.layout.cost + cone.cost)
    return plain / (2 * network.lay_out(places.offsets, places.needed).cost)


def is_faster(network: FollowedNetwork, placement: Placement, distance: int | None) -> bool:
    """Return whether windows share enough; those kept inside a contig do not lie alike."""
    return not placement.inside and gain_of(network, placement, distance) >= LEAST_GAIN


def fill_sequences(
    records: Iterable[tuple[Record, Sequence[AlleleWindows]]], n_sequences: int
) -> Generator[SharedBatch[Record]]:
    """Yield batches of haplotypes across records, as ``batches.fill_batches``.

    Args:
        records: Each with the haplotypes that it is the first to need.
        n_sequences: Haplotypes of a strand in a batch that are predicted as a whole.
    """
    waiting: list[AlleleWindows] = []
    done: list[Record] = []
    # Of each strand: haplotypes that are predicted as a whole, and alternatives of a reference.
    counts = {("+", False): 0, ("+", True): 0, ("-", False): 0, ("-", True): 0}
    for record, needed in records:
        for windows in needed:
            waiting.append(windows)
            counts[windows.strand, windows.reference is not None] += 1
        done.append(record)
        # Only between records: an alternative finds its reference's rows, and strands stay even.
        full = any(
            count >= n_sequences * (_ALTERNATIVES if kind[1] else 1)
            for kind, count in counts.items()
        )
        if full or len(done) == _WAITING:
            yield SharedBatch(tuple(waiting), tuple(done))
            waiting, done, counts = [], [], dict.fromkeys(counts, 0)
    if done:
        yield SharedBatch(tuple(waiting), tuple(done))
