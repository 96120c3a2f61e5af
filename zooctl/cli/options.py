"""Options that several commands offer."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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
