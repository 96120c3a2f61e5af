"""safetensors files hold what they say, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from zooctl.errors import UnsafeError
from zooctl.files.weights.safetensors import checked, read_safetensors

PATH = Path("a.safetensors")
SOUND = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def written(header: object, data: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_what_the_library_writes_is_read() -> None:
    types = (np.float32, np.float64, np.float16, np.int64, np.uint8, np.bool_)
    tensors: dict[str, Any] = {f"t.{t.__name__}": np.ones((2, 3), t) for t in types}
    tensors |= {"empty": np.zeros((0, 3), np.float32), "scalar": np.array(2.5)}
    content = save(tensors, metadata={"format": "np"})
    assert checked(content, PATH) is content
    found = read_safetensors(content, PATH)
    assert found.keys() == tensors.keys()
    for name, value in found.items():
        assert value.dtype == tensors[name].dtype
        assert np.array_equal(value, tensors[name])


def entry(**changes: object) -> dict[str, object]:
    return {"a": SOUND["a"] | changes}


MANY = {f"t{n}": entry(shape=[0], data_offsets=[0, 0])["a"] for n in range(20_001)}
PAIR = {"a": SOUND["a"], "b": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a safetensors file"),
        (bytes(7), "not a safetensors file"),
        (b"\x80\x04pickle..", "not a safetensors file"),
        ((2**63).to_bytes(8, "little"), "header is too long"),
        ((9_000_000).to_bytes(8, "little") + bytes(9_000_000), "header is too long"),
        (written(b"{}x", b""), "no JSON"),
        (written(b"\xff{}", b""), "no JSON"),
        (written(b"[" * 100_000, b""), "no JSON"),
        (written([], b""), "no mapping"),
        (written(entry(shape=[float("nan")])), "no JSON"),
        (written(b'{"a":1,"a":2}', b""), "given twice"),
        (written(json.dumps(SOUND)[:-1].encode() + b"," + json.dumps(SOUND)[1:].encode()), "twice"),
        (written({"__metadata__": {"a": 1}}, b""), "metadata"),
        (written({"": SOUND["a"]}), "no plain name"),
        (written({"../a": SOUND["a"]}), "no plain name"),
        (written({"a\x1b[31m": SOUND["a"]}), "no plain name"),
        (written({"a" * 300: SOUND["a"]}), "no plain name"),
        (written({"a": []}), "needs dtype"),
        (written(entry(more=1)), "needs dtype"),
        (written(entry(dtype="F8_E4M3")), "type is not accepted"),
        (written(entry(dtype=["F32"])), "type is not accepted"),
        (written(entry(shape=[-2])), "no sizes"),
        (written(entry(shape=[2.0])), "no sizes"),
        (written(entry(shape=[True, 2])), "no sizes"),
        (written(entry(shape=[1] * 20)), "no sizes"),
        (written(entry(shape=[2**40, 2**40])), "does not fit"),
        (written(entry(shape=[3])), "does not fit"),
        (written(entry(data_offsets=[8, 0])), "does not fit"),
        (written(entry(data_offsets=[0, 8, 9])), "no sizes"),
        (written(entry(data_offsets=[4, 12]), bytes(12)), "leave a gap"),
        (written(SOUND, bytes(7)), "outside of the file"),
        (written(SOUND, bytes(9)), "no tensor claims"),
        (written(PAIR | {"b": PAIR["b"] | {"data_offsets": [4, 8]}}), "overlap"),
        (written(MANY), "too many"),
    ],
)
def test_refused(content: bytes, words: str) -> None:
    with pytest.raises(UnsafeError, match=words) as caught:
        checked(content, PATH)
    assert caught.value.path == str(PATH)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_are_finite(dtype: type, value: float) -> None:
    values = np.full(2**20 + 3, np.finfo(dtype).max, dtype)
    checked(save({"w": values}), PATH)
    values[-1] = value
    with pytest.raises(UnsafeError, match=r"w: a value is not finite"):
        checked(save({"w": values}), PATH)


def test_bfloat16_is_checked_by_its_bits() -> None:
    header = {"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}
    checked(written(header, b"\x80\x3f"), PATH)  # 1.0
    with pytest.raises(UnsafeError, match="not finite"):
        checked(written(header, b"\x80\x7f"), PATH)  # infinite
    with pytest.raises(UnsafeError, match="not a readable"):
        read_safetensors(written(header, b"\x80\x3f"), PATH)  # no type of numpy


@given(st.data())
def test_any_changed_byte_is_refused_or_harmless(data: st.DataObject) -> None:
    content = bytearray(save({"b": np.arange(3, dtype=np.float32), "a": np.ones((2, 2))}))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    try:
        found = read_safetensors(bytes(content), PATH)
    except UnsafeError:
        return
    theirs = load(bytes(content))
    assert found.keys() == theirs.keys()
    assert all(np.isfinite(value).all() for value in found.values())
