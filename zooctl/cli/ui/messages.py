"""Messages on stderr: all of them, only warnings and errors, or as lines of JSON."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass

import typer

_LEVELS = ("error", "warning", "note")
_OWN_VERBOSE = ("audit",)
"""Commands with a --verbose of their own, which then does both."""
_BEGUN = time.monotonic()


@dataclass(frozen=True)
class Manner:
    """The manner of messages.

    Attributes:
        quiet: Warnings and errors alone.
        verbose: Each with the seconds since the start, and progress every 5 seconds.
        as_json: A line of JSON each, with its time and level.
    """

    quiet: bool = False
    verbose: bool = False
    as_json: bool = False


_manner: ContextVar[Manner] = ContextVar("manner", default=Manner())  # noqa: B039  # frozen

OPTIONS = "Every command also takes -q (warnings and errors alone), -v (times), --log-json."


def take_manner(arguments: Sequence[str]) -> list[str]:
    """Set the manner that arguments ask for, and return the other arguments.

    >>> take_manner(["list", "-q", "--", "-v"])
    ['list', '--', '-v']
    >>> _ = take_manner([])
    """
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    words = {"quiet": ("-q", "--quiet"), "verbose": ("-v", "--verbose"), "as_json": ("--log-json",)}
    asked = {name: any(word in arguments[:end] for word in some) for name, some in words.items()}
    _manner.set(Manner(**asked))
    mine = {word for some in words.values() for word in some}
    if arguments and arguments[0] in _OWN_VERBOSE:
        mine -= set(words["verbose"])
    return [*(word for word in arguments[:end] if word not in mine), *arguments[end:]]


def manner() -> Manner:
    """Return the manner in use."""
    return _manner.get()


def say(text: str) -> None:
    """Print a line for people on stderr, in the manner that was asked for."""
    from zooctl.cli.ui.tables import plain

    chosen = _manner.get()
    word = text.partition(":")[0]
    level = word if word in _LEVELS else "info"
    if chosen.quiet and level not in ("error", "warning"):
        return
    line = plain(text)
    if chosen.as_json:
        import json

        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "level": level, "message": line}, ensure_ascii=False)
    elif chosen.verbose:
        line = f"[{time.monotonic() - _BEGUN:.1f} s] {line}"
    typer.echo(line, err=True)
