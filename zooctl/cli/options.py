"""Choices that several commands offer."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class DeviceChoice(StrEnum):
    """The choices of ``inference.runtime.Device``, which would bring numpy into ``--help``."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


AllowUntrusted = Annotated[
    bool,
    typer.Option("--allow-untrusted", help="Also models that are not of the zoo, as hf://…"),
]
