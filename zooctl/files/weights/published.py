"""Tensors of weights in the formats in which their authors published them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.files.weights.deepbind import read_deepbind
from zooctl.files.weights.hdf5 import read_tensors
from zooctl.files.weights.torch_state import read_state_dict

Format = Literal["keras_hdf5", "torch_state_dict", "deepbind_text"]

_READERS = {
    "keras_hdf5": read_tensors,
    "torch_state_dict": read_state_dict,
    "deepbind_text": read_deepbind,
}


def read_published(format: Format, content: bytes, path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the float tensors of a published file by name.

    Args:
        format: ``keras_hdf5``, by path in the file; ``torch_state_dict``, by dotted name;
            ``deepbind_text``, by the name of the parameter.
        content: The file, verified.
        path: Its path, for messages.

    Raises:
        InputError: The library that reads it is not installed.
        UnsafeError: The file is refused.
    """
    return _READERS[format](content, path)


def tensor_name(file: str | None, name: str) -> str:
    """Return a tensor's name in a graph: the name in its file, behind the file's if there are more.

    >>> tensor_name(None, "conv1d_1/kernel:0"), tensor_name("spliceai1.h5", "conv1d_1/kernel:0")
    ('conv1d_1/kernel:0', 'spliceai1.h5/conv1d_1/kernel:0')
    """
    return name if file is None else f"{file}/{name}"
