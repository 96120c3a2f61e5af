"""The Containerfile of a model; a shell carries out its steps in a folder instead of an image."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.reproduction.containerfile import containerfile
from zooctl.reproduction.create_environment import EnvironmentSetup

PACKAGE = """[build-system]
requires = ["hatchling", "editables"]
build-backend = "hatchling.build"
[project]
name = "tiny"
version = "1.0"
"""


def carry_out(text: str, checkout: Path, image: Path) -> tuple[int, str]:
    """Carry out COPY and RUN up to the first that fails; return its status and messages."""
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "COPY":
            for name in rest.split()[:-1]:
                if name == ".":
                    shutil.copytree(checkout, image, dirs_exist_ok=True)
                else:
                    shutil.copy(checkout / name, image)
        elif word == "RUN":
            done = subprocess.run(
                ["bash", "-c", rest], cwd=image, capture_output=True, text=True, check=False
            )
            if done.returncode:
                return done.returncode, done.stdout + done.stderr
    return 0, ""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that is built by what this environment has, with an empty lock file."""
    folder = tmp_path / "checkout"
    (folder / "tiny").mkdir(parents=True)
    (folder / "tiny" / "__init__.py").write_text("answer = 42\n")
    (folder / "pyproject.toml").write_text(PACKAGE)
    (folder / "requirements.lock").write_text("# none\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    # Packages of the lock file, without which a package cannot be built.
    monkeypatch.setenv("PYTHONPATH", next(one for one in sys.path if one.endswith("-packages")))
    return folder


def test_its_steps_build_an_environment(checkout: Path, tmp_path: Path) -> None:
    text = containerfile(EnvironmentSetup((checkout / "requirements.lock",), checkout))
    image = tmp_path / "image"
    image.mkdir()
    assert carry_out(text, checkout, image) == (0, "")
    done = subprocess.run(
        [image / ".venv/bin/python", "-c", "import tiny; print(tiny.answer, tiny.__file__)"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stdout.split() == ["42", str(image / "tiny/__init__.py")]


def test_another_lock_file_ends_the_building(checkout: Path, tmp_path: Path) -> None:
    text = containerfile(EnvironmentSetup((checkout / "requirements.lock",), checkout))
    (checkout / "requirements.lock").write_text("tiny==2.0\n")
    image = tmp_path / "image"
    image.mkdir()
    status, messages = carry_out(text, checkout, image)
    assert status == 1
    assert "requirements.lock: FAILED" in messages


def test_the_command_prints_it(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["env", "container", "atac_yeast"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ARG BASE=docker.io/library/python:3.11-slim"
    copied = next(line for line in lines if line.startswith("COPY"))
    assert copied == "COPY requirements.lock requirements-torch.lock ./"
    assert all((repo / name).is_file() for name in copied.split()[1:-1])


def test_without_a_checkout_it_is_refused(checkout: Path) -> None:
    with pytest.raises(InputError, match="not installed from one") as caught:
        containerfile(EnvironmentSetup((checkout / "requirements.lock",), None))
    assert caught.value.hint == "pip install --editable CHECKOUT"
