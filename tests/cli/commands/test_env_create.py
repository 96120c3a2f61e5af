"""`zooctl env create` as typed: real environments, from a wheel that is made here."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import zooctl
from zooctl.cli.main import run
from zooctl.reproduction.environment import software_digest as environment
from zooctl.reproduction.report.canonical import digest

Captured = pytest.CaptureFixture[str]


def write_wheel(folder: Path, name: str = "tiny") -> str:
    """Make a wheel of one module; return its sha256."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "answer = 42\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def locked(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy with a lock file of one package, which pip finds without a network."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    sha256 = write_wheel(wheels)
    (toy_zoo / "requirements.lock").write_text(f"tiny==1.0 --hash=sha256:{sha256}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    # Else the checkout would be installed too, which writes into it.
    monkeypatch.setattr(zooctl, "__file__", str(tmp_path / "no source/zooctl/__init__.py"))
    monkeypatch.chdir(tmp_path)
    return toy_zoo


def test_what_is_locked_is_installed(locked: Path, capsys: Captured) -> None:
    assert run(["env", "create", "toy"]) == 0
    assert capsys.readouterr().out == "installed  requirements.lock\n"
    done = subprocess.run(
        ["env-toy/bin/python", "-c", "import tiny; print(tiny.answer)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "42\n"
    assert run(["env", "create", "toy"]) == 2, "it is there already"
    assert "folder is not empty. Hint: -o names another folder" in capsys.readouterr().err
    assert run(["env", "create", "toy", "-o", "another", "--json"]) == 0
    expected = {"model": "toy", "folder": "another", "locks": ["requirements.lock"], "zooctl": None}
    assert json.loads(capsys.readouterr().out) == expected


def test_other_bytes_are_not_installed(locked: Path, capsys: Captured) -> None:
    (locked / "requirements.lock").write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    assert run(["env", "create", "toy", "-o", "new"]) == 5
    err = capsys.readouterr().err
    assert "requirements.lock: a package differs from the locked one" in err
    assert "tiny==1.0" in err
    assert not Path("new").exists(), "what is begun is taken away"


def test_a_package_that_is_nowhere(
    locked: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    further = tmp_path / "further"
    further.mkdir()
    sha256 = write_wheel(further, "absent")
    (locked / "requirements.lock").write_text(f"absent==1.0 --hash=sha256:{sha256}\n")
    assert run(["env", "create", "toy", "-o", "new"]) == 4
    err = capsys.readouterr().err
    assert "a package was not found" in err
    assert "absent==1.0" in err
    assert "Hint: PIP_FIND_LINKS and PIP_EXTRA_INDEX_URL name further places to look" in err
    assert not Path("new").exists()
    monkeypatch.setenv("PIP_FIND_LINKS", str(further))
    assert run(["env", "create", "toy", "-o", "new"]) == 0


def record(root: Path, python: str, locks: dict[str, str]) -> None:
    """Record an environment beside the toy's weights."""
    here = environment.here()
    software = {**here.software, "python": python}
    document = {
        "software": software,
        "hardware": here.hardware,
        "software_digest": digest(software),
        "hardware_digest": here.hardware_digest,
        "locks": locks,
    }
    (root / "zoo/toy/environment.json").write_text(json.dumps(document))


def test_a_lock_file_that_was_changed(
    toy_zoo: Path, repin: Callable[..., None], capsys: Captured
) -> None:
    (toy_zoo / "requirements.lock").write_text("tiny==1.0\n")
    python = str(environment.software()["python"])
    record(toy_zoo, python, {"requirements.lock": "0" * 64})
    repin()
    assert run(["env", "create", "toy"]) == 5
    assert "requirements.lock: lock file differs" in capsys.readouterr().err
    (toy_zoo / "requirements.lock").unlink()
    assert run(["env", "create", "toy"]) == 5
    assert "lock file is missing" in capsys.readouterr().err


def test_another_python(toy_zoo: Path, repin: Callable[..., None], capsys: Captured) -> None:
    record(toy_zoo, "CPython 2.7.18", {})
    repin()
    assert run(["env", "create", "toy"]) == 2
    assert "proven with another Python" in capsys.readouterr().err


def test_no_lock_file(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["env", "create", "toy"]) == 2
    assert "no lock file is here" in capsys.readouterr().err
