"""Dependent examples: test and validation windows with near-duplicates in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.audit.findings import Outcome, clear, graded, rounded
from zooctl.audit.inputs import AuditInputs
from zooctl.audit.kmer_sketch import K, Kmers, hash_kmers, similarity, sketch
from zooctl.audit.split_data import SplitData
from zooctl.audit.window_stats import core_stats
from zooctl.progress import Advance
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.windows import Integers, gather
from zooctl.training.data.sampling import Chunks

# Half of a window's 16-mers: 96 % identity throughout, or half of it identical.
NEAR = 0.5
# Sketched pairs that may reach it; five standard errors of the estimate below.
_CANDIDATE = 0.25
_SKETCH = 128
# More windows than this are sampled: the share is then known to 0.4 % at the worst.
_MOST_WINDOWS = 20_000
# Most stretches to follow of a k-mer that is frequent in training; always the same ones.
_MOST_STRETCHES = 32
# Stretches of a window that are compared in full: those that share most of its sketch.
_FOLLOWED = 4
_ROWS = 2_000


@dataclass(frozen=True)
class QueryWindows:
    """Windows to look for in training sequence.

    Attributes:
        parts: Part of the split of each, ``(n,)``.
        chroms: Contig of each, ``(n,)``.
        starts: First base of the input of each, ``(n,)``.
        positive: Whether any track is positive there, ``(n,)``.
    """

    parts: NDArray[np.str_]
    chroms: NDArray[np.str_]
    starts: Integers
    positive: NDArray[np.bool_]


@dataclass(frozen=True)
class NearDuplicate:
    """A window and the stretch of training sequence that is most like it.

    Attributes:
        row: Index of the window among the queries.
        stretch: Stretch of training sequence, two windows long.
        similarity: Share of the window's distinct 16-mers in the stretch.
        strand: Strand of most of them.
    """

    row: int
    stretch: Interval
    similarity: float
    strand: str


def near_duplicates(inputs: AuditInputs, data: SplitData) -> Outcome:
    """Look for test and validation windows with a near-duplicate in training, on either strand."""
    queries = choose_queries(data)
    if not len(queries.starts):
        return clear("no window to look for")
    total = sum(len(codes) for codes in data.dataset.codes.values())
    with inputs.progress(2 * total, "B", "comparing sequences") as advance:
        matches = find_near_duplicates(data, queries, advance)
    near = {match.row for match in matches if match.similarity >= NEAR}
    rows = np.isin(np.arange(len(queries.starts)), sorted(near))
    evidence: dict[str, object] = {"k": K, "near": NEAR}
    shares = {}
    for part in ("test", "validation"):
        here = queries.parts == part
        positive = here & queries.positive
        shares[part] = float(rows[here].mean()) if here.any() else 0.0
        evidence[part] = {
            "windows": int(here.sum()),
            "near_duplicates": int(rows[here].sum()),
            "share": round(shares[part], 5),
            "share_of_positives": rounded(rows[positive].mean() if positive.any() else np.nan, 5),
        }
    length = data.dataset.geometry.input_length
    best = sorted(matches, key=lambda match: (-match.similarity, match.row))
    evidence["pairs"] = [
        {
            "part": str(queries.parts[match.row]),
            "window": str(_interval(queries, match.row, length)),
            "training": str(match.stretch),
            "strand": match.strand,
            "similarity": round(match.similarity, 4),
        }
        for match in best[:5]
        if match.similarity >= NEAR
    ]
    level = graded(max(shares["test"], shares["validation"] / 5), 1e-9, 0.01, 0.05)
    text = ", ".join(f"{share:.2%} of the {part} windows" for part, share in shares.items())
    if level == "clear":
        return clear("no window of test or validation is like a stretch of training", evidence)
    return Outcome(
        level,
        f"training has at least half of the {K}-mers within {2 * length:,} bp for {text}",
        evidence,
        "leave such windows out of the evaluation, or report it with and without them",
    )


def _interval(queries: QueryWindows, row: int, length: int) -> Interval:
    start = int(queries.starts[row])
    return Interval(str(queries.chroms[row]), start, start + length)


def choose_queries(data: SplitData) -> QueryWindows:
    """Return the windows of test and validation, or a random draw where there are many."""
    rng = np.random.default_rng(0)
    found: list[QueryWindows] = []
    for part in ("test", "validation"):
        chunks = data.evaluation_windows[part]
        rows = np.arange(len(chunks))
        if len(rows) > _MOST_WINDOWS:
            rows = np.sort(rng.choice(rows, _MOST_WINDOWS, replace=False))
        names = np.array(chunks.chroms, dtype=np.str_)[chunks.chrom[rows]]
        found.append(
            QueryWindows(
                np.full(len(rows), part),
                names,
                chunks.start[rows] - data.dataset.geometry.input_flank,
                _positive(data, chunks.take(rows)),
            )
        )
    columns = ("parts", "chroms", "starts", "positive")
    return QueryWindows(
        *(np.concatenate([getattr(one, name) for one in found]) for name in columns)
    )


def _positive(data: SplitData, chunks: Chunks) -> NDArray[np.bool_]:
    """Return which windows are positive in any row, ``(n,)``."""
    labels = data.label(data.dataset, chunks, core_stats(data.dataset, chunks)[1])
    found: NDArray[np.bool_] = (labels == 1).any(axis=0)
    return found


def find_near_duplicates(
    data: SplitData, queries: QueryWindows, advance: Advance
) -> list[NearDuplicate]:
    """Return the most similar stretch of training sequence of each window that may have one.

    Args:
        data: Sequence, and training windows.
        queries: The windows.
        advance: Called with the number of bases done, twice the genome in all.
    """
    length = data.dataset.geometry.input_length
    fraction = min(1.0, _SKETCH / max(length - K + 1, 1))
    queried, owner = _sketch_queries(data, queries, fraction, advance)
    distinct = np.unique(queried)
    trained = {chrom: data.input_intervals("train", chrom) for chrom in data.dataset.codes}
    hashes, stretches = _sketch_training(data, trained, distinct, fraction, advance)
    best = _best(queried, owner, hashes, stretches, len(queries.starts))
    places = _places(data)
    found: dict[int, NearDuplicate] = {}
    for row, stretch in best:
        codes, interval = _stretch(data, trained, places, stretch)
        start = queries.starts[row]
        window = data.dataset.codes[str(queries.chroms[row])][start : start + length]
        value, strand = similarity(window, codes)
        if row not in found or value > found[row].similarity:
            found[row] = NearDuplicate(row, interval, value, strand)
    return list(found.values())


def _sketch_queries(
    data: SplitData, queries: QueryWindows, fraction: float, advance: Advance
) -> tuple[Kmers, Integers]:
    """Return the distinct hashes of each window and the window's row, sorted by row."""
    length = data.dataset.geometry.input_length
    keys = [np.empty(0, np.uint64)]
    for chrom, codes in data.dataset.codes.items():
        rows = np.flatnonzero(queries.chroms == chrom)
        if not len(rows):
            advance(len(codes))
            continue
        places, hashes = sketch(codes, fraction, advance)
        low = np.searchsorted(places, queries.starts[rows])
        high = np.searchsorted(places, queries.starts[rows] + length - K, side="right")
        owner = np.repeat(rows, high - low).astype(np.uint64)
        keys.append(np.unique(owner << np.uint64(32) | hashes[_ranges(low, high)]))
    whole = np.sort(np.concatenate(keys))
    return (whole & np.uint64(0xFFFFFFFF)).astype(np.uint32), (whole >> np.uint64(32)).astype(
        np.int64
    )


def _ranges(low: Integers, high: Integers) -> Integers:
    """Return ``low[0] … high[0] - 1, low[1] …`` in one array."""
    counts = high - low
    offsets = np.cumsum(counts) - counts
    found: Integers = np.arange(counts.sum(), dtype=np.int64) - np.repeat(offsets - low, counts)
    return found


def _places(data: SplitData) -> list[tuple[str, int]]:
    """Return contig and first stretch of each contig; stretch i begins at window length times i."""
    found, first = [], 0
    for chrom, codes in data.dataset.codes.items():
        found.append((chrom, first))
        # One more: the stretch before the contig's first is empty.
        first += len(codes) // data.dataset.geometry.input_length + 2
    return found


def _sketch_training(
    data: SplitData,
    trained: Mapping[str, tuple[Integers, Integers]],
    queried: Kmers,
    fraction: float,
    advance: Advance,
) -> tuple[Kmers, Integers]:
    """Return hashes of training sequence that queries have, with their stretches, sorted.

    Stretches are two windows long, one window apart, so that any window lies in one as a whole.
    """
    length = data.dataset.geometry.input_length
    keys = [np.empty(0, np.uint64)]
    for chrom, first in _places(data):
        codes = data.dataset.codes[chrom]
        starts, ends = trained[chrom]
        if not len(starts):
            advance(len(codes))
            continue
        places, hashes = sketch(codes, fraction, advance)
        following = np.searchsorted(ends, places, side="right")
        inside = np.append(starts, np.iinfo(np.int64).max)[following] <= places
        inside &= np.append(ends, 0)[following] >= places + K
        rows = np.searchsorted(queried, hashes)
        inside &= np.append(queried, 0)[rows] == hashes
        at, hashed = places[inside] // length + 1 + first, hashes[inside].astype(np.uint64)
        keys += [hashed << np.uint64(32) | stretch.astype(np.uint64) for stretch in (at, at - 1)]
    whole = np.unique(np.concatenate(keys))
    hashes, stretches = (whole >> np.uint64(32)), (whole & np.uint64(0xFFFFFFFF))
    # Within a hash in an order that is the same for all, so that stretches are followed together.
    order = np.lexsort((hash_kmers(stretches.astype(np.uint32)), hashes))
    return hashes[order].astype(np.uint32), stretches[order].astype(np.int64)


def _best(
    queried: Kmers, owner: Integers, hashes: Kmers, stretches: Integers, n: int
) -> list[tuple[int, int]]:
    """Return row and stretch where a window shares enough of its sketch; by row, a few of each."""
    sizes = np.bincount(owner, minlength=n)
    found = []
    for first in range(0, n, _ROWS):
        low, high = np.searchsorted(owner, [first, first + _ROWS])
        begin = np.searchsorted(hashes, queried[low:high], side="left")
        end = np.searchsorted(hashes, queried[low:high], side="right")
        end = np.minimum(end, begin + _MOST_STRETCHES)
        pairs = np.repeat(owner[low:high], end - begin).astype(np.uint64) << np.uint64(32)
        pairs |= stretches[_ranges(begin, end)].astype(np.uint64)
        distinct, counts = np.unique(pairs, return_counts=True)
        rows = (distinct >> np.uint64(32)).astype(np.int64)
        # The most shared first, the first stretch of equal ones.
        order = np.lexsort((distinct, -counts, rows))
        rank = np.arange(len(order)) - np.searchsorted(rows[order], rows[order])
        chosen = order[(rank < _FOLLOWED) & (counts[order] >= _CANDIDATE * sizes[rows[order]])]
        places = (distinct[chosen] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        found += list(zip(rows[chosen].tolist(), places.tolist(), strict=True))
    return found


def _stretch(
    data: SplitData,
    trained: Mapping[str, tuple[Integers, Integers]],
    places: list[tuple[str, int]],
    stretch: int,
) -> tuple[Codes, Interval]:
    """Return a stretch with its place; bases that are not trained on are N."""
    length = data.dataset.geometry.input_length
    chrom, first = next(place for place in reversed(places) if place[1] <= stretch)
    start = (stretch - first - 1) * length
    end = start + 2 * length
    own = gather(data.dataset.codes[chrom], np.array([start]), 2 * length)[0]
    codes = np.full(2 * length, N, np.uint8)
    starts, ends = trained[chrom]
    here = slice(int(np.searchsorted(ends, start, side="right")), int(np.searchsorted(starts, end)))
    for low, high in zip(starts[here], ends[here], strict=True):
        inside = slice(max(low - start, 0), high - start)
        codes[inside] = own[inside]
    return codes, Interval(chrom, max(start, 0), min(end, len(data.dataset.codes[chrom])))
