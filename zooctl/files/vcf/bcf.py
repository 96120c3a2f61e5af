"""Read and write BCF, the binary form of VCF, through cyvcf2 and htslib.

VCF itself is handled as text: htslib would rewrite numbers, and at a wrong line it ends the file
without an error, or with a message on stderr alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from cyvcf2 import VCF, Variant, Writer

from zooctl.errors import InputError

BCF = b"BCF\x02"
_SIZES = struct.Struct("<II")


def count_records(pieces: Iterator[bytes], name: str) -> int:
    """Count the records of an uncompressed BCF by the sizes that they state.

    Format: BCF2 specification, section 6; five bytes of magic, the header's size and the header,
    then for each record the sizes of its shared and its individual part, and these parts.

    Args:
        pieces: The bytes of the BCF, in order.
        name: Name of the file in errors.

    Raises:
        InputError: It ends within the header or within a record.
    """
    stream = _Bytes(pieces)
    magic = stream.take(9)
    whole = len(magic) == 9 and stream.skip(int.from_bytes(magic[5:9], "little"))
    n_records = 0
    while whole and (sizes := stream.take(_SIZES.size)):
        whole = len(sizes) == _SIZES.size and stream.skip(sum(_SIZES.unpack(sizes)))
        n_records += whole
    if not whole:
        raise InputError("BCF is cut short", path=name, got=f"{n_records:,} whole records")
    return n_records


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


def binary_lines(path: Path, n_records: int, name: str) -> Iterator[bytes]:
    """Yield the lines of a BCF as VCF, without their ends.

    Args:
        path: The BCF.
        n_records: Number of its records (see ``count_records``).
        name: Name of the file in errors.

    Raises:
        InputError: htslib cannot read it, or reads fewer records.
    """
    found = 0
    try:
        reader = VCF(str(path))
        yield from reader.raw_header.encode().splitlines()
        for found, record in enumerate(reader, 1):  # noqa: B007
            yield str(record).rstrip("\n").encode()
        reader.close()
    # cyvcf2 raises bare exceptions, with texts of little use to a person.
    except Exception as error:
        raise InputError("BCF cannot be read", path=name, got=str(error)) from None
    if found != n_records:
        raise InputError("BCF is damaged", path=name, got=f"{found:,} of {n_records:,} records")


def write_binary(text: Path, lines: Iterator[bytes], target: Path) -> None:
    """Write a VCF as BCF.

    Contigs and fields that the header does not define have no number in a BCF. htslib would add
    them after it wrote the header, so the file is read once before, for a complete header.

    Args:
        text: The VCF, plain or bgzipped.
        lines: The lines of its records.
        target: The BCF to write.

    Raises:
        InputError: htslib refuses a record.
    """
    first = VCF(str(text))
    for _ in first:
        pass
    writer = Writer.from_string(str(target), first.raw_header, "wb")
    first.close()
    writer.write_header()
    try:
        for number, line in enumerate(lines, 1):
            writer.write_record(_variant(writer, line, number))
    finally:
        writer.close()


def _variant(writer: Writer, line: bytes, number: int) -> Variant:
    try:
        return writer.variant_from_string(line.decode())
    # cyvcf2 raises bare exceptions, with texts of little use to a person.
    except Exception as error:
        raise InputError(
            f"record {number:,} cannot be written as BCF",
            got=str(error)[:200],
            hint="htslib's message is above; a .vcf.gz output takes the record as it is",
        ) from None
