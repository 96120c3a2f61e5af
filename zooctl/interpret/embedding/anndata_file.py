"""Embeddings in AnnData's form of HDF5 (.h5ad), which scanpy and others read.

Source: the on-disk format of anndata, version 0.1.0 of the root
(https://anndata.readthedocs.io/en/stable/fileformat-prose.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.sequence.intervals import Interval


def write_anndata(
    path: Path, values: NDArray[np.float32], regions: Sequence[Interval], facts: Mapping[str, str]
) -> None:
    """Write a row a region and a column a feature.

    Args:
        path: The file.
        values: float32 ``(n, features)``, as ``X``.
        regions: Place of each row, as ``obs``: ``chrom``, ``start`` (from 0) and ``end``.
        facts: Words on the whole, as ``uns``.

    Raises:
        InputError: h5py is not installed.
    """
    need("h5py", "writing AnnData")
    import h5py

    with h5py.File(path, "w") as file:
        _encode(file, "anndata", "0.1.0")
        file.create_dataset("X", data=values, compression="gzip")
        _encode(file["X"], "array", "0.2.0")
        columns = {
            "chrom": [one.chrom for one in regions],
            "start": np.array([one.start for one in regions], np.int64),
            "end": np.array([one.end for one in regions], np.int64),
        }
        _write_frame(file.create_group("obs"), [str(one) for one in regions], columns)
        digits = len(str(values.shape[1] - 1))
        names = [f"f{number:0{digits}}" for number in range(values.shape[1])]
        _write_frame(file.create_group("var"), names, {})
        notes = file.create_group("uns")
        _encode(notes, "dict", "0.1.0")
        for name, text in facts.items():
            notes[name] = text
            _encode(notes[name], "string", "0.2.0")


def _write_frame(group: Any, index: Sequence[str], columns: Mapping[str, Any]) -> None:
    """Write a data frame: a dataset a column, and one for the names of its rows."""
    import h5py

    _encode(group, "dataframe", "0.2.0")
    group.attrs["_index"] = "_index"
    group.attrs["column-order"] = list(columns)
    for name, column in {"_index": list(index), **columns}.items():
        is_text = isinstance(column, list)
        group.create_dataset(name, data=column, dtype=h5py.string_dtype() if is_text else None)
        _encode(group[name], "string-array" if is_text else "array", "0.2.0")


def _encode(place: Any, kind: str, version: str) -> None:
    place.attrs["encoding-type"] = kind
    place.attrs["encoding-version"] = version
