"""A zoo with one tiny model that really runs, for commands that need a model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from zooctl.schema.manifest import digest_file, tensor_digest, write_manifest

# Tracks plus and minus: (weights of A, C, G, T); a bin is the mean over its 8 bases.
WEIGHTS = np.array([[1, 2, 3, 4], [4, 3, 2, 1]], dtype=np.float32)


def graph_of(weights: NDArray[np.float32] = WEIGHTS, input_length: int = 64) -> bytes:
    """ONNX: mean weight of the bases in each of the middle four bins of 8 bp."""
    nodes = [
        helper.make_node("Einsum", ["onehot", "weights"], ["bases"], equation="bcl,tc->btl"),
        helper.make_node("Slice", ["bases", "first", "last", "axis"], ["middle"]),
        helper.make_node("AveragePool", ["middle"], ["tracks"], kernel_shape=[8], strides=[8]),
    ]
    constants = {
        "weights": weights,
        "first": np.array([16]),
        "last": np.array([48]),
        "axis": np.array([2]),
    }
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("onehot", TensorProto.FLOAT, ["batch", 4, input_length])],
        [helper.make_tensor_value_info("tracks", TensorProto.FLOAT, ["batch", len(weights), 4])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    serialised: bytes = model.SerializeToString()
    return serialised


def expected_tracks(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the toy predicts for codes ``(n, 64)``, by look-up; N is a quarter of each base."""
    table = np.concatenate([WEIGHTS, WEIGHTS.mean(axis=1, keepdims=True)], axis=1)
    bases = table[:, codes[:, 16:48]].transpose(1, 0, 2)
    means = bases.reshape(len(codes), 2, 4, 8).mean(axis=3)
    # safetensors writes an array's memory as it lies, whatever its strides.
    return np.ascontiguousarray(means, np.float32)


def pin(root: Path, opset: int = 20) -> None:
    """Write the manifest of the toy as its files are now, and the card's digests of them."""
    folder, card = root / "zoo/toy", root / "model_cards/toy.yaml"
    files = "".join(
        f"    - {{path: {path.name}, sha256: {digest.sha256}, size: {digest.size}}}\n"
        for path in sorted(folder.iterdir())
        if path.name != "manifest.json"
        for digest in [digest_file(path)]
    )
    head, _, rest = card.read_text().partition("weights:")
    rest = rest[rest.index("unknown:") :].replace("  weights: written by the test\n", "")
    card.write_text(f"{head}weights:\n  files:\n{files}{rest}")
    digest = tensor_digest({"weights": WEIGHTS})
    write_manifest(
        root, "toy", tensor_digest=digest, opset=opset, exporter={"onnx": onnx.__version__}
    )


@pytest.fixture
def toy_zoo(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Root of a zoo with the model ``toy`` alone, sound in every way; ZOOCTL_ZOO points to it."""
    root = tmp_path / "zoo root"
    shutil.copytree(repo / "tests/data/toy_zoo", root)
    folder = root / "zoo/toy"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(graph_of())
    save_file({"weights": WEIGHTS}, folder / "model.safetensors")
    codes = np.random.default_rng(1).integers(0, 5, size=(8, 64), dtype=np.uint8)
    probe = {"inputs": codes, "expected": expected_tracks(codes)}
    save_file(probe, folder / "probe.safetensors")
    pin(root)
    monkeypatch.setenv("ZOOCTL_ZOO", str(root))
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: root)
    return root


@pytest.fixture
def repin(toy_zoo: Path) -> Callable[..., None]:
    """``(opset=20)``: pin the toy's files as they are now, so that only what they say is wrong."""
    return lambda opset=20: pin(toy_zoo, opset)


@pytest.fixture
def toy_graph() -> Callable[..., bytes]:
    """``(weights, input_length)``: the toy's graph, or a changed one."""
    return graph_of
