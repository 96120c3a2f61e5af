"""Choices that several commands offer."""

from __future__ import annotations

from enum import StrEnum


class DeviceChoice(StrEnum):
    """The choices of ``inference.runtime.Device``, which would bring numpy into ``--help``."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
