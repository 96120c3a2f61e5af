"""Ends of shards as engines report them, and failures as errors."""

from __future__ import annotations

from typing import NamedTuple

from zooctl.errors import (
    InputError,
    IntegrityError,
    NetworkError,
    UnsafeError,
    VerificationError,
    ZooError,
)
from zooctl.inference.scale.folder import Failure

_ERRORS = {
    error.exit_code: error
    for error in (InputError, VerificationError, NetworkError, IntegrityError, UnsafeError)
}


class ShardOutcome(NamedTuple):
    """The end of a shard: its number, and its failure if it has one."""

    number: int
    failure: Failure | None


def refusal(text: str, exit_code: int) -> ZooError:
    """Return a worker's error, which has its hint in its text, as one of this process."""
    return _ERRORS.get(exit_code, InputError)(text)
