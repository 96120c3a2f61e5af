"""Criterion S1: what is installed is what the lock files say, all of it."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from pathlib import Path

import pytest

from zooctl.catalog import registry
from zooctl.reproduction.evidence.findings import Findings
from zooctl.reproduction.evidence.locks import check_installed, check_locks


@pytest.fixture
def lock(toy_zoo: Path, repo: Path) -> Path:
    """The lock file of the toy's zoo, in which is what is installed here."""
    path = toy_zoo / "requirements.lock"
    lines = []
    # A name stands there once for each Python that has a version of its own.
    names = re.findall(r"^([\w.-]+)==", (repo / "requirements.lock").read_text(), re.MULTILINE)
    for name in sorted(set(names)):
        try:
            lines.append(f"{name}=={importlib.metadata.version(name)}\n")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{name}==1.0\n")
    path.write_text("".join(lines))
    shutil.copy(repo / "requirements-torch.lock", toy_zoo)
    return path


def judged() -> str:
    """Return the reason that S1 cannot be met; empty where there is none."""
    findings = Findings(registry.entry("toy"))
    check_locks(findings, None, proving=True)
    check_installed(findings)
    assert findings.errors == []
    return findings.gaps.get("S1", "")


def test_installed_as_locked(lock: Path) -> None:
    assert judged() == ""


@pytest.mark.parametrize("name", ["scipy", "numpy", "pydantic-core"])
def test_another_version_is_named(lock: Path, name: str) -> None:
    text, n = re.subn(
        rf"(?m)^{re.sub('[-_]', '[-_]', name)}==.*$", f"{name}==9.9.9", lock.read_text()
    )
    assert n, "it is locked"
    lock.write_text(text)
    found = importlib.metadata.version(name)
    text = f"installed packages differ from the locked: {name} {found} (locked 9.9.9)"
    assert judged() == text


def test_what_decides_bits_must_be_locked(lock: Path) -> None:
    lock.write_text(re.sub(r"(?m)^numpy==.*\n", "", lock.read_text()))
    assert re.fullmatch(r"installed .*: numpy \S+ \(locked nowhere\)", judged())
