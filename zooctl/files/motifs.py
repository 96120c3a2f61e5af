"""Motif profiles: read HOCOMOCO, JASPAR and MEME files as counts ``(length, 4)``, write MEME."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.motif_formats import MOST_SITES, SITES, Parsed, Profile, parse_motifs
from zooctl.progress import Say, silent
from zooctl.sequence.onehot import BASES


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
        if not np.isfinite(counts).all() or (counts < 0).any() or (counts > MOST_SITES).any():
            raise InputError("motif counts are negative, not finite, or too large", field=self.name)
        if (counts.sum(axis=1) <= 0).any():
            raise InputError("motif counts are all zero at a position", field=self.name)

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


def read_motifs(path: str | PathLike[str], say: Say = silent) -> list[Motif]:
    """Read all profiles of a file, in a format recognised by its content.

    Three formats: ``>name`` with a row of four numbers a position (HOCOMOCO and GimmeMotifs
    ``.pfm``, HOMER), ``>name`` with a row a base (JASPAR, with or without ``A [ … ]``), and MEME.
    Rows without letters are positions if all of them hold four numbers. Frequencies without a
    number of sites are those of 20 sites, as the MEME format says.

    Args:
        path: The file, plain or gzipped.
        say: Told of a number of sites that was taken for granted.

    Raises:
        InputError: The file has no profile, a row is not numbers, or two profiles have one name.
    """
    found = parse_motifs(Path(path))
    motifs = [_motif(path, one) for one in found]
    seen: dict[str, int] = {}
    for one in found:
        if one.name in seen:
            raise _twice(path, one.name, seen[one.name], one.line)
        seen[one.name] = one.line
    _say_assumed([one.name for one in found if one.assumed], say)
    return motifs


def read_motif(path: str | PathLike[str], name: str, say: Say = silent) -> Motif:
    """Read one profile by name, which no other profile of the file may have.

    Raises:
        InputError: No such profile (the hint names the nearest), and as ``read_motifs``.
    """
    found = parse_motifs(Path(path))
    chosen = [one for one in found if one.name == name]
    if len(chosen) > 1:
        raise _twice(path, name, chosen[0].line, chosen[1].line)
    if chosen:
        _say_assumed([name] * chosen[0].assumed, say)
        return _motif(path, chosen[0])
    names = dict.fromkeys(one.name for one in found)
    near = [known for known in names if name.lower() in known.lower()][:3]
    near = near or difflib.get_close_matches(name, names, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else None
    raise InputError(f"no motif named {name!r}", path=path, hint=hint)


def _motif(path: str | PathLike[str], found: Parsed) -> Motif:
    try:
        return Motif(found.name, found.counts)
    except InputError as error:
        raise InputError(
            error.what, path=path, line=found.line, field=found.name, got=error.got
        ) from None


def _twice(path: str | PathLike[str], name: str, first: int, second: int) -> InputError:
    return InputError(
        "two motifs have one name",
        path=path,
        line=second,
        field=name,
        got=f"the first on line {first:,}",
        hint="rename one of them",
    )


def _say_assumed(names: list[str], say: Say) -> None:
    if names:
        which = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"
        say(
            f"taken for granted: {SITES} sites of {which}, as in the MEME format, because the file "
            "has frequencies and no number of sites"
        )


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
