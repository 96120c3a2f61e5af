"""Tiles: neighbouring windows of the genome grid, predicted from one reading of their bases.

Tiles lie on the grid from position 0 of a contig, so a value does not depend on the way regions
are cut. A tile is computed whole, however few of its windows are asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from zooctl.inference.engine.shared import SharedWindows
from zooctl.inference.genome import Genome
from zooctl.inference.tracks.genome_grid import CHUNK, GAP, MOST_UNKNOWN, GridPlan
from zooctl.sequence.onehot import Codes, N, reverse_complement
from zooctl.sequence.windows import Geometry, Integers

# Windows from which on it is said that a prediction could be faster.
_MANY = 64


@dataclass(frozen=True)
class TileBatch:
    """Tiles to predict together.

    Attributes:
        tiles: uint8 ``(n_tiles, span)``.
        wanted: Windows of each tile that are asked for and have a value, ``(n_tiles, windows)``.
        codes: Codes of these windows, uint8 ``(n, input_length)``.
        parts: As of ``genome_grid.WindowBatch``.
        skipped: As of ``genome_grid.WindowBatch``.
    """

    tiles: Codes
    wanted: NDArray[np.bool_]
    codes: Codes
    parts: tuple[tuple[str, Integers], ...]
    skipped: int


def read_tiles(plan: GridPlan, genome: Genome, tiles: SharedWindows) -> Generator[TileBatch]:
    """Yield the tiles of a plan in the genome's order; all batches but the last are full.

    Windows without a value, because over half their bases are N, are not asked for.
    """
    waiting: list[_Tile] = []
    skipped = 0
    for row in _read_rows(plan, genome, tiles):
        skipped += int((row.asked & ~row.known).sum())
        if not (row.asked & row.known).any():
            continue
        waiting.append(row)
        if len(waiting) == tiles.n_sequences:
            yield _batch(plan.geometry, waiting, skipped)
            waiting, skipped = [], 0
    if waiting:
        yield _batch(plan.geometry, waiting, skipped)
    elif skipped:
        yield _nothing(plan.geometry, tiles, skipped)


class _Tile(NamedTuple):
    """A tile: its contig and first window, which are asked for and have a value, and its bases."""

    chrom: str
    first: int
    asked: NDArray[np.bool_]
    known: NDArray[np.bool_]
    codes: Codes


def _batch(geometry: Geometry, rows: Sequence[_Tile], skipped: int) -> TileBatch:
    tiles = np.stack([row.codes for row in rows])
    wanted = np.stack([row.asked & row.known for row in rows])
    parts = tuple(
        (row.chrom, row.first + np.flatnonzero(some))
        for row, some in zip(rows, wanted, strict=True)
    )
    tile, window = np.nonzero(wanted)
    windows = sliding_window_view(tiles, geometry.input_length, axis=1)
    codes = windows[tile, geometry.core_length * window]
    return TileBatch(tiles, wanted, codes, parts, skipped)


def _nothing(geometry: Geometry, tiles: SharedWindows, skipped: int) -> TileBatch:
    """Return a batch without tiles, which carries the count of skipped windows."""
    return TileBatch(
        np.empty((0, tiles.span), dtype=np.uint8),
        np.empty((0, tiles.n_windows), dtype=np.bool_),
        np.empty((0, geometry.input_length), dtype=np.uint8),
        (),
        skipped,
    )


def _known(codes: Codes, geometry: Geometry, n_windows: int) -> NDArray[np.bool_]:
    """Return which windows of a tile have a value."""
    length = geometry.input_length
    unknown = codes == N
    if not unknown.any():
        return np.ones(n_windows, dtype=np.bool_)
    counts = np.concatenate(([0], np.cumsum(unknown)))
    starts = geometry.core_length * np.arange(n_windows)
    known: NDArray[np.bool_] = counts[starts + length] - counts[starts] <= MOST_UNKNOWN * length
    return known


def _read_rows(plan: GridPlan, genome: Genome, tiles: SharedWindows) -> Iterator[_Tile]:
    """Yield the tiles of a plan; those that lie close are read at once."""
    geometry, each = plan.geometry, tiles.n_windows
    stride = each * geometry.core_length
    at_once = max(1, CHUNK // stride)
    for chrom in plan.regions:
        windows = plan.windows(chrom)
        numbers, tile_of = np.unique(windows // each, return_inverse=True)
        asked = np.zeros((len(numbers), each), dtype=np.bool_)
        asked[tile_of, windows % each] = True
        gaps = np.flatnonzero(np.diff(numbers) * stride > tiles.span + GAP) + 1
        for close in np.split(np.arange(len(numbers)), gaps):
            for first in range(0, len(close), at_once):
                some = close[first : first + at_once]
                starts = geometry.input_starts(numbers[some] * each)
                low = int(starts[0])
                codes = genome.padded_codes(chrom, low, int(starts[-1]) + tiles.span)
                for row, start in zip(some.tolist(), (starts - low).tolist(), strict=True):
                    read = codes[start : start + tiles.span]
                    known = _known(read, geometry, each)
                    yield _Tile(chrom, int(numbers[row]) * each, asked[row], known, read)


def tile_values(
    batch: TileBatch, tiles: SharedWindows, tracks: Sequence[int], rc: Sequence[int] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Return the predicted cores of the windows asked for, of both strands where that is asked.

    Args:
        batch: The tiles.
        tiles: The network.
        tracks: Indices of t of its tracks.
        rc: Index of the track that each becomes under reverse complement, for both strands.

    Returns:
        Twice ``(n, t, core_bins)``, in the order of the windows.
    """
    values = tiles.predict(batch.tiles)[batch.wanted][:, tracks]
    if rc is None:
        return values, None
    # The last window comes first, and in each the last bin.
    other = tiles.predict(reverse_complement(batch.tiles))[:, ::-1][batch.wanted]
    return values, other[:, [rc[track] for track in tracks], ::-1]


def n_tiles(plan: GridPlan, tiles: SharedWindows) -> int:
    """Return the number of tiles that hold a window of a plan."""
    each = tiles.n_windows
    return sum(len(np.unique(plan.windows(chrom) // each)) for chrom in plan.regions)


def are_sparse(plan: GridPlan, tiles: SharedWindows) -> bool:
    """Return whether tiles are computed for so few windows that these alone would be faster.

    A handful of windows is not worth a word.
    """
    asked = plan.n_windows
    return asked >= _MANY and 3 * asked < n_tiles(plan, tiles) * tiles.n_windows
