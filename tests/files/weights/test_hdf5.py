"""HDF5 files are read for their float32 numbers, and refused where these lie elsewhere."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zooctl.errors import InputError, UnsafeError
from zooctl.files.weights import hdf5
from zooctl.files.weights.hdf5 import read_tensors

h5py = pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")

PATH = Path("weights.hdf5")


def written(fill: Callable[[Any], object]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()


def test_named_numbers() -> None:
    kernel = np.arange(24, dtype=np.float32).reshape(2, 3, 4)

    def fill(file: Any) -> None:
        file.attrs["keras_version"] = "2.2.4"
        file.create_dataset("conv/conv/kernel:0", data=kernel)
        file.create_dataset("conv/conv/bias:0", data=np.float32([1.5]), compression="gzip")
        file.create_dataset("top", data=np.float32(7))
        file.create_dataset("words", data=b"text")
        file.create_dataset("wide", data=np.zeros(3))
        file.create_group("dropout_1")

    found = read_tensors(written(fill), PATH)
    assert set(found) == {"conv/conv/kernel:0", "conv/conv/bias:0", "top"}
    assert np.array_equal(found["conv/conv/kernel:0"], kernel)
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}


def soft(file: Any) -> None:
    file["a"] = h5py.SoftLink("/b")


def external_link(file: Any) -> None:
    file["a"] = h5py.ExternalLink("/etc/passwd", "/")


def external_values(file: Any) -> None:
    file.create_dataset("a", shape=(4,), dtype="f4", external=[("/etc/passwd", 0, 16)])


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "a", shape=(4,))
    file.create_virtual_dataset("a", layout)


@pytest.mark.parametrize("fill", [soft, external_link, external_values, virtual])
def test_values_elsewhere_are_refused(fill: Callable[[Any], object]) -> None:
    with pytest.raises(UnsafeError) as caught:
        read_tensors(written(fill), PATH)
    assert (caught.value.path, caught.value.field) == (str(PATH), "a")


def test_huge_arrays_are_refused_before_they_are_read() -> None:
    content = written(lambda file: file.create_dataset("a", shape=(2**20, 2**20), dtype="f4"))
    assert len(content) < 10_000
    with pytest.raises(UnsafeError, match="too many"):
        read_tensors(content, PATH)


def test_a_group_inside_of_itself() -> None:
    def fill(file: Any) -> None:
        group = file.create_group("a")
        group["b"] = group

    with pytest.raises(UnsafeError, match="inside of itself"):
        read_tensors(written(fill), PATH)


def test_what_is_no_hdf5() -> None:
    content = written(lambda file: file.create_dataset("a", data=np.ones(1000, np.float32)))
    for spoilt in (b"", b"no HDF5", content[:1000]):
        with pytest.raises(UnsafeError, match="not a readable HDF5 file"):
            read_tensors(spoilt, PATH)


def test_an_architecture_that_is_no_utf8() -> None:
    def fill(file: Any) -> None:
        file.attrs["model_config"] = np.bytes_(b"{\xff}")

    with pytest.raises(UnsafeError, match="not a readable HDF5 file"):
        hdf5.read_architecture(written(fill), PATH)


def test_every_number_made_huge() -> None:
    """The library reads offsets past 2**63 from memory with an exception of its own."""
    content = written(lambda file: file.create_dataset("a/b", data=np.ones((2, 3), np.float32)))
    refused = 0
    for at in range(0, len(content) - 8, 8):
        for number in (2**63, 2**64 - 2):
            changed = content[:at] + number.to_bytes(8, "little") + content[at + 8 :]
            for read in (read_tensors, hdf5.read_architecture):
                with contextlib.suppress(UnsafeError, InputError):
                    read(changed, PATH)
                    continue
                refused += 1
    assert refused > 100


def test_without_h5py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError) as caught:
        hdf5.read_tensors(b"", PATH)
    assert caught.value.hint == "pip install 'h5py>=3.12'"
