"""Basset in GOPHER's form: count, shape, reach, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.sizes import as_stages
from zooctl.training.nets.basset import Basset
from zooctl.training.nets.parts.network import Finished

STAGES = as_stages((6, 10, 0, 3, 0.0), (5, 11, 0, 4, 0.0), (4, 7, 0, 4, 0.0))


def small(**sizes: object) -> Basset:
    """A network of Basset's form that a test can afford."""
    torch.manual_seed(0)
    given = {"input_length": 500, "n_tracks": 2, "bin_size": 500, "stages": STAGES, "hidden": 8}
    return make(Basset, **{**given, **sizes}).eval()


def test_has_the_count_of_its_layers(measure):
    """The papers give none: 2,048 bases are 682, 170 and 42 positions of 200 channels."""
    stages = (10 * 4 * 300 + 5 * 300) + (11 * 300 * 200 + 5 * 200) + (7 * 200 * 200 + 5 * 200)
    dense = (42 * 200 + 1) * 1000 + 1001 * 1000 + 1001 * 15
    total = measure.keras_count(
        lambda: make(Basset, input_length=2048, n_tracks=15, bin_size=2048)
    )[1]
    assert total == stages + dense == 10_372_515


def test_gives_one_logit_a_track(measure):
    assert small(output_length=200, bin_size=200)(measure.one_hot(3, 500)).shape == (3, 2, 1)


def test_more_than_one_bin_is_refused():
    with pytest.raises(InputError, match="one value a window"):
        small(bin_size=100)


def test_reads_all_positions_that_fill_a_pool(measure):
    """500 bases are 166 pools of 3, of which 41·4 and then 10·16 are whole: bases 0 to 480.

    The convolutions around the last positions reach 5 + 5·3 + 3·12 = 56 bases further.
    """
    net = small(n_tracks=1)
    assert measure.receptive_field(lambda x: net.raw(x)[:, 0, 0], net, 500) == range(500)


def test_even_kernel_pads_as_keras_does(measure):
    """Width 10 has 4 zeros on the left and 5 on the right: base 5 is the last of position 0."""
    net = small()
    weight = net.trunk[0][0][0].weight
    assert weight.shape[-1] == 10
    x = torch.zeros(1, 4, 500)
    first = net.trunk[0][0][0]
    before = first(x)
    x[:, 0, 5] = 1
    assert not torch.equal(first(x)[..., 0], before[..., 0])
    x[:, 0, 5], x[:, 0, 6] = 0, 1
    assert torch.equal(first(x)[..., 0], before[..., 0])
    assert not torch.equal(first(x)[..., 1], before[..., 1])


def test_onnx_gives_the_same(measure):
    assert measure.onnx_parity(Finished(small()), measure.one_hot(3, 500)) < 1e-5
