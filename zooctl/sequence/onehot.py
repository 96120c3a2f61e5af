"""Bases as uint8 codes: A, C, G, T = 0, 1, 2, 3 in either case, 4 for N and every other letter.

Graphs and tensors turn codes into one-hot ``(n, 4, length)`` float32, in the order A, C, G, T.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]

BASES = "ACGT"
N = 4

_CODE_OF_BYTE = np.full(256, N, dtype=np.uint8)
for _code, _base in enumerate(BASES):
    _CODE_OF_BYTE[[ord(_base), ord(_base.lower())]] = _code
_TRANSLATION = _CODE_OF_BYTE.tobytes()
_BYTE_OF_CODE = np.frombuffer(BASES.encode() + b"N", dtype=np.uint8)
_COMPLEMENT = np.array([3, 2, 1, 0, N], dtype=np.uint8)


def encode(sequence: bytes | Codes) -> Codes:
    """Return the codes of a sequence of ASCII letters, same length, writable.

    Args:
        sequence: Letters as bytes, or as a uint8 array of their ASCII values.

    >>> encode(b"ACGTNacgtnR").tolist()
    [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 4]
    """
    if isinstance(sequence, bytes):
        return np.frombuffer(bytearray(sequence.translate(_TRANSLATION)), dtype=np.uint8)
    return _CODE_OF_BYTE[sequence]


def decode(codes: Codes) -> str:
    """Return the letters of one sequence of codes, upper case, 4 as N.

    Raises:
        IndexError: A code is above 4.

    >>> decode(np.array([0, 1, 2, 3, 4], dtype=np.uint8))
    'ACGTN'
    """
    return _BYTE_OF_CODE[codes].tobytes().decode("ascii")


def reverse_complement(codes: Codes) -> Codes:
    """Return the reverse complement of codes ``(..., length)``; unknown bases stay unknown.

    >>> decode(reverse_complement(encode(b"AACGN")))
    'NCGTT'
    """
    return _COMPLEMENT[codes[..., ::-1]]
