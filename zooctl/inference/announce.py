"""Messages about the device that runs a model, and the remarks of its card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from zooctl.progress import Say
from zooctl.schema.card import Card


class OnDevice(Protocol):
    """A network on a device; ``Session`` and ``Scorer`` are such."""

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        ...

    @property
    def threads(self) -> int:
        """CPU threads."""
        ...


def announce(jobs: Sequence[tuple[Card, OnDevice]], say: Say) -> None:
    """Tell the devices and the remarks of the cards, each line once."""
    for line in dict.fromkeys(_device_text(network) for _, network in jobs):
        say(f"device: {line}")
    for card, _ in jobs:
        for remark in card.remarks:
            say(f"note: {card.name}: {remark}")


def _device_text(network: OnDevice) -> str:
    if network.device == "cuda":
        return "cuda"
    return f"cpu, {network.threads} thread{'s' if network.threads > 1 else ''}"
