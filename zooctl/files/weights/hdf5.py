"""Read the float32 datasets of HDF5 files, and nothing else."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, UnsafeError, need

Tensors = dict[str, NDArray[np.float32]]

# Values of all datasets together: 1 GiB of float32.
_MAX_VALUES = 2**28
# A group that links to one above it would be walked without end.
_MAX_ITEMS = 20_000
# h5py's exceptions for damaged files; an offset past 2**63 overflows where it reads from memory.
_UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, OverflowError)


def read_tensors(content: bytes, path: Path) -> Tensors:
    """Return every float32 dataset of an HDF5 file by its path in the file, as ``conv/kernel:0``.

    The bytes should be verified first: the format is large, and its reader is written in C. Only
    hard links are followed, and a dataset with values in another file is refused, so that nothing
    but these bytes is read.

    Args:
        content: The file.
        path: Its path, for messages.

    Raises:
        InputError: h5py is not installed.
        UnsafeError: The file is no HDF5, refers to other files, or is too large.
    """
    need("h5py", "reading weights in HDF5")
    import h5py

    found: Tensors = {}
    left, items = _MAX_VALUES, 0
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            groups = [("", file)]
            while groups:
                prefix, group = groups.pop()
                for name in group:
                    items += 1
                    if items > _MAX_ITEMS:
                        raise UnsafeError("too many groups, or one inside of itself", path=path)
                    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                        raise UnsafeError("a link in the file", path=path, field=name)
                    item = group[name]
                    if isinstance(item, h5py.Group):
                        groups.append((f"{prefix}{name}/", item))
                    elif isinstance(item, h5py.Dataset) and item.dtype == np.float32:
                        left -= item.size
                        if item.external or item.is_virtual or left < 0:
                            what = "values outside of the file, or too many"
                            raise UnsafeError(what, path=path, field=name)
                        found[f"{prefix}{name}"] = np.asarray(item[()], dtype=np.float32)
    except _UNREADABLE as error:
        raise UnsafeError("not a readable HDF5 file", path=path, got=error) from None
    return found


def read_architecture(content: bytes, path: Path) -> str:
    """Return the architecture that Keras wrote into an HDF5 file, as JSON.

    Raises:
        InputError: h5py is not installed, or the file holds weights alone.
        UnsafeError: The file is no HDF5.
    """
    need("h5py", "reading weights in HDF5")
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            stated = file.attrs.get("model_config")
            text = stated.decode("utf-8") if isinstance(stated, bytes) else str(stated)
    except _UNREADABLE as error:
        raise UnsafeError("not a readable HDF5 file", path=path, got=error) from None
    if stated is None:
        raise InputError(
            "the file holds weights without the network",
            path=path,
            expected="a whole model, as model.save() of Keras 1 and 2 writes it",
        )
    return text
