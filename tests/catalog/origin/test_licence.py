"""Licences that are accepted once."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from zooctl.catalog import registry
from zooctl.catalog.origin.licence import accept, is_accepted, is_restricted, require_accepted
from zooctl.catalog.weights import onnx_bytes
from zooctl.cli.main import run
from zooctl.errors import InputError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))


def test_free_licences_ask_nothing() -> None:
    for name in ("ctcf_gm12878", "mpra_dragonn", "openspliceai_400", "deepbind"):
        card = registry.entry(name).card()
        assert not is_restricted(card)
        require_accepted(card)


def test_non_commercial_weights_are_asked_for_once() -> None:
    card = registry.entry("spliceai").card()
    with pytest.raises(InputError, match="not for commercial use") as caught:
        require_accepted(card)
    assert caught.value.hint is not None
    assert "zooctl pull spliceai --accept-licence" in caught.value.hint
    accept(card)
    assert is_accepted(card)
    require_accepted(card)
    # Another licence is another question.
    other = card.model_copy(update={"licence": "CC-BY-NC-SA-4.0"})
    assert not is_accepted(other)


def test_nothing_is_read_before(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    with pytest.raises(InputError, match="not for commercial use"):
        onnx_bytes(registry.entry("spliceai"))


def test_the_hint_accepts_and_downloads(
    mirror: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    assert run(["pull", "spliceai"]) == 2
    command = shlex.split(capsys.readouterr().err.rpartition("Hint: ")[2])[1:4]
    assert run(command) == 0
    assert "accepted: the licence of spliceai, CC-BY-NC-4.0" in capsys.readouterr().err
    assert run(["pull", "spliceai"]) == 0
