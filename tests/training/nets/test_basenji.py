"""Basenji against GOPHER's count and reach, and its ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.training.nets.basenji import Basenji
from zooctl.training.nets.parts.layers import Gelu


def small(**sizes: object) -> Basenji:
    """A network of Basenji's form that a test can afford."""
    torch.manual_seed(0)
    given = {"input_length": 512, "n_tracks": 2, "bin_size": 32, "filters": 8, "last_filters": 12}
    return make(Basenji, **{**given, **sizes}).eval()


@pytest.mark.parametrize("bin_size", [1, 32, 128])
def test_has_gophers_count_at_every_resolution(measure, bin_size):
    """GOPHER's 2,038,287 is the total that Keras prints, running statistics counted."""
    trainable, total = measure.keras_count(
        lambda: make(Basenji, input_length=2048, n_tracks=15, bin_size=bin_size)
    )
    assert total == 2_038_287
    assert trainable == 2_025_231


@pytest.mark.parametrize("bin_size", [1, 2, 32, 128, 2048])
def test_gives_one_value_a_bin(measure, bin_size):
    net = small(input_length=2048, bin_size=bin_size, dilated_layers=2)
    assert net(measure.one_hot(2, 2048)).shape == (2, 2, 2048 // bin_size)


def test_predicts_the_centre_when_output_is_shorter(measure):
    whole, centre = small(), small(output_length=256)
    centre.load_state_dict(whole.state_dict())
    x = measure.one_hot(2, 512)
    torch.testing.assert_close(centre(x), whole(x)[:, :, 4:12])


@pytest.mark.parametrize(
    ("bin_size", "reach"),
    [
        (2, 700),
        (32, 700 + 30),
        (128, 700 + 126),
        # Single bases: the dilations 171·2, and the first convolution's 15.
        (1, 357),
    ],
)
def test_reads_700_bases_and_the_bin(measure, bin_size, reach):
    net = small(input_length=2048, n_tracks=1, bin_size=bin_size, filters=2, last_filters=1)
    middle = 1024 // bin_size
    field = measure.receptive_field(lambda x: net.raw(x)[:, 0, middle], net, 2048)
    assert len(field) == reach


def test_gelu_acts_on_the_one_hot():
    """The reference's numbers for a base, no base and an unknown base."""
    found = Gelu()(torch.tensor([1.0, 0.0, 0.25]))
    torch.testing.assert_close(found, torch.tensor([0.84580, 0.0, 0.15120]), atol=5e-6, rtol=0)
    assert isinstance(small().first[0][0], Gelu)


def test_residual_blocks_begin_as_identity(measure):
    net = small()
    hidden = net.first(measure.one_hot(1, 512))
    assert torch.equal(net.dilated(hidden), hidden)


def test_batch_normalisation_is_basenjis():
    norms = [m for m in small().modules() if isinstance(m, torch.nn.BatchNorm1d)]
    assert len(norms) == 2 * 11 + 2
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.1)}


def test_binary_form_is_one_bin_of_logits(measure):
    """GOPHER's basenji_binary: the mean of all positions, then one value a track."""
    net = small(bin_size=512, output="logit")
    net.set_output_bias(0.2)
    torch.nn.init.zeros_(net.dense.weight)
    x = measure.one_hot(2, 512)
    torch.testing.assert_close(net.finish(net(x)), torch.full((2, 2, 1), 0.2))


def test_control_adds_to_the_rate(measure):
    net, without = small(n_controls=1), small()
    without.load_state_dict({k: v for k, v in net.state_dict().items() if "background" not in k})
    x, control = measure.one_hot(3, 512), torch.rand(3, 1, 16)
    torch.testing.assert_close(net(x, control), without(x) + 0.6931472 * control)


def test_control_of_a_logit_is_refused():
    with pytest.raises(InputError, match="only rates"):
        small(output="logit", n_controls=1)


@pytest.mark.parametrize("sizes", [{"bin_size": 3}, {"bin_size": 7, "input_length": 511}])
def test_odd_bins_are_refused(sizes):
    with pytest.raises(InputError):
        small(**sizes)


@pytest.mark.parametrize("sizes", [{}, {"bin_size": 1, "output_length": 256}])
def test_onnx_gives_the_same(measure, sizes):
    net = small(dilated_layers=4, **sizes)
    for block in net.dilated:
        torch.nn.init.ones_(block.back[2].weight)
    assert measure.onnx_parity(net, measure.one_hot(3, 512)) < 1e-5
