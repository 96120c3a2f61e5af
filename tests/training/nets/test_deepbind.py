"""DeepBind: count, shape, strands, padding, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.training.nets.deepbind import DeepBind
from zooctl.training.nets.parts.network import Finished


def network(**sizes: object) -> DeepBind:
    """DeepBind at the paper's sizes, which are small."""
    torch.manual_seed(0)
    given = {"input_length": 101, "n_tracks": 1, "bin_size": 101}
    return make(DeepBind, **{**given, **sizes}).eval()


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, (24 * 4 + 1) * 16 + 17 * 32 + 33),
        ({"pool": "max_mean"}, (24 * 4 + 1) * 16 + 33 * 32 + 33),
        ({"hidden": 0}, (24 * 4 + 1) * 16 + 17),
    ],
)
def test_has_the_count_of_its_layers(measure, sizes, expected):
    """16 detectors of 24 bases; 32 hidden units or none."""
    assert measure.keras_count(lambda: network(**sizes)) == (expected, expected)


@pytest.mark.parametrize("pool", ["max", "max_mean"])
def test_gives_one_logit_a_track(measure, pool):
    assert network(n_tracks=3, pool=pool)(measure.one_hot(5, 101)).shape == (5, 3, 1)


def test_both_strands_score_alike(measure):
    net, x = network(), measure.one_hot(8, 101)
    torch.testing.assert_close(net(x), net(x.flip(1, 2)))
    one = network(both_strands=False)
    assert not torch.allclose(one(x), one(x.flip(1, 2)))


def test_score_is_the_better_strand(measure):
    net, x = network(), measure.one_hot(8, 101)
    expected = torch.maximum(net.one_strand(x), net.one_strand(x.flip(1, 2)))
    assert torch.equal(net(x), expected)


def test_motif_may_overhang(measure):
    """A motif of which one base is in the window scores that base and a quarter of the rest."""
    net = network(detectors=1, hidden=0, both_strands=False)
    torch.nn.init.ones_(net.last.linear.weight)
    with torch.no_grad():
        net.detectors.weight.zero_()
        net.detectors.weight[0, 2, -1] = 5.0
        net.detectors.weight[0, 0, 0] = 2.0
    x = torch.zeros(1, 4, 101)
    x[:, 1] = 1
    # Only cytosines: the best is the guanine weight on padding, with no adenine.
    assert net(x).item() == pytest.approx(5.0 * 0.25)
    x[:, :, 0] = torch.tensor([0.0, 0.0, 1.0, 0.0])
    # The first base is a guanine, under the motif's last column; its first is on padding.
    assert net(x).item() == pytest.approx(5.0 + 2.0 * 0.25)


def test_reads_the_whole_window(measure):
    """The mean shows it; beside the padding's quarters, a lone base never is the largest."""
    net = network(pool="max_mean")
    assert measure.receptive_field(lambda x: net.raw(x)[:, 0, 0], net, 101) == range(101)


def test_onnx_gives_the_same(measure):
    net = Finished(network(pool="max_mean"))
    assert measure.onnx_parity(net, measure.one_hot(3, 101)) < 1e-5
