"""Tiles of the genome grid as windows of one sequence."""

from __future__ import annotations

from zooctl.inference.engine.shared import LEAST_GAIN, Network, SharedWindows
from zooctl.inference.options import SessionOptions

# Windows of a tile. Whole chromosomes gain more by more; a lone peak costs all of them.
_WINDOWS = 8
_MOST_BASES = 2**17


def open_tiles(network: Network, options: SessionOptions) -> SharedWindows | None:
    """Return the network on tiles; None where the windows of a tile share too little."""
    geometry = network.geometry
    for windows in (_WINDOWS, _WINDOWS // 2):
        if (windows - 1) * geometry.core_length + geometry.input_length <= _MOST_BASES:
            break
    else:
        return None
    first = geometry.core_bin_offset
    offsets = [number * geometry.core_length for number in range(windows)]
    layout = network.lay_out(offsets, [(first, first + geometry.core_bins)] * windows)
    if network.gain(layout) < LEAST_GAIN:
        return None
    return SharedWindows(
        network,
        layout,
        device=options.device,
        threads=options.threads,
        batch_size=options.batch_size,
    )
