"""Any bigWig against any bigWig, streaming: agreement of binned means at several resolutions.

Needs numpy alone. Memory does not grow with the genome: chunks are reduced to moments, which merge
exactly.

Bins lie on the genome's own grid (bin i holds bases ``[i * size, (i + 1) * size)``), and a region
selects the bins whose centre it holds. The result therefore does not depend on how regions are
cut, and no bin counts twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.bigwig import BigWig
from zooctl.sequence.contigs import unknown_contig
from zooctl.sequence.intervals import Interval, merge

Values = NDArray[np.floating]

_CHUNK = 1 << 21
_LONGEST_CHUNK = 1 << 24


class Missing(StrEnum):
    """What a base without an entry means.

    Coverage files leave zeros out; predictions leave out what was not predicted.
    """

    B_ZERO = "b-zero"
    SKIP = "skip"
    ZERO = "zero"


@dataclass(frozen=True)
class Moments:
    """Count, means and sums of squared deviations of pairs (x, y), in float64.

    Attributes:
        n: Pairs.
        mean_x: Mean of x.
        mean_y: Mean of y.
        xx: Sum of squared deviations of x from its mean.
        yy: The same of y.
        xy: Sum of products of both deviations.
        absolute: Sum of absolute differences.
    """

    n: int = 0
    mean_x: float = 0.0
    mean_y: float = 0.0
    xx: float = 0.0
    yy: float = 0.0
    xy: float = 0.0
    absolute: float = 0.0

    @classmethod
    def of(cls, x: Values, y: Values) -> Moments:
        """Return the moments of pairs ``(n,)`` and ``(n,)``."""
        if not len(x):
            return cls()
        x, y = x.astype(np.float64), y.astype(np.float64)
        mean_x, mean_y = float(x.mean()), float(y.mean())
        dx, dy = x - mean_x, y - mean_y
        absolute = float(np.abs(x - y).sum())
        return cls(len(x), mean_x, mean_y, float(dx @ dx), float(dy @ dy), float(dx @ dy), absolute)

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both samples together (Chan, Golub & LeVeque 1979).

        >>> x, y = np.array([1.0, 2.0, 3.0, 7.0]), np.array([1.0, 2.0, 4.0, 5.0])
        >>> parts = Moments.of(x[:1], y[:1]).merge(Moments.of(x[1:], y[1:]))
        >>> round(parts.pearson, 12) == round(Moments.of(x, y).pearson, 12)
        True
        """
        n = self.n + other.n
        if not self.n or not other.n:
            return self if self.n else other
        dx, dy = other.mean_x - self.mean_x, other.mean_y - self.mean_y
        share, weight = other.n / n, self.n * other.n / n
        return Moments(
            n,
            self.mean_x + dx * share,
            self.mean_y + dy * share,
            self.xx + other.xx + dx * dx * weight,
            self.yy + other.yy + dy * dy * weight,
            self.xy + other.xy + dx * dy * weight,
            self.absolute + other.absolute,
        )

    @property
    def pearson(self) -> float:
        """Pearson's correlation; NaN for fewer than two pairs or where a side is constant."""
        # A constant side has a spread of rounding errors only.
        flat = self.xx <= 1e-20 * self.n * self.mean_x**2 or (
            self.yy <= 1e-20 * self.n * self.mean_y**2
        )
        if self.n < 2 or flat:
            return math.nan
        return max(-1.0, min(1.0, self.xy / math.sqrt(self.xx * self.yy)))

    @property
    def mse(self) -> float:
        """Mean squared difference."""
        return self._mse(1.0)

    @property
    def scaled_mse(self) -> float:
        """Mean squared difference after x is multiplied to have the mean of y."""
        return self._mse(self.mean_y / self.mean_x) if self.mean_x else math.nan

    @property
    def mae(self) -> float:
        """Mean absolute difference."""
        return self.absolute / self.n if self.n else math.nan

    def _mse(self, factor: float) -> float:
        if not self.n:
            return math.nan
        spread = factor * factor * self.xx - 2 * factor * self.xy + self.yy
        return max(0.0, spread) / self.n + (factor * self.mean_x - self.mean_y) ** 2


@dataclass(frozen=True)
class Agreement:
    """How two tracks agree at one resolution.

    Attributes:
        resolution: Bases to a bin.
        moments: Of the bins that were compared; x is track A, y is track B.
        selected: Bins whose centre lies in a region.
        missing_a: Of these, bins where A has values on less than half of the bases.
        missing_b: The same for B.
    """

    resolution: int
    moments: Moments
    selected: int
    missing_a: int
    missing_b: int

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
            "mse": self.moments.mse,
            "scaled_mse": self.moments.scaled_mse,
            "mae": self.moments.mae,
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
    advance: Callable[[int], None] = lambda bases: None,
) -> list[Agreement]:
    """Compare two tracks over regions, bin by bin.

    The value of a bin is the mean over the bases where both tracks have a value; a bin where these
    are less than half is left out and counted.

    Args:
        a: One track, as a rule the prediction.
        b: The other, as a rule the measurement.
        regions: Where; all shared contigs if empty.
        resolutions: Bin sizes in bp.
        missing: What a base without an entry means: left out in A and 0 in B, left out in both,
            or 0 in both.
        advance: Called with the number of bases done.

    Raises:
        InputError: No shared contig, two assemblies, resolutions without a common multiple below
            16 Mb, or no bin to compare.
    """
    grain = _common_multiple(resolutions)
    contigs = shared_contigs(a.contigs, b.contigs)
    regions = regions or [Interval(chrom, 0, length) for chrom, length in contigs.items()]
    results = {size: Agreement(size, Moments(), 0, 0, 0) for size in resolutions}
    for chrom, starts, ends in _merged(regions, contigs):
        for low, high, inside in _chunks(starts, ends, grain, contigs[chrom]):
            x, y = a.values(chrom, low, high), b.values(chrom, low, high)
            x = np.nan_to_num(x, nan=0.0) if missing is Missing.ZERO else x
            y = y if missing is Missing.SKIP else np.nan_to_num(y, nan=0.0)
            for size in resolutions:
                results[size] = _add(results[size], x, y, _select(inside, low, high, size))
            advance(high - low)
    if not any(result.moments.n for result in results.values()):
        raise InputError(
            "no bin to compare: nowhere do both tracks have values",
            hint="did the prediction cover these regions?",
        )
    return list(results.values())


def _common_multiple(resolutions: Sequence[int]) -> int:
    """Return a number of bases that every bin size divides."""
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

    Chunks begin at multiples of ``grain``, which every resolution divides, and are cut to what the
    regions need.
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


def _select(inside: NDArray[np.int64], low: int, high: int, size: int) -> NDArray[np.bool_]:
    """Say for each bin of ``[low, high)`` whether a region holds its centre, ``(n_bins,)``."""
    n_bins = -(-(high - low) // size)
    # Bin i has its centre in [start, end) when start <= low + i * size + size // 2 < end.
    bounds = np.clip(-(-(inside - low - size // 2) // size), 0, n_bins)
    steps = np.zeros(n_bins + 1, dtype=np.int64)
    np.add.at(steps, bounds[:, 0], 1)
    np.add.at(steps, bounds[:, 1], -1)
    return np.cumsum(steps[:-1]) > 0


def _add(result: Agreement, x: Values, y: Values, selected: NDArray[np.bool_]) -> Agreement:
    """Return the agreement with the selected bins of one more chunk."""
    size = result.resolution
    pad = len(selected) * size - len(x)
    x, y = (
        np.pad(side, (0, pad), constant_values=np.nan).reshape(-1, size)[selected]
        for side in (x, y)
    )
    in_a, in_b = ~np.isnan(x), ~np.isnan(y)
    both = in_a & in_b
    count = both.sum(axis=1)
    kept = 2 * count >= size
    means = [side.sum(axis=1, where=both, dtype=np.float64)[kept] / count[kept] for side in (x, y)]
    return Agreement(
        size,
        result.moments.merge(Moments.of(*means)),
        result.selected + len(x),
        result.missing_a + int((2 * in_a.sum(axis=1) < size).sum()),
        result.missing_b + int((2 * in_b.sum(axis=1) < size).sum()),
    )
