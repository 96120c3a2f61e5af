"""Read and write BCF, the binary form of VCF, through htslib in child processes.

VCF itself is handled as text: htslib would rewrite numbers, and at a wrong line it ends the file
without an error, with a message on stderr alone, or with a segmentation fault. A value that is not
of the type in the header it drops or changes, so all that is written is read back and compared.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.text import split_lines
from zooctl.files.vcf.bcf_compare import changed
from zooctl.files.vcf.htslib import Htslib

BCF = b"BCF\x02"
MOST_LINE = 1 << 27
"""Longest line in bytes: 500,000 samples with a few numbers each have half of it."""
_MOST_RECORD = 1 << 28  # bytes of a binary record, of which htslib holds several
_MOST_HEADER = 1 << 26
_SIZES = struct.Struct("<II")


def count_records(pieces: Iterator[bytes], name: str) -> int:
    """Count the records of an uncompressed BCF by the sizes that they state.

    Format: BCF2 specification, section 6; five bytes of magic, the header's size and the header,
    then for each record the sizes of its shared and its individual part, and these parts.

    Args:
        pieces: The bytes of the BCF, in order.
        name: Name of the file in errors.

    Raises:
        InputError: It ends within the header or within a record, or states a size that no header
            or record has.
    """
    stream = _Bytes(pieces)
    magic = stream.take(9)
    size = int.from_bytes(magic[5:9], "little")
    _check_size(size, _MOST_HEADER, "header", name)
    whole = len(magic) == 9 and stream.skip(size)
    n_records = 0
    while whole and (sizes := stream.take(_SIZES.size)):
        if len(sizes) == _SIZES.size:
            _check_size(sum(_SIZES.unpack(sizes)), _MOST_RECORD, "record", name)
        whole = len(sizes) == _SIZES.size and stream.skip(sum(_SIZES.unpack(sizes)))
        n_records += whole
    if not whole:
        raise InputError("BCF is cut short", path=name, got=f"{n_records:,} whole records")
    return n_records


def _check_size(size: int, most: int, part: str, name: str) -> None:
    if size > most:
        raise InputError(
            f"BCF states an impossible size of a {part}",
            path=name,
            got=f"{size:,} bytes",
            expected=f"at most {most:,}",
        )


class _Bytes:
    """A stream of bytes in pieces, most of them skipped."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = b""
        self._position = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        parts: list[bytes] = []
        while size and self._more():
            part = self._piece[self._position : self._position + size]
            self._position += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip(self, size: int) -> bool:
        """Skip ``size`` bytes; return False if the stream ends before."""
        while size and self._more():
            step = min(size, len(self._piece) - self._position)
            self._position += step
            size -= step
        return not size

    def _more(self) -> bool:
        while self._position == len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._piece, self._position = piece, 0
        return True


Numbered = Callable[[], Iterator[tuple[int, bytes]]]
"""Gives the lines of records, without their ends, each with its number for errors."""

_HINT = "a .vcf.gz output takes it as it is"


def binary_lines(path: Path, n_records: int, name: str) -> Generator[bytes]:
    """Yield the lines of a BCF as VCF, without their ends.

    Args:
        path: The BCF.
        n_records: Number of its records (see ``count_records``).
        name: Name of the file in errors.

    Raises:
        InputError: htslib cannot read it, or reads fewer records.
    """
    n_found = 0
    with Htslib("read", str(path.absolute())) as reader:
        for line in split_lines(reader.pieces(), MOST_LINE, name):
            n_found += not line.startswith(b"#")
            yield line
        if (reason := reader.refusal()) is not None:
            raise InputError("BCF cannot be read", path=name, got=reason)
    if n_found != n_records:
        raise InputError("BCF is damaged", path=name, got=f"{n_found:,} of {n_records:,} records")


def check_binary(head: bytes, records: Numbered, name: str) -> None:
    """Check that a BCF can hold a VCF: every value is the same when it is read back.

    Args:
        head: The header, with line ends.
        records: The records; called several times.
        name: Name of the VCF in errors.

    Raises:
        InputError: A record has a value that the header does not allow or BCF cannot hold.
    """
    full = _complete(head, records, name)
    with (
        Htslib("pipe", feed=_text(full, records)) as writer,
        Htslib("read", "-", stdin=writer.stdout) as reader,
    ):
        writer.stdout.close()  # the reader has it, and alone
        fault = _difference(records(), reader, name)
        if fault is None or fault.got is None:  # the end came early: one of the two says why
            for child in (writer, reader):
                if (reason := child.refusal()) is not None:
                    raise _refused(reason, records, name)
        if fault is not None:
            raise fault


def write_binary(head: bytes, records: Numbered, target: Path, name: str) -> None:
    """Write a VCF as BCF, then read it back and compare every record.

    Contigs and fields that the header does not define have no number in a BCF, so the records are
    read once before, for a complete header.

    Args:
        head: The header, with line ends.
        records: The records; called several times.
        target: The BCF to write.
        name: Name of the BCF in errors.

    Raises:
        InputError: htslib refuses a record or changes its values.
    """
    full = _complete(head, records, name)
    with Htslib("write", feed=_text(full, records)) as writer, target.open("wb") as file:
        file.writelines(writer.pieces())
        if (reason := writer.refusal()) is not None:
            raise _refused(reason, records, name)
    with Htslib("read", str(target.absolute())) as reader:
        fault = _difference(records(), reader, name)
        if fault is not None and (reason := reader.refusal()) is not None:
            raise _refused(reason, records, name)
        if fault is not None:
            raise fault


def _complete(head: bytes, records: Numbered, name: str) -> bytes:
    """Return the header with all contigs and fields that the records name."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        line = head.count(b"\n", 0, error.start) + 1
        raise InputError(
            "header cannot be written as BCF",
            path=name,
            line=line,
            got=f"byte {head[error.start]:#x}",
            expected="UTF-8 text",
            hint=_HINT,
        ) from None
    with Htslib("complete", feed=_text(head, records)) as child:
        full = b"".join(child.pieces())
        if (reason := child.refusal()) is not None:
            raise _refused(reason, records, name, child.record())
    return full


def _text(head: bytes, records: Numbered) -> Iterator[bytes]:
    yield head
    for _, line in records():
        yield line + b"\n"


def _difference(
    records: Iterator[tuple[int, bytes]], reader: Htslib, name: str
) -> InputError | None:
    """Return the first record that is read back otherwise; None if all are the same."""
    lines = split_lines(reader.pieces(), MOST_LINE, name)
    back = (line for line in lines if not line.startswith(b"#"))
    for number, line in records:
        found = next(back, None)
        fault = None if found is None else changed(line, found)
        if found is None or fault:
            return InputError(
                "record cannot be written as BCF", path=name, line=number, got=fault, hint=_HINT
            )
    if next(back, None) is not None:
        return InputError("BCF has more records than were written", path=name)
    return None


def _refused(reason: str, records: Numbered, name: str, record: int | None = None) -> InputError:
    """Return the error for a record that htslib refuses, with its line where that is known."""
    line = None
    place = re.search(r"at (\S+):([0-9]{1,15})\b", reason)
    for number, (at, text) in enumerate(records(), 1):
        if place is None and record is None:
            break
        chrom, position, _ = text.split(b"\t", 2)
        there = place and (chrom, position.lstrip(b"0")) == (place[1].encode(), place[2].encode())
        if number == record or (record is None and there):
            line = at
            break
    return InputError(
        "record cannot be written as BCF", path=name, line=line, got=reason, hint=_HINT
    )
