"""Commands begin again with what portable recipes need, and only then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import toy_files

from zooctl.cli.main import run
from zooctl.cli.ui.restart import Restart
from zooctl.training.determinism.portable import PINS


def test_portable_runs_begin_again_with_their_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_files.write(tmp_path)
    for name in PINS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path))
    recipe, fasta = str(tmp_path / "toy.yaml"), str(tmp_path / "toy.fa")
    command = ["train", recipe, "--fasta", fasta, "--set", "schedule.max_epochs=1"]
    portable = ["--set", "portable=true", "-o", str(tmp_path / "portable")]
    with pytest.raises(Restart) as caught:
        run([*command, *portable])
    assert dict(caught.value.variables) == PINS

    program = [sys.executable, "-W", "error", "-m", "zooctl.cli.main"]
    for options in (portable, ["-o", str(tmp_path / "own")]):
        subprocess.run([*program, *command, *options], check=True, env=os.environ)
    made = {
        name: json.loads((tmp_path / name / "environment.json").read_text())["hardware"]
        for name in ("portable", "own")
    }
    assert made["portable"]["processor"] == "with AVX2"
    assert made["portable"]["settings"] == PINS
    assert "flags" not in made["portable"]
    assert made["own"]["flags"]
    assert set(made["own"]["settings"].values()) == {None}
