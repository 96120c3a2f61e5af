"""Write finished chunks of scores as one VCF, BCF or table, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, Protocol, get_args

from zooctl.errors import VerificationError
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.bgzf import END, bgzip_blocks, compression
from zooctl.files.disk.names import file_named
from zooctl.files.disk.text import text_pieces
from zooctl.files.vcf.bcf import write_binary
from zooctl.files.vcf.index import IndexFaultError, SortOrder, index_suffix, write_index
from zooctl.files.vcf.table import count_rows, require_parquet, write_parquet

Form = Literal["vcf.gz", "vcf", "bcf", "tsv.gz", "tsv", "parquet", "jsonl.gz", "jsonl"]
_FORMS: tuple[Form, ...] = get_args(Form)
_INDEXES = (".tbi", ".csi")  # the last holds more


def form_of(target: Path) -> Form:
    """Return the format of an output by the end of its name.

    Raises:
        InputError: The format is not known; or it is Parquet, and pyarrow is not installed.

    >>> form_of(Path("scores.chr21.vcf.gz"))
    'vcf.gz'
    """
    name = file_named(target, [f".{form}" for form in _FORMS]).name.lower()
    form = next(form for form in _FORMS if name.endswith(f".{form}"))
    if form == "parquet":
        require_parquet()
    return form


def form_of_format(name: Literal["vcf", "tsv", "parquet", "jsonl"]) -> Form:
    """Return a format by its name, without compression.

    Raises:
        InputError: It is Parquet, and pyarrow is not installed.
    """
    if name == "parquet":
        require_parquet()
    return name


def is_table(form: Form) -> bool:
    """Say whether a format has a row for each allele and track, not a line for each record."""
    return form in ("tsv.gz", "tsv", "parquet", "jsonl.gz", "jsonl")


def is_indexed(form: Form) -> bool:
    """Say whether an output of this format is indexed if its records are sorted."""
    return form in ("vcf.gz", "bcf")


def check_target(target: Path, force: bool, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse a target that cannot or must not be written, or whose index cannot."""
    check_output(target, force, inputs)
    for suffix in _INDEXES if is_indexed(form_of(target)) else ():
        check_output(target.with_name(target.name + suffix), force, inputs)


class FinishedLines(Protocol):
    """FinishedLines lines of an output: those of ``chunks.Parts``, or some of them."""

    @property
    def target(self) -> Path:
        """The output."""
        ...

    def lines(self) -> Iterator[bytes]:
        """Yield the lines, with their ends."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Yield the bgzipped text of the lines."""
        ...

    def remove(self) -> None:
        """Remove them, after the output is complete."""
        ...


class Published(NamedTuple):
    """The files written: the output, then its index; and why a sorted output has none."""

    files: tuple[Path, ...]
    index_fault: str | None


def publish(
    parts: FinishedLines,
    head: bytes,
    order: SortOrder,
    rows: int,
    *,
    force: bool,
    inputs: Iterable[str | os.PathLike[str]],
    metadata: Mapping[str, str],
) -> Published:
    """Write the output from its finished chunks, then remove the chunks.

    Args:
        parts: The chunks.
        head: Text before them: the header of a VCF, or the column names of a table.
        order: Whether the records are sorted; a .vcf.gz or .bcf is then indexed.
        rows: Number of records, or of rows of a table, that the output must hold.
        force: Whether existing files may be replaced.
        inputs: Files that are read and so must not be written.
        metadata: Kept in a Parquet file.

    Raises:
        InputError: BCF cannot hold a record; or as ``atomic_output``.
        VerificationError: The output, read back, has another number of records.
    """
    target, form = parts.target, form_of(parts.target)
    with ExitStack() as leftovers:
        made, fault = None, None
        with atomic_output(target, force=force, inputs=inputs) as path:
            _write(parts, head, form, path, metadata)
            _check_rows(path, form, head, rows, target)
            if is_indexed(form) and order.broken is None:
                made, fault = _index(path, index_suffix(target, order.end))
            if made is not None:
                leftovers.callback(made.unlink, missing_ok=True)
            for old in _INDEXES if is_indexed(form) else ():
                # The old one goes before, so that a run killed in between leaves no index of
                # another file.
                Path(os.path.realpath(target.with_name(target.name + old))).unlink(missing_ok=True)
        files = [target]
        if made is not None:
            # Published last: an index is newer than its file, and never without it.
            files.append(target.with_name(target.name + made.suffix))
            with atomic_output(files[1], force=force, inputs=inputs) as beside:
                made.replace(beside)
    parts.remove()
    return Published(tuple(files), fault)


def _index(path: Path, suffix: str) -> tuple[Path | None, str | None]:
    """Return the index of a sorted file, or htslib's reason for none."""
    try:
        return write_index(path, suffix), None
    except IndexFaultError as fault:
        if suffix == _INDEXES[-1]:
            return None, str(fault)
    return _index(path, _INDEXES[-1])


def _write(
    parts: FinishedLines, head: bytes, form: Form, path: Path, metadata: Mapping[str, str]
) -> None:
    if form in ("vcf.gz", "tsv.gz", "jsonl.gz"):
        with path.open("wb") as file:
            _join(parts, head, file)
    elif form in ("vcf", "tsv", "jsonl"):
        with path.open("wb") as file:
            file.write(head)
            file.writelines(parts.lines())
    elif form == "parquet":
        write_parquet((line[:-1] for line in parts.lines()), head, path, metadata)
    else:
        first = head.count(b"\n") + 1

        def numbered() -> Iterator[tuple[int, bytes]]:
            return enumerate((line[:-1] for line in parts.lines()), first)

        write_binary(head, numbered, path, str(parts.target))


def _check_rows(path: Path, form: Form, head: bytes, rows: int, target: Path) -> None:
    """Read the output back, and compare the number of its records or rows.

    A BCF was compared record by record as it was written.
    """
    if form == "bcf":
        return
    if form == "parquet":
        found = count_rows(path)
    else:
        with path.open("rb") as stream:
            kind = compression(stream.read(64))
            stream.seek(0)
            pieces = text_pieces(stream, kind, str(target))
            found = sum(piece.count(b"\n") for piece in pieces) - head.count(b"\n")
    if found != rows:
        raise VerificationError(
            "the output does not hold every record",
            path=target,
            got=f"{found:,}",
            expected=f"{rows:,}",
            hint="check the disk, and run it again with --resume",
        )


def _join(parts: FinishedLines, head: bytes, file: BinaryIO) -> None:
    """Write head and chunks as one bgzipped file, without compressing blocks again."""
    file.write(bgzip_blocks(head))
    file.writelines(parts.pieces())
    file.write(END)
