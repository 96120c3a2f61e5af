"""The environment that is recorded beside a model's weights, compared with this process's."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from zooctl.catalog.entry import Entry
from zooctl.catalog.weights import verified_bytes
from zooctl.errors import IntegrityError, ZooError
from zooctl.reproduction.environment import software_digest as environment
from zooctl.reproduction.environment.software_digest import LOCKS, Environment
from zooctl.reproduction.report.rows import EnvironmentPart
from zooctl.schema.manifest import digest_file


@dataclass(frozen=True)
class RecordedEnvironment:
    """Contents of ``environment.json`` beside the weights.

    Attributes:
        environment: Software and hardware.
        locks: Lock file to sha256; empty where none was recorded.
        machine: Details of the run, as S2 demands them; empty where they were not recorded.
    """

    environment: Environment
    locks: dict[str, str]
    machine: dict[str, Any]


def recorded_environment(entry: Entry) -> RecordedEnvironment | None:
    """Read the environment that was recorded for an entry; None where there is none.

    Raises:
        IntegrityError: It differs from the manifest's digest, or is no environment.
    """
    name = f"zoo/{entry.name}/{environment.FILE}"
    if entry.folder is None or name not in entry.manifest().files:
        return None
    content = verified_bytes(entry, environment.FILE)
    found = environment.read(content)
    document = json.loads(content)
    locks, machine = (document.get(part, {}) for part in ("locks", "machine"))
    if not isinstance(locks, dict) or not isinstance(machine, dict):
        raise IntegrityError("not a recorded environment", field=environment.FILE)
    return RecordedEnvironment(found, locks, machine)


def environment_for(entry: Entry) -> Environment:
    """Return the environment of this process, as it trains this model."""
    portable = True
    with contextlib.suppress(ZooError):  # documents that cannot be read are reported elsewhere
        portable = entry.recipe_path is None or entry.recipe().portable
    return environment.here(portable_recipe=portable)


def compare_environment(
    entry: Entry, here: Environment, known: RecordedEnvironment | None
) -> tuple[EnvironmentPart, EnvironmentPart]:
    """Compare software and hardware with the recorded ones, else with the card's digest."""
    if known is None:
        card = entry.card().environment
        match = None if card is None else card == here.software_digest
        return (
            EnvironmentPart(recorded=card, found=here.software_digest, match=match),
            EnvironmentPart(recorded=None, found=here.hardware_digest, match=None),
        )
    then = known.environment
    software, hardware = (
        EnvironmentPart(
            recorded=before,
            found=now,
            match=before == now,
            differences=tuple((*one,) for one in environment.differences(old, new)),
        )
        for old, new, before, now in (
            (then.software, here.software, then.software_digest, here.software_digest),
            (then.hardware, here.hardware, then.hardware_digest, here.hardware_digest),
        )
    )
    return software, hardware


def changed_locks(entry: Entry, known: RecordedEnvironment | None) -> Iterator[IntegrityError]:
    """Yield lock files that differ from those that the weights were proven with."""
    for name, expected in ({} if known is None else known.locks).items():
        path = entry.root / name
        if name not in LOCKS or not path.is_file():
            yield IntegrityError("lock file is missing", path=path, expected=f"sha256 {expected}")
        elif (found := digest_file(path).sha256) != expected:
            yield IntegrityError(
                "lock file differs from the one that the weights were proven with",
                path=path,
                got=f"sha256 {found}",
                expected=f"sha256 {expected}",
            )
