"""What a serialised model would weigh once parsed is seen before it is parsed."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.errors import InputError, UnsafeError
from zooctl.inference.graph.parsed_size import check_wire
from zooctl.sequence.windows import Geometry


def framed(number: int, content: bytes) -> bytes:
    """A field of bytes, as protobuf writes it."""
    length, size = b"", len(content)
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def test_weights_are_not_structure(linear_model: Callable[..., onnx.ModelProto]) -> None:
    model = linear_model(np.ones((2, 4, 64)), Geometry(64, 32, 8, 16)).SerializeToString()
    values = bytes(17_000_000)
    for number in (4, 9, 10):  # float_data, raw_data, double_data
        check_wire(model + framed(7, framed(5, framed(number, values))))
        # A constant's tensor is one, too.
        check_wire(model + framed(7, framed(1, framed(5, framed(5, framed(number, values))))))
    for place in (framed(6, values), framed(7, framed(5, framed(8, values)))):  # texts
        with pytest.raises(UnsafeError, match="too large without its weights"):
            check_wire(model + place)


@pytest.mark.parametrize("number", [1, 5, 13])
def test_many_small_messages(number: int) -> None:
    content = framed(7, bytes([number << 3 | 2, 0]) * 2_000_000)
    began = time.perf_counter()
    with pytest.raises(UnsafeError, match="graph is too large"):
        check_wire(content)
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    "content",
    [b"\x80", b"\xff" * 20, framed(7, b"abc")[:-1], b"\x3a\x7f", b"\x0b", b"\x3f", b"\x09\x00"],
)
def test_what_is_no_protobuf(content: bytes) -> None:
    with pytest.raises(InputError, match="not an ONNX model"):
        check_wire(content)


@given(st.binary(max_size=200))
def test_any_bytes_end(content: bytes) -> None:
    try:
        check_wire(framed(7, content))
    except (InputError, UnsafeError):
        return
    # What passes is at least framed as protobuf is.
    assert len(content) != 1
