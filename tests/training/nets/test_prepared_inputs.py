"""Preparation in the graph: hidden bases, values of k-mers, zero mean and unit variance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import toy_inputs
import toy_training as toy
from safetensors.torch import load_file

from zooctl.errors import InputError, ManyErrors
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.input_moments import input_moments
from zooctl.training.data.prepare import prepare
from zooctl.training.data.windows import choose_windows, split_regions
from zooctl.training.export.export import graph_inputs, other_inputs, to_onnx, trained_network
from zooctl.training.loop.fit import fit, new_network
from zooctl.training.nets.prepared_inputs import PreparedInputs, kmer_numbers


def write_table(path: Path) -> None:
    """A value of each dimer."""
    words = [a + b for a in "ACGT" for b in "ACGT"]
    lines = [f"{word}\t{number / 4}" for number, word in enumerate(words)]
    path.write_text("\n".join(["kmer\tMGW", *lines]) + "\n")


OPEN = {"name": "open", "signal": {"key": "bigwig", "source": "open_a"}}
SHAPE = {"name": "mgw", "signal": {"key": "kmer_values", "source": "shape", "column": "MGW"}}


def cells(folder: Path, **changes: Any) -> tuple[Recipe, Dataset]:
    """Two cells with a track of openness, a table of k-mers, and values of genes."""
    path = toy_inputs.write_cells(folder)
    write_table(folder / "shape.tsv")
    recipe, sources = toy_inputs.recipe_of(path)
    document = recipe.model_dump(mode="json") | changes
    if any(one["signal"]["key"] == "kmer_values" for one in document["inputs"]):
        document["sources"].append(document["sources"][0] | {"id": "shape", "file": "shape.tsv"})
    recipe = Recipe.model_validate(document)
    sources["shape"] = folder / "shape.tsv"
    return recipe, prepare(recipe, sources, [folder / "toy.fa"], lambda line: None)


def test_numbers_of_kmers_are_those_of_letters() -> None:
    codes = torch.tensor([[0, 1, 2, 3, 4, 0, 0]])
    x = torch.nn.functional.one_hot(codes, 5)[..., :4].movedim(2, 1).float()
    assert kmer_numbers(x, 2).tolist() == [[16, 1, 6, 11, 16, 16, 0]]
    x[0, :, 4] = 0.25
    assert kmer_numbers(x, 1).tolist() == [[0, 1, 2, 3, 4, 0, 0]]


def test_constants_are_those_of_the_training_split_alone(tmp_path: Path) -> None:
    recipe, dataset = cells(tmp_path, inputs=[OPEN | {"standardise": True}])
    rng = np.random.default_rng(0)
    signal = rng.gamma(2, 3, (2, toy.LENGTH)).astype(np.float32)
    signal[:, 25_000:] += 100  # validation and test
    dataset.signals["chr1"] = signal  # type: ignore[index]
    moments = input_moments(recipe, dataset, split_regions(recipe.split.train, dataset))
    known = dataset.codes["chr1"][:25_000] < 4
    values = signal[:, :25_000][:, known]
    assert moments.mean == pytest.approx([values.mean()], rel=1e-5)
    assert moments.deviation == pytest.approx([values.std()], rel=1e-5)
    net = new_network(recipe, dataset)
    assert isinstance(net, PreparedInputs)
    np.testing.assert_array_equal(net.state_dict()["signals_mean"], moments.mean)


def test_features_have_zero_mean_over_the_samples(tmp_path: Path) -> None:
    recipe, dataset = cells(tmp_path)
    features = recipe.features.model_dump() | {"standardise": True}  # type: ignore[union-attr]
    recipe = Recipe.model_validate(recipe.model_dump() | {"features": features})
    net = new_network(recipe, dataset)
    seen: list[torch.Tensor] = []
    net.net.register_forward_pre_hook(lambda module, given: seen.append(given[2]))  # type: ignore
    x = torch.zeros(2, 4, 64)
    net(x, torch.zeros(2, 1, 64), torch.from_numpy(dataset.features))
    # MYC is 3 and 0, as log1p; CTCF is the same in both cells, and stays 0.
    torch.testing.assert_close(seen[0], torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))


def test_measured_and_computed_inputs_stand_in_the_recipe_s_order(tmp_path: Path) -> None:
    recipe, dataset = cells(tmp_path, inputs=[SHAPE, OPEN, SHAPE | {"name": "again"}])
    net = new_network(recipe, dataset).eval()
    seen: list[torch.Tensor] = []
    net.net.register_forward_pre_hook(lambda module, given: seen.append(given[1]))  # type: ignore
    batch = dataset.batch(["chr1"], np.array([5000]))
    assert batch.signals is not None
    assert batch.signals.shape == (1, 1, 64)
    inputs = graph_inputs(batch, 0.0)
    net(*(torch.from_numpy(inputs[name]) for name in ("sequence", "signals", "features")))
    shape = dataset.kmer_columns[0].along(batch.codes[0])
    np.testing.assert_array_equal(seen[0][0, 0], shape)
    np.testing.assert_array_equal(seen[0][0, 1], batch.signals[0, 0])
    np.testing.assert_array_equal(seen[0][0, 2], shape)


def test_shape_alone_makes_a_graph_of_the_sequence_alone(tmp_path: Path) -> None:
    """It trains, the graph holds table and constants, and onnxruntime agrees."""
    recipe, dataset = cells_of_shape(tmp_path)
    assert other_inputs(recipe) == {}
    quiet: dict[str, Any] = {"say": len, "advance": abs}
    windows = choose_windows(recipe, dataset)
    fit(recipe, dataset, windows, tmp_path / "run", device="cpu", **quiet)
    weights = load_file(tmp_path / "run/best.safetensors")
    assert {"signals_mean", "signals_deviation", "kmers_0"} <= weights.keys()
    net = trained_network(recipe, dataset, weights)
    graph = to_onnx(net, 64)
    session = onnxruntime.InferenceSession(graph)
    assert [one.name for one in session.get_inputs()] == ["sequence"]
    x = graph_inputs(dataset.batch(["chr1"] * 4, np.arange(0, 400, 100)), 0.0)
    expected = net(torch.from_numpy(x["sequence"])).detach().numpy()
    np.testing.assert_allclose(session.run(None, x)[0], expected, rtol=1e-4, atol=1e-6)
    # Bases of the hidden stretch change nothing, others do.
    moved = {name: array.copy() for name, array in x.items()}
    moved["sequence"][..., 8:20] = moved["sequence"][:, ::-1, 8:20]
    np.testing.assert_array_equal(session.run(None, moved)[0], session.run(None, x)[0])
    moved["sequence"][..., 20:26] = moved["sequence"][:, ::-1, 20:26]
    assert not np.array_equal(session.run(None, moved)[0], session.run(None, x)[0])


def cells_of_shape(folder: Path) -> tuple[Recipe, Dataset]:
    """One cell, whose only input beside the bases is their shape; a stretch is hidden."""
    path = toy_inputs.write_cells(folder)
    write_table(folder / "shape.tsv")
    recipe, _ = toy_inputs.recipe_of(path)
    document = recipe.model_dump(mode="json")
    like = document["sources"][0]
    files = {"peaks_a": "a.bed", "shape": "shape.tsv"}
    document |= {
        "sources": [like | {"id": name, "file": file} for name, file in files.items()],
        "inputs": [SHAPE | {"standardise": True}],
        "features": None,
        "samples": [],
        "network": {"key": "factornet", "filters": 4, "kernel": 4, "units": 2, "hidden": 8},
        "windows": {"key": "tiling", "stride": 64, "blank": {"start": 8, "end": 20}},
        "schedule": {"max_epochs": 1},
    }
    recipe = Recipe.model_validate(document)
    sources = {name: folder / file for name, file in files.items()}
    return recipe, prepare(recipe, sources, [folder / "toy.fa"], lambda line: None)


def test_both_alleles_are_blanked(tmp_path: Path) -> None:
    recipe, sources = toy_inputs.recipe_of(toy_inputs.write_variants(tmp_path))
    windows = recipe.windows.model_dump() | {"blank": {"start": 0, "end": 64}}
    recipe = Recipe.model_validate(recipe.model_dump() | {"windows": windows})
    dataset = prepare(recipe, sources, [tmp_path / "toy.fa"], lambda line: None)
    net = new_network(recipe, dataset).eval()
    x = torch.nn.functional.one_hot(torch.randint(4, (3, 64)), 4).movedim(2, 1).float()
    found = net(x, torch.flip(x, (1,)))
    assert torch.equal(found, net(torch.flip(x, (1,)), x))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"windows": {"key": "tiling", "stride": 32, "blank": {"start": 9, "end": 9}}}, "end"),
        ({"windows": {"key": "tiling", "stride": 32, "blank": {"start": 9, "end": 65}}}, "end"),
        ({"targets": [{"track": "x", "signal": SHAPE["signal"]}]}, "targets.0.signal"),
    ],
)
def test_faults_are_named(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    recipe, _ = cells(tmp_path)
    with pytest.raises((ValueError, InputError, ManyErrors), match=field):
        Recipe.model_validate(recipe.model_dump() | changes)
