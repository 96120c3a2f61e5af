"""GOPHER's convolutional baseline: counts, shapes, reach, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.schema.recipe.networks.sizes import as_stages
from zooctl.training.nets.cnn_baseline import CnnBaseline


def small(**sizes: object) -> CnnBaseline:
    """A network of this form that a test can afford."""
    torch.manual_seed(0)
    stages = as_stages((6, 19, 0, 8, 0.1), (6, 7, 0, 4, 0.1), (4, 7, 0, 4, 0.2))
    given = {"input_length": 512, "n_tracks": 2, "bin_size": 32, "stages": stages}
    return make(CnnBaseline, **{**given, "hidden": 8, "profile_filters": 5, **sizes}).eval()


@pytest.mark.parametrize(("bin_size", "reference"), [(1, 7_675_087), (32, 3_532_495)])
def test_has_gophers_count(measure, bin_size, reference):
    """GOPHER's counts are the totals that Keras prints, running statistics counted."""
    trainable, total = measure.keras_count(
        lambda: make(CnnBaseline, input_length=2048, n_tracks=15, bin_size=bin_size)
    )
    assert total == reference
    assert total - trainable == 2 * (192 + 256 + 512 + 256 + 8 * 2048 // bin_size + 256)


def test_task_heads_add_a_network_each(measure):
    """Per track a convolution 256 to 64 of width 7, its normalisation, 64 to 1."""
    joint, task = (
        measure.keras_count(
            lambda heads=heads: make(
                CnnBaseline, input_length=2048, n_tracks=15, bin_size=32, heads=heads
            )
        )[1]
        for heads in ("joint", "task")
    )
    assert task - joint == 15 * (256 * 7 * 64 + 64 + 4 * 64 + 65) - 15 * 257


@pytest.mark.parametrize("heads", ["joint", "task"])
@pytest.mark.parametrize("bin_size", [1, 32, 128, 512])
def test_gives_one_value_a_bin(measure, bin_size, heads):
    net = small(bin_size=bin_size, heads=heads)
    assert net(measure.one_hot(2, 512)).shape == (2, 2, 512 // bin_size)


def test_output_may_be_shorter_than_the_input(measure):
    assert small(output_length=256)(measure.one_hot(2, 512)).shape == (2, 2, 8)


def test_every_bin_reads_the_whole_window(measure):
    net = small(n_tracks=1)
    assert measure.receptive_field(lambda x: net.raw(x)[:, 0, 8], net, 512) == range(512)


def test_task_heads_are_separate(measure):
    """A change in the second head leaves the first track alone."""
    net, x = small(heads="task"), measure.one_hot(2, 512)
    before = net(x)
    with torch.no_grad():
        net.head.last.weight[1] += 1
        net.head.hidden[0].weight[64:] *= 2
    after = net(x)
    assert torch.equal(before[:, 0], after[:, 0])
    assert not torch.equal(before[:, 1], after[:, 1])


def test_first_activation_may_be_exponential(measure):
    net, x = small(activation="exp"), measure.one_hot(2, 512)
    convolution, normalisation, activation = net.trunk[0][0][:3]
    torch.testing.assert_close(activation(x), x.exp())
    assert activation(normalisation(convolution(x))).min() > 0


def test_normalisation_is_keras_default():
    """Momentum 0.99 and epsilon 1e-3; GOPHER sets 0.9 in Basenji alone."""
    norms = [m for m in small().modules() if isinstance(m, torch.nn.BatchNorm1d)]
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.01)}


@pytest.mark.parametrize("heads", ["joint", "task"])
def test_begins_at_the_mean_it_is_told(measure, heads):
    net = small(heads=heads)
    net.set_output_bias(torch.tensor([0.05, 7.0]))
    torch.nn.init.zeros_(net.head.last.weight)
    torch.testing.assert_close(net(measure.one_hot(1, 512))[0, :, 3], torch.tensor([0.05, 7.0]))


@pytest.mark.parametrize("sizes", [{"activation": "exp"}, {"heads": "task", "bin_size": 1}])
def test_onnx_gives_the_same(measure, sizes):
    assert measure.onnx_parity(small(**sizes), measure.one_hot(3, 512)) < 1e-5
