"""Progress on stderr: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from zooctl.cli.ui.messages import manner, say
from zooctl.cli.ui.tables import duration_text

_EVERY, _EVERY_VERBOSE = 30.0, 5.0  # seconds


class ProgressLines:
    """Lines on the amount that is done, its rate and the time left, no more often than asked for.

    Args:
        total: Units of the whole work, or None.
        scale: Units to one of those that are shown.
        name: Name of the shown units.
        label: Name of the work.
        every: Seconds between lines.
    """

    def __init__(
        self, total: float | None, scale: float, name: str, label: str, every: float
    ) -> None:
        self._total, self._scale, self._name, self._label = total, scale, name, label
        self._every, self._done = every, 0.0
        self._begun = self._said = time.monotonic()

    def advance(self, done: float) -> None:
        """Count units; say where the work stands if enough time has passed."""
        self._done += done
        now = time.monotonic()
        if now - self._said < self._every:
            return
        self._said = now
        speed = self._done / (now - self._begun)
        text = amount_text(self._done, self._total, speed, self._scale, self._name)
        left = ""
        if self._total is not None and speed > 0:
            left = f", about {duration_text((self._total - self._done) / speed)} left"
        say(f"{self._label}: {text}{left}")


@contextmanager
def progress(total: float | None, unit: str, label: str) -> Iterator[Callable[[float], None]]:
    """Show a progress bar while the block runs; where stderr is no terminal, a line in 30 seconds.

    Args:
        total: Units of the whole work, or None.
        unit: Name of the units, in the plural; ``B`` is shown as MB.
        label: Name of the work.

    Yields:
        A function that takes the number of units done since its last call, from any thread.
    """
    scale, name = (1e6, "MB") if unit == "B" else (1, unit)
    chosen = manner()
    if sys.stderr is None or not sys.stderr.isatty() or chosen.as_json or chosen.quiet:
        every = _EVERY_VERBOSE if chosen.verbose else _EVERY
        yield ProgressLines(total, scale, name, label, every).advance
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
