"""Size of a serialised ONNX model after parsing, computed without parsing it.

Two bytes of a file can become an object of a hundred: a small file could fill the memory. Only
raw values of tensors keep their size. So these may be as many as fit in the file, and all else is
bounded before the parser sees it. (Encoding: protobuf.dev/programming-guides/encoding.)
"""

from __future__ import annotations

from collections.abc import Mapping

from zooctl.errors import InputError, UnsafeError

MAX_BYTES = 2**31 - 1
"""Largest file that protobuf reads."""

_MAX_FIELDS = 300_000
_MAX_STRUCTURE = 16_000_000

# Kind of message to the fields inside which values of tensors may lie; numbers are onnx.proto's.
_INSIDE: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph"},
    "graph": {1: "node", 5: "tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor"},
    "tensor": {},
}
# Fields of a tensor whose values keep their size: float_data, raw_data, double_data.
_VALUES = {4, 9, 10}

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def check_wire(model: bytes) -> None:
    """Check that a serialised model may be parsed.

    Raises:
        InputError: It is no protobuf.
        UnsafeError: The file is too large, or holds too much beside values of tensors.
    """
    if len(model) > MAX_BYTES:
        raise UnsafeError("file is too large", got=f"{len(model):,} bytes", expected=MAX_BYTES)
    structure = len(model)
    fields = 0
    parts = [("model", 0, len(model))]
    while parts:
        kind, at, end = parts.pop()
        while at < end:
            fields += 1
            if fields > _MAX_FIELDS:
                raise UnsafeError("graph is too large", expected=f"at most {_MAX_FIELDS:,} parts")
            key, at = _varint(model, at, end)
            number, wire = key >> 3, key & 7
            if wire == _VARINT:
                _, at = _varint(model, at, end)
            elif wire == _BYTES:
                length, at = _varint(model, at, end)
                if kind == "tensor" and number in _VALUES:
                    structure -= length
                elif inner := _INSIDE[kind].get(number):
                    parts.append((inner, at, at + length))
                at += length
            elif wire in (_FIXED64, _FIXED32):
                at += 8 if wire == _FIXED64 else 4
            else:
                raise InputError("not an ONNX model")
            if at > end:
                raise InputError("not an ONNX model")
    if structure > _MAX_STRUCTURE:
        raise UnsafeError(
            "graph is too large without its weights",
            got=f"{structure:,} bytes",
            expected=f"at most {_MAX_STRUCTURE:,}",
        )


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return a number of variable length, and where the next thing begins."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise InputError("not an ONNX model")
