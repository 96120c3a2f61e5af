"""Tensors of weights in the formats in which their authors published them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.files.weights.deepbind import read_deepbind
from zooctl.files.weights.hdf5 import read_tensors
from zooctl.files.weights.torch_state import read_state_dicts

Format = Literal["keras_hdf5", "torch_state_dict", "deepbind_text"]

Tensors = dict[str, NDArray[np.float32]]


def read_published(format: Format, files: Sequence[tuple[bytes, Path]]) -> list[Tensors]:
    """Return the float tensors of published files by name.

    Args:
        format: ``keras_hdf5``, by path in the file; ``torch_state_dict``, by dotted name;
            ``deepbind_text``, by the name of the parameter.
        files: Content of each file, verified, and its path, for messages.

    Raises:
        InputError: The library that reads them is not installed.
        UnsafeError: A file is refused.
    """
    if format == "torch_state_dict":
        return read_state_dicts(files)
    read = read_tensors if format == "keras_hdf5" else read_deepbind
    return [read(content, path) for content, path in files]


def tensor_name(file: str | None, name: str) -> str:
    """Return a tensor's name in a graph: the name in its file, behind the file's if there are more.

    >>> tensor_name(None, "conv1d_1/kernel:0"), tensor_name("spliceai1.h5", "conv1d_1/kernel:0")
    ('conv1d_1/kernel:0', 'spliceai1.h5/conv1d_1/kernel:0')
    """
    return name if file is None else f"{file}/{name}"
