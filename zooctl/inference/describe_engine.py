"""The parts of a network that windows can share, in words and figures."""

from __future__ import annotations

from zooctl.inference.engine.changes.choose import change_ways
from zooctl.inference.engine.changes.windows import CHANGED
from zooctl.inference.engine.network import LEAST_GAIN, FollowedNetwork
from zooctl.inference.engine.tiles import lay_tiles
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import DEFAULT_SHIFTS
from zooctl.inference.variants.scorer import DEFAULT_DISTANCE
from zooctl.inference.variants.shared import gain_of
from zooctl.inference.variants.shifts import Placement, default_max_shift
from zooctl.inference.variants.table import shifts_of
from zooctl.schema.scoring import Scoring


def describe_engine(model: OpenModel) -> list[tuple[str, str]]:
    """Return names and texts: the reach of a bin, the edges, the frontier, and what is shared.

    Gains are in multiplications, from the sizes of the network alone; a path is taken from
    ``engine.shared.LEAST_GAIN`` on.
    """
    network = model.network
    last = network.positions.last
    end = last.first + last.width - 1
    free = f"positions {last.left:,} to {last.size - last.right - 1:,} of {last.size:,}"
    if last.left + last.right >= last.size:
        free = f"none of {last.size:,} positions"
    return [
        ("reach", f"a position reads {last.width:,} bp; the first {last.first:,} to {end:,}"),
        ("stride", f"{last.stride:,} bp from one position to the next"),
        ("feel no edge", free),
        ("frontier", network.positions.frontier or "none: positions are known to the output"),
        ("tiles", _tiles(network)),
        ("shifts", _shifts(model)),
        ("mutagenesis", _mutagenesis(network)),
    ]


def _tiles(network: FollowedNetwork) -> str:
    layout = lay_tiles(network)
    if layout is None:
        return "no: windows are too long"
    return _gain(network.gain(layout), f"{len(layout.offsets)} windows of the grid at once")


def _shifts(model: OpenModel) -> str:
    network = model.network
    geometry = network.geometry
    n_shifts, max_shift = shifts_of(model, DEFAULT_SHIFTS)
    if max_shift is None:
        max_shift = default_max_shift(geometry)
    placement = Placement(geometry, n_shifts, max_shift, DEFAULT_SHIFTS.seed)
    usual = model.card.scoring or Scoring()
    near = set(usual.statistics or ("sum",)) <= {"local", "delta"}
    distance = (usual.distance or DEFAULT_DISTANCE) if near and geometry.n_bins > 1 else None
    gain = gain_of(network, placement, distance)
    return _gain(gain, f"2 x {len(placement.shifts)} windows of an SNV at once")


def _mutagenesis(network: FollowedNetwork) -> str:
    found = change_ways(network)
    if not found:
        return "no: all of a window is computed again"
    return _gain(found[0].gain, f"{CHANGED} alternatives of a window at once")


def _gain(gain: float, what: str) -> str:
    """Return a gain in words.

    >>> _gain(6.46, "20 windows at once"), _gain(1.1, "8 windows at once")
    ('20 windows at once, 6.5 times less work', 'no: 8 windows at once are 1.1 times less work')
    """
    if gain < LEAST_GAIN:
        return f"no: {what} are {gain:.1f} times less work"
    return f"{what}, {gain:.1f} times less work"
