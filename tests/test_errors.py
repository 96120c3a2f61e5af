"""Hints that name what to install; the texts of errors are doctests of the module."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from zooctl.errors import EXTRAS, InputError, install_hint, need

REQUIRES = [
    "numpy>=1.26",
    "h5py>=3.12 ; extra == 'keras'",
    *(f"{name}>=1; extra == 'interpret'" for name in ("captum", "memelite", "torch", "tangermeme")),
    *(f"{name}>=1; extra == 'train'" for name in ("torch", "scikit-learn", "a", "b")),
]


class Installed:
    """Metadata as pip writes them."""

    requires = REQUIRES

    def __init__(self, record: dict[str, object] | None) -> None:
        self.record = record

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self.record is None else json.dumps(self.record)


def install(monkeypatch: pytest.MonkeyPatch, record: dict[str, object] | None) -> None:
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Installed(record))


def test_a_hint_for_every_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However it was installed; a library that no extra is known for is named itself."""
    for record in (None, {"url": tmp_path.as_uri()}, {"url": "https://host/zooctl.whl"}):
        install(monkeypatch, record)
        for library in (*EXTRAS, "unheard_of"):
            assert install_hint(library).startswith("pip install ")
        assert install_hint("unheard_of") == "pip install unheard_of"


def test_every_library_has_its_requirement() -> None:
    """The extra of each is one that pyproject.toml has."""
    extras = set(importlib.metadata.metadata("zooctl").get_all("Provides-Extra") or ())
    assert set(EXTRAS.values()) <= extras


def test_many_requirements_are_one_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    record = {"url": folder.as_uri(), "dir_info": {}}
    install(monkeypatch, record)
    assert install_hint("captum") == f"pip install '{folder}[interpret]'"
    # `interpret` brings what `train` and `plot` do.
    assert install_hint("torch", "captum", "matplotlib", "h5py") == (
        f"pip install '{folder}[interpret,keras]'"
    )
    assert install_hint("h5py") == "pip install 'h5py>=3.12'"
    monkeypatch.chdir(folder)
    assert install_hint("torch") == "pip install '.[train]'"
    install(monkeypatch, record | {"dir_info": {"editable": True}})
    assert install_hint("torch") == "pip install -e '.[train]'"


def test_a_source_that_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, {"url": (tmp_path / "gone").as_uri()})
    named = "'captum>=1' 'memelite>=1' 'torch>=1' 'tangermeme>=1'"
    assert install_hint("captum") == f"pip install {named}"


def test_no_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    assert install_hint("torch", "captum") == "pip install torch captum"


def test_the_command_of_the_hint_installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip finds the package in a folder, and puts it into another."""
    info = "unheard_of-1.0.dist-info"
    with zipfile.ZipFile(tmp_path / "unheard_of-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("unheard_of.py", "answer = 42\n")
        metadata = "Metadata-Version: 2.1\nName: unheard_of\nVersion: 1.0\n"
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": tmp_path, "TARGET": tmp_path / "to"}.items():
        monkeypatch.setenv(f"PIP_{name}", str(value))
    with pytest.raises(InputError, match="this needs unheard_of") as caught:
        need("unheard_of", "this")
    subprocess.run([sys.executable, "-m", *str(caught.value.hint).split()], check=True)
    monkeypatch.syspath_prepend(str(tmp_path / "to"))
    need("unheard_of", "this")


def test_all_that_is_missing_is_named() -> None:
    need(("json", "csv"), "this")
    with pytest.raises(
        InputError, match=r"^this needs no_such, nor_such[.] Hint: pip install no_such nor_such"
    ):
        need(("no_such", "json", "nor_such"), "this")
