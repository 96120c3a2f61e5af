"""Tables of scores, written column by column as TSV, bgzipped TSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.files.disk.bgzf import END, bgzip_blocks

if TYPE_CHECKING:
    import pyarrow as pa

Form = Literal["tsv", "tsv.gz", "parquet"]
FORMS: tuple[Form, ...] = ("tsv.gz", "tsv", "parquet")

Column = NDArray[Any] | Sequence[str] | str
"""Numbers (NaN and places below 0 are missing), texts, or one text for all rows."""


class TableWriter:
    """Writes rows.

    Args:
        stream: An open file.
        form: Its format.
        names: Names of the columns.
        comment: Before the names of a TSV's columns.
        metadata: Kept in a Parquet file.
    """

    def __init__(
        self,
        stream: BinaryIO,
        form: Form,
        names: Sequence[str],
        *,
        comment: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        need("pyarrow", "a table of stored scores")
        self._stream = stream
        self._form = form
        self._names = names
        self._metadata = metadata or {}
        self._parquet: Any = None
        if form != "parquet":
            self._text((comment + "\t".join(names) + "\n").encode())

    def write(self, columns: Mapping[str, Column], n_rows: int) -> None:
        """Write rows.

        Args:
            columns: Name to values.
            n_rows: Number of rows.
        """
        import pyarrow as pa

        arrays = [_array(columns[name], n_rows) for name in self._names]
        table = pa.table(dict(zip(self._names, arrays, strict=True)), metadata=self._metadata)
        if self._form == "parquet":
            self._write_parquet(table)
        else:
            self._text(_tsv(table))

    def _write_parquet(self, table: pa.Table) -> None:
        from pyarrow import parquet

        if self._parquet is None:
            self._parquet = parquet.ParquetWriter(self._stream, table.schema, compression="zstd")
        self._parquet.write_table(table)

    def _text(self, text: bytes) -> None:
        self._stream.write(bgzip_blocks(text) if self._form == "tsv.gz" else text)

    def finish(self) -> None:
        """Write the end of the file."""
        if self._parquet is not None:
            self._parquet.close()
        if self._form == "tsv.gz":
            self._stream.write(END)
        self._stream.flush()


@contextmanager
def table_file(
    path: Path, form: Form, names: Sequence[str], **options: Any
) -> Iterator[TableWriter]:
    """Open a file for rows (see ``TableWriter``), and finish it."""
    with path.open("wb") as stream:
        writer = TableWriter(stream, form, names, **options)
        yield writer
        writer.finish()


def _array(column: Column, n_rows: int) -> pa.Array:
    import pyarrow as pa

    if isinstance(column, str):
        words = pa.DictionaryArray.from_arrays(np.zeros(n_rows, np.int32), [column])
        return words
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        return pa.array(column, pa.float32(), from_pandas=True)
    if isinstance(column, np.ndarray) and column.dtype.kind == "i":
        return pa.array(column, pa.int64(), mask=column < 0)
    return pa.array(column, pa.string())


def _tsv(table: pa.Table) -> bytes:
    import pyarrow as pa
    from pyarrow import csv

    packed = pa.BufferOutputStream()
    options = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    csv.write_csv(table, packed, options)
    content: bytes = packed.getvalue().to_pybytes()
    return content
