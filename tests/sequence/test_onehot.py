from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from toy_onehot import to_onehot

from zooctl.sequence.onehot import (
    N,
    decode,
    encode,
    reverse_complement,
)

letters = st.text("ACGTN", max_size=200)
batches = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 50)), elements=st.integers(0, N)
)


@given(letters)
def test_decoding_undoes_encoding(sequence: str) -> None:
    assert decode(encode(sequence.encode())) == sequence


@given(letters)
def test_case_does_not_matter(sequence: str) -> None:
    assert np.array_equal(encode(sequence.lower().encode()), encode(sequence.encode()))


def test_every_other_byte_is_unknown() -> None:
    codes = encode(bytes(range(256)))
    known = [byte for byte in range(256) if codes[byte] != N]
    assert bytes(known) == b"ACGTacgt"


@given(st.binary(max_size=100))
def test_bytes_and_arrays_encode_alike(sequence: bytes) -> None:
    assert np.array_equal(encode(np.frombuffer(sequence, dtype=np.uint8)), encode(sequence))


def test_codes_are_writable_bytes() -> None:
    codes = encode(b"ACGT")
    codes[0] = N
    assert codes.dtype == np.uint8


def test_decode_refuses_other_codes() -> None:
    with pytest.raises(IndexError):
        decode(np.array([5], dtype=np.uint8))


@pytest.mark.parametrize("unknown_base", [0.0, 0.25])
@given(codes=batches)
def test_onehot_by_definition(codes: np.ndarray, unknown_base: float) -> None:
    onehot = to_onehot(codes, unknown_base)
    assert onehot.shape == (codes.shape[0], 4, codes.shape[1])
    assert onehot.dtype == np.float32
    for (window, position), code in np.ndenumerate(codes):
        expected = [unknown_base] * 4 if code == N else [float(code == base) for base in range(4)]
        assert onehot[window, :, position].tolist() == expected


@given(batches)
def test_reverse_complement_twice_is_the_same(codes: np.ndarray) -> None:
    assert np.array_equal(reverse_complement(reverse_complement(codes)), codes)


@given(letters)
def test_reverse_complement_by_letters(sequence: str) -> None:
    expected = sequence[::-1].translate(str.maketrans("ACGT", "TGCA"))
    assert decode(reverse_complement(encode(sequence.encode()))) == expected


@given(batches)
def test_both_forms_of_the_reverse_complement_agree(codes: np.ndarray) -> None:
    flipped = to_onehot(codes, 0.25)[:, ::-1, ::-1]
    assert np.array_equal(flipped, to_onehot(reverse_complement(codes), 0.25))
