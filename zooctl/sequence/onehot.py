"""Bases as numbers: uint8 codes, which travel and are cached, and one-hot, which networks see.

Codes are A, C, G, T = 0, 1, 2, 3 in either case and 4 for N and every other letter. One-hot arrays
are ``(n, 4, length)`` float32 in the order A, C, G, T.
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


def to_onehot(codes: Codes, unknown_base: float) -> NDArray[np.float32]:
    """Return codes ``(n, length)`` as one-hot ``(n, 4, length)`` float32.

    Args:
        codes: Codes of n windows.
        unknown_base: Value of all four channels at an unknown base (0 or 0.25 in the cards).

    >>> to_onehot(np.array([[0, 3, 4]], dtype=np.uint8), unknown_base=0.25)[0].tolist()
    [[1.0, 0.0, 0.25], [0.0, 0.0, 0.25], [0.0, 0.0, 0.25], [0.0, 1.0, 0.25]]
    """
    channels = np.arange(len(BASES), dtype=np.uint8)
    onehot: NDArray[np.float32] = (codes[:, None, :] == channels[:, None]).astype(np.float32)
    if unknown_base:
        onehot += (codes == N)[:, None, :] * np.float32(unknown_base)
    return onehot


def reverse_complement(codes: Codes) -> Codes:
    """Return the other strand of codes ``(..., length)``, read 5' to 3'; unknown stays unknown.

    >>> decode(reverse_complement(encode(b"AACGN")))
    'NCGTT'
    """
    return _COMPLEMENT[codes[..., ::-1]]


def reverse_complement_onehot(onehot: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the other strand of one-hot ``(..., 4, length)``: both axes flipped (a view).

    >>> codes = encode(b"AACG")[None]
    >>> flipped = reverse_complement_onehot(to_onehot(codes, 0.0))
    >>> bool((flipped == to_onehot(reverse_complement(codes), 0.0)).all())
    True
    """
    flipped: NDArray[np.float32] = onehot[..., ::-1, ::-1]
    return flipped
