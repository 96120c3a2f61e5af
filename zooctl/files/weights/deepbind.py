"""Read the parameter files of DeepBind: text, a named list of numbers a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import UnsafeError

Tensors = dict[str, NDArray[np.float32]]

_HEAD = "# deepbind 0.1"
_MAX_BYTES = 10_000_000
_COUNTS = ("reverse_complement", "num_detectors", "detector_len", "has_avg_pooling", "num_hidden")


def read_deepbind(content: bytes, path: Path) -> Tensors:
    """Return the parameters of a DeepBind model (Alipanahi et al. 2015, doi:10.1038/nbt.3300).

    Detectors become ``(num_detectors, 4, detector_len)``, the layout of a convolution; a layer's
    weights ``(outputs, inputs)``. The counts are tensors of one value. A model without a hidden
    layer has no ``weights2``.

    Args:
        content: The file.
        path: Its path, for messages.

    Raises:
        UnsafeError: The file is none of DeepBind's, or its lists have other lengths than its
            counts say.

    >>> text = b'''# deepbind 0.1
    ... reverse_complement = 0
    ... num_detectors = 1
    ... detector_len = 2
    ... has_avg_pooling = 0
    ... num_hidden = 0
    ... detectors = 1,2,3,4,5,6,7,8
    ... thresholds = 0
    ... weights1 = 1
    ... biases1 = 0
    ... weights2 =
    ... biases2 =
    ... '''
    >>> read_deepbind(text, Path("D00001.001.txt"))["detectors"].tolist()
    [[[1.0, 5.0], [2.0, 6.0], [3.0, 7.0], [4.0, 8.0]]]
    """
    found = _lists(content, path)
    counts = [_count(found, name, path) for name in _COUNTS]
    _, n, length, has_average, hidden = counts
    inputs = n * (1 + has_average)
    shapes = {
        "detectors": (length, 4, n),
        "thresholds": (n,),
        "weights1": (inputs, hidden or 1),
        "biases1": (hidden or 1,),
        "weights2": (hidden, 1) if hidden else (0, 0),
        "biases2": (1,) if hidden else (0,),
    }
    tensors: Tensors = {}
    for name, shape in shapes.items():
        values = found.get(name)
        if values is None or values.size != int(np.prod(shape)):
            got = "nothing" if values is None else f"{values.size} numbers"
            raise UnsafeError(
                "not the parameters of a DeepBind model",
                path=path,
                field=name,
                got=got,
                expected=f"{int(np.prod(shape))} numbers",
            )
        if values.size:
            # The file has the outputs of a layer last.
            turned = np.moveaxis(values.reshape(shape), -1, 0)
            turned = np.moveaxis(turned, 1, -1) if name == "detectors" else turned
            tensors[name] = np.ascontiguousarray(turned)
    return tensors | {
        name: np.array([count], np.float32) for name, count in zip(_COUNTS, counts, strict=True)
    }


def _lists(content: bytes, path: Path) -> Tensors:
    """Return the numbers of each line by its name."""
    try:
        lines = content.decode("ascii").splitlines()
        if len(content) > _MAX_BYTES or not lines or lines[0].strip() != _HEAD:
            raise ValueError(f"expected {_HEAD}")
        found: Tensors = {}
        for line in lines[1:]:
            name, equals, values = line.partition("=")
            if not line.strip():
                continue
            if not equals or name.strip() in found:
                raise ValueError(f"a line without a name of its own: {line[:40]!r}")
            numbers = [float(value) for value in values.split(",") if value.strip()]
            found[name.strip()] = np.array(numbers, dtype=np.float32)
    except ValueError as error:
        raise UnsafeError("not a parameter file of DeepBind", path=path, got=error) from None
    if not all(np.isfinite(values).all() for values in found.values()):
        raise UnsafeError("a value is not finite", path=path)
    return found


def _count(found: Tensors, name: str, path: Path) -> int:
    values = found.get(name)
    if values is None or values.size != 1 or values[0] not in range(1_000):
        raise UnsafeError("not a count", path=path, field=name, expected="a whole number")
    return int(values[0])
