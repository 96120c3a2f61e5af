"""The interface of a command that can be planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from zooctl.errors import InputError
from zooctl.inference.scale.folder import ShardFile
from zooctl.inference.scale.plan import Shard
from zooctl.progress import Advance

DEFAULT_SHARDS = 100
"""Shards of a plan, as far as it has as many parts: few enough for a scheduler, and small enough
that a killed worker loses little."""


class ShardJob(Protocol):
    """A plan's command with its models and inputs opened; for one shard after the other.

    After an error it is of no more use.
    """

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings as they follow here, to be compared with the plan's."""
        ...

    def run(self, shard: Shard, file: ShardFile, advance: Advance) -> dict[str, Any]:
        """Write a shard's data and return its counts.

        Args:
            shard: The shard.
            file: Takes the data.
            advance: Called with the units of work done since the last call.
        """
        ...


def check_settings(here: Mapping[str, Any], planned: Mapping[str, Any]) -> None:
    """Refuse a worker whose shards would have other bytes than the plan's.

    Raises:
        InputError: A setting differs; the error names it.
    """
    for name in dict.fromkeys([*planned, *here]):
        if here.get(name) != planned.get(name):
            raise InputError(
                f"this worker is none for the plan: {name} differs",
                got=here.get(name),
                expected=planned.get(name),
                hint="give it the plan's version of it, or make a new plan",
            )


def cuts(total: int, n_shards: int) -> Sequence[int]:
    """Return the amounts of work after which a plan of equal shards is cut, but for the last.

    >>> cuts(10, 4)
    [3, 5, 8]
    """
    return [-(-total * number // n_shards) for number in range(1, n_shards)]
