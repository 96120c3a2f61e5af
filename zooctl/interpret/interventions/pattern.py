"""Patterns of bases that are put into sequences: IUPAC letters, or the consensus of a motif."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.sequence.onehot import BASES, Codes

IUPAC: Mapping[str, str] = MappingProxyType(
    {
        **{base: base for base in BASES},
        **{"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"},
        **{"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"},
    }
)
"""Letter to the bases that it stands for (IUPAC 1984)."""
_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN")


@dataclass(frozen=True)
class Pattern:
    """A pattern of bases.

    Attributes:
        letters: IUPAC letters in upper case.
        name: Its name; its letters where it has none.
    """

    letters: str
    name: str

    @property
    def length(self) -> int:
        """Length in bp."""
        return len(self.letters)

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Bases that each position allows, ``(length, 4)``."""
        return np.array([[base in IUPAC[letter] for base in BASES] for letter in self.letters])

    def reverse_complement(self) -> Pattern:
        """Return the pattern of the other strand.

        >>> parse_pattern("CANNTR").reverse_complement().letters
        'YANNTG'
        """
        return Pattern(self.letters[::-1].translate(_COMPLEMENT), self.name)

    def put(self, sequences: Codes, start: int, rng: np.random.Generator) -> Codes:
        """Return sequences with the pattern in place of their bases.

        A base that the pattern allows stays; another is replaced by one that it allows, by chance.

        Args:
            sequences: Codes ``(n, length)``.
            start: First base that is replaced, 0-based.
            rng: Source of chance.

        >>> from zooctl.sequence.onehot import decode, encode
        >>> rows = encode(b"AAAAGTTAAA")[None]
        >>> decode(parse_pattern("CANNTG").put(rows, 2, np.random.default_rng(0))[0])
        'AACAGTTGAA'
        """
        changed = sequences.copy()
        part = changed[:, start : start + self.length]
        for column, allowed in enumerate(self.allowed):
            choice = np.flatnonzero(allowed).astype(np.uint8)
            drawn = choice[rng.integers(len(choice), size=len(part))]
            part[:, column] = np.where(np.isin(part[:, column], choice), part[:, column], drawn)
        return changed

    def find(self, codes: Codes) -> NDArray[np.int64]:
        """Return the first bases of the pattern's places in a sequence, of this strand alone.

        >>> from zooctl.sequence.onehot import encode
        >>> parse_pattern("CANNTG").find(encode(b"TCAGGTGCACATGT")).tolist()
        [1, 7]
        """
        return np.flatnonzero(self.fits(codes))

    def fits(self, codes: Codes) -> NDArray[np.bool_]:
        """Return whether the pattern fits at each place of sequences, of this strand alone.

        Args:
            codes: Codes ``(…, length)``; an unknown base fits nothing.

        Returns:
            By the first base of each place, ``(…, places)``; no place in shorter sequences.
        """
        n = codes.shape[-1] - self.length + 1
        fits = np.ones((*codes.shape[:-1], max(n, 0)), dtype=np.bool_)
        known = np.hstack([self.allowed, np.zeros((self.length, 1), dtype=np.bool_)])
        for column in range(self.length if n > 0 else 0):
            fits &= known[column][codes[..., column : column + n]]
        return fits


def parse_pattern(text: str, name: str | None = None) -> Pattern:
    """Return the pattern of a text of IUPAC letters.

    Args:
        text: Letters, in either case.
        name: Name of the pattern.

    Raises:
        InputError: A letter is none of IUPAC's, or there is none.
    """
    letters = text.upper()
    wrong = sorted(set(letters) - set(IUPAC))
    if wrong or not letters:
        raise InputError(
            "not a pattern of bases",
            field="pattern",
            got=repr(text[:40]),
            expected=f"IUPAC letters, {''.join(IUPAC)}",
            hint="a motif is named together with its collection: --motifs hocomoco",
        )
    return Pattern(letters, name or letters)
