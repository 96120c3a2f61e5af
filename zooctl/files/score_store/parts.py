"""Parts of a contig: Parquet files that never change, each named by the digest of its bytes.

A part appears whole, by a rename, so that processes read and add at once without a lock. Its name
says what it must hold: ``<first>-<last>-<rows>-<sha256>.parquet``, 0-based. One whose bytes have
another digest is dropped before any of it is used. Small parts are merged into larger ones.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.lock import hold
from zooctl.files.disk.pinned import digest_of, file_digest
from zooctl.files.score_store.queries import Queries
from zooctl.files.score_store.rows import (
    FoundRows,
    Key,
    StoredScore,
    found_rows,
    from_table,
    key_columns,
)
from zooctl.progress import Advance, Say, no_advance, silent

if TYPE_CHECKING:
    import pyarrow as pa

_PART = re.compile(r"(\d+)-(\d+)-(\d+)-([0-9a-f]{64})\.parquet")
MOST_ROWS = 1 << 18
"""Rows of a part that is written at once: some 7 MB for one track."""
_GROUP = 1 << 14  # rows that are read together
LAST = 1 << 62
"""Beyond the last base of every contig."""
# Parts of one size class that are merged, and the factor between classes.
_MANY = 16


Found = TypeVar("Found")


class Part(NamedTuple):
    """A part: its file, first and last ``start``, number of rows, and digest."""

    path: Path
    first: int
    last: int
    rows: int
    sha256: str


class PartFolder:
    """The parts of a contig.

    Args:
        folder: An existing folder.
        queries: Answers questions.
        say: Told about damaged parts.
    """

    def __init__(self, folder: Path, queries: Queries, say: Say = silent) -> None:
        self.folder = folder
        self._queries = queries
        self._say = say
        self._sound: set[str] = set()

    def parts(self) -> list[Part]:
        """Return the parts that are there now, by place; their bytes are not looked at."""
        found = []
        for path in self.folder.iterdir():
            if name := _PART.fullmatch(path.name):
                first, last, rows = map(int, name.groups()[:3])
                found.append(Part(path, first, last, rows, name[4]))
        return sorted(found, key=lambda part: (part.first, part.last, part.sha256))

    def sound(
        self, first: int = 0, last: int = LAST, *, advance: Advance = no_advance
    ) -> list[Part]:
        """Return the parts with the bytes that their names promise; others are removed.

        Args:
            first: Smallest ``start`` that is asked for.
            last: Largest ``start`` that is asked for.
            advance: Told the bytes of each piece that is read.
        """
        return [
            part
            for part in self.parts()
            if part.first <= last and part.last >= first and self._is_sound(part, advance)
        ]

    def _is_sound(self, part: Part, advance: Advance = no_advance) -> bool:
        if part.path.name in self._sound:
            return True
        try:
            found = file_digest(part.path, advance=advance)
        except OSError:  # merged into another since, or not to be read
            return False
        if found == part.sha256:
            self._sound.add(part.path.name)
            return True
        self._say(f"store: a damaged part is dropped: {part.path}")
        with suppress(OSError):  # of a store that is read alone
            part.path.unlink()
        return False

    def ask(self, keys: Sequence[Key]) -> dict[Key, StoredScore]:
        """Return the scores of those keys that are there."""
        import pyarrow as pa

        if not keys:
            return {}
        asked = pa.table({"n": range(len(keys)), **key_columns(keys)})
        starts = [key.start for key in keys]
        found = self.join(asked, (min(starts), max(starts)))
        return {} if found is None else {keys[n]: row for n, row in from_table(found)}

    def find(
        self, starts: Sequence[int], refs: Sequence[str], alts: Sequence[str]
    ) -> FoundRows | None:
        """Return the rows of alleles in their normal form, in every gene; None for none."""
        import pyarrow as pa

        asked = pa.table({"n": range(len(starts)), "start": starts, "ref": refs, "alt": alts})
        found = self.join(asked, (min(starts), max(starts))) if starts else None
        return found_rows(found) if found else None

    def join(self, asked: pa.Table, bounds: tuple[int, int]) -> pa.Table | None:
        """Return the rows of keys (see ``Queries.join``); None where no part is near."""
        return self._read(lambda paths: self._queries.join(asked, paths, bounds), bounds)

    def in_order(self, first: int = 0, last: int = LAST) -> Iterator[pa.RecordBatch]:
        """Yield the rows whose ``start`` lies between two bases, sorted, in batches."""

        def begun(paths: list[Path]) -> Iterator[pa.RecordBatch]:
            batches = iter(self._queries.in_order(paths, (first, last)))
            return chain(list(islice(batches, 1)), batches)  # the first is there once all are read

        yield from self._read(begun, (first, last)) or ()

    def _read(self, ask: Callable[[list[Path]], Found], bounds: tuple[int, int]) -> Found | None:
        """Ask the sound parts near some bases; None where there are none."""
        while parts := self.sound(*bounds):
            try:
                return ask([part.path for part in parts])
            except Exception:
                # A merge in another process has removed one since it was listed.
                if all(part.path.exists() for part in parts):
                    raise
        return None

    def add(self, table: pa.Table) -> None:
        """Add sorted rows, and merge parts where there are many small ones.

        Raises:
            InputError: The folder cannot be written, or the disk is full.
        """
        for first in range(0, len(table), MOST_ROWS):
            self._write(table.slice(first, MOST_ROWS))
        self._merge()

    def _write(self, table: pa.Table) -> Part:
        content = _packed(table)
        starts = table["start"]
        first, last, rows = starts[0].as_py(), starts[-1].as_py(), len(table)
        sha256 = digest_of(content)
        path = self.folder / f"{first}-{last}-{rows}-{sha256}.parquet"
        part = Part(path, first, last, rows, sha256)
        if not (path.exists() and self._is_sound(part)):
            with atomic_output(path, force=True) as temporary:
                temporary.write_bytes(content)
        self._sound.add(path.name)
        return part

    def _merge(self) -> None:
        """Merge the parts of each size class that has many; each row is merged a few times only."""
        classes: dict[int, list[Part]] = defaultdict(list)
        for part in self.parts():
            classes[(part.rows.bit_length() + 3) // 4].append(part)
        for several in classes.values():
            # Half as many at least, or the same rows would be written at every addition.
            made = -(-sum(part.rows for part in several) // MOST_ROWS)
            if len(several) < _MANY or made > len(several) // 2 or made > _MANY:
                continue
            with suppress(InputError), hold(self.folder, "another process merges"):
                self._merge_these([part for part in several if self._is_sound(part)])

    def _merge_these(self, parts: Sequence[Part]) -> None:
        if not parts:
            return
        try:
            table = self._queries.merge([part.path for part in parts])
        except Exception:
            # On a file system without locks another process may merge them, too.
            if all(part.path.exists() for part in parts):
                raise
            return
        written = {
            self._write(table.slice(first, MOST_ROWS)).path
            for first in range(0, len(table), MOST_ROWS)
        }
        for part in parts:
            if part.path not in written:
                part.path.unlink(missing_ok=True)


def _packed(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    from pyarrow import parquet

    packed = io.BytesIO()
    parquet.write_table(table, packed, compression="zstd", row_group_size=_GROUP)
    return packed.getvalue()
