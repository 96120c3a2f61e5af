"""Check the text of a FASTA file in one pass, and collect the offsets of its sequences.

Text that ``samtools faidx`` would index wrongly or not at all is refused with its line: lines of
uneven length, repeated names, letters other than IUPAC bases. Text arrives in pieces of any size
and is checked as arrays, so a chromosome takes a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError

# X is no IUPAC code of DNA, but some programs mask with it; like any other code it is read as N.
_DNA = b"ACGTRYSWKMBDHVNX"
_ALLOWED = _DNA + _DNA.lower() + b"\r\n"
_PROTEIN_ONLY = b"EFIJLOPQZ*"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_HEADER = 1 << 20
_CR, _LF = 13, 10


@dataclass
class FastaRecord:
    """One sequence, with the fields of its line in a ``.fai`` file.

    Attributes:
        name: First word of the header, which blanks may precede.
        line: Line of the header, from 1.
        offset: Byte offset of the first base in the text.
        length: Number of bases.
        line_bases: Bases of a full line.
        line_width: Bytes of a full line, with its end.
    """

    name: str
    line: int
    offset: int
    length: int = 0
    line_bases: int = 0
    line_width: int = 0


class Scanner:
    """Takes the text of one FASTA file in pieces and collects its records.

    >>> scanner = Scanner("a.fa")
    >>> for piece in (b">chr1 first", b"\\nACGT\\nAC", b"\\n>chr2\\nNN\\n"):
    ...     scanner.feed(piece)
    >>> [(record.name, record.offset, record.length) for record in scanner.finish()]
    [('chr1', 12, 6), ('chr2', 26, 2)]
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._records: dict[str, FastaRecord] = {}
        self._record: FastaRecord | None = None
        self._carry = b""  # a header whose end has not arrived
        self._pending = 0  # bytes of a sequence line whose end has not arrived
        self._last = _LF  # last byte of sequence seen
        self._short: tuple[int, int] | None = None  # line and bases of the record's short line
        self._offset = 0
        self._line = 1
        self._started = False

    def feed(self, piece: bytes) -> None:
        """Take the next piece of text.

        Raises:
            InputError: The text is no sound FASTA; with the line.
        """
        data = self._carry + piece
        self._carry = b""
        position = 0
        if not self._started and data:
            self._started = True
            position = len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0
            self._offset = position
        while position < len(data):
            if not self._pending and data[position] == ord(">"):
                end = data.find(b"\n", position)
                if end < 0:
                    self._keep_header(data[position:])
                    return
                self._header(data[position:end])
                position = end + 1
            else:
                end = data.find(b"\n>", position)
                stop = len(data) if end < 0 else end + 1
                self._sequence(data[position:stop])
                position = stop

    def finish(self) -> list[FastaRecord]:
        """Return the records in file order, after the last piece.

        Raises:
            InputError: The file is empty, or its last record is.
        """
        if self._carry:
            header, self._carry = self._carry, b""
            self._header(header)
        if self._pending:
            self._lines(np.array([self._pending + 1]), np.array([self._last == _CR]))
        self._close_record()
        if not self._records:
            raise InputError("file is empty, not FASTA", path=self._path)
        return list(self._records.values())

    def _fail(self, what: str, line: int, **sides: object) -> InputError:
        hint = sides.pop("hint", None)
        return InputError(
            what,
            path=self._path,
            line=line,
            got=sides.get("got"),
            expected=sides.get("expected"),
            hint=None if hint is None else str(hint),
        )

    def _keep_header(self, start: bytes) -> None:
        if len(start) > _LONGEST_HEADER:
            raise self._fail("a header line of more than a million letters", self._line)
        self._carry = start

    def _header(self, line: bytes) -> None:
        """Close the last record, and open the record of a header line without its end."""
        self._close_record()
        if b"\r" in line.rstrip(b"\r"):
            raise self._fail(
                "a carriage return inside a header", self._line, hint="line ends must be LF or CRLF"
            )
        words = line[1:].split(maxsplit=1)
        if not words:
            raise self._fail("a header without a name", self._line, expected=">name")
        if not all(33 <= byte <= 126 for byte in words[0]):
            raise self._fail(
                "a name with letters outside ASCII", self._line, got=repr(words[0].decode("latin1"))
            )
        name = words[0].decode("ascii")
        if name in self._records:
            first = self._records[name].line
            raise self._fail(
                f"sequence {name!r} occurs twice", self._line, got=f"the first on line {first:,}"
            )
        self._offset += len(line) + 1
        self._record = self._records[name] = FastaRecord(name, self._line, self._offset)
        self._line += 1
        self._short, self._last = None, _LF

    def _close_record(self) -> None:
        record = self._record
        if record is not None and not record.length:
            raise self._fail(f"sequence {record.name!r} is empty", record.line)

    def _sequence(self, text: bytes) -> None:
        """Check consecutive sequence lines; the first and the last may be parts of lines."""
        if self._record is None:
            raise self._fail(
                "not FASTA", self._line, got=repr(text[:20].decode("latin1")), expected="'>'"
            )
        if strange := text.translate(None, _ALLOWED):
            raise self._strange_letter(text, strange[:1])
        letters = np.frombuffer(text, dtype=np.uint8)
        ends = np.flatnonzero(letters == _LF)
        returns = self._returns(text, letters, ends)
        if len(ends):
            widths = np.diff(ends, prepend=-1)
            widths[0] += self._pending
            self._lines(widths, returns)
            self._pending = len(text) - int(ends[-1]) - 1
        else:
            self._pending += len(text)
        self._last = int(letters[-1])
        self._offset += len(text)

    def _returns(
        self, text: bytes, letters: NDArray[np.uint8], ends: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Return a mask of the lines that end in CRLF, ``(n_ends,)``; refuse a CR anywhere else."""
        pending = self._last == _CR
        if not pending and b"\r" not in text:
            return np.zeros(len(ends), dtype=np.bool_)
        before = np.concatenate(([self._last], letters[:-1]))[ends]
        returns: NDArray[np.bool_] = before == _CR
        # One at the very end may still be followed by its line feed.
        expected = text.count(b"\r") + pending - (letters[-1] == _CR)
        if returns.sum() != expected:
            raise self._fail(
                "a carriage return inside a line",
                self._line,
                hint="line ends must be LF or CRLF",
            )
        return returns

    def _lines(self, widths: NDArray[np.int64], returns: NDArray[np.bool_]) -> None:
        """Count whole lines: all of one length except the last, which blank lines may follow."""
        record = self._record
        assert record is not None
        bases = widths - 1 - returns
        if not record.line_width:
            record.line_bases, record.line_width = int(bases[0]), int(widths[0])
        full = (bases == record.line_bases) & (widths == record.line_width)
        if self._short is None and not full.all():
            at = int(np.argmin(full))
            self._short = (self._line + at, int(bases[at]))
            following = bases[at + 1 :]
        else:
            following = bases if self._short is not None else bases[:0]
        if self._short and (following.any() or self._short[1] > record.line_bases):
            line, got = self._short
            raise self._fail(
                f"lines of sequence {record.name!r} are of uneven length",
                line,
                got=f"{got:,} bases",
                expected=f"{record.line_bases:,} as on its first line, and line ends of one kind",
                hint="only the last line of a sequence may be shorter; `seqtk seq -l 60` rewraps",
            )
        record.length += int(bases.sum())
        self._line += len(widths)

    def _strange_letter(self, text: bytes, letter: bytes) -> InputError:
        line = self._line + text.count(b"\n", 0, text.index(letter))
        hint = None
        if letter in b"Uu":
            hint = "this looks like RNA; write T for U"
        elif letter.upper() in _PROTEIN_ONLY:
            hint = "this looks like protein; a genome is needed"
        elif letter == b"-":
            hint = "this looks like an alignment; take the gaps out"
        assert self._record is not None
        return self._fail(
            f"sequence {self._record.name!r} holds a letter that is no DNA",
            line,
            got=repr(letter.decode("latin1")),
            expected="A, C, G, T, N or another IUPAC code",
            hint=hint,
        )
