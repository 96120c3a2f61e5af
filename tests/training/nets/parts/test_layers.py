"""Start values, padding, inverse softplus, crops."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from zooctl.training.nets.parts.layers import (
    activation_of,
    conv,
    crop,
    filters_of,
    inverse_softplus,
    per_track,
    start_like_keras,
    start_weight,
)


@pytest.mark.parametrize("kernel", [1, 2, 3, 10, 25])
@pytest.mark.parametrize("dilation", [1, 3, 4])
def test_convolution_keeps_the_length_as_keras_does(kernel, dilation):
    """Of an odd number of zeros, Keras puts the odd one on the right; so does torch's 'same'."""
    torch.manual_seed(0)
    layer = conv(4, 2, kernel, dilation=dilation)
    x = torch.randn(2, 4, 40)
    zeros = dilation * (kernel - 1)
    padded = functional.pad(x, (zeros // 2, zeros - zeros // 2))
    expected = functional.conv1d(padded, layer.weight, layer.bias, dilation=dilation)
    torch.testing.assert_close(layer(x), expected)
    assert layer(x).shape == (2, 2, 40)


@pytest.mark.parametrize(
    ("scheme", "deviation"),
    [
        # Fans of a convolution of width 5 from 64 to 128: 320 and 640.
        ("glorot_uniform", math.sqrt(2 / 960)),
        ("glorot_normal", math.sqrt(2 / 960)),
        ("he_normal", math.sqrt(2 / 320)),
    ],
)
def test_start_values_have_keras_deviation(scheme, deviation):
    torch.manual_seed(0)
    weight = torch.empty(128, 64, 5)
    start_weight(weight, scheme)
    assert weight.std() == pytest.approx(deviation, rel=0.02)
    assert abs(weight.mean()) < deviation / 50
    assert weight.abs().max() <= 2.28 * deviation


def test_biases_begin_at_zero():
    net = nn.Sequential(nn.Conv1d(4, 2, 3), nn.Linear(2, 2), nn.Conv1d(4, 2, 3, bias=False))
    start_like_keras(net)
    assert net[0].bias.abs().sum() == net[1].bias.abs().sum() == 0


@given(st.floats(1e-4, 1e4))
def test_inverse_softplus_is_the_inverse(y):
    found = functional.softplus(inverse_softplus(torch.tensor(y, dtype=torch.float64)))
    assert float(found) == pytest.approx(y, rel=1e-6)


@given(st.integers(1, 40), st.integers(0, 20))
def test_crop_is_centred(length, flank):
    x = torch.arange(length + 2 * flank)
    assert crop(x, length).tolist() == list(range(flank, flank + length))


def test_per_track_takes_one_number_or_one_each():
    assert per_track(2.0, 3).tolist() == [2.0, 2.0, 2.0]
    assert per_track(torch.tensor([1.0, 2.0]), 2).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", [0.0, 0.0, 1.0]),
        ("exp", [math.exp(-2), 1.0, math.e]),
        ("elu", [math.exp(-2) - 1, 0.0, 1.0]),
        ("tanh", [math.tanh(-2), 0.0, math.tanh(1)]),
        ("prelu", [-0.5, 0.0, 1.0]),
    ],
)
def test_activations_by_hand(name, expected):
    x = torch.tensor([[[-2.0, 0.0, 1.0]]])
    found = activation_of(name, 1)(x)
    torch.testing.assert_close(found, torch.tensor([[expected]]))
    assert filters_of(name, 7) == 7


def test_maxout_is_the_larger_of_two_filters():
    x = torch.tensor([[[1.0, -3.0], [5.0, 0.0], [2.0, -4.0], [4.0, 1.0]]])
    assert activation_of("maxout", 2)(x).tolist() == [[[2.0, -3.0], [5.0, 1.0]]]
    assert filters_of("maxout", 2) == 4
