"""Correlation of many tracks with each other, and a subset below a bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.evaluation.compare import shared_contigs
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.intervals.regions import Regions
from zooctl.progress import Advance, Progress, no_progress
from zooctl.sequence.intervals import Interval

Values = NDArray[np.float64]

_CHUNK = 1 << 21


@dataclass(frozen=True, eq=False)
class TrackCorrelation:
    """Correlation of each pair of tracks.

    Attributes:
        names: Of the tracks.
        bin_size: Bases to a bin.
        n_bins: Bins compared, those in which some track has signal.
        pearson: ``(n, n)``; NaN for a track without variance.
        chosen: Indices of tracks of which no two reach the bound.
    """

    names: tuple[str, ...]
    bin_size: int
    n_bins: int
    pearson: Values
    chosen: tuple[int, ...]

    def to_json(self) -> dict[str, object]:
        """Return names, matrix and chosen names; None for an undefined correlation."""
        rows = [[float(r) if np.isfinite(r) else None for r in row] for row in self.pearson]
        return {
            "tracks": self.names,
            "bin_size": self.bin_size,
            "n_bins": self.n_bins,
            "pearson": rows,
            "chosen": [self.names[index] for index in self.chosen],
        }


def correlate_tracks(
    paths: Sequence[Path],
    regions: Regions | None = None,
    *,
    bin_size: int = 1000,
    bound: float = 0.75,
    progress: Progress = no_progress,
) -> TrackCorrelation:
    """Correlate bigWigs over bins in which at least one of them has signal.

    Args:
        paths: Two files or more; bases without an entry are 0.
        regions: Part of the genome; all contigs that the files share if None.
        bin_size: Bases to a bin.
        bound: Two chosen tracks correlate below this.
        progress: Opens a progress display.

    Raises:
        InputError: The files do not fit each other, or have no signal.
    """
    names = tuple(path.stem for path in paths)
    if len(paths) < 2 or len(set(names)) < len(names):
        raise InputError("two tracks or more are compared", got=", ".join(names) or "none")
    contigs = _shared(paths)
    intervals = (
        [Interval(chrom, 0, length) for chrom, length in contigs.items()]
        if regions is None
        else regions.within(contigs, chrom_map=None, clip=True, holder="all tracks")
    )
    total = len(paths) * sum(part.length for part in intervals)
    columns = []
    with progress(total, "B", "reading tracks") as advance:
        for path in paths:
            with BigWig(path) as track:
                columns.append(_bins(track, intervals, bin_size, advance))
    values = np.stack(columns)
    used = (values != 0).any(axis=0)
    if used.sum() < 2:
        raise InputError("the tracks have no signal here", got=", ".join(names))
    kept = values[:, used]
    kept = kept - kept.mean(axis=1, keepdims=True)
    norms = np.sqrt((kept * kept).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix = kept @ kept.T / np.outer(norms, norms)
    return TrackCorrelation(names, bin_size, int(used.sum()), matrix, choose_below(matrix, bound))


def choose_below(matrix: Values, bound: float) -> tuple[int, ...]:
    """Return indices of tracks of which no two reach a correlation.

    While a pair reaches it, the one of the most correlated pair leaves that is more like the
    others; the later of equal ones.

    >>> r = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.5], [0.1, 0.5, 1.0]])
    >>> choose_below(r, 0.75)
    (0, 2)
    """
    left = list(range(len(matrix)))
    pairs = np.where(np.isnan(matrix), -np.inf, matrix.copy())
    np.fill_diagonal(pairs, -np.inf)
    while len(left) > 1:
        own = pairs[np.ix_(left, left)]
        first, second = np.unravel_index(int(own.argmax()), own.shape)
        if own[first, second] < bound:
            break
        alike = [float(own[row][np.isfinite(own[row])].sum()) for row in (first, second)]
        left.pop(int(first if alike[0] > alike[1] else max(first, second)))
    return tuple(left)


def write_matrix(found: TrackCorrelation, path: Path, force: bool) -> None:
    """Write the matrix as a tab-separated table, whole or not at all."""
    lines = ["\t".join(["track", *found.names])]
    for name, row in zip(found.names, found.pearson, strict=True):
        lines.append("\t".join([name, *(f"{r:.6f}" for r in row)]))
    with atomic_output(path, force=force) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _shared(paths: Sequence[Path]) -> Mapping[str, int]:
    contigs: Mapping[str, int] | None = None
    for path in paths:
        with BigWig(path) as track:
            contigs = track.contigs if contigs is None else shared_contigs(contigs, track.contigs)
    assert contigs is not None
    return contigs


def _bins(track: BigWig, regions: Sequence[Interval], size: int, advance: Advance) -> Values:
    """Return the means of the whole bins of regions, ``(n,)``."""
    parts = [np.empty(0)]
    for chrom, start, end in regions:
        first, last = -(-start // size), end // size
        step = max(1, _CHUNK // size)
        for low in range(first, last, step):
            high = min(low + step, last)
            values = np.nan_to_num(track.values(chrom, low * size, high * size), nan=0.0)
            parts.append(values.reshape(-1, size).mean(axis=1, dtype=np.float64))
            advance((high - low) * size)
    return np.concatenate(parts)
