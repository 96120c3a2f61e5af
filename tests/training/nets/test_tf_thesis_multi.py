"""The thesis's networks for many factors: counts, classes, partly known labels, ONNX form."""

from __future__ import annotations

import math

import pytest
import torch
from toy_nets import make

from zooctl.errors import InputError
from zooctl.schema.recipe.losses import BinaryLoss, CategoricalLoss
from zooctl.training.loop.losses import build_loss
from zooctl.training.nets.parts.network import Finished
from zooctl.training.nets.tf_thesis_multi import ThesisClasses, ThesisMultiTask, ThesisTss

LENGTHS = {"input_length": 1000, "output_length": 200, "bin_size": 200}


def multi(**sizes: object) -> ThesisMultiTask:
    """The multi-task network, with small layers."""
    torch.manual_seed(0)
    given = {"n_tracks": 4, "filters": 6, "hidden": 8, "merged": 9}
    return make(ThesisMultiTask, **{**LENGTHS, **given, **sizes}).eval()


def classes(**sizes: object) -> ThesisClasses:
    """The network of classes, with small layers."""
    torch.manual_seed(0)
    given = {"n_tracks": 6, "filters": 6, "hidden": 8, "merged": 9, "own": 5}
    return make(ThesisClasses, **{**LENGTHS, **given, **sizes}).eval()


@pytest.mark.parametrize("n_features", [0, 4])
def test_multi_task_has_the_count_of_the_released_layers(measure, n_features):
    """100 filters, 28 pools of 35, 1,000 and 1,000 units, 32 factors; no normalisation."""
    expected = (15 * 4 + 1) * 100 + (2800 + 1) * 1000 + (1000 + n_features + 1) * 1000 + 1001 * 32
    counts = measure.keras_count(
        lambda: make(ThesisMultiTask, **LENGTHS, n_tracks=32, n_features=n_features)
    )
    assert counts == (expected, expected)


def test_classes_have_the_count_of_the_released_layers(measure):
    """49 pools of 20 of 64 channels; for each of 32 factors 128 units and three classes."""
    expected = (
        (20 * 4 + 1) * 64
        + 4 * 64
        + (49 * 64 + 1) * 1000
        + (1050 + 1) * 1000
        + 4 * 1000
        + 32 * (1001 * 128 + 129 * 3)
    )
    total = measure.keras_count(lambda: make(ThesisClasses, **LENGTHS, n_tracks=96, n_controls=1))[
        1
    ]
    assert total == expected


def test_gives_one_value_a_track(measure):
    x, signal = measure.one_hot(3, 1000), torch.rand(3, 1, 1000)
    assert multi(n_controls=1, n_features=2)(x, signal, torch.rand(3, 2)).shape == (3, 4, 1)
    assert classes(n_controls=1)(x, signal).shape == (3, 6, 1)


def test_classes_of_a_factor_sum_to_one(measure):
    net = classes()
    found = Finished(net)(measure.one_hot(3, 1000)).reshape(3, 2, 3)
    torch.testing.assert_close(found.sum(2), torch.ones(3, 2))


def test_classes_begin_at_their_shares(measure):
    net = classes(n_tracks=3)
    net.set_output_bias(torch.tensor([0.05, 0.9, 0.05]))
    torch.nn.init.zeros_(net.classes.weight)
    found = Finished(net)(measure.one_hot(2, 1000))[0, :, 0]
    torch.testing.assert_close(found, torch.tensor([0.05, 0.9, 0.05]))


def test_factors_do_not_share_their_own_layers(measure):
    net, x = classes(), measure.one_hot(2, 1000)
    before = net(x)
    with torch.no_grad():
        net.classes.weight[3:] += 1
    after = net(x)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.equal(before[:, 3:], after[:, 3:])


def test_tracks_that_make_no_whole_question_are_refused():
    with pytest.raises(InputError, match="whole questions"):
        classes(n_tracks=4)


def test_unknown_labels_teach_nothing(measure):
    """Ambiguous bins are -1: the factor they are of gets no gradient."""
    net = multi()
    target = torch.tensor([[1.0, 0.0, -1.0, math.nan]]).expand(3, 4)[:, :, None]
    loss = build_loss(BinaryLoss(key="binary_cross_entropy", positive_weights=(5.0,)))
    loss(net(measure.one_hot(3, 1000)), target).backward()
    assert (net.logits.weight.grad.abs().sum(1) > 0).tolist() == [True, True, False, False]


def test_classes_learn_from_their_loss(measure):
    net = classes(n_tracks=3)
    loss = build_loss(CategoricalLoss(key="categorical_cross_entropy"))
    target = torch.tensor([0.0, 1.0, 0.0])[None, :, None].expand(4, 3, 1)
    loss(net(measure.one_hot(4, 1000)), target).backward()
    assert all(p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("make", [multi, classes])
def test_reads_what_fills_its_pools(measure, make):
    """28 pools of 35 with 7 bases around; 49 pools of 20 with 19 bases after."""
    net = make()
    field = measure.receptive_field(lambda x: net(x)[:, 0, 0], net, 1000)
    assert field == range(28 * 35 + 7 if make is multi else 49 * 20 + 19)


@pytest.mark.parametrize("make", [multi, classes])
def test_onnx_gives_the_same(measure, make):
    inputs = measure.one_hot(3, 1000), torch.rand(3, 1, 1000)
    assert measure.onnx_parity(Finished(make(n_controls=1)), *inputs) < 1e-5


def test_start_sites_have_the_thesis_s_count(measure):
    """Table 9 says 97,427: 16 filters of 10, 47 pools of 4 of 200 bases, 128 units, 3 classes."""
    window = {"input_length": 200, "output_length": 200, "bin_size": 200}
    expected = (10 * 4 + 1) * 16 + (47 * 16 + 1) * 128 + 129 * 3
    assert expected == 97_427
    counts = measure.keras_count(lambda: make(ThesisTss, **window, n_tracks=3))
    assert counts == (expected, expected)
    net = make(ThesisTss, **window, n_tracks=3).eval()
    assert measure.onnx_parity(Finished(net), measure.one_hot(3, 200)) < 1e-5
    found = Finished(net)(measure.one_hot(3, 200))
    torch.testing.assert_close(found.sum(1), torch.ones(3, 1))
