"""Entries are found by name, and their bytes are handed out only if they are the pinned ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import zooctl
from zooctl.catalog import registry
from zooctl.catalog.root import (
    hidden_names,
    is_in_use,
    model_names,
    own_root,
    packaged_root,
    zoo_roots,
)
from zooctl.catalog.weights import onnx_bytes, verified_bytes
from zooctl.errors import InputError, IntegrityError


def test_root_is_the_checkout_unless_told(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOCTL_ZOO", raising=False)
    assert packaged_root() == repo


def test_root_is_what_was_packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOCTL_ZOO", raising=False)
    (tmp_path / "entries").mkdir()
    monkeypatch.setattr(zooctl, "__file__", str(tmp_path / "__init__.py"))
    assert packaged_root() == tmp_path / "entries"


def test_the_users_zoo_stands_before_the_packaged_one(
    toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = tmp_path / "packaged"
    shutil.copytree(toy_zoo, packaged)
    card = packaged / "model_cards/toy.yaml"
    (packaged / "model_cards/other.yaml").write_bytes(card.read_bytes())
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: packaged)
    assert zoo_roots() == (toy_zoo, packaged)
    assert model_names() == ["other", "toy"]
    assert hidden_names() == ["toy"]
    assert registry.entry("toy").root == own_root() == toy_zoo
    assert registry.entry("other").root == packaged
    assert is_in_use(toy_zoo)
    assert is_in_use(packaged)
    assert not is_in_use(tmp_path)
    monkeypatch.delenv("ZOOCTL_ZOO")
    assert registry.entry("toy").root == packaged
    assert hidden_names() == []


def test_a_checkout_takes_entries(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOCTL_ZOO", raising=False)
    assert own_root() == repo
    monkeypatch.setenv("ZOOCTL_ZOO", str(repo))
    assert zoo_roots() == (repo,)


def test_root_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path))
    with pytest.raises(InputError, match="no zoo"):
        model_names()


def test_an_entry_without_weights(toy_zoo: Path) -> None:
    assert model_names() == ["toy"]
    entry = registry.entry("toy")
    assert entry.card().name == entry.recipe().name == "toy"
    assert entry.folder is None
    assert entry.weights_at(entry.card()) == "none"
    with pytest.raises(InputError, match="model has no weights") as caught:
        onnx_bytes(entry)
    assert caught.value.hint == "written by the test"
    assert entry.recipe_path is not None
    entry.recipe_path.unlink()
    with pytest.raises(InputError, match="no recipe"):
        registry.entry("toy").recipe()


@pytest.mark.parametrize("name", ["toi", "toy2", "TOY"])
def test_a_wrong_name_suggests_the_nearest(toy_zoo: Path, name: str) -> None:
    with pytest.raises(InputError, match="no such model") as caught:
        registry.entry(name)
    assert caught.value.hint == "did you mean 'toy'?"


@pytest.mark.parametrize("name", ["", "..", "../toy", "toy/../toy", "toy\x00", "/etc/passwd", "*"])
def test_a_name_is_never_a_path(toy_zoo: Path, name: str) -> None:
    shutil.copy(toy_zoo / "model_cards/toy.yaml", toy_zoo / "toy.yaml")
    with pytest.raises(InputError, match="no such model"):
        registry.entry(name)


def test_verified_bytes(stocked_zoo: Path) -> None:
    entry = registry.entry("toy")
    assert onnx_bytes(entry) == b"not a graph"
    assert entry.weights_at(entry.card()) == "local"
    assert entry.manifest().opset == 20


@pytest.mark.parametrize(
    ("content", "got"),
    [(b"not a graqh", "sha256 "), (b"not a grap", "10 bytes"), (b"not a graph.", "12 bytes")],
)
def test_other_bytes_are_never_handed_out(stocked_zoo: Path, content: bytes, got: str) -> None:
    (stocked_zoo / "zoo/toy/model.onnx").write_bytes(content)
    with pytest.raises(IntegrityError, match=r"model\.onnx differs") as caught:
        onnx_bytes(registry.entry("toy"))
    assert caught.value.exit_code == 5
    assert str(caught.value.got).startswith(got)


def test_files_that_are_not_there_or_not_pinned(stocked_zoo: Path) -> None:
    entry = registry.entry("toy")
    (stocked_zoo / "zoo/toy/more.onnx").write_bytes(b"x")
    with pytest.raises(InputError, match="not in the manifest"):
        verified_bytes(entry, "more.onnx")
    (stocked_zoo / "zoo/toy/model.onnx").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        onnx_bytes(entry)
