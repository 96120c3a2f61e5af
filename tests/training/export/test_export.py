"""Exported graphs say the same as torch, hold no trace of the machine, and probes are varied."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import toy_training as toy
from onnxruntime import InferenceSession
from safetensors.numpy import load
from torch import nn

from zooctl.errors import InputError, VerificationError
from zooctl.inference.adopt.verify import initialisers
from zooctl.schema.card import load_card
from zooctl.schema.manifest import load_manifest, tensor_digest
from zooctl.sequence.variant_pairs import pair_scores
from zooctl.training.data.windows import choose_windows
from zooctl.training.export.entry import write_entry
from zooctl.training.export.export import check_parity, to_onnx
from zooctl.training.loop.fit import fit

DATA = toy.dataset()
ENVIRONMENT = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = toy.recipe()
    folder = tmp_path_factory.mktemp("run")
    windows = choose_windows(recipe, DATA)
    nothing = lambda _: None  # noqa: E731
    fit(recipe, DATA, windows, folder, device="cpu", say=nothing, advance=nothing)
    return folder


@pytest.fixture(scope="module")
def zoo(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("zoo")
    (root / "model_cards").mkdir()
    assert write_entry(root, toy.recipe(), run, DATA, environment=ENVIRONMENT) <= 1e-5
    return root


def test_an_entry_is_complete(zoo: Path) -> None:
    manifest = load_manifest(zoo / "zoo" / "toy" / "manifest.json")
    assert sorted(manifest.files) == [
        "model_cards/toy.yaml",
        "zoo/toy/model.onnx",
        "zoo/toy/model.safetensors",
        "zoo/toy/probe.safetensors",
    ]
    tensors = load((zoo / "zoo/toy/model.safetensors").read_bytes())
    assert manifest.tensor_digest == tensor_digest(tensors)
    card = load_card(zoo / "model_cards" / "toy.yaml")
    assert card.environment == ENVIRONMENT
    assert card.weights is not None
    assert [file.path for file in card.weights.files] == ["model.onnx", "model.safetensors"]


def test_exporting_again_gives_the_same_bytes(zoo: Path, run: Path, tmp_path: Path) -> None:
    (tmp_path / "model_cards").mkdir()
    write_entry(tmp_path, toy.recipe(), run, DATA, environment=ENVIRONMENT)
    for path in sorted((zoo / "zoo" / "toy").iterdir()):
        assert (tmp_path / "zoo" / "toy" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_card_keeps_what_a_person_wrote(run: Path, tmp_path: Path) -> None:
    (tmp_path / "model_cards").mkdir()
    write_entry(tmp_path, toy.recipe(), run, DATA, environment=ENVIRONMENT)
    path = tmp_path / "model_cards" / "toy.yaml"
    path.write_text("# mine\n" + path.read_text().replace("TO BE WRITTEN", "written", 1))
    other = "sha256:" + "1" * 64
    write_entry(tmp_path, toy.recipe(), run, DATA, environment=other)
    assert path.read_text().startswith("# mine\n")
    card = load_card(path)
    assert (card.title, card.environment) == ("written", other)


def test_the_graph_holds_no_trace_of_the_machine(zoo: Path) -> None:
    content = (zoo / "zoo/toy/model.onnx").read_bytes()
    model = onnx.load_from_string(content)
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
    assert str(Path(__file__).parent.parent.parent).encode() not in content
    assert b"site-packages" not in content


def test_a_name_in_the_graph_means_the_trained_weight() -> None:
    """Normalisation is worked into the convolutions, whose tensors are then no longer those."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv1d(4, 3, 5), nn.BatchNorm1d(3), nn.Conv1d(3, 2, 3)).eval()
    nn.init.constant_(net[1].running_var, 4.0)
    graph = to_onnx(net, 20)
    found = initialisers(graph)
    assert {"0.weight.folded", "0.bias.folded", "2.weight", "2.bias"} <= set(found)
    weights = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    for name in set(found) & set(weights):
        np.testing.assert_array_equal(found[name], weights[name])
    assert "0.weight" not in found
    x = torch.randn(2, 4, 20)
    (got,) = InferenceSession(graph).run(None, {"sequence": x.numpy()})
    np.testing.assert_allclose(got, net(x).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_the_probe_is_what_it_says(zoo: Path) -> None:
    probe = load((zoo / "zoo/toy/probe.safetensors").read_bytes())
    assert probe["inputs"].shape == (512 + 64, 64)
    assert probe["inputs"].dtype == np.uint8
    assert probe["expected"].shape == (512 + 64, 1, 8)
    assert np.isfinite(probe["expected"]).all()
    assert probe["pairs"].shape == (64, 2)
    scores = pair_scores(probe["expected"], probe["pairs"])
    assert np.count_nonzero(scores) > 48, "the network reads each base"


def test_parity_is_relative_to_the_window() -> None:
    expected = np.array([[[1.0, 1000.0]], [[1e-3, 2e-3]]])
    assert check_parity(expected, expected + np.array([[[0, 1e-3]], [[0, 0]]])) == pytest.approx(
        1e-6
    )
    with pytest.raises(VerificationError, match="disagree"):
        check_parity(expected, expected + np.array([[[0, 0]], [[0, 1e-7]]]))
    with pytest.raises(VerificationError):
        check_parity(expected, expected * np.nan)


def test_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no finished epoch.* -o \S+ --resume"):
        write_entry(tmp_path, toy.recipe(), tmp_path, DATA, environment=ENVIRONMENT)
