"""New heads on the trunks of other models: a toy whose best head is known, and a small Enformer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import toy_training as toy
from authors_classes import weights_of
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from toy_families import enformer_state
from toy_files import write_bigwig

from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.inference.adopt.families.entry import write_converted
from zooctl.inference.adopt.families.long_range import convert_enformer
from zooctl.inference.device import runtime
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.attribution.methods import default_method
from zooctl.schema.manifest import digest_file
from zooctl.schema.recipe.recipe import load_recipe
from zooctl.schema.strict_yaml import dumps
from zooctl.sequence.onehot import Codes, decode
from zooctl.training.data.frozen_trunk import ActivationBins, frozen_trunk
from zooctl.training.data.prepare import open_dataset
from zooctl.training.nets.trunk_head import TrunkHead

Captured = pytest.CaptureFixture[str]
CODES = toy.dataset().codes["chr1"]


def shares_graph() -> bytes:
    """ONNX: the share of each base in 8 bp, of which two tracks are made."""
    constants = {"weight": np.array([[1, 2, 3, 4], [0, 1, 0, 5]], np.float32)[:, :, None]}
    nodes = [
        helper.make_node("AveragePool", ["x"], ["shares"], kernel_shape=[8], strides=[8]),
        helper.make_node("Conv", ["shares", "weight"], ["y"]),
    ]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])
        for name, shape in (("x", (4, 64)), ("y", (2, 8)))
    ]
    graph = helper.make_graph(
        nodes,
        "shares",
        values[:1],
        values[1:],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    # An older set of operators than that of exported heads.
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with the adopted model ``shares`` alone; 10 on every C and G of the toy's genome."""
    root = tmp_path / "zoo"
    for part in ("model_cards", "recipes", "zoo"):
        (root / part).mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(root))
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path))
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("shares.onnx").write_bytes(shares_graph())
    facts = "--name shares --assembly toy --tracks a,b --licence MIT"
    assert run(["adopt", "onnx", "shares.onnx", *facts.split()]) == 0
    Path("toy.fa").write_text(f">chr1\n{decode(CODES)}\n")
    write_bigwig(Path("s.bw"), np.where((CODES == 1) | (CODES == 2), 10.0, 0.0))
    return root


def write_recipe(**changes: Any) -> None:
    """Write ``head.yaml``: a linear head on the four shares."""
    linear = {
        "name": "head",
        "controls": [],
        "windows": {"key": "tiling", "stride": 32},
        "network": {"key": "trunk_head", "features": 4, "output": "value"},
        "init_from": "shares",
        "loss": {"key": "mse"},
        "augmentation": {"reverse_complement": True},
        "optimiser": {"key": "adam", "lr": 0.3},
        "schedule": {"max_epochs": 12, "plateau_decay": {"factor": 0.3, "patience": 0}},
    }
    sources = [source.model_dump(mode="json") for source in toy.recipe().sources[:1]]
    digest = digest_file(Path("s.bw"))
    sources[0] |= {"sha256": digest.sha256, "size": digest.size}
    document = toy.recipe().model_dump(mode="json") | {"sources": sources} | linear | changes
    Path("head.yaml").write_text(dumps(document))


def train(*options: str) -> int:
    return run(["train", "head.yaml", "--fasta", "toy.fa", *options])


def exported(name: str = "head") -> OpenModel:
    assert run(["export", f"runs/{name}", "--fasta", "toy.fa"]) == 0
    return OpenModel(registry.entry(name), SessionOptions(device="cpu", threads=1))


def tens(codes: Codes) -> np.ndarray:
    """Ten times the share of C and G in each 8 bp, which is the signal."""
    bases = codes.reshape(len(codes), 1, 8, 8)
    found: np.ndarray = 10 * ((bases == 1) | (bases == 2)).mean(axis=3)
    return found


def test_the_best_head_is_found(zoo: Path, capsys: Captured) -> None:
    write_recipe()
    assert train() == 0
    assert "init_from: a head on the trunk of shares, which stays as it is" in (
        capsys.readouterr().err
    )
    model = exported()
    assert "holds the weights of shares, licence MIT" in capsys.readouterr().err
    windows = np.random.default_rng(3).integers(0, 4, (9, 64)).astype(np.uint8)
    found = model.session.predict(windows)
    np.testing.assert_allclose(found, tens(windows), atol=0.05)
    weights = load_file(zoo / "zoo/head/model.safetensors")
    assert sorted(weights) == ["net.net.last.bias", "net.net.last.weight"]
    (own,) = weights["net.net.last.weight"][:, :, 0]
    # Shares add up to 1, so that a constant may lie in the weights or in the bias.
    np.testing.assert_allclose(own - own[0], [0, 10, 10, 0], atol=0.1)
    graph = onnx.ModelProto.FromString(model.graph)
    assert [one.name for one in graph.graph.input] == ["sequence"]
    assert [one.version for one in graph.opset_import] == [20]


def test_the_entry_is_one_as_any_other(zoo: Path, capsys: Captured) -> None:
    write_recipe(evaluation={"bin_size": 32, "block_length": 1000})
    (zoo / "recipes/head.yaml").write_text(Path("head.yaml").read_text())
    assert train() == 0
    model = exported()
    assert default_method(model) == "ism"
    # Once exported, it needs the trunk's own entry no more.
    assert run(["remove", "shares"]) == 0
    assert run(["check", "head"]) == 3
    problems = capsys.readouterr().err.splitlines()
    assert all("still to be written" in line for line in problems if line.startswith("error"))
    own = ["--fasta", "toy.fa", "--threads", "1", "--device", "cpu"]
    place = ["--region", "chr1:30,001-30,064"]
    assert run(["predict", "--model", "head", *place, *own, "-o", "a.bedgraph"]) == 0
    rows = [line.split() for line in Path("a.bedgraph").read_text().splitlines() if "chr1" in line]
    rows = [row for row in rows if row[0] == "chr1"]
    np.testing.assert_allclose(
        [float(row[3]) for row in rows], tens(CODES[None, 30_000:30_064])[0, 0], atol=0.05
    )
    other = "ACGT"[int(CODES[30_030]) - 1]
    base = "ACGT"[int(CODES[30_030])]
    Path("a.vcf").write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=40000>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"chr1\t30031\t.\t{base}\t{other}\t.\t.\t.\n"
    )
    assert run(["score-variants", "--model", "head", "a.vcf", *own, "-o", "a.tsv"]) == 0
    capsys.readouterr()
    assert run(["evaluate", "head", "--fasta", "toy.fa", "--bootstrap", "0", "--json"]) == 0
    (track,) = json.loads(capsys.readouterr().out)["tracks"]
    assert track["fine_pearson"]["value"] > 0.9999
    assert run(["attribute", "head", *place, *own, "--method", "ism", "-o", "i.bw"]) == 0
    assert run(["attribute", "head", *place, *own, "--method", "saliency", "-o", "t.bw"]) == 2
    assert "has a graph and no torch network" in capsys.readouterr().err


def test_activations_are_computed_once(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = {"max_epochs": 1}
    write_recipe(schedule=short)
    assert train() == 0
    first = (Path("runs/head") / "best.safetensors").read_bytes()
    kept = sorted(Path("home").rglob("activations/*/*.npy"))
    assert len({path.name for path in kept}) > 700
    # Of a second run none is computed but the tensor's shape, of a window without bases.
    windows: list[np.ndarray] = []
    run_graph = runtime.LoadedGraph.run

    def watched(self: runtime.LoadedGraph, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        windows.extend(feed.values())
        return run_graph(self, feed)

    monkeypatch.setattr(runtime.LoadedGraph, "run", watched)
    assert train("-o", "again") == 0
    assert not any(window.any() for window in windows)
    assert Path("again/best.safetensors").read_bytes() == first
    # A file that was tampered with is made anew.
    kept[0].write_bytes(kept[0].read_bytes()[:-1] + b"x")
    assert train("-o", "mended") == 0
    assert sum(bool(window.any()) for window in windows) == 1
    assert Path("mended/best.safetensors").read_bytes() == first


def test_a_reduced_enformer(zoo: Path, capsys: Captured) -> None:
    checkpoint = weights_of(enformer_state(12, 3, 5), target_length=8)
    converted = convert_enformer(checkpoint, input_length=128)
    write_converted(
        zoo, converted, checkpoint, name="enformer", assembly="toy", licence="MIT", track={}
    )
    window = {"input_length": 128, "output_length": 64, "bin_size": 16, "core_length": 64}
    write_recipe(
        name="on_enformer",
        window=window,
        network={"key": "trunk_head", "features": 12, "hidden": 6, "dropout": 0.1},
        init_from={"model": "enformer"},
        loss={"key": "poisson_nll"},
        schedule={"max_epochs": 4},
    )
    Path("head.yaml").rename("on_enformer.yaml")
    assert run(["train", "on_enformer.yaml", "--fasta", "toy.fa"]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("epoch")]
    losses = [float(line.split()[5]) for line in lines]
    assert losses[-1] < losses[0]
    model = exported("on_enformer")
    assert "torch and onnxruntime agree within" in capsys.readouterr().err
    assert model.card.geometry.n_bins == 4
    assert registry.entry("on_enformer").manifest().opset == 20
    recipe = load_recipe(Path("runs/on_enformer/recipe.yaml"))
    assert recipe.init_from is not None
    pinned = registry.entry("enformer").manifest().files["zoo/enformer/model.onnx"]
    assert recipe.init_from.sha256 == pinned.sha256


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"init_from": None}, "init_from.model: the head reads the activations of a model"),
        ({"init_from": {"model": "shares", "lr_factor": 0.1}}, "the trunk is not trained"),
        ({"augmentation": {"max_shift": 4}}, "activations are computed once a window"),
        ({"portable": True}, "differ between processors in their last bits"),
        ({"windows": {"key": "tiling", "stride": 32, "blank": {"start": 1, "end": 2}}}, "whole"),
        (
            {"network": {"key": "trunk_head", "features": 5}, "loss": {"key": "poisson_nll"}},
            "got 5",
        ),
        ({"unknown_base": 0.25}, "unknown_base: the trunk is that of shares (got 0.25"),
        (
            {"window": {"input_length": 64, "output_length": 64, "bin_size": 4, "core_length": 32}},
            "window.bin_size: bins do not fit the positions of the trunk (got 16 bins of 4 bp; "
            "expected multiples of 8 bp, 64 bp at most)",
        ),
        ({"init_from": {"model": "shares", "sha256": "0" * 64}}, "is not the one that the recipe"),
    ],
)
def test_refused(zoo: Path, capsys: Captured, changes: dict[str, Any], message: str) -> None:
    write_recipe(**changes)
    assert train() in (2, 5)
    assert message in capsys.readouterr().err


def test_a_graph_alone_has_no_weights_to_begin_with(zoo: Path, capsys: Captured) -> None:
    network = {"key": "bpnet", "filters": 8, "dilated_layers": 1}
    write_recipe(network=network, loss={"key": "poisson_nll"})
    assert train() == 2
    hint = "Hint: network.key: trunk_head trains a head on its graph"
    assert hint in capsys.readouterr().err
    write_recipe(schedule={"max_epochs": 1})
    assert train() == 0


def test_bins_of_other_layouts() -> None:
    geometry = toy.recipe().window.geometry
    x = torch.arange(64.0).reshape(1, 1, 64)
    means = x.reshape(8, 8).mean(dim=1)
    found = ActivationBins(geometry, geometry, 64)(x)
    assert torch.equal(found[0, 0], means)
    last = ActivationBins(geometry, geometry, 64, channels_last=True)(x.movedim(1, 2))
    assert torch.equal(last, found)
    dense = replace(geometry, output_length=32, bin_size=32)
    assert ActivationBins(geometry, dense, 1)(torch.tensor([[3.0, 5.0]])).shape == (1, 2, 1)
    inner = ActivationBins(geometry, replace(geometry, output_length=32), 64)(x)
    assert torch.equal(inner[0, 0], means[2:6])
    with pytest.raises(InputError, match="bins do not fit"):
        ActivationBins(geometry, geometry, 7)


def test_nothing_is_opened_before_it_is_read(zoo: Path) -> None:
    write_recipe()
    recipe = load_recipe(Path("head.yaml"))
    assert run(["remove", "shares"]) == 0
    assert open_dataset(recipe, Path("toy.fa")).trunk is not None
    trunk = frozen_trunk(recipe)
    assert trunk is not None
    with pytest.raises(InputError, match="shares"):
        trunk.raw(CODES[None, :64])
    assert frozen_trunk(toy.recipe()) is None
    assert TrunkHead.takes_controls is False
