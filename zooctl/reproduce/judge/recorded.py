"""The environment that is recorded beside a model's weights, and its lock files."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zooctl.catalog.entry import Entry
from zooctl.catalog.weights import verified_bytes
from zooctl.errors import IntegrityError, ZooError
from zooctl.reproduce.environment import environment
from zooctl.reproduce.judge.entry import LOCKS, Findings
from zooctl.reproduce.report.canonical import digest
from zooctl.reproduce.report.report import EnvironmentPart
from zooctl.schema.manifest import digest_file


@dataclass(frozen=True)
class Recorded:
    """What lies beside the weights as ``environment.json``.

    Attributes:
        environment: Software and hardware.
        locks: Lock file to sha256; empty where none was recorded.
        machine: Of the run: what S2 asks for; empty where it was not recorded.
    """

    environment: environment.Environment
    locks: dict[str, str]
    machine: dict[str, Any]


def recorded(entry: Entry, findings: Findings | None = None) -> Recorded | None:
    """Return the environment that was recorded for an entry; None where there is none.

    Args:
        entry: The model.
        findings: Told of one that is damaged, which else is an error.

    Raises:
        IntegrityError: It is not what the manifest pins, or no environment.
    """
    name = f"zoo/{entry.name}/{environment.FILE}"
    try:
        if entry.folder is None or name not in entry.manifest().files:
            return None
        content = verified_bytes(entry, environment.FILE)
        found = environment.read(content)
        document = json.loads(content)
        locks, machine = (document.get(name, {}) for name in ("locks", "machine"))
        if not isinstance(locks, dict) or not isinstance(machine, dict):
            raise IntegrityError("not a recorded environment", field=environment.FILE)
        return Recorded(found, locks, machine)
    except ZooError as error:
        if findings is None:
            raise
        findings.fault(error)
        return None


def here_for(entry: Entry) -> environment.Environment:
    """Return the environment of this process, as it makes this model.

    Args:
        entry: The model; documents of it that cannot be read are told of elsewhere.
    """
    portable = True
    with contextlib.suppress(ZooError):
        portable = entry.recipe_path is None or entry.recipe().portable
    return environment.here(portable_recipe=portable)


def compare_environment(
    entry: Entry, here: environment.Environment, known: Recorded | None
) -> tuple[EnvironmentPart, EnvironmentPart]:
    """Hold software and hardware against what was recorded, else against the card's digest."""
    card = entry.card()
    if known is None:
        match = None if card.environment is None else card.environment == here.software_digest
        found = here.hardware_digest
        return (
            EnvironmentPart(recorded=card.environment, found=here.software_digest, match=match),
            EnvironmentPart(recorded=None, found=found, match=None),
        )
    then = known.environment
    parts = []
    for old, new in ((then.software, here.software), (then.hardware, here.hardware)):
        before, now = digest(old), digest(new)
        parts.append(
            EnvironmentPart(
                recorded=before,
                found=now,
                match=before == now,
                differences=tuple((*one,) for one in environment.differences(old, new)),
            )
        )
    return parts[0], parts[1]


def other_locks(entry: Entry, known: Recorded | None) -> Iterator[IntegrityError]:
    """Yield lock files that are not those that the weights were proven with."""
    for name, expected in ({} if known is None else known.locks).items():
        path = entry.root / name
        found = digest_file(path).sha256 if name in LOCKS and path.is_file() else None
        if found != expected:
            yield IntegrityError(
                "lock file differs from the one that the weights were proven with",
                path=path,
                got=f"sha256 {found}",
                expected=f"sha256 {expected}",
            )


def check_lock(entry: Entry, known: Recorded | None, findings: Findings, *, proving: bool) -> None:
    """Judge S1: is this the environment of the lock files, and are these the recorded ones?

    Args:
        entry: The model.
        known: What was recorded beside its weights.
        findings: Receives the verdict.
        proving: Whether a full run now proves the lock files, so that none need be recorded.
    """
    paths = {name: entry.root / name for name in LOCKS if (entry.root / name).is_file()}
    if not paths:
        findings.judge("S1", "skip", "no lock file is here")
        return
    digests = {name: digest_file(path).sha256 for name, path in paths.items()}
    if known is not None and known.locks:
        for error in other_locks(entry, known):
            findings.fault(error)
            name = Path(error.path or "").name
            findings.judge("S1", "fail", f"{name} differs from the recorded one")
            return
    elif not proving:
        findings.judge("S1", "skip", "no lock file is recorded beside the weights")
        return
    locked: dict[str, list[str]] = {}
    for name, version in _versions(path.read_text(encoding="utf-8") for path in paths.values()):
        # Several where one lock serves several versions of Python.
        locked.setdefault(name, []).append(version)
    wrong = [
        f"{name} {version} (locked {' or '.join(locked.get(name, ['nowhere']))})"
        for name, version in _installed({*map(_normal, environment.DISTRIBUTIONS), *locked})
        if version not in locked.get(name, [])
    ]
    if wrong:
        findings.judge("S1", "skip", f"installed is not what is locked: {', '.join(wrong)}")
    else:
        shown = ", ".join(f"{name} sha256 {digest}" for name, digest in digests.items())
        findings.judge("S1", "pass", f"installed as locked by {shown}")


def _versions(texts: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield name and version of what lock files pin."""
    for text in texts:
        for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE):
            yield _normal(name), version.partition("+")[0]


def _installed(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield name and version of what is installed of distributions.

    Asked for are those that decide bits of weights, locked or not, and all that are locked: of
    these some make the numbers and pictures of a card.
    """
    for name in sorted(names):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        yield name, version.partition("+")[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
