"""Compare two bigWigs: agreement of binned means at several resolutions, in one pass.

Needs numpy alone, but for figures of profiles. Memory does not grow with the genome: chunks are
reduced to moments, which merge exactly. Ranks, and absolute errors of scaled predictions, would
need all bins at once; `zooctl evaluate` computes them.

Bins lie on the genome's own grid (bin i holds bases ``[i * size, (i + 1) * size)``), and a region
selects the bins whose centre it holds. The result therefore does not depend on how regions are
cut, and no bin counts twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.evaluation.metrics.moments import PairMoments
from zooctl.evaluation.smooth import read_smoothed
from zooctl.files.bigwig.reader import BigWig
from zooctl.progress import Advance, no_advance
from zooctl.sequence.contigs import unknown_contig
from zooctl.sequence.intervals import Interval, merge

Values = NDArray[np.floating]
Bools = NDArray[np.bool_]

# Profiles of both tracks, each ``(n, bins)``, to one figure per profile.
Shape = Callable[[Values, Values], NDArray[np.float64]]
NO_SHAPES: Mapping[str, Shape] = MappingProxyType({})

_CHUNK = 1 << 21
_LONGEST_CHUNK = 1 << 24


class Missing(StrEnum):
    """Meaning of a base without an entry.

    Coverage files leave out zeros; predictions leave out bases without a prediction.
    """

    B_ZERO = "b-zero"
    SKIP = "skip"
    ZERO = "zero"


@dataclass(frozen=True)
class Agreement:
    """Agreement of two tracks at one resolution.

    Attributes:
        resolution: Bases per bin.
        moments: Moments of the compared bins; x is track A, y is track B.
        selected: Bins whose centre lies in a region.
        missing_a: Selected bins where A's file has values on less than half of the bases, before
            absent ones are made 0.
        missing_b: The same for B.
        profiles: Windows of the grid in which all bins were compared.
        shapes: Sum of each shape figure over profiles that have one, and their number, by name.
    """

    resolution: int
    moments: PairMoments
    selected: int = 0
    missing_a: int = 0
    missing_b: int = 0
    profiles: int = 0
    shapes: Mapping[str, tuple[float, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, float | int | None]:
        """Return all figures under their names; None where a figure has no value."""
        figures: dict[str, float | int] = {
            "resolution": self.resolution,
            "bins": self.moments.n,
            "selected": self.selected,
            "missing_a": self.missing_a,
            "missing_b": self.missing_b,
            "mean_a": self.moments.mean_x,
            "mean_b": self.moments.mean_y,
            "pearson": self.moments.pearson,
            "profiles": self.profiles,
            **{name: total / n if n else math.nan for name, (total, n) in self.shapes.items()},
            "mse": self.moments.mse,
            "scaled_mse": self.moments.scaled_mse,
            "mae": self.moments.mae,
            "r2": self.moments.r2,
            "scaled_r2": self.moments.scaled_r2,
            "poisson_nll": self.moments.poisson_nll,
            "scaled_poisson_nll": self.moments.scaled_poisson_nll,
        }
        return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def shared_contigs(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    """Return the contigs of both tracks, in the order of A.

    Raises:
        InputError: None is shared, or one has two lengths.
    """
    shared = {chrom: length for chrom, length in a.items() if chrom in b}
    if not shared:
        names = [", ".join(list(side)[:3]) for side in (a, b)]
        raise InputError(
            "the tracks share no contig",
            got=" against ".join(names),
            hint="they name contigs in two styles, or belong to two genomes",
        )
    for chrom, length in shared.items():
        if b[chrom] != length:
            raise InputError(
                f"the tracks differ in the length of {chrom}",
                got=f"{length:,} and {b[chrom]:,}",
                hint="they belong to two assemblies",
            )
    return shared


def compare(
    a: BigWig,
    b: BigWig,
    regions: Sequence[Interval] = (),
    *,
    resolutions: Sequence[int] = (32, 128, 512),
    missing: Missing = Missing.B_ZERO,
    profile_length: int = 2048,
    smooth: int = 1,
    shapes: Mapping[str, Shape] = NO_SHAPES,
    advance: Advance = no_advance,
) -> list[Agreement]:
    """Compare two tracks over regions, bin by bin.

    The value of a bin is the mean over the bases where both tracks have a value; a bin where these
    are less than half is left out. Bins where a file has less than half are counted as missing,
    before absent bases are made 0.

    Args:
        a: One track, as a rule the prediction.
        b: The other, as a rule the measurement.
        regions: Regions to compare; all shared contigs if empty.
        resolutions: Bin sizes in bp.
        missing: Meaning of a base without an entry: left out in A and 0 in B, left out in both,
            or 0 in both.
        profile_length: Bases per profile.
        smooth: Bases to a box that both tracks are averaged over before they are binned.
        shapes: Figures of profiles by name, such as ``regression.jensen_shannon``, to be averaged.
        advance: Called with the number of bases done.

    Raises:
        InputError: No shared contig, two assemblies, resolutions without a common multiple below
            16 Mb, or no bin to compare.
    """
    whole = [
        profile_length // size * size for size in resolutions if 0 < 2 * size <= profile_length
    ]
    grain = _common_multiple([*resolutions, *whole])
    contigs = shared_contigs(a.contigs, b.contigs)
    regions = regions or [Interval(chrom, 0, length) for chrom, length in contigs.items()]
    results = {size: Agreement(size, PairMoments()) for size in resolutions}
    for chrom, starts, ends in _merged(regions, contigs):
        for low, high, inside in _chunks(starts, ends, grain, contigs[chrom]):
            where = (chrom, low, high, smooth)
            x, in_x = read_smoothed(a, *where, absent_is_zero=missing is Missing.ZERO)
            y, in_y = read_smoothed(b, *where, absent_is_zero=missing is not Missing.SKIP)
            has = (in_x, in_y)
            for size in resolutions:
                selected = _select(inside, low, high, size)
                results[size] = _add(results[size], x, y, has, selected, profile_length, shapes)
            advance(high - low)
    if not any(result.moments.n for result in results.values()):
        raise InputError(
            "no bin to compare: nowhere do both tracks have values",
            hint="did the prediction cover these regions?",
        )
    return list(results.values())


def _common_multiple(resolutions: Sequence[int]) -> int:
    """Return the least number of bases that every bin size divides."""
    if not resolutions or min(resolutions) < 1:
        raise InputError("a resolution is not a positive number of bases", got=list(resolutions))
    common = math.lcm(*resolutions)
    if common > _LONGEST_CHUNK:
        raise InputError(
            "resolutions have no small common multiple",
            got=", ".join(map(str, resolutions)),
            expected="bin sizes such as 32,128,512",
        )
    return common


def _merged(
    regions: Sequence[Interval], contigs: Mapping[str, int]
) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield merged starts and ends of each contig that has regions."""
    by_chrom: dict[str, list[tuple[int, int]]] = {}
    for chrom, start, end in regions:
        if chrom not in contigs:
            raise unknown_contig(chrom, contigs, what="contig is not in both tracks")
        by_chrom.setdefault(chrom, []).append((start, end))
    for chrom, ends in by_chrom.items():
        yield chrom, *merge(*np.array(ends, dtype=np.int64).T)


def _chunks(
    starts: NDArray[np.int64], ends: NDArray[np.int64], grain: int, length: int
) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Yield chunks to read: first base, last base + 1, and the regions that reach into them.

    Chunks begin at multiples of ``grain``, which every resolution divides, and are cut to the
    regions.
    """
    chunk = grain * max(1, _CHUNK // grain)
    first, last = starts // chunk, (ends - 1) // chunk
    touched = [np.arange(f, t + 1) for f, t in zip(first, last, strict=True)]
    for index in np.unique(np.concatenate(touched)):
        rows = (first <= index) & (last >= index)
        inside = np.stack([starts[rows], ends[rows]], axis=1)
        low = max(index * chunk, inside[0, 0] // grain * grain)
        high = min((index + 1) * chunk, -(-inside[-1, 1] // grain) * grain, length)
        yield int(low), int(high), inside


def _select(inside: NDArray[np.int64], low: int, high: int, size: int) -> Bools:
    """Return for each bin of ``[low, high)`` whether a region holds its centre, ``(n_bins,)``."""
    n_bins = -(-(high - low) // size)
    # Bin i has its centre in [start, end) when start <= low + i * size + size // 2 < end.
    bounds = np.clip(-(-(inside - low - size // 2) // size), 0, n_bins)
    steps = np.zeros(n_bins + 1, dtype=np.int64)
    np.add.at(steps, bounds[:, 0], 1)
    np.add.at(steps, bounds[:, 1], -1)
    return np.cumsum(steps[:-1]) > 0


def _add(
    result: Agreement,
    x: Values,
    y: Values,
    has: tuple[Bools, Bools],
    selected: Bools,
    profile_length: int,
    shapes: Mapping[str, Shape],
) -> Agreement:
    """Add the selected bins of one more chunk to an agreement.

    Args:
        result: Agreement over the chunks before.
        x: A's values, ``(n,)``; NaN where it has none.
        y: B's values, likewise.
        has: Whether the files have a value at each base, each ``(n,)``.
        selected: Bins to compare.
        profile_length: Bases per profile.
        shapes: Figures of profiles.
    """
    size = result.resolution
    pad = len(selected) * size - len(x)
    x, y = (
        np.pad(side, (0, pad), constant_values=np.nan).reshape(-1, size)[selected]
        for side in (x, y)
    )
    missing_a, missing_b = (
        int((2 * np.pad(side, (0, pad)).reshape(-1, size)[selected].sum(axis=1) < size).sum())
        for side in has
    )
    both = ~np.isnan(x) & ~np.isnan(y)
    count = both.sum(axis=1)
    kept = 2 * count >= size
    means = [side.sum(axis=1, where=both, dtype=np.float64)[kept] / count[kept] for side in (x, y)]
    compared = np.flatnonzero(selected)[kept]
    profiles = _profiles(means, compared, len(selected), profile_length // size)
    found = dict(result.shapes)
    for name, shape in shapes.items():
        values = shape(*profiles) if profiles[0].shape[1] > 1 else np.empty(0)
        known = values[~np.isnan(values)]
        total, n = found.get(name, (0.0, 0))
        found[name] = total + float(known.sum()), n + len(known)
    return Agreement(
        size,
        result.moments.merge(PairMoments.of(*means)),
        result.selected + len(x),
        result.missing_a + missing_a,
        result.missing_b + missing_b,
        result.profiles + len(profiles[0]),
        found,
    )


def _profiles(
    means: Sequence[Values], compared: NDArray[np.intp], n_bins: int, per_profile: int
) -> tuple[Values, Values]:
    """Return the windows of a chunk in which all bins were compared, each ``(n, per_profile)``.

    Args:
        means: Means of the bins of both tracks, ``(n_compared,)``.
        compared: Index of each of these bins in the chunk.
        n_bins: Bins of the chunk, which begins with a window.
        per_profile: Bins per window; windows of one bin have no shape.
    """
    if per_profile < 2:
        return np.empty((0, 1)), np.empty((0, 1))
    sides = []
    for side in means:
        row = np.full(n_bins, np.nan)
        row[compared] = side
        sides.append(row[: n_bins // per_profile * per_profile].reshape(-1, per_profile))
    whole = ~np.isnan(sides[0]).any(axis=1)
    return sides[0][whole], sides[1][whole]
