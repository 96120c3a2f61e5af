"""Callbacks for long work: lines for the user, and progress displays; both silent by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Say = Callable[[str], None]
"""Takes a line for the user."""

Advance = Callable[[float], object]
"""Takes the number of units done since the last call."""

Progress = Callable[[float | None, str, str], AbstractContextManager[Advance]]
"""Opens a display of ``total`` units (None where not known), the unit's plural, and a label.

The unit ``B`` is bytes.
"""


def silent(text: str) -> None:
    """Say nothing."""


def no_advance(done: float) -> None:
    """Count nothing."""


@contextmanager
def no_progress(total: float | None, unit: str, label: str) -> Iterator[Advance]:
    """Show nothing."""
    yield no_advance
