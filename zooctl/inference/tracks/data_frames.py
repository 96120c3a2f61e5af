"""Columns as a data frame of pandas or, where that is not installed, of polars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zooctl.errors import is_installed, need


def to_frame(columns: Mapping[str, Any]) -> Any:
    """Return a ``pandas.DataFrame``, or a ``polars.DataFrame`` where only polars is installed.

    Args:
        columns: Name to values, all of one length.

    Raises:
        InputError: Neither library is installed.
    """
    if is_installed("polars") and not is_installed("pandas"):
        import polars

        return polars.DataFrame(columns)
    need("pandas", "a data frame")
    import pandas

    return pandas.DataFrame(columns)
