"""DeepSEA: count, shape, reach, rectifier, ONNX form."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.training.nets.deepsea import DeepSea
from zooctl.training.nets.parts.network import Finished


def small(**sizes: object) -> DeepSea:
    """A network of DeepSEA's form that a test can afford."""
    torch.manual_seed(0)
    given = {"input_length": 300, "n_tracks": 3, "bin_size": 300, "filters": (6, 5, 4)}
    return make(DeepSea, **{**given, "hidden": 8, **sizes}).eval()


def test_has_the_papers_layers_and_count(measure):
    """4 to 320 to 480 to 960, 50,880 values to 925 to 919: 52,843,119 parameters."""
    with torch.device("meta"):
        net = make(DeepSea, input_length=1000, n_tracks=919, bin_size=200, output_length=200)
    assert net.hidden[0].in_features == 50_880
    expected = (
        (8 * 4 * 320 + 320)
        + (8 * 320 * 480 + 480)
        + (8 * 480 * 960 + 960)
        + (50_880 + 1) * 925
        + (925 + 1) * 919
    )
    counts = measure.keras_count(
        lambda: make(DeepSea, input_length=1000, n_tracks=919, bin_size=200, output_length=200)
    )
    assert counts == (expected, expected) == (52_843_119, 52_843_119)


def test_gives_one_logit_a_track(measure):
    assert small(output_length=200, bin_size=200)(measure.one_hot(2, 300)).shape == (2, 3, 1)


def test_rectifier_gives_a_millionth_for_what_is_negative():
    rectify = small().trunk[1]
    torch.testing.assert_close(
        rectify(torch.tensor([-3.0, 0.0, 2.0])), torch.tensor([1e-6, 1e-6, 2.0])
    )


def test_reads_the_whole_window(measure):
    """293, 73, 66, 16 and 9 positions: the last reads up to base 4·(4·(8 + 7) + 7) + 7 + 3."""
    net = small(n_tracks=1)
    field = measure.receptive_field(lambda x: net.raw(x)[:, 0, 0], net, 300)
    assert field == range(16 * 16 + 4 * 7 + 7)


def test_window_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="too short"):
        small(input_length=100, bin_size=100)


def test_onnx_gives_the_same(measure):
    assert measure.onnx_parity(Finished(small()), measure.one_hot(3, 300)) < 1e-5
