"""The toy zoo: one card and one recipe as files, to be copied and spoilt."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from zooctl.schema.manifest import write_manifest

Edit = Callable[[str, str, str], None]


@pytest.fixture
def toy_zoo(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Root of a zoo with the documents of ``toy`` and no weights; ZOOCTL_ZOO points to it."""
    root = tmp_path / "zoo root"
    shutil.copytree(repo / "tests/data/toy_zoo", root)
    monkeypatch.setenv("ZOOCTL_ZOO", str(root))
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: root)
    return root


@pytest.fixture
def edit(toy_zoo: Path) -> Edit:
    """``(file below the root, old, new)``: change a document; ``old`` must be there, once."""

    def replace(file: str, old: str, new: str) -> None:
        text = (toy_zoo / file).read_text()
        assert text.count(old) == 1, f"{text.count(old)} times: {old!r}"
        (toy_zoo / file).write_text(text.replace(old, new))

    return replace


@pytest.fixture
def stocked_zoo(toy_zoo: Path) -> Path:
    """The toy zoo with files in ``zoo/toy`` that a manifest pins; they are no network."""
    folder = toy_zoo / "zoo" / "toy"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"not a graph")
    write_manifest(
        toy_zoo, "toy", tensor_digest="sha256:" + "0" * 64, opset=20, exporter={"onnx": "1.21"}
    )
    return toy_zoo
