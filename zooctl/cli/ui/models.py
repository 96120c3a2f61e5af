"""What commands that run models share: tracks, genomes, and what is said before a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import typer

if TYPE_CHECKING:
    from zooctl.schema.card import Card


class Running(Protocol):
    """What runs a model; ``inference.runtime.Session`` is one."""

    @property
    def device(self) -> str:
        """cpu or cuda."""
        ...

    @property
    def threads(self) -> int:
        """CPU threads."""
        ...


def announce(jobs: Sequence[tuple[Card, Running]]) -> None:
    """Say what runs where, and what the cards want every user to know."""
    for line in dict.fromkeys(_device_text(running) for _, running in jobs):
        say(f"device: {line}")
    for card, _ in jobs:
        for remark in card.remarks:
            say(f"note: {card.name}: {remark}")


def _device_text(running: Running) -> str:
    if running.device == "cuda":
        return "cuda"
    return f"cpu, {running.threads} thread{'s' if running.threads > 1 else ''}"


def duration_text(seconds: float) -> str:
    """Return a time for people.

    >>> duration_text(0.2), duration_text(59.7), duration_text(3700), duration_text(200_000)
    ('1 s', '1 min', '1 h 2 min', '55 h 33 min')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def say(text: str) -> None:
    """Say something on stderr."""
    from zooctl.cli.ui.tables import plain

    typer.echo(plain(text), err=True)


def need_sklearn(command: str) -> None:
    """Say what to install where a command's metrics are missing."""
    from importlib.util import find_spec

    from zooctl.errors import InputError

    if find_spec("sklearn") is None:
        raise InputError(
            f"{command} needs scikit-learn, which is not installed",
            hint="pip install scikit-learn (zooctl's extra `train`)",
        )
