"""Evidence for S1 and B3: lock files as recorded, packages as locked, and a licence."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable, Iterator

from zooctl.reproduction.environment import software_digest as environment
from zooctl.reproduction.environment.compare_recorded import RecordedEnvironment, changed_locks
from zooctl.reproduction.environment.software_digest import LICENCE, LOCKS
from zooctl.reproduction.evidence.findings import Findings


def check_locks(findings: Findings, known: RecordedEnvironment | None, *, proving: bool) -> None:
    """Compare the lock files with the recorded ones.

    Args:
        findings: Receives faults and gaps of S1.
        known: Environment recorded beside the weights.
        proving: True for a full run: it proves the lock files of its environment, whichever were
            recorded before, and records them.
    """
    entry = findings.entry
    if not any((entry.root / name).is_file() for name in LOCKS):
        findings.gap("S1", "no lock file is here")
    elif proving:
        return
    elif known is not None and known.locks:
        for error in changed_locks(entry, known):
            findings.fault("S1", error)
    else:
        findings.gap("S1", "no lock file is recorded beside the weights")


def check_licence(findings: Findings) -> None:
    """Find the licence of the code: beside the zoo, or in the installed package."""
    if (findings.entry.root / LICENCE).is_file():
        return
    try:
        files = importlib.metadata.distribution("zooctl").files or ()
    except importlib.metadata.PackageNotFoundError:
        files = ()
    if not any(path.name == LICENCE for path in files):
        findings.gap("B3", f"no licence of the code is here: {LICENCE}")


def check_installed(findings: Findings) -> None:
    """Compare the installed packages with the lock files.

    Asked for are those that decide bits of weights, locked or not, and all that are locked: some
    of these compute the numbers and pictures of a card.
    """
    paths = (findings.entry.root / name for name in LOCKS)
    texts = (path.read_text(encoding="utf-8") for path in paths if path.is_file())
    locked: dict[str, list[str]] = {}
    for name, version in _versions(texts):
        # Several where one lock serves several versions of Python.
        locked.setdefault(name, []).append(version)
    wrong = [
        f"{name} {version} (locked {' or '.join(locked.get(name, ['nowhere']))})"
        for name, version in _installed({*map(_normal, environment.DISTRIBUTIONS), *locked})
        if version not in locked.get(name, [])
    ]
    if wrong:
        findings.gap("S1", f"installed packages differ from the locked: {', '.join(wrong)}")


def _versions(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield name and version of each package that lock files pin."""
    for text in texts:
        for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE):
            yield _normal(name), version.partition("+")[0]


def _installed(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield name and version of those packages that are installed."""
    for name in sorted(names):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        yield name, version.partition("+")[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
