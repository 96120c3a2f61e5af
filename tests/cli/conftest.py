"""A zoo with one tiny model that really runs, and the files of a recipe."""

from __future__ import annotations

from pathlib import Path

import pytest
import toy_files
from toy_model import repin, toy_graph, toy_zoo

__all__ = ["folder", "repin", "toy_graph", "toy_zoo"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the recipe, the genome and the signals are."""
    place = tmp_path / "data"
    place.mkdir()
    toy_files.write(place)
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(place))
    monkeypatch.chdir(tmp_path)
    return place
