"""Weights as their authors published them: found, verified, put into our graph, kept."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from zooctl.catalog import registry
from zooctl.catalog.check import check_documents
from zooctl.catalog.entry import Entry
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import InputError, IntegrityError, NetworkError
from zooctl.files.disk.cache import cache_folder
from zooctl.files.weights.onnx_weights import PublishedTensors, put_weights, take_weights
from zooctl.schema.manifest import FileDigest, write_manifest

h5py = pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")

KERNEL = np.arange(8, dtype=np.float32).reshape(2, 4)


def graph() -> bytes:
    """ONNX: ``x`` times a matrix."""
    node = helper.make_node("MatMul", ["x", "dense.weight"], ["y"])
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in (("x", 4), ("y", 2))
    ]
    weight = numpy_helper.from_array(np.ascontiguousarray(KERNEL.T), "dense.weight")
    made = helper.make_graph([node], "toy", values[:1], values[1:], [weight])
    return bytes(helper.make_model(made).SerializeToString())


def published(kernel: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", track_order=False) as file:
        file.create_dataset("dense/kernel:0", data=kernel, track_times=False)
    return buffer.getvalue()


@pytest.fixture
def mirror_of_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with the published file, which ZOOCTL_DATA_MIRROR points to; nothing is downloaded."""
    folder = tmp_path / "mirror" / "deep"
    folder.mkdir(parents=True)
    (folder / "toy.hdf5").write_bytes(published(KERNEL))
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture
def adopted(toy_zoo: Path, mirror_of_weights: Path) -> Entry:
    """The toy, as a graph without weights and the file that they were published in."""
    content = (mirror_of_weights / "toy.hdf5").read_bytes()
    empty = take_weights(graph(), {"dense.weight": PublishedTensors("dense/kernel:0", (1, 0))})
    model = put_weights(empty, {"dense/kernel:0": KERNEL})
    digest = FileDigest(sha256=hashlib.sha256(model).hexdigest(), size=len(model))
    path = toy_zoo / "model_cards/toy.yaml"
    weights = (
        f"weights:\n  files: [{{path: model.onnx, sha256: {digest.sha256}, size: {digest.size}}}]\n"
        f"  origin: {{file: toy.hdf5, url: https://zenodo.org/toy.hdf5, format: keras_hdf5, "
        f"sha256: {hashlib.sha256(content).hexdigest()}, size: {len(content)}}}"
    )
    text = path.read_text().replace("  weights: written by the test\n", "")
    path.write_text(text.replace("weights: null", weights))
    folder = toy_zoo / "zoo/toy"
    folder.mkdir(parents=True)
    (folder / "graph.onnx").write_bytes(empty)
    write_manifest(
        toy_zoo,
        "toy",
        tensor_digest="sha256:" + "0" * 64,
        opset=20,
        exporter={"onnx": onnx.__version__},
        absent={"zoo/toy/model.onnx": digest},
    )
    return registry.entry("toy")


def test_made_of_what_is_in_the_mirror_and_kept(adopted: Entry, mirror_of_weights: Path) -> None:
    assert adopted.weights_at(adopted.card()) == "url"
    assert check_documents(adopted) == []
    content = onnx_bytes(adopted)
    (transposed,) = onnx.load_from_string(content).graph.initializer
    assert np.array_equal(numpy_helper.to_array(transposed), KERNEL)
    (mirror_of_weights / "toy.hdf5").unlink()
    assert onnx_bytes(adopted) == content, "it comes from the cache now"
    (kept,) = (cache_folder() / "models").rglob("model.onnx")
    kept.write_bytes(content[:-1])
    with pytest.raises(NetworkError):
        onnx_bytes(adopted)
    with pytest.raises(InputError, match="not here and has no address"):
        onnx_bytes(adopted, may_download=False)


def test_a_spoilt_cache_is_made_anew(adopted: Entry) -> None:
    content = onnx_bytes(adopted)
    (kept,) = (cache_folder() / "models").rglob("model.onnx")
    kept.write_bytes(b"spoilt")
    assert onnx_bytes(adopted) == content
    assert kept.read_bytes() == content


def test_other_weights_are_never_read(adopted: Entry, mirror_of_weights: Path) -> None:
    path = mirror_of_weights / "toy.hdf5"
    path.write_bytes(published(KERNEL + 1))
    with pytest.raises(IntegrityError, match="source weights differs") as caught:
        onnx_bytes(adopted)
    assert caught.value.path == str(path)


def test_another_graph_than_was_pinned(adopted: Entry) -> None:
    assert adopted.folder is not None
    other = take_weights(graph(), {"dense.weight": PublishedTensors("dense/kernel:0", (1, 0))})
    model = onnx.load_from_string(other)
    model.graph.name = "other"
    (adopted.folder / "graph.onnx").write_bytes(model.SerializeToString())
    manifest = adopted.manifest()
    write_manifest(
        adopted.root,
        "toy",
        tensor_digest=manifest.tensor_digest,
        opset=20,
        exporter=manifest.exporter,
        absent={"zoo/toy/model.onnx": manifest.files["zoo/toy/model.onnx"]},
    )
    with pytest.raises(IntegrityError, match="graph made of the published weights differs"):
        onnx_bytes(adopted)


def test_a_cache_that_cannot_be_written_is_done_without(adopted: Entry, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder would be")
    assert onnx_bytes(adopted)
