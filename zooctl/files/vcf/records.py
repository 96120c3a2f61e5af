"""Read the records of a VCF with their line numbers; positions become 0-based here.

Lines are checked against the VCF specification (4.3) as far as scoring needs it and otherwise
passed on byte for byte, so that 2,500 sample columns cost next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, Self

from zooctl.errors import InputError, ManyErrors
from zooctl.files.vcf.lines import STDIN, open_lines
from zooctl.files.vcf.places import Mark, TextPlace, open_lines_at
from zooctl.sequence.intervals import Interval
from zooctl.sequence.numbers import is_name, parse_int

COLUMNS = (b"#CHROM", b"POS", b"ID", b"REF", b"ALT", b"QUAL", b"FILTER", b"INFO")
MOST_FAULTS = 20
"""Largest number of faults of a file that are reported together."""

_BOM = b"\xef\xbb\xbf"
_MOST_HEADER = 1 << 28
"""Largest size of a header with its objects in memory: a million contigs take half of it."""
_OBJECT = 64  # bytes of a line's own, and of its place in a list
_REF = re.compile(rb"[^\x00-\x20\x7f]+")
_ALT = re.compile(rb"[^\x00-\x20\x7f,]+(?:,[^\x00-\x20\x7f,]+)*")
_NO_LENGTHS = (0, 2**31 - 1)
"""Placeholders that programs write where they do not know a contig's length."""
_CONTIG_ID = re.compile(rb"[<,]ID=([^,>]+)")
_CONTIG_LENGTH = re.compile(rb"[<,]length=\"?(\d+)")


class Record(NamedTuple):
    """One record.

    Attributes:
        number: Line number, from 1; for a BCF, the line in the output of ``bcftools view``.
        line: The line without its end.
        chrom: CHROM.
        start: POS, 0-based; -1 for the telomere.
        ref: REF as written.
        alts: ALT, in order; ``(".",)`` for none.

    REF and ALT may be texts that are no alleles; bytes that are no UTF-8 stand as ``\\xe9``.
    """

    number: int
    line: bytes
    chrom: str
    start: int
    ref: str
    alts: tuple[str, ...]

    @property
    def interval(self) -> Interval:
        """The bases of REF."""
        return Interval(self.chrom, self.start, self.start + len(self.ref))


@dataclass(frozen=True)
class Header:
    """The header of a VCF.

    Attributes:
        meta: Lines that start with ``##``.
        columns: The line of column names.
        contigs: Length of each defined contig; None if not stated, or a placeholder.
    """

    meta: tuple[bytes, ...]
    columns: bytes
    contigs: dict[str, int | None]

    @property
    def text(self) -> bytes:
        """All lines, with their ends."""
        return b"\n".join([*self.meta, self.columns, b""])

    @property
    def n_columns(self) -> int:
        """Number of columns of every line."""
        return self.columns.count(b"\t") + 1

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return max(0, self.n_columns - len(COLUMNS) - 1)


class VcfReader:
    """Reads the header of a VCF or BCF, and its records once; a context manager.

    Args:
        path: The file, plain, gzipped, bgzipped or BCF, or ``-`` for stdin.

    Attributes:
        name: Name of the file in messages.
        header: Its header.
        notes: Remarks on unusual but valid forms; complete after all records were read.

    Raises:
        InputError: It cannot be opened, is damaged or is no VCF.
    """

    def __init__(self, path: str) -> None:
        self.name = "stdin" if path == STDIN else path
        self.notes: list[str] = []
        self._number = self._text = 0
        with ExitStack() as stack:
            self._raw = stack.enter_context(open_lines(path))
            self._lines = self._clean()
            self.header = self._read_header()
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def mark(self) -> Mark:
        """The place behind the record that was read last."""
        return Mark(self._number, self._text)

    def go_to(self, place: TextPlace) -> None:
        """Read records from a place of the file on (``places.find_places``)."""
        self._raw = self._stack.enter_context(open_lines_at(self.name, place))
        self._number = place.lines
        self._lines = self._clean()

    def __iter__(self) -> Iterator[Record]:
        """Yield the records, up to the first that is wrong.

        Raises:
            InputError: A line is wrong, or the file is damaged or cut short.
            ManyErrors: Several of these, since a file is read on to collect its faults.
        """
        n_columns, faults = self.header.n_columns, list[InputError]()
        n_blank, first_blank = 0, 0
        while len(faults) < MOST_FAULTS:
            try:
                line = next(self._lines, None)
                if line is None:
                    break
                if not line or line.isspace():
                    n_blank, first_blank = n_blank + 1, first_blank or self._number
                    continue
                if n_blank:  # only behind the last record they are harmless
                    faults.append(_wrong_width(b"", n_columns, self.name, first_blank))
                    n_blank, first_blank = 0, 0
                record = parse_record(line, n_columns, self.name, self._number)
            except InputError as error:
                faults.append(error)
                continue
            if not faults:
                yield record
        if n_blank:
            self.notes.append(f"blank lines behind the last record were left out: {n_blank:,}")
        if faults:
            raise faults[0] if len(faults) == 1 else ManyErrors(faults)

    def _clean(self) -> Iterator[bytes]:
        """Count lines, and drop a byte order mark and \\r, which editors add."""
        carriage_returns = False
        for line in self._raw:
            self._number += 1
            self._text += len(line) + 1
            if self._number == 1 and line.startswith(_BOM):
                self.notes.append("a byte order mark was left out")
                line = line.removeprefix(_BOM)
            if line.endswith(b"\r"):
                if not carriage_returns:
                    self.notes.append("line ends CR LF were written as LF")
                carriage_returns = True
                line = line[:-1]
            yield line

    def _read_header(self) -> Header:
        meta: list[bytes] = []
        size = 0
        for line in self._lines:
            size += len(line) + _OBJECT
            if size > _MOST_HEADER:
                raise InputError(
                    "header is too long",
                    path=self.name,
                    line=self._number,
                    expected=f"at most {_MOST_HEADER >> 20} MiB",
                )
            if line.startswith(b"##"):
                meta.append(line)
                continue
            if not meta or not meta[0].startswith(b"##fileformat=VCF"):
                raise self._not_vcf(meta[0] if meta else line)
            self._check_columns(line)
            return Header(tuple(meta), line, _contigs(meta))
        raise InputError(
            "VCF ends before the line of column names" if meta else "not a VCF",
            path=self.name,
            line=self._number or None,
            expected="#CHROM, POS, ID, …",
        )

    def _not_vcf(self, line: bytes) -> InputError:
        return InputError(
            "not a VCF, or its header is missing",
            path=self.name,
            line=1,
            got=repr(line[:40].decode("utf-8", "replace")),
            expected="##fileformat=VCFv4.x",
        )

    def _check_columns(self, line: bytes) -> None:
        names = line.split(b"\t")
        samples = names[9:]
        got = None
        if tuple(names[:8]) != COLUMNS or (len(names) > 8 and names[8] != b"FORMAT"):
            got = repr(line[:60].decode("utf-8", "replace"))
        elif len(set(samples)) < len(samples):
            got = "two samples of one name"
        if got is None:
            return
        raise InputError(
            "not the line of column names",
            path=self.name,
            line=self._number,
            got=got,
            expected="#CHROM, POS, ID, REF, ALT, QUAL, FILTER, INFO [, FORMAT, samples]",
            hint=None if b"\t" in line else "columns are separated by tabs",
        )


def _contigs(meta: list[bytes]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for line in meta:
        if line.startswith(b"##contig=<") and (name := _CONTIG_ID.search(line)):
            length = _CONTIG_LENGTH.search(line)
            value = parse_int(length[1]) if length else None
            known = None if value in _NO_LENGTHS else value
            found[name[1].decode("utf-8", "replace")] = known
    return found


def parse_record(line: bytes, n_columns: int, path: str, number: int) -> Record:
    """Return the record of one line.

    Args:
        line: The line, without its end.
        n_columns: Number of columns that it must have.
        path: The file, for errors.
        number: The line's number, from 1.

    Raises:
        InputError: The line is no record; the error names the wrong column.

    >>> record = parse_record(b"chr21\\t9411239\\trs1\\tG\\tA,*\\t.\\tPASS\\t.", 8, "a.vcf", 7)
    >>> record.start, record.ref, record.alts
    (9411238, 'G', ('A', '*'))
    """
    fields = line.split(b"\t", 5)
    if line.count(b"\t") + 1 != n_columns:
        raise _wrong_width(line, n_columns, path, number)
    chrom, position, _, ref, alt, _ = fields
    pos = parse_int(position)
    if pos is None:
        raise _wrong("POS", position, "a whole number", path, number)
    # A text that is no allele is the allele's own fault, and gets a status.
    if not _REF.fullmatch(ref):
        raise _wrong("REF", ref, "bases", path, number)
    if not _ALT.fullmatch(alt):
        raise _wrong("ALT", alt, "bases, *, ., <ID> or a breakend", path, number)
    name = _name(chrom)
    if name is None:
        raise _wrong("CHROM", chrom, "a name of UTF-8 text without spaces", path, number)
    alts = tuple(alt.decode("utf-8", "backslashreplace").split(","))
    return Record(number, line, name, pos - 1, ref.decode("utf-8", "backslashreplace"), alts)


@lru_cache(maxsize=1 << 12)
def _name(chrom: bytes) -> str | None:
    """Return a contig's name; None for bytes that are none."""
    try:
        name = chrom.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return name if is_name(name) else None


def _wrong(column: str, value: bytes, expected: str, path: str, number: int) -> InputError:
    shown = value.decode("utf-8", "replace")
    got = repr(shown if len(shown) <= 40 else f"{shown[:40]}…")
    return InputError(f"{column} is wrong", path=path, line=number, got=got, expected=expected)


def _wrong_width(line: bytes, n_columns: int, path: str, number: int) -> InputError:
    found = line.count(b"\t") + 1
    hint = None
    if line and found < len(COLUMNS) <= len(line.split()):
        hint = "columns are separated by tabs, not spaces"
    return InputError(
        "line is empty" if not line else "wrong number of columns",
        path=path,
        line=number,
        got=found if line else None,
        expected=f"{n_columns}, as in the header",
        hint=hint,
    )
