"""Questions to Parquet parts, through DuckDB: joins, merges, and rows in order.

``tests/benchmarks/store_engines.py`` compares it with SQLite: parts are added and asked in blocks
several times as fast, take a third of the bytes, and need no lock, which a shared file system may
not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zooctl.errors import need

if TYPE_CHECKING:
    import pyarrow as pa

_ALONE: dict[str, str | bool | int | float | list[str]] = {
    # Nothing is looked for in the network or in the user's folder.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    # Questions are small, and other threads predict.
    "threads": 1,
}

_JOIN = """
SELECT n, status, kind, "values", places FROM asked JOIN (
    SELECT * FROM read_parquet($parts) WHERE start BETWEEN $first AND $last
) USING (start, ref, alt, swapped, gene)
"""
_FIND = """
SELECT n, gene, status, kind, "values", places FROM asked JOIN (
    SELECT * FROM read_parquet($parts) WHERE NOT swapped AND start BETWEEN $first AND $last
) USING (start, ref, alt) ORDER BY n, gene
"""
_MERGE = """
SELECT DISTINCT ON (start, ref, alt, swapped, gene) * FROM read_parquet($parts)
ORDER BY start, ref, alt, swapped, gene
"""
_IN_ORDER = """
SELECT DISTINCT ON (start, ref, alt, gene) * FROM read_parquet($parts)
WHERE NOT swapped AND start BETWEEN $first AND $last ORDER BY start, ref, alt, gene
"""
_ROWS = 1 << 16


class Queries:
    """A DuckDB in memory that reads parts.

    Raises:
        InputError: duckdb or pyarrow is not installed.
    """

    def __init__(self) -> None:
        for library in ("duckdb", "pyarrow"):
            need(library, "a store of scores")
        import duckdb

        self._db: Any = duckdb.connect(config=_ALONE)

    def join(self, asked: pa.Table, parts: Sequence[Path], bounds: tuple[int, int]) -> pa.Table:
        """Return the rows of keys, each with the ``n`` of its key; one that two parts hold, twice.

        Args:
            asked: ``n`` and the columns of ``rows.KEY``; or only ``n``, ``start``, ``ref`` and
                ``alt``, for the rows in every gene, sorted by ``n``.
            parts: The parts.
            bounds: Smallest and largest ``start`` of the keys.
        """
        self._db.register("asked", asked)
        question = _JOIN if "gene" in asked.column_names else _FIND
        found = self._db.sql(question, params=_given(parts, bounds)).to_arrow_table()
        self._db.unregister("asked")
        return found

    def merge(self, parts: Sequence[Path]) -> pa.Table:
        """Return the rows of parts, sorted, each allele once."""
        return self._db.sql(_MERGE, params=_given(parts)).to_arrow_table()

    def in_order(self, parts: Sequence[Path], bounds: tuple[int, int]) -> pa.RecordBatchReader:
        """Return a reader of the rows of parts, sorted; alleles that are swapped are left out.

        Args:
            parts: The parts.
            bounds: Smallest and largest ``start``.
        """
        return self._db.sql(_IN_ORDER, params=_given(parts, bounds)).to_arrow_reader(_ROWS)


def _given(parts: Sequence[Path], bounds: tuple[int, int] | None = None) -> dict[str, Any]:
    given: dict[str, Any] = {"parts": [str(part) for part in parts]}
    if bounds is not None:
        given["first"], given["last"] = bounds
    return given
