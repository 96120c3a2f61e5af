"""`zooctl --install-completion`: the shell completes commands and options afterwards."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ZOOCTL = f"{shlex.quote(sys.executable)} -m zooctl"


def in_shell(shell: str, text: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a text in a shell whose home is a folder of its own."""
    return subprocess.run(
        # The command at the end keeps the shell from being replaced by the first.
        [shell, "-c", f"{text}; exit $?"],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
    )


def test_bash(tmp_path: Path) -> None:
    done = in_shell("bash", f"{ZOOCTL} --install-completion", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    script = tmp_path / ".bash_completions/zooctl.sh"
    assert f"bash completion installed in {script}" in done.stdout
    assert f"source '{script}'" in (tmp_path / ".bashrc").read_text()
    # A function of that name takes the place of the installed program.
    program = tmp_path / "zooctl"
    program.write_text(f'#!/bin/sh\nexec {ZOOCTL} "$@"\n')
    program.chmod(0o755)
    asked = (
        f"PATH={tmp_path}:$PATH; . {tmp_path}/.bashrc; COMP_WORDS=({{words}}); COMP_CWORD={{at}}; "
        "_zooctl_completion zooctl; printf '%s ' \"${{COMPREPLY[@]}}\""
    )
    for words, at, expected in (
        ("zooctl pre", 1, ["predict"]),
        ("zooctl predict --mod", 2, ["--model"]),
        ("zooctl bundle im", 2, ["import"]),
    ):
        done = in_shell("bash", asked.format(words=words, at=at), tmp_path)
        assert done.stdout.split() == expected, done.stderr


def test_it_can_be_shown(tmp_path: Path) -> None:
    done = in_shell("bash", f"{ZOOCTL} --show-completion", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "complete -o default -F _zooctl_completion zooctl" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_a_shell_without_completion(option: str, tmp_path: Path) -> None:
    done = in_shell("sh", f"{ZOOCTL} {option}", tmp_path)
    assert done.returncode == 2
    assert "Shell sh " in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
