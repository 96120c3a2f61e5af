"""Embeddings are what the last layer reads: it gives the predictions back."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import onnx
import pyarrow.parquet
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.inference.tracks.penultimate import penultimate
from zooctl.interpret.attribution.network import open_network
from zooctl.interpret.attribution.target import target_of
from zooctl.interpret.embedding.anndata_file import write_anndata
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, reverse_complement


def model(name: str) -> OpenModel:
    return OpenModel(registry.entry(name), SessionOptions(device="cpu", threads=1))


def windows(length: int, n: int = 3) -> Codes:
    return np.random.default_rng(5).integers(0, 4, (n, length)).astype(np.uint8)


def test_the_last_layer_gives_the_predictions_back() -> None:
    opened = model("ctcf_dream")
    codes = windows(600)
    found = penultimate(opened).embed(codes)
    graph = onnx.ModelProto.FromString(opened.graph).graph
    constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    last = next(node for node in reversed(graph.node) if node.op_type == "Gemm")
    weights, bias = (constants[name] for name in last.input[1:3])
    logits = found @ (weights.T if weights.shape[0] == 7 else weights) + bias
    predicted = opened.session.predict(codes)[:, :, 0]  # type: ignore[union-attr]
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), predicted, rtol=1e-4)


def test_positions_are_averaged_as_torch_has_them() -> None:
    opened = model("ctcf_gm12878")
    codes = windows(2048)
    net = open_network(opened, target_of(opened.card))
    kept: list[torch.Tensor] = []
    inner = net.net.net.net  # type: ignore[union-attr]
    inner.hidden.register_forward_hook(lambda *parts: kept.append(parts[2]))
    x = np.eye(4, dtype=np.float32)[codes].transpose(0, 2, 1)
    net(torch.from_numpy(np.ascontiguousarray(x)), torch.ones(3, 64))
    found = penultimate(opened).embed(codes)
    np.testing.assert_allclose(found, kept[0].mean(dim=2).numpy(), rtol=1e-3, atol=1e-5)
    both = penultimate(opened).embed(codes, rc=True)
    np.testing.assert_allclose(both, penultimate(opened).embed(reverse_complement(codes), rc=True))


def test_one_layer_has_none_before_it() -> None:
    with pytest.raises(InputError, match="no layer before its last"):
        penultimate(model("pwm_ctcf"))


@pytest.mark.parametrize("head", ["kernel by a further axis", "channels last"])
def test_heads_of_transformers(head: str) -> None:
    """A head whose kernel is made of its weights, and one that reads channels as the last axis."""
    first = np.random.default_rng(1).normal(size=(5, 4, 1)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "first"], ["hidden"])]
    constants = {"first": first, "last": np.ones((2, 5), np.float32)}
    if head == "channels last":
        constants["last"] = constants["last"].T.copy()
        nodes += [
            helper.make_node("Transpose", ["hidden"], ["turned"], perm=[0, 2, 1]),
            helper.make_node("MatMul", ["turned", "last"], ["y"]),
        ]
    else:
        constants["axis"] = np.array([2])
        nodes += [
            helper.make_node("Unsqueeze", ["last", "axis"], ["kernel"]),
            helper.make_node("Conv", ["hidden", "kernel"], ["y"]),
        ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", None, None])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    opened = SimpleNamespace(
        card=SimpleNamespace(name="toy", unknown_base=0.0),
        session=SimpleNamespace(batch_size=2),
        graph=proto.SerializeToString(),
    )
    codes = windows(8)
    found = penultimate(opened).positions(codes)  # type: ignore[arg-type]
    expected = first[:, :, 0][:, codes].transpose(1, 0, 2)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_files_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.bed").write_text("chr21\t33949000\t33949100\nchr21\t39731900\t39731901\n")
    common = ["embed", "ctcf_gm12878", "--bed", "a.bed", "--threads", "1"]
    assert run([*common, "-o", "./"]) == 0
    assert capsys.readouterr().out.strip() == "a.ctcf_gm12878.npz"
    found = np.load(tmp_path / "a.ctcf_gm12878.npz")
    assert found["embeddings"].shape == (2, 64)
    assert found["start"].tolist() == [33_949_000, 39_731_900]
    assert run([*common, "-o", "a.parquet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["features"] == 64
    table = pyarrow.parquet.read_table(tmp_path / "a.parquet")
    assert table.column_names[:4] == ["chrom", "start", "end", "f00"]
    np.testing.assert_array_equal(table["f63"].to_numpy(), found["embeddings"][:, 63])
    assert run([*common, "-o", "a.h5ad"]) == 0
    with h5py.File(tmp_path / "a.h5ad") as file:
        assert file.attrs["encoding-type"] == "anndata"
        np.testing.assert_array_equal(file["X"], found["embeddings"])
        assert file["obs/chrom"].asstr()[:].tolist() == ["chr21", "chr21"]
        assert file["obs/_index"].asstr()[1] == "chr21:39,731,901-39,731,901"
        assert file["uns/model"].asstr()[()] == "ctcf_gm12878"


def test_a_picture_of_components(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has the prediction's unit where there is one track, and needs three regions."""
    monkeypatch.chdir(tmp_path)
    rows = [f"chr21\t{start}\t{start + 100}\n" for start in range(33_949_000, 33_953_000, 1000)]
    (tmp_path / "a.bed").write_text("".join(rows))
    common = ["embed", "ctcf_gm12878", "--threads", "1", "-o", "a.svg"]
    assert run([*common, "--bed", "a.bed"]) == 0
    text = (tmp_path / "a.svg").read_text()
    assert "ctcf_gm12878: embeddings of 4 regions" in text
    assert "first principal component" in text
    assert "CTCF, mean pile-up" in text
    assert run(["embed", "ctcf_dream", "--bed", "a.bed", "--threads", "1", "-o", "b.svg"]) == 0
    assert "pile-up" not in (tmp_path / "b.svg").read_text()
    capsys.readouterr()
    assert run([*common, "--region", "chr21:33,949,001-33,949,100", "--force"]) == 2
    assert "expected three regions and two features" in capsys.readouterr().err


def test_anndata_reads_its_form(tmp_path: Path) -> None:
    anndata = pytest.importorskip("anndata")
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    places = [Interval("chr1", 0, 5), Interval("chr2", 7, 9)]
    write_anndata(tmp_path / "a.h5ad", values, places, {"model": "toy"})
    read = anndata.read_h5ad(tmp_path / "a.h5ad")
    np.testing.assert_array_equal(read.X, values)
    assert read.obs["start"].tolist() == [0, 7]
    assert list(read.var_names) == ["f0", "f1", "f2"]
    assert read.uns["model"] == "toy"
