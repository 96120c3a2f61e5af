"""GOPHER's binary networks: counts, shapes, reach, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.sizes import as_stages
from zooctl.training.nets.binary import ConvBinary, ResidualBinary
from zooctl.training.nets.parts.network import Finished

STAGES = as_stages((6, 19, 3, 8, 0.1), (6, 7, 0, 4, 0.1), (4, 7, 2, 4, 0.2))


def small(kind: type[ConvBinary] = ConvBinary, **sizes: object) -> ConvBinary:
    """A network of this form that a test can afford."""
    torch.manual_seed(0)
    given = {"input_length": 512, "n_tracks": 2, "bin_size": 512, "stages": STAGES, "hidden": 8}
    return make(kind, **{**given, **sizes}).eval()


def layer(width: int, fan_in: int, fan_out: int) -> int:
    """Parameters of a layer with bias and of its normalisation, as Keras counts them."""
    return width * fan_in * fan_out + fan_out + 4 * fan_out


def test_conv_binary_has_the_count_of_its_layers(measure):
    """The papers give none: the baseline's stages, 16·512 to 256, 256 to 15."""
    stages = layer(19, 4, 192) + layer(7, 192, 256) + layer(7, 256, 512)
    total = measure.keras_count(
        lambda: make(ConvBinary, input_length=2048, n_tracks=15, bin_size=2048)
    )[1]
    assert total == stages + layer(1, 16 * 512, 256) + 257 * 15 == 3_383_247


def test_residual_binary_has_the_count_of_its_layers(measure):
    """Blocks of 5, 5 and 4 layers, pools of 4, 32·512 to 512, 512 to 15."""
    stages = (
        layer(19, 4, 192)
        + 5 * layer(3, 192, 192)
        + layer(7, 192, 256)
        + 5 * layer(3, 256, 256)
        + layer(7, 256, 512)
        + 4 * layer(3, 512, 512)
    )
    total = measure.keras_count(
        lambda: make(ResidualBinary, input_length=2048, n_tracks=15, bin_size=2048)
    )[1]
    assert total == stages + layer(1, 32 * 512, 512) + 513 * 15


@pytest.mark.parametrize("kind", [ConvBinary, ResidualBinary])
@pytest.mark.parametrize("length", [200, 512])
def test_gives_one_logit_a_track(measure, kind, length):
    """A peak call may be of the centre of the window alone."""
    net = small(kind, output_length=length, bin_size=length)
    assert net(measure.one_hot(3, 512)).shape == (3, 2, 1)
    assert net.output == "logit"


def test_more_than_one_bin_is_refused():
    with pytest.raises(InputError, match="one value a window"):
        small(bin_size=256)


def test_reads_the_whole_window(measure):
    net = small(n_tracks=1)
    assert measure.receptive_field(lambda x: net.raw(x)[:, 0, 0], net, 512) == range(512)


def test_finished_begins_at_the_share_of_peaks(measure):
    net = small()
    net.set_output_bias(torch.tensor([0.01, 0.3]))
    torch.nn.init.zeros_(net.last.linear.weight)
    found = Finished(net)(measure.one_hot(2, 512))[0, :, 0]
    torch.testing.assert_close(found, torch.tensor([0.01, 0.3]))


def test_onnx_of_the_probability_gives_the_same(measure):
    assert measure.onnx_parity(Finished(small()), measure.one_hot(3, 512)) < 1e-5
