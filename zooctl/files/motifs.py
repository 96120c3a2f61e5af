"""Motif profiles: read HOCOMOCO, JASPAR and MEME files as counts ``(length, 4)``, write MEME."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.sequence.onehot import BASES

Profile = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Motif:
    """Counts of each base at each position of a binding site.

    Attributes:
        name: Identifier in its collection.
        counts: Counts of A, C, G, T, ``(length, 4)``, in the reading direction of the motif.

    >>> Motif("box", np.array([[0.0, 9, 1, 0], [1, 0, 0, 9]])).consensus
    'CT'
    """

    name: str
    counts: Profile

    def __post_init__(self) -> None:
        counts = self.counts
        if counts.ndim != 2 or counts.shape[1] != len(BASES) or not len(counts):
            raise InputError(
                "a motif needs four counts a position", field=self.name, got=counts.shape
            )
        if not np.isfinite(counts).all() or (counts < 0).any() or (counts.sum(axis=1) <= 0).any():
            raise InputError(
                "motif counts are negative, not finite, or all zero at a position", field=self.name
            )

    @property
    def length(self) -> int:
        """Length in bp."""
        return len(self.counts)

    @property
    def consensus(self) -> str:
        """The most frequent base of each position."""
        return "".join(BASES[base] for base in self.counts.argmax(axis=1))

    def probabilities(self, pseudocount: float = 0.0) -> Profile:
        """Return base frequencies ``(length, 4)``, with ``pseudocount`` spread over the bases."""
        raised: Profile = self.counts + pseudocount / len(BASES)
        frequency: Profile = raised / raised.sum(axis=1, keepdims=True)
        return frequency

    def log_odds(self, pseudocount: float = 1.0) -> Profile:
        """Return log2 odds against equal bases, ``(length, 4)``: the weights of a PWM scan.

        >>> Motif("a", np.array([[3.0, 0, 0, 0]])).log_odds(1.0).round(3).tolist()
        [[1.7, -2.0, -2.0, -2.0]]
        """
        odds: Profile = np.log2(self.probabilities(pseudocount) * len(BASES))
        return odds

    def information(self) -> NDArray[np.float64]:
        """Return the information content of each position in bits, ``(length,)``, 0 to 2.

        2 less the Shannon entropy of the frequencies (Schneider & Stephens 1990), without the
        small-sample correction.

        >>> motif = Motif("a", np.array([[8.0, 0, 0, 0], [1, 1, 1, 1], [4, 4, 0, 0]]))
        >>> motif.information().tolist()
        [2.0, 0.0, 1.0]
        """
        frequency = self.probabilities()
        logs = np.log2(frequency, out=np.zeros_like(frequency), where=frequency > 0)
        bits: NDArray[np.float64] = 2.0 + (frequency * logs).sum(axis=1)
        return bits

    def reverse_complement(self) -> Motif:
        """Return the motif of the other strand.

        >>> Motif("box", np.array([[0.0, 9, 1, 0], [1, 0, 0, 9]])).reverse_complement().consensus
        'AG'
        """
        return Motif(self.name, np.ascontiguousarray(self.counts[::-1, ::-1]))


def read_motifs(path: str | PathLike[str]) -> list[Motif]:
    """Read all profiles of a file, in a format recognised by its content.

    Three formats: ``>name`` with a row of four numbers a position (HOCOMOCO and GimmeMotifs
    ``.pfm``), ``>name`` with a row a base (JASPAR, with or without ``A [ … ]``), and MEME. Rows
    without letters are positions if all of them hold four numbers.

    Raises:
        InputError: The file has no profile, a row is not numbers, or two profiles have one name.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read motifs: {error}", path=path) from error
    is_meme = any(line.startswith("MEME version") for line in lines[:20])
    motifs = list(_read_meme(path, lines) if is_meme else _read_fasta_like(path, lines))
    if not motifs:
        raise InputError(
            "no motif in the file", path=path, expected="HOCOMOCO, JASPAR or MEME profiles"
        )
    seen: set[str] = set()
    for motif in motifs:
        if motif.name in seen:
            raise InputError("two motifs have one name", path=path, field=motif.name)
        seen.add(motif.name)
    return motifs


def read_motif(path: str | PathLike[str], name: str) -> Motif:
    """Read one profile by name.

    Raises:
        InputError: No such profile (the hint names the nearest), and as ``read_motifs``.
    """
    motifs = {motif.name: motif for motif in read_motifs(path)}
    if name in motifs:
        return motifs[name]
    near = [known for known in motifs if name.lower() in known.lower()][:3]
    near = near or difflib.get_close_matches(name, motifs, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else None
    raise InputError(f"no motif named {name!r}", path=path, hint=hint)


def to_meme(motifs: Iterable[Motif]) -> str:
    """Return profiles in minimal MEME format, which Tomtom and most motif tools read.

    >>> print(to_meme([Motif("box", np.array([[0.0, 9, 1, 0]]))]).splitlines()[-2])
     0.000000 0.900000 0.100000 0.000000
    """
    parts = ["MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n"]
    for motif in motifs:
        sites = max(1, round(float(motif.counts.sum(axis=1).max())))
        parts.append(f"MOTIF {motif.name}\n")
        parts.append(f"letter-probability matrix: alength= 4 w= {motif.length} nsites= {sites}\n")
        for row in motif.probabilities():
            parts.append("".join(f" {value:.6f}" for value in row) + "\n")
        parts.append("\n")
    return "".join(parts)


def _numbers(path: Path, line: int, text: str) -> list[float]:
    try:
        return [float(word) for word in text.split()]
    except ValueError:
        raise InputError(
            "not a row of numbers", path=path, line=line, got=repr(text.strip())
        ) from None


def _read_fasta_like(path: Path, lines: list[str]) -> Iterator[Motif]:
    """Yield the profiles of a file of ``>name`` headers."""
    name, first = "", 0
    rows: list[tuple[str, list[float]]] = []
    for number, line in enumerate([*lines, ">"], start=1):
        text = line.strip()
        if text.startswith(">"):
            if name:
                yield Motif(name, _matrix(path, first, name, rows))
            name, first, rows = "".join(text[1:].split()[:1]), number, []
            if not name and number <= len(lines):
                raise InputError("a motif has no name", path=path, line=number)
        elif text and not text.startswith("#"):
            letter = re.match(r"([ACGT])\b", text)
            body = re.sub(r"[\[\]|:]", " ", text[1:] if letter else text)
            rows.append((letter[1] if letter else "", _numbers(path, number, body)))


def _matrix(path: Path, line: int, name: str, rows: list[tuple[str, list[float]]]) -> Profile:
    """Return the counts ``(length, 4)`` of rows by position or by base."""
    letters = "".join(letter for letter, _ in rows)
    widths = {len(values) for _, values in rows}
    by_base = letters == BASES or (not letters and len(rows) == 4 and widths != {4})
    if len(widths) != 1 or (letters and letters != BASES) or not (by_base or widths == {4}):
        raise InputError(
            "rows do not make a profile",
            path=path,
            line=line,
            field=name,
            expected="four numbers a position, or a row of equal length for each of A, C, G, T",
        )
    matrix = np.array([values for _, values in rows], dtype=np.float64)
    return np.ascontiguousarray(matrix.T) if by_base else matrix


def _read_meme(path: Path, lines: list[str]) -> Iterator[Motif]:
    """Yield the letter-probability matrices of a MEME file as counts (probability times sites)."""
    name = ""
    for index, line in enumerate(lines):
        if line.startswith("MOTIF"):
            name = "".join(line.split()[1:2])
        elif line.startswith("letter-probability matrix"):
            fields = dict(re.findall(r"(\w+)=\s*(\S+)", line))
            width = int(fields["w"]) if fields.get("w", "").isdigit() else 0
            rows = [
                _numbers(path, index + 2 + offset, text)
                for offset, text in enumerate(lines[index + 1 : index + 1 + width])
            ]
            if not name or not width or len(rows) < width or any(len(row) != 4 for row in rows):
                raise InputError(
                    "not a matrix of w rows of four probabilities",
                    path=path,
                    line=index + 1,
                    field=name or None,
                )
            yield Motif(name, np.array(rows) * float(fields.get("nsites", "1")))
