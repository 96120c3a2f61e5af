"""Heads on a trunk's activations: toy trunks count bases, so that every activation is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from zooctl.catalog.registry import entry
from zooctl.errors import InputError
from zooctl.evaluation.baselines.trunk_ridge import Trunk, score_by_trunk
from zooctl.evaluation.data.evaluation_data import EvaluatedTrack, EvaluationData, MeasuredTrack
from zooctl.evaluation.heldout.open_target import open_target, open_trunk
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.tracks.penultimate import Penultimate
from zooctl.progress import no_progress
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes, decode
from zooctl.sequence.windows import Geometry

SIZE, N_BINS, STEP = 32, 600, 8
GEOMETRY = Geometry(input_length=256, output_length=128, bin_size=32, core_length=128)


@pytest.fixture(scope="module")
def codes() -> Codes:
    return np.random.default_rng(1).integers(0, 4, SIZE * N_BINS).astype(np.uint8)


@pytest.fixture
def genome(codes: Codes, tmp_path: Path) -> Iterator[Fasta]:
    (tmp_path / "toy.fa").write_text(f">chr1\n{decode(codes)}\n")
    with Fasta(tmp_path / "toy.fa") as fasta:
        yield fasta


def trunk(step: int, crop: int = 0) -> Trunk:
    """Shares of the bases in steps of the window, ``crop`` steps left out on each side."""
    n = GEOMETRY.input_length // step
    ends = {"first": [crop], "last": [n - crop], "axis": [2]}
    nodes = [
        helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[step], strides=[step]),
        helper.make_node("Slice", ["p", "first", "last", "axis"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "shares",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, GEOMETRY.input_length])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4, n - 2 * crop])],
        [numpy_helper.from_array(np.array(value), name) for name, value in ends.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    layers = Penultimate(model.SerializeToString(), "x", "y", 0.0, 4)
    return Trunk("shares", layers, GEOMETRY)


def shares(codes: Codes, width: int) -> np.ndarray:
    return (codes.reshape(-1, width)[:, :, None] == np.arange(4)).mean(axis=1)


@pytest.mark.parametrize(
    ("step", "crop"), [(8, 0), (32, 2), (16, 0)], ids=["input", "output, a bin each", "16 bp"]
)
def test_positions_are_where_they_belong(genome: Fasta, codes: Codes, step: int, crop: int) -> None:
    found = trunk(step, crop).activations(genome, "chr1", range(3, 77), SIZE)
    np.testing.assert_allclose(found, shares(codes, SIZE)[3:77], atol=1e-6)


@pytest.mark.parametrize(("step", "size"), [(256, 32), (128, 32)], ids=["dense", "coarser"])
def test_a_window_stands_for_the_bin_in_its_middle(
    genome: Fasta, codes: Codes, step: int, size: int
) -> None:
    found = trunk(step).activations(genome, "chr1", range(10, 20), size)
    around = [codes[at - 128 : at + 128] for at in range(10 * size + 16, 20 * size + 16, size)]
    expected = np.concatenate([shares(one, 256) for one in around])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_bins_beyond_the_contig_are_empty(genome: Fasta) -> None:
    found = trunk(STEP).activations(genome, "chr1", range(-2, 1), SIZE)
    assert found[:2].sum() == 0
    assert found[2].sum() == pytest.approx(1)


def data_of(genome: Fasta, signal: np.ndarray, **parts: tuple[int, int]) -> EvaluationData:
    split = {
        name: (Region(chrom="chr1", start=start * SIZE, end=end * SIZE),)
        for name, (start, end) in parts.items()
    }
    empty = {name: () for name in ("train", "validation", "test") if name not in split}
    bases = {"chr1": np.repeat(signal, SIZE)}
    return EvaluationData(
        genome, [EvaluatedTrack(0, "t")], [MeasuredTrack("t", bases)], Split(**split, **empty)
    )


PARTS = {"train": (0, 300), "validation": (310, 400), "test": (420, 600)}


def test_a_signal_of_the_activations_is_found(
    genome: Fasta, codes: Codes, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = shares(codes, SIZE)
    data = data_of(genome, (2 * share[:, 0] - share[:, 2]).astype(np.float32), **PARTS)
    found = score_by_trunk(trunk(STEP), data, Rules(bin_size=SIZE), SIZE, no_progress)
    ((name, (predicted,)),) = found.ridges.items()
    assert name == "ridge on shares"
    truth = 2 * share[420:, 0] - share[420:, 2]
    np.testing.assert_allclose(predicted[:, 0], truth, atol=0.01)
    (fit,) = found.fits[name]
    assert fit.validation_pearson == pytest.approx(1, abs=1e-3)
    # The second time they come out of the cache.
    monkeypatch.delattr(Trunk, "activations")
    again = score_by_trunk(trunk(STEP), data, Rules(bin_size=SIZE), SIZE, no_progress)
    np.testing.assert_array_equal(again.ridges[name][0], predicted)


def test_neighbours_are_read_where_the_rules_say_so(genome: Fasta, codes: Codes) -> None:
    padded = np.pad(shares(codes, SIZE)[:, 1], 2)
    around = np.lib.stride_tricks.sliding_window_view(padded, 5).sum(axis=1)
    data = data_of(genome, around.astype(np.float32), **PARTS)
    rules = Rules(bin_size=SIZE, context_bins=5)
    found = score_by_trunk(trunk(STEP), data, rules, SIZE, no_progress)
    own, wide = (found.ridges[name][0][:, 0] for name in found.ridges)
    assert list(found.ridges) == ["ridge on shares", "ridge on shares, 5 bins around"]
    assert np.corrcoef(wide, around[420:])[0, 1] > 0.999
    assert np.corrcoef(own, around[420:])[0, 1] < 0.8


def test_no_training_regions(genome: Fasta) -> None:
    data = data_of(genome, np.ones(N_BINS, np.float32), test=PARTS["test"])
    with pytest.raises(InputError, match="no training regions"):
        score_by_trunk(trunk(STEP), data, Rules(bin_size=SIZE), SIZE, no_progress)


def test_trunks_that_are_refused() -> None:
    target = open_target("h3k36me3_brain", (), None, fasta=None, device="cpu", threads=1)
    split = target.split(())
    assert open_trunk("brain_cell_types", target, split).geometry.bin_size == 512
    with pytest.raises(InputError, match="another assembly"):
        open_trunk("atac_yeast", target, split)
    seen = Split(train=(), validation=(), test=entry("ctcf_gm12878").card().split.train)  # type: ignore[union-attr]
    with pytest.raises(InputError, match="trained or chosen on a region"):
        open_trunk("ctcf_gm12878", target, seen)
