"""ResidualBind-32 and ResidualBind-base: counts, shapes, reach, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.sizes import as_stages
from zooctl.training.nets.parts.blocks import ResidualBlock
from zooctl.training.nets.residualbind import ResidualBind32, ResidualBindBase

STAGES = as_stages((6, 19, 5, 4, 0.2), (6, 7, 5, 4, 0.2), (4, 7, 3, 2, 0.5))


def small_32(**sizes: object) -> ResidualBind32:
    """A network of this form that a test can afford."""
    torch.manual_seed(0)
    given = {"input_length": 512, "n_tracks": 2, "bin_size": 32, "stages": STAGES, "hidden": 5}
    return make(ResidualBind32, **{**given, **sizes}).eval()


def small_base(**sizes: object) -> ResidualBindBase:
    """A network of this form that a test can afford."""
    torch.manual_seed(0)
    given = {"input_length": 512, "n_tracks": 2, "bin_size": 1, "stages": STAGES}
    return make(ResidualBindBase, **{**given, "hidden": 8, "profile_filters": 5, **sizes}).eval()


@pytest.mark.parametrize(
    ("heads", "reference", "trainable"),
    [("joint", 19_270_159, 19_252_239), ("task", 22_565_263, 22_545_423)],
)
def test_32_has_gophers_count(measure, heads, reference, trainable):
    """GOPHER's counts are the totals that Keras prints, running statistics counted."""
    counts = measure.keras_count(
        lambda: make(ResidualBind32, input_length=2048, n_tracks=15, bin_size=32, heads=heads)
    )
    assert counts == (trainable, reference)


def layer(width: int, fan_in: int, fan_out: int) -> int:
    """Parameters of a convolution with bias and of its normalisation, as Keras counts them."""
    return width * fan_in * fan_out + fan_out + 4 * fan_out


@pytest.mark.parametrize(
    ("heads", "blocks", "positions", "last"), [("joint", 4, 32, 5), ("task", 3, 16, 6)]
)
def test_base_has_the_count_of_its_layers(measure, heads, blocks, positions, last):
    """The papers give no count for this form; this one is added up layer by layer."""
    stages = (
        layer(19, 4, 192)
        + 5 * layer(3, 192, 192)
        + layer(7, 192, 256)
        + 5 * layer(3, 256, 256)
        + layer(7, 256, 512)
        + blocks * layer(3, 512, 512)
    )
    middle = layer(1, positions * 512, 512) + layer(1, 512, 2048 * 8)
    profile = layer(7, 8, 256) + last * layer(3, 256, 256)
    head = 15 * 257 if heads == "joint" else 15 * (layer(7, 256, 64) + 65)
    total = measure.keras_count(
        lambda: make(ResidualBindBase, input_length=2048, n_tracks=15, bin_size=1, heads=heads)
    )[1]
    assert total == stages + middle + profile + head


@pytest.mark.parametrize("heads", ["joint", "task"])
@pytest.mark.parametrize("bin_size", [32, 64, 512])
def test_32_gives_one_value_a_bin(measure, bin_size, heads):
    net = small_32(bin_size=bin_size, heads=heads)
    assert net(measure.one_hot(2, 512)).shape == (2, 2, 512 // bin_size)


@pytest.mark.parametrize("heads", ["joint", "task"])
@pytest.mark.parametrize("bin_size", [1, 32, 512])
def test_base_gives_one_value_a_bin(measure, bin_size, heads):
    net = small_base(bin_size=bin_size, heads=heads)
    assert net(measure.one_hot(2, 512)).shape == (2, 2, 512 // bin_size)


@pytest.mark.parametrize("bin_size", [1, 16, 48])
def test_32_refuses_bins_that_pooling_does_not_make(bin_size):
    with pytest.raises(InputError):
        small_32(bin_size=bin_size, input_length=768)


def test_32_predicts_the_centre_when_output_is_shorter(measure):
    whole, centre = small_32(), small_32(output_length=256)
    centre.load_state_dict(whole.state_dict())
    x = measure.one_hot(2, 512)
    torch.testing.assert_close(centre(x), whole(x)[:, :, 4:12])


@pytest.mark.parametrize(("heads", "reach"), [("joint", 704), ("task", 704 + 2 * 6 * 32)])
def test_32_reads_704_bases(measure, heads, reach):
    """19 + 62, pool 3; then (6 + 62)·4, pool 12; then (6 + 14)·16, pool 16: 704."""
    stages = as_stages((1, 19, 5, 4, 0.2), (1, 7, 5, 4, 0.2), (1, 7, 3, 2, 0.5))
    net = small_32(input_length=4096, n_tracks=1, heads=heads, stages=stages, hidden=1)
    assert len(measure.receptive_field(lambda x: net.raw(x)[:, 0, 64], net, 4096)) == reach


def test_base_reads_the_whole_window(measure):
    net = small_base(n_tracks=1)
    assert measure.receptive_field(lambda x: net.raw(x)[:, 0, 256], net, 512) == range(512)


def test_residual_block_has_the_dilations_of_the_paper():
    """1, 2, 4, 8, 16 for five layers; ReLU and dropout between, not before or after."""
    block = ResidualBlock(2, 5)
    convolutions = [m for m in block.layers if isinstance(m, torch.nn.Conv1d)]
    assert [m.dilation[0] for m in convolutions] == [1, 2, 4, 8, 16]
    assert [type(m).__name__ for m in block.layers][:4] == [
        "Conv1d",
        "BatchNorm1d",
        "ReLU",
        "Dropout",
    ]
    assert type(block.layers[-1]).__name__ == "BatchNorm1d"


def test_residual_block_adds_what_it_reads():
    block = ResidualBlock(2, 3).eval()
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    x = torch.randn(1, 2, 16)
    torch.testing.assert_close(block(x), x.relu())


# Fewer layers: the exporter's time goes by nodes.
SHALLOW = as_stages((6, 19, 2, 4, 0.2), (4, 7, 1, 8, 0.5))


@pytest.mark.parametrize("sizes", [{"activation": "exp"}, {"heads": "task", "bin_size": 64}])
def test_onnx_of_32_gives_the_same(measure, sizes):
    net = small_32(stages=SHALLOW, **sizes)
    assert measure.onnx_parity(net, measure.one_hot(3, 512)) < 1e-5


def test_onnx_of_base_gives_the_same(measure):
    net = small_base(stages=SHALLOW, heads="joint")
    assert measure.onnx_parity(net, measure.one_hot(3, 512)) < 1e-5
