"""Options that take several values: commas and repetition mean the same, in every command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from zooctl.cli.main import build_app
from zooctl.cli.ui.lists import list_names, list_regions


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("chr21", ["chr21"]),
        ("chr20,chr21", ["chr20", "chr21"]),
        ("chr21:1-5,000,000", ["chr21:1-5,000,000"]),
        ("21:1,000-2,000,20:3-4", ["21:1,000-2,000", "20:3-4"]),
        ("chr21:30,000,001-,chr20:-100", ["chr21:30,000,001-", "chr20:-100"]),
        ("chr21:5,000, chr20", ["chr21:5,000", "chr20"]),
        ("HLA-A*01:01:01:01:1-1,000,chrM", ["HLA-A*01:01:01:01:1-1,000", "chrM"]),
    ],
)
def test_commas_within_numbers_are_none_between_regions(text: str, regions: list[str]) -> None:
    assert list_regions([text]) == regions
    assert list_regions(regions) == regions


def test_what_was_not_given_stays_so() -> None:
    assert list_regions(None) is None
    assert list_names(None) is None


def leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each command that is no group, with its words."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word, one in command.commands.items():
        yield from leaves(one, f"{name} {word}".strip())


def test_both_spellings_in_every_command() -> None:
    found = {"--region": 0, "--track": 0}
    for name, command in leaves(build_app()):
        for one in command.params:
            (flag,) = set(found).intersection(one.opts) or {""}
            if flag and one.multiple:
                read = one.callback(None, one, ["a,b", "c"])
                assert read == ["a", "b", "c"], (name, flag)
                found[flag] += 1
    assert found["--region"] > 12
    assert found["--track"] > 5
