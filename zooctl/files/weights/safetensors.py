"""Read safetensors files after checking the header against the bytes.

The format's own library accepts two tensors of one name, any text as a name, and NaN. Here every
byte must belong to one named tensor, and every value must be finite.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from zooctl.errors import UnsafeError

Tensors = dict[str, NDArray[Any]]

_MAX_HEADER = 8_000_000
_MAX_TENSORS = 20_000
_MAX_AXES = 16
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/+-]{0,255}")
_KEYS = {"dtype", "shape", "data_offsets"}
_BYTES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "U16": 2,
    "I16": 2,
    "F16": 2,
    "BF16": 2,
    "U32": 4,
    "I32": 4,
    "F32": 4,
    "U64": 8,
    "I64": 8,
    "F64": 8,
}
# Type to (integers of its width, bits of the exponent): all of them set means infinite or NaN.
_EXPONENTS = {
    "F16": ("<u2", 0x7C00),
    "BF16": ("<u2", 0x7F80),
    "F32": ("<u4", 0x7F80_0000),
    "F64": ("<u8", 0x7FF0_0000_0000_0000),
}
_PIECE = 2**20  # values


def read_safetensors(content: bytes, path: Path) -> Tensors:
    """Return the tensors of a safetensors file by name.

    Args:
        content: The file.
        path: Its path, for messages.

    Raises:
        UnsafeError: The file is refused (see ``checked``), or numpy lacks one of its types.

    >>> from safetensors.numpy import save
    >>> read_safetensors(save({"bias": np.array([1.5])}), Path("a.safetensors"))
    {'bias': array([1.5])}
    """
    try:
        return dict(load(checked(content, path)))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UnsafeError("not a readable safetensors file", path=path, got=error) from None


def metadata_of(content: bytes, path: Path) -> dict[str, str]:
    """Return the metadata of a safetensors file: text by name.

    >>> from safetensors.numpy import save
    >>> metadata_of(save({"bias": np.array([1.5])}, metadata={"by": "us"}), Path("a.safetensors"))
    {'by': 'us'}
    """
    _split(content, path)
    length = int.from_bytes(content[:8], "little")
    found: dict[str, str] = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    return found


def checked(content: bytes, path: Path) -> bytes:
    """Return the unchanged bytes of a safetensors file after checking all of them.

    Args:
        content: The file.
        path: Its path, for messages.

    Raises:
        UnsafeError: The header is too long or no JSON, a name is repeated or has odd characters, a
            type or shape is not accepted, bytes belong to no tensor or to two, or a value is not
            finite.
    """
    header, data = _split(content, path)
    if len(header) > _MAX_TENSORS:
        raise UnsafeError("too many tensors", path=path, got=len(header), expected=_MAX_TENSORS)
    spans = []
    for name, stated in header.items():
        if not _NAME.fullmatch(name):
            raise UnsafeError("name of a tensor is no plain name", path=path, got=ascii(name)[:80])
        first, last = _span(stated, name, path)
        spans.append((first, last, name))
    end = 0
    for first, last, name in sorted(spans):
        if first != end or last > len(data):
            what = "bytes of a tensor overlap others, leave a gap, or lie outside of the file"
            raise UnsafeError(what, path=path, field=name, got=f"{first} to {last}")
        end = last
    if end != len(data):
        raise UnsafeError("bytes that no tensor claims", path=path, got=len(data), expected=end)
    for first, last, name in spans:
        _require_finite(data[first:last], header[name]["dtype"], name, path)
    return content


def _split(content: bytes, path: Path) -> tuple[dict[str, Any], memoryview]:
    """Return the header without its metadata, and the bytes of the tensors."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(_MAX_HEADER, len(content) - 8):
        raise UnsafeError("not a safetensors file, or its header is too long", path=path)
    try:
        text = content[8 : 8 + length].decode("utf-8")
        header = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise UnsafeError("header is no JSON", path=path, got=error) from None
    if not isinstance(header, dict):
        raise UnsafeError("header is no mapping", path=path)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise UnsafeError("metadata is not text by name", path=path)
    return header, memoryview(content)[8 + length :]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a name is given twice")
    return data


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _span(stated: object, name: str, path: Path) -> tuple[int, int]:
    """Return first and last byte of a tensor after checking its entry of the header."""
    if not isinstance(stated, Mapping) or stated.keys() != _KEYS:
        raise UnsafeError("a tensor needs dtype, shape and data_offsets", path=path, field=name)
    dtype, shape, offsets = stated["dtype"], stated["shape"], stated["data_offsets"]
    size = _BYTES.get(dtype) if isinstance(dtype, str) else None
    if size is None:
        raise UnsafeError("type is not accepted", path=path, field=name, got=ascii(dtype)[:80])
    if not _sizes(shape) or len(shape) > _MAX_AXES or not _sizes(offsets) or len(offsets) != 2:
        raise UnsafeError("shape or offsets are no sizes", path=path, field=name)
    first, last = offsets
    if last - first != size * math.prod(shape):
        raise UnsafeError(
            "shape does not fit the bytes",
            path=path,
            field=name,
            got=f"{last - first:,} bytes",
            expected=f"{dtype} {tuple(shape)}",
        )
    return first, last


def _sizes(value: object) -> bool:
    """Say whether a value is a list of sizes possible in a file."""
    return isinstance(value, list) and all(
        type(number) is int and 0 <= number < 2**48 for number in value
    )


def _require_finite(data: memoryview, dtype: str, name: str, path: Path) -> None:
    """Refuse infinite values and NaN, by their bits, since numpy has no bfloat16."""
    if dtype not in _EXPONENTS:
        return
    kind, exponent = _EXPONENTS[dtype]
    bits = np.frombuffer(data, dtype=kind)
    for first in range(0, len(bits), _PIECE):
        if ((bits[first : first + _PIECE] & exponent) == exponent).any():
            raise UnsafeError("a value is not finite", path=path, field=name)
