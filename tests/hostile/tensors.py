"""Hostile safetensors and HDF5: each file breaks one rule of the loader."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from safetensors.numpy import save

ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def written(header: object, data: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def safetensors() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every hostile safetensors file."""
    yield "empty", b""
    yield "short", bytes(7)
    yield "pickle", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94."
    yield "header-of-2^63", (2**63).to_bytes(8, "little") + b"{}"
    yield "header-too-long", written(b"{" + b" " * 9_000_000 + b"}")
    yield "no-json", written(b"{]")
    yield "not-utf-8", written(b"\xff\xfe{}")
    yield "deep", written(b"[" * 200_000)
    yield "list", written([], b"")
    text = json.dumps(ONE)
    yield "duplicate-name", written(f'{{"a": {text}, "a": {text}}}'.encode())
    yield "duplicate-key", written(b'{"a": {"dtype": "F32", ' + text[1:].encode() + b"}")
    yield "metadata", written({"__metadata__": {"a": [1]}, "a": ONE})
    for number, name in enumerate(("", "../a", "a b", "a\x00", "\x1b[31m", "\u202ea", "a" * 300)):
        yield f"name-{number}", written({name: ONE})
    for number, change in enumerate(
        [
            *({"more": 1}, {"dtype": "F8_E5M2"}, {"dtype": None}, {"dtype": {}}),
            *({"shape": [-2]}, {"shape": [2.0]}, {"shape": "2"}, {"shape": [2**62, 4]}),
            *({"shape": [1] * 99}, {"shape": [3]}, {"data_offsets": [8, 0]}),
            *({"data_offsets": [0]}, {"data_offsets": [0, 2**63]}, {"data_offsets": [-8, 0]}),
        ]
    ):
        yield f"entry-{number}", written({"a": ONE | change})
    yield "gap", written({"a": ONE | {"data_offsets": [8, 16]}}, bytes(16))
    yield "overlap", written({"a": ONE, "b": ONE | {"data_offsets": [4, 12]}}, bytes(12))
    yield "shared", written({"a": ONE, "b": ONE})
    yield "trailing", written({"a": ONE}, bytes(9))
    yield "cut", written({"a": ONE}, bytes(7))
    nothing = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    yield "many", written({f"t{n}": nothing for n in range(20_001)}, b"")
    for name, value in (("nan", np.nan), ("inf", np.inf), ("minus-inf", -np.inf)):
        yield name, save({"expected": np.float32([1, value])})


def hdf5() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every hostile HDF5 file."""
    import h5py

    def made(fill: Any) -> bytes:
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            fill(file)
        return buffer.getvalue()

    def cycle(file: Any) -> None:
        group = file.create_group("a")
        group["b"] = group

    def virtual(file: Any) -> None:
        layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "a", shape=(4,))
        file.create_virtual_dataset("a", layout)

    yield "soft-link", made(lambda file: file.__setitem__("a", h5py.SoftLink("/b")))
    outside = h5py.ExternalLink("/etc/passwd", "/")
    yield "external-link", made(lambda file: file.__setitem__("a", outside))
    values = [("/etc/passwd", 0, 16)]
    yield "values", made(lambda f: f.create_dataset("a", shape=(4,), dtype="f4", external=values))
    yield "virtual", made(virtual)
    yield "cycle", made(cycle)
    yield "huge", made(lambda f: f.create_dataset("a", shape=(2**20, 2**20), dtype="f4"))
    yield "cut", made(lambda f: f.create_dataset("a", data=np.ones(999, np.float32)))[:900]
    yield "pickle", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94."
