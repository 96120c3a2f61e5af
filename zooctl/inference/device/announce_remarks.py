"""Messages about the device that runs a model, its genome, and the remarks of its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from zooctl.progress import Say
from zooctl.schema.card import Card
from zooctl.sequence.assemblies import likely_assembly, same_assembly, unlike


class OnDevice(Protocol):
    """A network on a device; ``Session`` and ``Scorer`` are such."""

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        ...

    @property
    def precision(self) -> str:
        """Arithmetic of convolutions and products."""
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


def announce_genome(card: Card, contigs: Mapping[str, int], say: Say) -> None:
    """Warn of a genome that is another than the one that a model was trained on.

    A sequence model runs on any genome; the lengths of the contigs tell which one it is.

    Args:
        card: The model's card.
        contigs: Length of each contig of the genome in bp.
        say: Told the warning.
    """
    trained, found = card.training_assembly, likely_assembly(contigs)
    if found is not None and not same_assembly(found, trained):
        say(f"warning: {card.name}: trained on {trained}, predicting on {found}")
    elif found is None and (difference := unlike(contigs, card.assembly)):
        say(f"warning: {card.name}: the genome is no {card.assembly}: {difference}")


def _device_text(network: OnDevice) -> str:
    if network.device == "cuda":
        return "cuda" if network.precision == "fp32" else f"cuda, {network.precision}"
    return f"cpu, {network.threads} thread{'s' if network.threads > 1 else ''}"
