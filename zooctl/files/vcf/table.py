"""Write scores as a table, one row for each allele, track and score, in TSV or Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from zooctl.errors import need
from zooctl.files.vcf.records import Record

COLUMNS = (
    *("chrom", "pos", "id", "ref", "alt", "status", "model", "track", "statistic", "kind", "unit"),
    *("score", "sd", "ref_value", "alt_value", "place", "pct", "p", "phred", "act", "class"),
)
"""``unit`` is that of both values, and of a score whose kind is a difference."""

HEAD = ("\t".join(COLUMNS) + "\n").encode()
GENE = "gene"
HEAD_IN_GENES = ("\t".join((*COLUMNS, GENE)) + "\n").encode()
"""Names of the columns where models score in genes."""
_FLOATS = ("score", "sd", "ref_value", "alt_value", "pct", "p", "phred", "act")
_INTEGERS = ("pos", "place")
_ROWS = 1 << 16


def row_start(record: Record, alt: str, status: str, model: str) -> str:
    """Return the start of an allele's rows for one model, up to the track.

    ``pos`` is POS of the VCF, 1-based, so that rows can be joined with the VCF.

    Args:
        record: The record.
        alt: One of its ALTs.
        status: Its status.
        model: Name of the model.
    """
    identifier = record.line.split(b"\t", 3)[2].decode("utf-8", "replace")
    place = (record.chrom, str(record.start + 1), identifier, record.ref, alt)
    return "\t".join((*place, status, model, ""))


def to_json(row: bytes) -> bytes:
    """Return a row as a line of JSON; a missing value is null.

    >>> to_json(b"\\t".join([b"chr1", b"5", *[b""] * (len(COLUMNS) - 2)]))[:32]
    b'{"chrom": "chr1", "pos": 5, "id"'
    """
    names, texts = (*COLUMNS, GENE), row.decode().split("\t")
    # Behind the others stands the gene, where models score in genes.
    values = {name: _value(name, text) for name, text in zip(names, texts, strict=False)}
    return (json.dumps(values, ensure_ascii=False) + "\n").encode()


def require_parquet() -> None:
    """Refuse Parquet before any computation if it cannot be written.

    Raises:
        InputError: pyarrow is not installed.
    """
    need("pyarrow", "writing Parquet")


def write_parquet(
    lines: Iterator[bytes], head: bytes, target: Path, metadata: Mapping[str, str]
) -> None:
    """Write rows as a Parquet file.

    Args:
        lines: Rows, without line ends and without the head.
        head: ``HEAD``, or ``HEAD_IN_GENES``.
        target: The file to write.
        metadata: Metadata of the file's schema.
    """
    names = head.decode().rstrip("\n").split("\t")
    import pyarrow as pa
    from pyarrow import parquet

    words = pa.dictionary(pa.int32(), pa.string())
    kinds = {"id": pa.string(), "ref": pa.string(), "alt": pa.string()}
    kinds |= dict.fromkeys(_INTEGERS, pa.int64()) | dict.fromkeys(_FLOATS, pa.float32())
    schema = pa.schema([(name, kinds.get(name, words)) for name in names], metadata=metadata)
    with parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        while block := list(islice(lines, _ROWS)):
            columns = zip(*(line.decode().split("\t") for line in block), strict=True)
            arrays = [
                pa.array(_values(name, column), schema.field(name).type)
                for name, column in zip(names, columns, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def write_columns(columns: Mapping[str, Any], target: Path) -> None:
    """Write columns as a Parquet file: numbers as float32 or int64, NaN as null, texts as they are.

    Args:
        columns: Name to values, all of one length.
        target: The file to write.
    """
    import pyarrow as pa
    from pyarrow import parquet

    arrays = {}
    for name, values in columns.items():
        if isinstance(values, np.ndarray):
            arrays[name] = pa.array(values.astype(np.float32), from_pandas=True)
        else:
            arrays[name] = pa.array(list(values))
    parquet.write_table(pa.table(arrays), target, compression="zstd")


def count_rows(path: Path) -> int:
    """Return the number of rows of a Parquet file."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        return sum(len(batch) for batch in file.iter_batches(_ROWS, columns=["pos"]))


def _values(name: str, column: Sequence[str]) -> Sequence[str | int | float | None]:
    numbers = name in _INTEGERS or name in _FLOATS
    return [_value(name, text) for text in column] if numbers else column


def _value(name: str, text: str) -> str | int | float | None:
    if name in _INTEGERS:
        return int(text) if text else None
    if name in _FLOATS:
        return float(text) if text else None
    return text
