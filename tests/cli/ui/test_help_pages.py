"""Help pages: commands in panels, and an example that can be typed under each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from zooctl.cli.main import COMMANDS, build_app, run
from zooctl.cli.ui.help_pages import PANELS


def paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if path:
        yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from paths(below, (*path, name))


@pytest.mark.parametrize("path", list(paths(build_app())), ids=" ".join)
def test_example(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*path, "--help"]) == 0
    page = capsys.readouterr().out
    (example,) = [line for line in page.splitlines() if "Example: zooctl " in line]
    words = shlex.split(example.partition("Example: zooctl ")[2])
    assert words[0] == path[0]
    assert "--log-json" in page
    named = next(n for n in (2, 1) if tuple(words[:n]) in set(paths(build_app())))
    assert run([*words[:named], "--help"]) == 0
    options = capsys.readouterr().out
    for word in words[named:]:
        if word.startswith("-"):
            assert word in options, f"{word} of {example}"


def test_panels_hold_every_command_once(capsys: pytest.CaptureFixture[str]) -> None:
    placed = [name for names in PANELS.values() for name in names]
    assert len(placed) == len(set(placed))
    assert set(placed) <= set(COMMANDS)
    assert run([]) == 0
    page = capsys.readouterr().out
    for name in COMMANDS:
        assert page.count(f"\n  {name} ") == 1
    for heading in PANELS:
        assert f"\n{heading}:\n" in page


def test_the_list_of_commands_is_that_of_all_their_options(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The root help reads no options; the whole command line says the same."""
    assert run(["--help"]) == 0
    brief = capsys.readouterr().out
    build_app()(["--help"], prog_name="zooctl", standalone_mode=False)
    assert capsys.readouterr().out == brief
    assert run(["-h"]) == 0
    assert capsys.readouterr().out == brief
