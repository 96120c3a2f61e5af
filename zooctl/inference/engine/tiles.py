"""Tiles of the genome grid as windows of one sequence."""

from __future__ import annotations

from zooctl.inference.engine.network import LEAST_GAIN, FollowedNetwork
from zooctl.inference.engine.rows import Layout
from zooctl.inference.engine.shared import SharedWindows
from zooctl.inference.options.predict_and_score import SessionOptions

# Windows of a tile. Whole chromosomes gain more by more; a lone peak costs all of them.
_WINDOWS = 8
_MOST_BASES = 2**17


def lay_tiles(network: FollowedNetwork) -> Layout | None:
    """Return the rows of a tile; None where windows are too long for one."""
    geometry = network.geometry
    if (_WINDOWS - 1) * geometry.core_length + geometry.input_length > _MOST_BASES:
        return None
    first = geometry.core_bin_offset
    offsets = [number * geometry.core_length for number in range(_WINDOWS)]
    return network.lay_out(offsets, [(first, first + geometry.core_bins)] * _WINDOWS)


def open_tiles(network: FollowedNetwork, options: SessionOptions) -> SharedWindows | None:
    """Return the network on tiles; None where the windows of a tile share too little."""
    layout = lay_tiles(network)
    if layout is None or network.gain(layout) < LEAST_GAIN:
        return None
    return SharedWindows(
        network,
        layout,
        device=options.hardware(),
        threads=options.threads,
        batch_size=options.batch_size,
    )
