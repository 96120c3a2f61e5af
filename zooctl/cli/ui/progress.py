"""The progress bar on stderr: amount, rate and remaining time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(total: float | None, unit: str, label: str) -> Iterator[Callable[[float], None]]:
    """Show a progress bar while the block runs; nothing where stderr is no terminal.

    Args:
        total: Units of the whole work, or None.
        unit: Name of the units, in the plural; ``B`` is shown as MB.
        label: Name of the work.

    Yields:
        A function that takes the number of units done since its last call, from any thread.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    from zooctl.cli.ui.tables import plain

    scale, name = (1e6, "MB") if unit == "B" else (1, unit)

    class Amount(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(amount_text(task.completed, task.total, task.speed, scale, name))

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        Amount(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(plain(label), total=total)
        yield lambda done: bar.advance(task, done)


def amount_text(
    done: float, total: float | None, speed: float | None, scale: float, name: str
) -> str:
    """Return the text beside the bar: amount and rate.

    >>> amount_text(640, 12_800, 81.4, 1, "windows")
    '640/12,800 windows  81 windows/s'
    """
    whole = "" if total is None else f"/{total / scale:,.0f}"
    rate = (
        "" if speed is None else f"  {speed / scale:,.{0 if speed / scale >= 10 else 1}f} {name}/s"
    )
    return f"{done / scale:,.0f}{whole} {name}{rate}"
