"""Rows of a store as Arrow tables: an allele in its normal form, its status and its scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

KEY = ("start", "ref", "alt", "swapped", "gene")
"""Columns that name an allele on a contig."""


class Key(NamedTuple):
    """An allele of a contig.

    Attributes:
        start: First base of REF, 0-based.
        ref: REF, trimmed and left-aligned, with the base before where one would be empty.
        alt: ALT likewise.
        swapped: The genome has ALT, not REF.
        gene: The gene that the score is in; "" without genes.
    """

    start: int
    ref: str
    alt: str
    swapped: bool = False
    gene: str = ""


class StoredScore(NamedTuple):
    """The scores of an allele.

    Attributes:
        status: Its status.
        kind: Its kind; "" for none.
        values: All its numbers, float32 ``(n,)``, as many for each allele of a folder.
        places: Their places, int64; empty where scores have none.
    """

    status: str
    kind: str
    values: NDArray[np.float32]
    places: NDArray[np.int64]


class FoundRows(NamedTuple):
    """Rows as columns.

    Attributes:
        n: Number of the allele of each, int64, sorted.
        gene: Gene of each.
        status: Status of each.
        kind: Kind of each.
        values: Numbers, float32 ``(n_rows, n_values)``.
        places: Places, int64 ``(n_rows, n_places)``.
    """

    n: NDArray[np.int64]
    gene: NDArray[Any]
    status: NDArray[Any]
    kind: NDArray[Any]
    values: NDArray[np.float32]
    places: NDArray[np.int64]


def found_rows(table: pa.Table | pa.RecordBatch, first: str = "n") -> FoundRows:
    """Return rows as columns, each allele and gene once.

    Args:
        table: Rows, sorted.
        first: Name of the column that takes the place of ``n``.
    """
    n = table[first].to_numpy()
    gene, status, kind = (
        table[name].to_numpy(zero_copy_only=False) for name in ("gene", "status", "kind")
    )
    values, places = (_matrix(table[name]) for name in ("values", "places"))
    if first == "n":
        twice = np.concatenate(([False], (n[1:] == n[:-1]) & (gene[1:] == gene[:-1])))
        if twice.any():  # two parts hold it
            kept = ~twice
            n, gene, status, kind = n[kept], gene[kept], status[kept], kind[kept]
            values, places = values[kept], places[kept]
    return FoundRows(n, gene, status, kind, values, places)


def _matrix(column: Any) -> NDArray[Any]:
    chunks = getattr(column, "chunks", [column])
    rows = [np.asarray(chunk.flatten()).reshape(len(chunk), -1) for chunk in chunks if len(chunk)]
    return np.concatenate(rows)


def schema() -> pa.Schema:
    """Return the columns of a part."""
    import pyarrow as pa

    return pa.schema(
        [
            ("start", pa.int64()),
            ("ref", pa.string()),
            ("alt", pa.string()),
            ("swapped", pa.bool_()),
            ("gene", pa.string()),
            ("status", pa.string()),
            ("kind", pa.string()),
            ("values", pa.list_(pa.float32())),
            ("places", pa.list_(pa.int64())),
        ]
    )


def key_columns(keys: Sequence[Key]) -> dict[str, Any]:
    """Return keys as columns."""
    return dict(zip(KEY, zip(*keys, strict=True), strict=True)) if keys else {}


def to_table(rows: Mapping[Key, StoredScore]) -> pa.Table:
    """Return rows as a table, sorted."""
    import pyarrow as pa

    keys = sorted(rows)
    scores = [rows[key] for key in keys]
    columns = {
        **key_columns(keys),
        "status": [one.status for one in scores],
        "kind": [one.kind for one in scores],
        "values": _lists([one.values for one in scores], pa.float32()),
        "places": _lists([one.places for one in scores], pa.int64()),
    }
    return pa.table(columns, schema=schema())


def _lists(arrays: Sequence[NDArray[Any]], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    offsets = np.concatenate(([0], np.cumsum([len(one) for one in arrays]))).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.array(np.concatenate(arrays), kind))


def from_table(table: pa.Table) -> Iterator[tuple[int, StoredScore]]:
    """Yield the rows of an answer, each with its column ``n``."""
    plain = [table[name].to_pylist() for name in ("n", "status", "kind")]
    values, places = (_arrays(table[name]) for name in ("values", "places"))
    for n, status, kind, one, place in zip(*plain, values, places, strict=True):
        yield n, StoredScore(status, kind, one, place)


def _arrays(column: pa.ChunkedArray) -> Iterable[NDArray[Any]]:
    for chunk in column.chunks:
        flat = chunk.values.to_numpy(zero_copy_only=False)
        ends = chunk.offsets.to_numpy()
        for first, last in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            yield flat[first:last]
