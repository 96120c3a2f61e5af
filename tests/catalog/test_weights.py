"""Weights that only an address is named for, and those that were put into the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.catalog import registry, weights
from zooctl.catalog.weights import add_to_cache, onnx_bytes
from zooctl.cli.main import run
from zooctl.errors import InputError, IntegrityError, NetworkError, UnsafeError
from zooctl.schema.manifest import FileDigest, digest_file, write_manifest

CONTENT = b"weights"


@pytest.fixture
def pinned(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileDigest:
    """The digest of weights that the toy pins, and that are not in its folder."""
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    file = tmp_path / "model.onnx"
    file.write_bytes(CONTENT)
    digest = digest_file(file)
    (toy_zoo / "zoo/toy").mkdir(parents=True, exist_ok=True)
    weights = {"zoo/toy/model.onnx": digest}
    write_manifest(
        toy_zoo,
        "toy",
        tensor_digest=f"sha256:{'0' * 64}",
        opset=20,
        exporter={"onnx": "1"},
        absent=weights,
    )
    return digest


def name_address(root: Path, pinned: FileDigest) -> None:
    """Name an address on the card, at a host that nobody may be asked at."""
    card = root / "model_cards/toy.yaml"
    url = "https://weights.invalid/model.onnx"
    file = f"{{path: model.onnx, sha256: {pinned.sha256}, size: {pinned.size}, url: {url}}}"
    text = card.read_text().replace("  weights: written by the test\n", "")
    card.write_text(text.replace("weights: null", f"weights:\n  files: [{file}]"))


def test_no_place_is_named(pinned: FileDigest) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        onnx_bytes(registry.entry("toy"))


@pytest.mark.usefixtures("no_sockets")
def test_an_address(toy_zoo: Path, pinned: FileDigest, monkeypatch: pytest.MonkeyPatch) -> None:
    name_address(toy_zoo, pinned)
    entry = registry.entry("toy")
    assert entry.weights_at(entry.card()) == "url"
    with pytest.raises(NetworkError, match="not in the cache"):
        onnx_bytes(entry, may_download=False)
    with pytest.raises(UnsafeError):
        onnx_bytes(entry)
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    with pytest.raises(NetworkError, match="not in the cache"):
        onnx_bytes(entry)


def test_the_hint_of_missing_weights_downloads_them(
    toy_zoo: Path, pinned: FileDigest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`zooctl pull`, with the network on; the address answers on this machine."""
    name_address(toy_zoo, pinned)
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    with pytest.raises(NetworkError) as caught:
        onnx_bytes(registry.entry("toy"))
    assert caught.value.hint == "zooctl pull toy; unset ZOOCTL_OFFLINE first"
    monkeypatch.delenv("ZOOCTL_OFFLINE")
    with pytest.raises(NetworkError) as caught:
        onnx_bytes(registry.entry("toy"), may_download=False)
    assert caught.value.hint == "zooctl pull toy"
    asked: list[str] = []

    def from_here(urls: list[str], target: Path, **facts: object) -> None:
        asked.extend(urls)
        target.write_bytes(CONTENT)

    monkeypatch.setattr(weights, "download", from_here)
    assert run(["pull", "toy"]) == 0
    assert asked == ["https://weights.invalid/model.onnx"]
    assert onnx_bytes(registry.entry("toy"), may_download=False) == CONTENT


def test_a_failed_download_names_the_model(
    toy_zoo: Path, pinned: FileDigest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own words and places stay; the named command has the weights once the host answers."""
    name_address(toy_zoo, pinned)
    is_down = True

    def host(urls: list[str], target: Path, **facts: object) -> None:
        if is_down:
            raise NetworkError(f"gave up on {urls[0]}", hint="run the command again later")
        target.write_bytes(CONTENT)

    monkeypatch.setattr(weights, "download", host)
    with pytest.raises(NetworkError) as caught:
        onnx_bytes(registry.entry("toy"))
    assert str(caught.value) == (
        "the weights of toy are downloaded from their origin: gave up on "
        "https://weights.invalid/model.onnx. Hint: zooctl pull toy, with the network"
    )
    is_down = False
    assert run(["pull", "toy"]) == 0
    assert onnx_bytes(registry.entry("toy"), may_download=False) == CONTENT


@pytest.mark.usefixtures("no_sockets")
def test_what_was_kept(toy_zoo: Path, tmp_path: Path, pinned: FileDigest) -> None:
    add_to_cache("model.onnx", CONTENT, pinned)
    assert onnx_bytes(registry.entry("toy")) == CONTENT
    with pytest.raises(IntegrityError):
        add_to_cache("model.onnx", b"other", pinned)
    (kept,) = (tmp_path / "home").rglob("model.onnx")
    kept.write_bytes(b"damaged")
    name_address(toy_zoo, pinned)
    with pytest.raises(IntegrityError, match=r"model\.onnx in the cache differs"):
        onnx_bytes(registry.entry("toy"), may_download=False)
