"""DanQ: count, shape, reach, recurrence, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.training.nets.danq import DanQ
from zooctl.training.nets.parts.blocks import BiLstm
from zooctl.training.nets.parts.network import Finished


def small(**sizes: object) -> DanQ:
    """A network of DanQ's form that a test can afford."""
    torch.manual_seed(0)
    given = {"input_length": 300, "n_tracks": 3, "bin_size": 300, "filters": 6, "units": 5}
    return make(DanQ, **{**given, "hidden": 8, **sizes}).eval()


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, 46_926_479),
        (
            {"filters": 1024, "kernel": 30, "pool": 15, "units": 512},
            (30 * 4 + 1) * 1024
            + 2 * 4 * (1024 + 512 + 1) * 512
            + (64 * 1024 + 1) * 925
            + 926 * 919,
        ),
    ],
)
def test_has_the_count_of_the_released_code(measure, sizes, expected):
    """DanQ and DanQ-JASPAR; Keras has one bias a gate, and here one is trained."""
    trainable, total = measure.keras_count(
        lambda: make(
            DanQ, input_length=1000, n_tracks=919, bin_size=200, output_length=200, **sizes
        )
    )
    assert trainable == total == expected


def test_gives_one_logit_a_track(measure):
    assert small(output_length=200, bin_size=200)(measure.one_hot(2, 300)).shape == (2, 3, 1)


def test_reads_all_positions_that_fill_a_pool(measure):
    """275 positions are 21 pools of 13: bases 0 to 21·13 + 25."""
    net = small(n_tracks=1)
    torch.manual_seed(0)
    net.double()
    x = torch.rand(1, 4, 300, dtype=torch.float64, requires_grad=True)
    net.first[0].weight.data.abs_()
    net.hidden[0].weight.data.abs_()
    net.hidden[0].bias.data.fill_(10)
    net(x).sum().backward()
    read = x.grad[0].abs().sum(0).nonzero().flatten()
    # Max-pooling passes the gradient of one base in 13; its neighbours 26 wide cover the rest.
    assert read.min() < 13
    assert 21 * 13 <= read.max() < 21 * 13 + 25


def test_recurrence_runs_both_ways():
    """The first position's forward half knows nothing of later ones, its backward half does."""
    lstm = BiLstm(3, 4).eval()
    x = torch.randn(1, 3, 6)
    y = x.clone()
    y[..., 5] += 1
    before, after = lstm(x), lstm(y)
    assert torch.equal(before[0, :4, 0], after[0, :4, 0])
    assert not torch.equal(before[0, 4:, 0], after[0, 4:, 0])


def test_forget_gates_begin_open():
    """PyTorch's gates are input, forget, cell, output."""
    lstm = BiLstm(3, 4).lstm
    assert lstm.bias_ih_l0.tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
    assert not lstm.bias_hh_l0.requires_grad
    assert lstm.bias_hh_l0_reverse.abs().sum() == 0


def test_window_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="too short"):
        small(input_length=30, bin_size=30)


def test_onnx_gives_the_same(measure):
    assert measure.onnx_parity(Finished(small()), measure.one_hot(3, 300)) < 1e-5
