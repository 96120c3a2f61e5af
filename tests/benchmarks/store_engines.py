"""Parquet parts read by DuckDB beside one SQLite file, as homes of scores.

Both hold every SNV of a stretch, each with four float32. Measured are filling in bulk, adding as a
run does (1,024 alleles at a time), asking as a run does, asking in blocks as `zooctl lookup` does,
and bytes an allele. `docs/store.md` shows its figures.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import parquet

BASES = np.array(list("ACGT"))


def alleles(n_bases: int) -> pa.Table:
    """Every SNV of a stretch, sorted, with made-up scores."""
    rng = np.random.default_rng(0)
    refs = rng.integers(0, 4, n_bases)
    alts = np.stack([(refs + step) % 4 for step in (1, 2, 3)], axis=1)
    alts.sort(axis=1)
    scores = rng.standard_normal((3 * n_bases, 4)).astype(np.float32)
    return pa.table(
        {
            "start": np.repeat(np.arange(n_bases), 3),
            "ref": BASES[np.repeat(refs, 3)],
            "alt": BASES[alts.ravel()],
            "scores": pa.array([row.tobytes() for row in scores], pa.binary(16)),
        }
    )


class Parquet:
    """Immutable sorted parts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.n = folder, 0
        self.db = duckdb.connect()
        self.db.execute("SET threads TO 1")

    def add(self, table: pa.Table) -> None:
        parquet.write_table(
            table, self.folder / f"{self.n}.parquet", compression="zstd", row_group_size=1 << 16
        )
        self.n += 1

    def ask(self, keys: pa.Table) -> int:
        starts = keys["start"].to_numpy()
        given = self.db.execute(
            f"SELECT count(s.scores) FROM keys JOIN (SELECT * FROM '{self.folder}/*.parquet' WHERE "
            f"start BETWEEN {starts.min()} AND {starts.max()}) s USING (start, ref, alt)"
        )
        return given.fetchall()[0][0]


class Sqlite:
    """One file in WAL mode."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = sqlite3.connect(folder / "store.sqlite")
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute(
            "CREATE TABLE s (start INT, ref TEXT, alt TEXT, scores BLOB, "
            "PRIMARY KEY (start, ref, alt)) WITHOUT ROWID"
        )

    def add(self, table: pa.Table) -> None:
        columns = (table[name].to_pylist() for name in table.column_names)
        self.db.executemany(
            "INSERT OR IGNORE INTO s VALUES (?, ?, ?, ?)", zip(*columns, strict=True)
        )
        self.db.commit()

    def ask(self, keys: pa.Table) -> int:
        columns = (keys[name].to_pylist() for name in ("start", "ref", "alt"))
        question = "SELECT scores FROM s WHERE start=? AND ref=? AND alt=?"
        found = (self.db.execute(question, key).fetchone() for key in zip(*columns, strict=True))
        return sum(one is not None for one in found)


def blocks(table: pa.Table, size: int) -> Iterator[pa.Table]:
    for first in range(0, len(table), size):
        yield table.slice(first, size)


def timed(work: Callable[[pa.Table], object], tables: Iterable[pa.Table]) -> float:
    began = time.perf_counter()
    for one in tables:
        work(one)
    return time.perf_counter() - began


def main() -> None:
    """Print a line for each engine and job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bases", type=int, default=500_000)
    n_bases = parser.parse_args().bases
    table = alleles(n_bases)
    # One allele in ten is asked for, as of a dense VCF.
    keys = table.take(np.arange(0, len(table), 10)).select(["start", "ref", "alt"])
    for make in (Parquet, Sqlite):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as small:
            engine, adding = make(Path(folder)), make(Path(small))
            asked, added = keys[: 1 << 16], table[: 1 << 16]
            took = [
                ("fill in bulk", len(table), timed(engine.add, [table])),
                ("add 1,024 at a time", len(added), timed(adding.add, blocks(added, 1024))),
                ("ask 1,024 at a time", len(asked), timed(engine.ask, blocks(asked, 1024))),
                ("ask 65,536 at a time", len(keys), timed(engine.ask, blocks(keys, 1 << 16))),
            ]
            for what, n, seconds in took:
                print(f"{make.__name__:8} {what:22} {n / seconds:12,.0f} alleles/s")
            size = sum(file.stat().st_size for file in Path(folder).iterdir())
            print(f"{make.__name__:8} {'size':22} {size / len(table):12.1f} bytes an allele")


if __name__ == "__main__":
    main()
