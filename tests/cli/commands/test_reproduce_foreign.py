"""Reproducing somebody else's model runs nothing that it brings along."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from zooctl.catalog import registry
from zooctl.catalog.entry import flat_path
from zooctl.cli.main import run


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy's data have an address that is nobody's."""
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")


def test_git_settings_of_a_folder_do_not_run(
    toy_zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, proof = tmp_path / "theirs", tmp_path / "owned"
    folder.mkdir()
    entry = registry.entry("toy")
    for path in entry.manifest().files:
        (folder / flat_path("toy", path)).write_bytes((toy_zoo / path).read_bytes())
    (folder / "manifest.json").write_bytes((toy_zoo / "zoo/toy/manifest.json").read_bytes())
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@x"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *command], check=True)
    script = tmp_path / "watch"
    script.write_text(f"#!/bin/sh\ntouch '{proof}'\n")
    script.chmod(0o755)
    subprocess.run([*git, "config", "core.fsmonitor", str(script)], check=True)
    subprocess.run([*git, "status"], check=True, capture_output=True)
    assert proof.exists(), "git would run it"
    proof.unlink()
    # The toy's recipe is of another network.
    assert run(["reproduce", str(folder)]) == 3
    assert "are not those of the recipe's network" in capsys.readouterr().err
    assert not proof.exists()


@pytest.mark.parametrize(
    "content",
    [b"[]", b"{", b"[" * 100_000, b"\xff", b'{"software": {}, "hardware": {}}', b"null"],
)
def test_hostile_environments(
    toy_zoo: Path, repin: Callable[..., None], capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (toy_zoo / "zoo/toy/environment.json").write_bytes(content)
    repin()
    assert run(["reproduce", "toy"]) == 5
    said = capsys.readouterr().err
    assert "not a recorded environment" in said
    assert "Traceback" not in said
