"""`zooctl adopt enformer|borzoi`: networks of long sequence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from zooctl.cli.commands.adopt_profiles import Checkpoint, NewEntry, TrackNames, read, write
from zooctl.cli.commands.adopt_report import Assembly, Force, Licence, Name, naming
from zooctl.cli.ui.options import LONGEST, AllowUntrusted, AsJson

Organism = Annotated[Literal["human", "mouse"], typer.Option(help="Head of the network.")]
InputLength = Annotated[
    int | None, typer.Option(min=1, max=LONGEST, help="Bases read; default: the published length.")
]
Bins = Annotated[
    int | None, typer.Option(min=1, max=LONGEST, help="Bins predicted; default: as configured.")
]
Only = Annotated[
    str | None, typer.Option(help="Tracks to keep, counted from 0: as 5,41-43; default: all.")
]
_MOST = 100_000


def add_long_range(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("enformer")(enformer)
    app.command("borzoi")(borzoi)


def enformer(
    checkpoint: Checkpoint,
    name: Name,
    assembly: Assembly = "hg38",
    licence: Licence = "MIT",
    organism: Organism = "human",
    only: Only = None,
    input_length: InputLength = None,
    bins: Bins = None,
    tracks: TrackNames = None,
    force: Force = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Convert an Enformer of enformer-pytorch to an entry.

    Its sizes are read from config.json beside it, and from the shapes of its tensors.
    """
    from zooctl.inference.adopt.families.long_range import convert_enformer

    with naming(Path(checkpoint)):
        weights = read(checkpoint, allow_untrusted=allow_untrusted)
        length = {} if input_length is None else {"input_length": input_length}
        converted = convert_enformer(
            weights, organism=organism, n_bins=bins, only=chosen(only), **length
        )
        entry = NewEntry(name, assembly, licence, tracks, force, as_json)
        write(converted, weights, entry, {})


def borzoi(
    checkpoint: Checkpoint,
    name: Name,
    assembly: Assembly = "hg38",
    licence: Licence = "Apache-2.0",
    organism: Organism = "human",
    only: Only = None,
    input_length: InputLength = None,
    bins: Bins = None,
    tracks: TrackNames = None,
    force: Force = False,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Convert a Borzoi of borzoi-pytorch to an entry.

    Its values stay on the squashed scale that it was trained on.
    """
    from zooctl.inference.adopt.families.long_range import convert_borzoi

    with naming(Path(checkpoint)):
        weights = read(checkpoint, allow_untrusted=allow_untrusted)
        length = {} if input_length is None else {"input_length": input_length}
        converted = convert_borzoi(
            weights, organism=organism, n_bins=bins, only=chosen(only), **length
        )
        entry = NewEntry(name, assembly, licence, tracks, force, as_json)
        write(converted, weights, entry, {})


def chosen(text: str | None) -> list[int] | None:
    """Return the numbers of a list with ranges; None for all.

    >>> chosen("5,41-43")
    [5, 41, 42, 43]

    Raises:
        InputError: It is no such list.
    """
    import re

    from zooctl.errors import InputError

    if text is None:
        return None
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,6})(?:-(\d{1,6}))?\s*", part)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise InputError("no list of tracks", field="--only", got=text, expected="as 5,41-43")
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    if len(found) > _MOST or len(set(found)) < len(found):
        raise InputError("a track is named twice, or too many are", field="--only", got=text)
    return found
