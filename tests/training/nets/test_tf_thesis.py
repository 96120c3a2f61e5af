"""The thesis's single-task networks: counts, inputs, reach, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.training.nets.parts.network import Finished
from zooctl.training.nets.tf_thesis import Thesis, ThesisDeep, ThesisShallow

LENGTHS = {"input_length": 1000, "output_length": 200, "bin_size": 200}


def shallow(**sizes: object) -> ThesisShallow:
    """The submitted network, with small layers."""
    torch.manual_seed(0)
    return make(
        ThesisShallow, **{**LENGTHS, "n_tracks": 2, "hidden": 8, "merged": 9, **sizes}
    ).eval()


def deep(**sizes: object) -> ThesisDeep:
    """The deep network, with small layers."""
    torch.manual_seed(0)
    return make(ThesisDeep, **{**LENGTHS, "n_tracks": 2, "hidden": 8, "merged": 9, **sizes}).eval()


def dense(fan_in: int, fan_out: int) -> int:
    """Parameters of a layer with bias and of its normalisation, as Keras counts them."""
    return (fan_in + 1) * fan_out + 4 * fan_out


SEQUENCE = (20 * 4 + 1) * 32 + 4 * 32 + dense(28 * 32, 100)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, SEQUENCE + dense(100, 1)),
        ({"n_controls": 1}, SEQUENCE + dense(150, 1000) + dense(1000, 1)),
        (
            {"n_controls": 1, "n_features": 32},
            SEQUENCE + 33 * 100 + dense(250, 1000) + dense(1000, 1),
        ),
    ],
    ids=["sequence", "accessibility", "expression"],
)
def test_shallow_has_the_count_of_the_released_layers(measure, inputs, expected):
    """981 positions are 28 pools of 35: 896 values to 100; DNase 50 values; 150 to 1,000."""
    total = measure.keras_count(lambda: make(ThesisShallow, **LENGTHS, n_tracks=1, **inputs))[1]
    assert total == expected


def test_deep_has_the_count_of_the_released_layers(measure):
    """997, 249, 246, 61, 58 and 14 positions of 64 channels: 896 values again."""
    expected = (
        (4 * 4 * 16 + 5 * 16)
        + (4 * 16 * 32 + 5 * 32)
        + (4 * 32 * 64 + 5 * 64)
        + dense(896, 1000)
        + dense(1050, 1000)
        + dense(1000, 1)
    )
    total = measure.keras_count(lambda: make(ThesisDeep, **LENGTHS, n_tracks=1, n_controls=1))[1]
    assert total == expected == 1_968_061


@pytest.mark.parametrize(
    ("net", "features"),
    [
        (shallow(), 0),
        (shallow(n_controls=1), 0),
        (shallow(n_controls=2, n_features=3), 3),
        (deep(n_controls=1), 0),
        (deep(), 0),
    ],
)
def test_gives_one_logit_a_track(measure, net: Thesis, features):
    x = measure.one_hot(3, 1000)
    control = torch.rand(3, net.n_controls, 1000) if net.n_controls else None
    extra = torch.rand(3, features) if features else None
    assert net(x, control, extra).shape == (3, 2, 1)


def test_signal_goes_through_log_and_maximum(measure):
    """A fold change of e - 1 anywhere in 20 bases is 1 for them."""
    net, x = shallow(n_controls=1), measure.one_hot(1, 1000)
    signal = torch.zeros(1, 1, 1000)
    signal[..., 40] = torch.e - 1
    moved = signal.roll(19, -1)
    torch.testing.assert_close(net(x, signal), net(x, moved))
    assert not torch.allclose(net(x, signal), net(x, signal.roll(20, -1)))
    values = net.signal_pool(torch.log1p(signal))[0, 0]
    assert values.shape == (50,)
    assert values[2] == pytest.approx(1.0)
    assert values.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("make", [shallow, deep])
def test_reads_what_fills_its_pools(measure, make):
    """Shallow: 28 pools of 35 and 19 more. Deep: 14·4, 3 more; 4 times that, 3 more; again."""
    net = make(n_tracks=1)
    field = measure.receptive_field(lambda x: net(x)[:, 0, 0], net, 1000)
    last = 28 * 35 + 19 if make is shallow else ((14 * 4 + 3) * 4 + 3) * 4 + 3
    assert field == range(last)


def test_begins_at_the_share_of_bound_bins(measure):
    net = shallow()
    net.set_output_bias(torch.tensor([0.01, 0.3]))
    torch.nn.init.zeros_(net.last[0].weight)
    found = Finished(net)(measure.one_hot(2, 1000))[0, :, 0]
    torch.testing.assert_close(found, torch.tensor([0.01, 0.3]))


def test_inputs_that_are_missing_are_refused(measure):
    with pytest.raises(InputError, match="control"):
        shallow(n_controls=1)(measure.one_hot(1, 1000))
    with pytest.raises(InputError, match="expression"):
        shallow(n_features=3)(measure.one_hot(1, 1000))


@pytest.mark.parametrize("make", [shallow, deep])
def test_window_that_is_too_short_is_refused(make):
    with pytest.raises(InputError, match="too short"):
        make(input_length=40, output_length=40, bin_size=40)


def test_onnx_of_deep_gives_the_same(measure):
    inputs = measure.one_hot(3, 1000), torch.rand(3, 1, 1000)
    assert measure.onnx_parity(deep(n_controls=1), *inputs) < 1e-5


def test_onnx_of_shallow_gives_the_same(measure):
    net = shallow(n_controls=1, n_features=3)
    inputs = measure.one_hot(3, 1000), torch.rand(3, 1, 1000), torch.rand(3, 3)
    assert measure.onnx_parity(net, *inputs) < 1e-5
