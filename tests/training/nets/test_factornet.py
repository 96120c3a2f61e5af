"""FactorNet: count, strands, signals, metadata, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.training.nets.factornet import FactorNet


def small(**sizes: object) -> FactorNet:
    """A network of FactorNet's form that a test can afford."""
    torch.manual_seed(0)
    given = {"input_length": 200, "n_tracks": 2, "bin_size": 200, "filters": 5, "units": 4}
    return make(FactorNet, **{**given, "hidden": 6, **sizes}).eval()


@pytest.mark.parametrize(("n_features", "expected"), [(0, 637_377), (8, 654_913)])
def test_has_the_count_of_its_layers(measure, n_features, expected):
    """1,002 bases with two signals: 977 positions, 75 pools of 13, twice 32 units each."""
    layers = (
        (26 * 6 + 1) * 32
        + 33 * 32
        + 2 * 4 * (32 + 32 + 1) * 32
        + (75 * 64 + 1) * 128
        + ((128 + 8 + 1) * 128 if n_features else 0)
        + 129
    )
    counts = measure.keras_count(
        lambda: make(
            FactorNet,
            input_length=1002,
            output_length=200,
            bin_size=200,
            n_tracks=1,
            n_controls=2,
            n_features=n_features,
        )
    )
    assert counts == (expected, expected)
    assert layers == expected


def test_gives_one_logit_a_track(measure):
    net = small(n_controls=2, n_features=3)
    assert net(measure.one_hot(5, 200), torch.rand(5, 2, 200), torch.rand(5, 3)).shape == (5, 2, 1)
    assert net.control_length == 200


def test_probability_is_the_mean_of_both_strands(measure):
    net, x = small(), measure.one_hot(4, 200)
    strands = [torch.sigmoid(net.one_strand(s, None)) for s in (x, x.flip(1, 2))]
    torch.testing.assert_close(torch.sigmoid(net(x)), sum(strands) / 2)


def test_reverse_complement_scores_alike(measure):
    """Signals are reversed with the bases; those of one strand change places."""
    net = small(n_controls=3, reverse_order=[1, 0, 2])
    x, signals = measure.one_hot(4, 200), torch.rand(4, 3, 200)
    reverse = signals[:, [1, 0, 2]].flip(2)
    torch.testing.assert_close(net(x, signals), net(x.flip(1, 2), reverse))
    assert not torch.allclose(net(x, signals), net(x.flip(1, 2), signals.flip(2)))


def test_reads_signals_and_metadata(measure):
    net = small(n_controls=1, n_features=2)
    x, signal, features = measure.one_hot(3, 200), torch.rand(3, 1, 200), torch.rand(3, 2)
    found = net(x, signal, features)
    assert not torch.allclose(found, net(x, signal + 1, features))
    assert not torch.allclose(found, net(x, signal, features + 1))


@pytest.mark.parametrize(
    "sizes",
    [
        {"reverse_order": [0]},
        {"n_controls": 2, "reverse_order": [0, 0]},
        {"input_length": 30, "bin_size": 30},
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes):
    with pytest.raises(InputError):
        small(**sizes)


def test_inputs_that_are_missing_are_refused(measure):
    with pytest.raises(InputError, match="control"):
        small(n_controls=1)(measure.one_hot(1, 200))
    with pytest.raises(InputError, match="metadata"):
        small(n_features=1)(measure.one_hot(1, 200))


def test_reads_the_whole_window(measure):
    """175 positions are 13 pools of 13; the reverse strand reads the bases beyond the last."""
    net = small().double()
    net.motifs[0].weight.data.abs_()
    x = torch.rand(1, 4, 200, dtype=torch.float64, requires_grad=True)
    net(x).sum().backward()
    read = x.grad[0].abs().sum(0).nonzero().flatten()
    assert read.min() < 13
    assert read.max() >= 200 - 13


def test_onnx_gives_the_same(measure):
    net = small(n_controls=1, n_features=2)
    inputs = measure.one_hot(3, 200), torch.rand(3, 1, 200), torch.rand(3, 2)
    assert measure.onnx_parity(net, *inputs) < 1e-5
