"""Dependent examples: parts of a split that share bases or chromosomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zooctl.audit.findings import Level, Outcome, Problems, clear
from zooctl.audit.inputs import AuditInputs
from zooctl.audit.split_data import SplitData, starts_on
from zooctl.schema.fields import Split
from zooctl.sequence.windows import Integers

# Share of the test windows from which on shared bases can move a figure that has three digits.
_SEVERE_SHARE = 0.01

# Autocorrelation below which windows count as independent, and how far it is followed.
_CORRELATED = 0.1
_MOST_LAGS = 1000

_PAIRS = (("train", "test"), ("validation", "test"), ("train", "validation"))


@dataclass(frozen=True)
class SharedBases:
    """Bases that inputs of two parts of a split share.

    Attributes:
        bases: Number of bases that inputs of both read.
        windows: Windows of the second part that read such a base.
        of: All windows of the second part.
        first: Contig and position of the first of the bases.
    """

    bases: int
    windows: int
    of: int
    first: tuple[str, int] | None

    @property
    def share(self) -> float:
        """Share of the second part's windows that read a shared base."""
        return self.windows / max(self.of, 1)


def overlap(one: tuple[Integers, Integers], other: tuple[Integers, Integers]) -> Integers:
    """Return the intervals that lie in both of two merged sets, ``(n, 2)``.

    >>> one, other = np.array([[0, 20], [10, 30]]), np.array([[5, 25], [8, 26]])
    >>> overlap((one[0], one[1]), (other[0], other[1])).tolist()
    [[5, 8], [25, 26]]
    """
    found = [
        (max(start, other[0][row]), min(end, other[1][row]))
        for start, end in zip(*one, strict=True)
        for row in range(
            int(np.searchsorted(other[1], start, side="right")),
            int(np.searchsorted(other[0], end, side="left")),
        )
    ]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def count_shared(data: SplitData, one: str, other: str) -> SharedBases:
    """Count the bases that inputs of two parts share, and the windows that read them."""
    geometry = data.dataset.geometry
    bases = windows = total = 0
    first = None
    for chrom in data.dataset.codes:
        common = overlap(data.input_intervals(one, chrom), data.input_intervals(other, chrom))
        bases += int((common[:, 1] - common[:, 0]).sum())
        if first is None and len(common):
            first = (chrom, int(common[0, 0]))
        starts = _input_starts(data, other, chrom)
        total += len(starts)
        # The first shared stretch that ends behind a window's start may begin before its end.
        following = np.searchsorted(common[:, 1], starts, side="right")
        opens = np.append(common[:, 0], np.iinfo(np.int64).max)[following]
        windows += int((opens < starts + geometry.input_length).sum())
    return SharedBases(bases, windows, total, first)


def _input_starts(data: SplitData, part: str, chrom: str) -> Integers:
    geometry = data.dataset.geometry
    if part == "test":
        return data.test_inputs(data.dataset, chrom)
    return starts_on(data.windows.validation, chrom) - geometry.input_flank


def shared_bases(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Look for bases that windows of two parts read, flanks and shifts included.

    Training windows count with every shift of augmentation; test windows are those of evaluation.
    """
    found = {f"{one}-{other}": count_shared(data, one, other) for one, other in _PAIRS}
    evidence = {
        pair: {"bases": one.bases, "windows": one.windows, "of": one.of}
        for pair, one in found.items()
    }
    problems = Problems()
    for pair, one in found.items():
        if one.first is not None:
            serious = pair == "train-test" and one.share >= _SEVERE_SHARE
            problems.add(
                "severe" if serious else "warning",
                f"{one.bases:,} bases of {pair.replace('-', ' and ')}, in {one.windows:,} of "
                f"{one.of:,} windows of the latter, from {one.first[0]}:{one.first[1] + 1:,} on",
            )
    if not problems:
        return clear("no base is read by windows of two parts", evidence)
    return Outcome(
        problems.level,
        f"windows of two parts read the same bases: {problems}",
        evidence,
        "leave a gap between ranges of one chromosome of at least the input's length and shift",
    )


def shared_chromosomes(split: Split) -> dict[tuple[str, str], list[str]]:
    """Return the chromosomes that two parts of a split share, by pairs of parts."""
    chroms = {
        part: {region.chrom for region in getattr(split, part)}
        for part in ("train", "validation", "test")
    }
    shared = {pair: sorted(chroms[pair[0]] & chroms[pair[1]]) for pair in _PAIRS}
    return {pair: names for pair, names in shared.items() if names}


def same_chromosome(inputs: AuditInputs, data: SplitData | None) -> Outcome:
    """Compare distances between parts on one chromosome with the correlation length of signals."""
    close = shared_chromosomes(inputs.recipe.split)
    if not close:
        return clear("no two parts lie on one chromosome")
    if data is None:
        named = ", ".join(f"{one} and {other}" for one, other in close)
        return Outcome(
            "not run", f"how far apart {named} have to be is not known: {inputs.missing}"
        )
    reach = correlation_length(data)
    evidence: dict[str, object] = {"correlation_length": reach}
    problems = Problems()
    for (one, other), chroms in close.items():
        gap = _gap(data, one, other)
        evidence[f"{one}-{other}"] = {"chromosomes": chroms, "gap": gap}
        near = reach is None or gap < reach
        grades: tuple[Level, Level] = ("warning", "note")
        if (one, other) == ("train", "test"):
            grades = ("severe", "warning")
        problems.add(
            grades[0] if near else grades[1],
            f"{one} and {other} share {', '.join(chroms)}, windows {gap:,} bp apart at the least",
        )
    far = f"beyond {_MOST_LAGS * data.unit:,} bp" if reach is None else f"{reach:,} bp"
    return Outcome(
        problems.level,
        f"{problems}; the signal's autocorrelation falls below {_CORRELATED:g} at {far}",
        evidence,
        "hold out whole chromosomes, or leave a gap longer than the signal is correlated",
    )


def _gap(data: SplitData, one: str, other: str) -> int:
    """Return the least distance in bp between inputs of two parts; 0 where they overlap."""
    gaps = [np.iinfo(np.int64).max]
    for chrom in data.dataset.codes:
        first, second = data.input_intervals(one, chrom), data.input_intervals(other, chrom)
        if len(overlap(first, second)):
            return 0
        # From each end to the next start of the other part.
        for ends, starts in ((first[1], second[0]), (second[1], first[0])):
            row = np.searchsorted(starts, ends)
            inside = row < len(starts)
            gaps += (starts[row[inside]] - ends[inside]).tolist()
    return min(gaps)


def correlation_length(data: SplitData) -> int | None:
    """Return the lag in bp at which the signal's autocorrelation falls below 0.1.

    Units lie side by side in the training regions; their means are correlated, and averaged over
    tracks. None where the correlation does not fall so low within 1,000 units.
    """
    chunks, means = data.parts["train"], data.means["train"].astype(np.float64)
    length = data.unit
    centred = means - means.mean(axis=1, keepdims=True)
    variance = (centred**2).mean(axis=1)
    if not variance.any():
        return length
    for lag in range(1, min(_MOST_LAGS, len(chunks) - 1) + 1):
        # Units that are left out for N leave gaps, which pairs must not bridge.
        whole = (chunks.start[lag:] - chunks.start[:-lag] == lag * length) & (
            chunks.chrom[lag:] == chunks.chrom[:-lag]
        )
        if not whole.any():
            return lag * length
        products = (centred[:, lag:] * centred[:, :-lag])[:, whole].mean(axis=1)
        if (products[variance > 0] / variance[variance > 0]).mean() < _CORRELATED:
            return lag * length
    return None
