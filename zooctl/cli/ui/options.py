"""Options that several commands offer."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zooctl.errors import InputError


class DeviceChoice(StrEnum):
    """The choices of ``inference.runtime.Device``, which would bring numpy into ``--help``."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


Device = Annotated[
    DeviceChoice, typer.Option(help="auto takes a working CUDA device, else the CPU.")
]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads; default: all there are.")]
BatchSize = Annotated[
    int | None, typer.Option(min=1, help="Windows to a batch; default by input length.")
]
GenomeFile = Annotated[
    Path | None, typer.Option(help="Genome, plain or bgzipped; default: by the model's card.")
]
RecipeGenome = Annotated[
    Path | None, typer.Option(help="Genome, plain or bgzipped; default: by the recipe.")
]
BothStrands = Annotated[
    bool, typer.Option("--rc", help="Average over both strands; takes twice the time.")
]
AllowUntrusted = Annotated[
    bool,
    typer.Option("--allow-untrusted", help="Also models that are not of the zoo, as hf://…"),
]


def numbers(text: str, option: str) -> list[float]:
    """Read numbers; each counts once.

    >>> numbers("1,2.5,1", "--threshold")
    [1.0, 2.5]
    """
    try:
        return list(dict.fromkeys(float(part) for part in text.split(",")))
    except ValueError:
        raise InputError(
            "not a list of numbers", field=option, got=repr(text), expected="such as 1,2.5,10"
        ) from None


def bin_sizes(text: str) -> list[int]:
    """Read bin sizes in bp; each counts once.

    >>> bin_sizes("32,128,512")
    [32, 128, 512]
    """
    try:
        sizes = list(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        sizes = [0]
    if min(sizes) < 1:
        raise InputError(
            "not a list of bin sizes", field="--resolution", got=repr(text), expected="32,128,512"
        )
    return sizes
