"""Filters of a first layer: words that were planted, alignment by a loop, and CTCF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from toy_model import toy_zoo  # noqa: F401
from toy_rule import FIRST, SECOND, plant_rule

from zooctl.catalog import registry
from zooctl.errors import InputError
from zooctl.files.intervals.regions import regions_of
from zooctl.files.motifs import Motif
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.filters.align import align_filters, trimmed
from zooctl.interpret.filters.first_layer import FirstLayer, first_layer
from zooctl.interpret.filters.read_filters import read_filters
from zooctl.interpret.options import FilterOptions
from zooctl.sequence.onehot import encode

CPU = SessionOptions(device="cpu", threads=1)


def open_model(name: str) -> OpenModel:
    return OpenModel(registry.entry(name), CPU)


def layer_of(
    weights: np.ndarray, *, op: str = "Relu", pad: int = 0, stride: int = 1, dilation: int = 1
) -> FirstLayer:
    """A layer of one's own making."""
    nodes = [
        helper.make_node(
            "Conv", ["x", "w"], ["y"], pads=[pad, pad], strides=[stride], dilations=[dilation]
        ),
        helper.make_node(op, ["y"], ["z"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "layer",
        [value("x", onnx.TensorProto.FLOAT, ["n", 4, "l"])],
        [value("z", onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights.astype(np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return FirstLayer(weights, op, pad, stride, dilation, 0, model.SerializeToString(), "x")


def test_planted_words_are_read(toy_zoo: Path) -> None:  # noqa: F811
    plant_rule(toy_zoo)
    layer = first_layer(open_model("toy"))
    assert (layer.n_filters, layer.width, layer.activation, layer.pad) == (2, 6, "ReLU", 0)
    windows = np.random.default_rng(1).integers(0, 4, (50, 64)).astype(np.uint8)
    windows[::2, 10:16] = encode(FIRST.encode())
    windows[1::2, 40:46] = encode(SECOND.encode())
    profiles = align_filters(layer, windows)
    assert [one.motif.consensus for one in profiles if one.motif] == [FIRST, SECOND]
    assert all(one.highest == 1.0 and one.n_sites >= 25 for one in profiles)
    for one in profiles:
        assert one.motif is not None
        assert one.motif.information().min() == 2.0


@pytest.mark.parametrize(
    ("pad", "stride", "dilation"), [(0, 1, 1), (3, 1, 1), (2, 3, 1), (4, 2, 2)]
)
def test_alignment_by_a_loop(pad: int, stride: int, dilation: int) -> None:
    rng = np.random.default_rng(pad + stride)
    weights = rng.standard_normal((3, 4, 5))
    layer = layer_of(weights, pad=pad, stride=stride, dilation=dilation)
    windows = rng.integers(0, 5, (70, 40)).astype(np.uint8)
    profiles = align_filters(layer, windows, 0.6)
    for index, profile in enumerate(profiles):
        tops = []
        for window in windows:
            scores = {}
            for start in range(-pad, 40 + pad - 4 * dilation, stride):
                places = [start + dilation * k for k in range(5)]
                scores[start] = sum(
                    weights[index, window[at], k]
                    for k, at in enumerate(places)
                    if 0 <= at < 40 and window[at] < 4
                )
            best = max(scores, key=lambda start: (round(scores[start], 6), -start))
            tops.append((scores[best], best))
        highest = max(score for score, _ in tops)
        counts = np.zeros((5, 4))
        n_sites = 0
        for (score, start), window in zip(tops, windows, strict=True):
            if score > 0.6 * highest:
                n_sites += 1
                for k in range(5):
                    at = start + dilation * k
                    if 0 <= at < 40 and window[at] < 4:
                        counts[k, window[at]] += 1
        assert profile.highest == pytest.approx(highest, rel=1e-5)
        assert profile.n_sites == n_sites
        assert profile.motif is not None
        np.testing.assert_array_equal(profile.motif.counts, counts)


def test_a_filter_that_is_never_active() -> None:
    layer = layer_of(-np.ones((1, 4, 5)))
    (profile,) = align_filters(layer, np.zeros((5, 40), np.uint8))
    assert (profile.motif, profile.n_sites, profile.highest) == (None, 0, 0.0)


def test_trimming_keeps_three_bases_beside() -> None:
    counts = np.full((20, 4), 5.0)
    assert trimmed(Motif("even", counts)).length == 20
    counts[[8, 10]] = [20, 0, 0, 0]
    part = trimmed(Motif("a", counts))
    assert part.length == 9
    assert part.counts[3].tolist() == [20, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "activation", "filters"),
    [("ctcf_gm12878", "ReLU", 24), ("atac_yeast", "ReLU", 32), ("pwm_ctcf", "none", 2)],
)
def test_layers_of_entries_are_those_of_their_safetensors(
    name: str, activation: str, filters: int
) -> None:
    model = open_model(name)
    layer = first_layer(model)
    assert (layer.activation, layer.n_filters) == (activation, filters)
    windows = np.random.default_rng(1).integers(0, 4, (2, model.card.input_length))
    found = layer.activations(windows.astype(np.uint8))
    assert found.shape[:2] == (2, filters)
    assert (found.min() >= 0) == (activation == "ReLU")


def test_a_first_layer_that_is_none() -> None:
    with pytest.raises(InputError, match="is no convolution of the sequence"):
        first_layer(open_model("h3k36me3_brain"))


def test_profiles_of_a_scan_for_a_motif() -> None:
    """The scan of pwm_ctcf has the motif itself as its filters, on both strands."""
    found = read_filters(open_model("pwm_ctcf"), FilterOptions(n=300, seed=1))
    for profile, weights in zip(found.profiles, found.layer.weights, strict=True):
        assert profile.motif is not None
        best = "".join("ACGT"[base] for base in weights.argmax(axis=0))
        same = sum(a == b for a, b in zip(profile.motif.consensus, best, strict=True))
        assert same >= 13  # of 19; five by chance
    report = found.to_json()
    assert (report["hit_ratio"], report["motifs"], report["windows"]) == (None, None, 300)


def test_windows_around_regions() -> None:
    regions = regions_of(["chr21:39,731,801-39,732,000", "chr21:39,531,460-39,531,659"])
    found = read_filters(open_model("pwm_ctcf"), FilterOptions(), regions)
    assert found.n_windows == 2


@pytest.mark.slow
def test_filters_of_a_trained_network_hit_ctcf(mirror: Path) -> None:
    found = read_filters(open_model("ctcf_gm12878"), FilterOptions(motifs="jaspar"))
    best = min(found.hits, key=lambda match: match.q_value)
    assert "CTCF" in best.known
    assert best.q_value < 1e-4
    assert 0.3 < found.hit_ratio < 0.8
    assert found.mean_q is not None
    assert found.mean_q < 0.1
