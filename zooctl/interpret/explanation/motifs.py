"""Motifs of two sequences: stretches that matter, named by Tomtom, and sites gained and lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.files.motifs import Motif
from zooctl.interpret.motif_search.fimo import Hits, find_hits
from zooctl.interpret.motif_search.tomtom import match_known
from zooctl.progress import Say, silent
from zooctl.sequence.onehot import BASES, Codes, N, decode

_P_SITE = 1e-4
_MOST_SITES = 12
# Least size of a base that belongs to a stretch, relative to the largest importance.
_SHARE = 0.25
_GAP = 3
_SHORTEST = 5

Change = Literal["gained", "lost", "kept"]


class ImportantStretch(NamedTuple):
    """Neighbouring bases that matter.

    Attributes:
        sequence: Index of the sequence: 0 is REF.
        start: First base in it.
        letters: Its bases.
        total: Sum of their importances.
        name: Known motif that is most like it; "" where none is.
        p_value: Tomtom's P of that; NaN where none is.
        change: ``lost`` if no base of it matters in ALT, ``gained`` likewise, else ``kept``.
    """

    sequence: int
    start: int
    letters: str
    total: float
    name: str
    p_value: float
    change: Change


class SiteChange(NamedTuple):
    """A site of a known motif over a variant.

    Attributes:
        motif: Name.
        change: In ALT against REF.
        ref_score: Highest log2 odds over the variant in REF; NaN where P is 1e-4 or more.
        alt_score: The same in ALT.
    """

    motif: str
    change: Change
    ref_score: float
    alt_score: float


def find_stretches(
    importance: NDArray[np.floating], codes: Codes, largest: float | None = None
) -> list[tuple[int, int]]:
    """Return stretches of bases that matter, largest sum first.

    A base matters if its importance, whatever its sign, is at least a quarter of the largest one;
    bases at most 3 apart belong together, and a stretch has 5 bases or more.

    Args:
        importance: ``(length,)``.
        codes: Bases, likewise; a stretch begins and ends with a known one.
        largest: The largest importance; that of the sequence if not given.

    >>> values = np.array([0, 0, 4, 3, 0, 4, 2, 0, 0, 0, 0, 1, 0.0])
    >>> find_stretches(values, np.zeros(13, np.uint8))
    [(2, 7)]
    """
    size = np.abs(importance)
    least = _SHARE * (float(size.max()) if largest is None else largest)
    large = np.flatnonzero((size >= least) & (size > 0) & (codes != N))
    if not len(large):
        return []
    groups = np.split(large, np.flatnonzero(np.diff(large) > _GAP) + 1)
    found = [(int(group[0]), int(group[-1]) + 1) for group in groups]
    long = [one for one in found if one[1] - one[0] >= _SHORTEST]
    return sorted(long, key=lambda one: -float(size[one[0] : one[1]].sum()))


def as_motif(codes: Codes, importance: NDArray[np.floating]) -> Motif:
    """Return a stretch as a profile: a base is as certain as its importance is large.

    >>> as_motif(np.array([2], np.uint8), np.array([3.0])).counts.tolist()
    [[0.0, 0.0, 100.0, 0.0]]
    """
    size = np.abs(importance) / np.abs(importance).max()
    own = np.eye(len(BASES) + 1, len(BASES))[codes]
    own[codes == N] = 1 / len(BASES)
    return Motif("stretch", 100 * (size[:, None] * own + (1 - size[:, None]) / len(BASES)))


def name_stretches(
    importance: NDArray[np.floating],
    codes: Codes,
    known: Sequence[Motif],
    say: Say = silent,
) -> list[ImportantStretch]:
    """Return the stretches of sequences that matter, each with the known motif most like it.

    Args:
        importance: Of each sequence, ``(n, length)``.
        codes: Their bases, likewise.
        known: Known motifs; may be none.
        say: Told what Tomtom has to say.
    """
    largest = float(np.abs(importance).max())
    places = [
        (row, start, end)
        for row in range(len(codes))
        for start, end in find_stretches(importance[row], codes[row], largest)[:5]
    ]
    queries = [as_motif(codes[row, a:b], importance[row, a:b]) for row, a, b in places]
    matches = match_known(queries, known, 1, say=say) if known and queries else [[]] * len(places)
    found = []
    for (row, start, end), best in zip(places, matches, strict=True):
        letters = decode(codes[row, start:end])
        total = float(importance[row, start:end].sum())
        name, p_value = (best[0].known, best[0].p_value) if best else ("", float("nan"))
        change = _change_of((row, start, end), places, len(codes))
        found.append(ImportantStretch(row, start, letters, total, name, p_value, change))
    return found


def _change_of(
    own: tuple[int, int, int], places: Sequence[tuple[int, int, int]], n_sequences: int
) -> Change:
    row, start, end = own
    others = [one for one in places if one[0] != row and one[1] < end and one[2] > start]
    if n_sequences == 1 or others:
        return "kept"
    return "gained" if row else "lost"


def changed_sites(
    ref: Codes, alt: Codes, at: tuple[int, int, int], known: Sequence[Motif]
) -> list[SiteChange]:
    """Return known motifs with a site over a variant in REF or ALT, largest change first.

    Args:
        ref: Bases of REF.
        alt: Bases of ALT.
        at: First base of the variant, and past its last in REF and in ALT.
        known: Known motifs.
    """
    if not known:
        return []
    first, ref_end, alt_end = at
    best = [
        _best_over(find_hits(known, codes, _P_SITE), len(known), first, end)
        for codes, end in ((ref, ref_end), (alt, alt_end))
    ]
    found = []
    for index, (one, two) in enumerate(zip(*best, strict=True)):
        if np.isnan(one) and np.isnan(two):
            continue
        change: Change = "gained" if np.isnan(one) else "lost" if np.isnan(two) else "kept"
        if change != "kept" or one != two:
            found.append(SiteChange(known[index].name, change, float(one), float(two)))
    return sorted(found, key=_size, reverse=True)[:_MOST_SITES]


def _size(one: SiteChange) -> tuple[bool, float]:
    if one.change == "kept":
        return False, abs(one.alt_score - one.ref_score)
    return True, float(np.nanmax([one.ref_score, one.alt_score]))


def _best_over(hits: Hits, n: int, first: int, last: int) -> NDArray[np.float64]:
    """Return the highest score of each motif's hits over some bases; NaN without one."""
    best = np.full(n, np.nan)
    over = hits.take((hits.start < last) & (hits.end > first))
    for motif, score in zip(over.motif.tolist(), over.score.tolist(), strict=True):
        best[motif] = np.nanmax([best[motif], score])
    return best
