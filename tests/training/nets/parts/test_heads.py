"""Heads of one kind and of several."""

from __future__ import annotations

import pytest
import torch
from toy_nets import make

from zooctl.schema.recipe.losses import BinaryLoss, PoissonLoss, SumLoss, Term
from zooctl.schema.recipe.networks.network import HeadSizes
from zooctl.schema.recipe.networks.profile import BPNetSizes
from zooctl.training.loop.losses import build_loss
from zooctl.training.nets.multi_head import MultiHead
from zooctl.training.nets.parts.heads import JointHead, TaskHeads
from zooctl.training.nets.parts.network import Finished


def network(*heads: HeadSizes) -> MultiHead:
    """Several heads on a small trunk."""
    torch.manual_seed(0)
    trunk = BPNetSizes(key="bpnet", filters=6, dilated_layers=2)
    lengths = {"input_length": 256, "bin_size": 32, "n_tracks": sum(h.n_tracks for h in heads)}
    return make(MultiHead, trunk=trunk, hidden=5, heads=heads, **lengths).eval()


def head(n_tracks: int, output: str, kind: str = "joint") -> HeadSizes:
    """A head with a name of its own."""
    return HeadSizes(name=f"{output}{n_tracks}", n_tracks=n_tracks, output=output, kind=kind)


COVERAGE_AND_PEAKS = (head(2, "rate", "task"), head(1, "logit"), head(3, "class"))


def test_joint_head_has_a_layer_for_all():
    assert sum(p.numel() for p in JointHead(256, 15).parameters()) == 257 * 15


def test_task_heads_equal_networks_of_their_own():
    """Computed side by side, a track equals its own convolution and layer alone."""
    heads = TaskHeads(3, 2, filters=4).eval()
    x = torch.randn(2, 3, 20)
    for track in range(2):
        own = slice(4 * track, 4 * track + 4)
        convolution = heads.hidden[0]
        hidden = torch.nn.functional.conv1d(
            x, convolution.weight[own], convolution.bias[own], padding=3
        )
        hidden = torch.relu(hidden / (1 + 1e-3) ** 0.5)
        expected = torch.nn.functional.conv1d(
            hidden, heads.last.weight[track : track + 1], heads.last.bias[track : track + 1]
        )
        torch.testing.assert_close(heads(x)[:, track : track + 1], expected)


def test_task_heads_begin_as_if_alone():
    """Glorot's bound for 64 filters of width 7 on 256 channels, whatever the number of tracks."""
    bound = (6 / (7 * (256 + 64))) ** 0.5
    for n_tracks in (1, 15):
        largest = TaskHeads(256, n_tracks).hidden[0].weight.abs().max().item()
        assert 0.99 * bound < largest <= bound


def test_tracks_stand_side_by_side(measure):
    net = network(*COVERAGE_AND_PEAKS)
    tracks = net(measure.one_hot(4, 256))
    assert tracks.shape == (4, 6, 8)
    assert net.output == "mixed"
    assert (tracks[:, :2] >= 0).all()
    assert (tracks[:, 2:] < 0).any()


def test_finished_tracks_are_signals_and_probabilities(measure):
    net, x = network(*COVERAGE_AND_PEAKS), measure.one_hot(4, 256)
    tracks, finished = net(x), Finished(net)(x)
    torch.testing.assert_close(finished[:, :2], tracks[:, :2])
    torch.testing.assert_close(finished[:, 2], torch.sigmoid(tracks[:, 2]))
    torch.testing.assert_close(finished[:, 3:].sum(1), torch.ones(4, 8))


def test_heads_of_one_kind_are_that_kind():
    assert network(head(1, "rate"), head(2, "rate")).output == "rate"


def test_begins_at_the_means_it_is_told(measure):
    net = network(*COVERAGE_AND_PEAKS)
    means = torch.tensor([0.5, 4.0, 0.1, 0.2, 0.3, 0.5])
    net.set_output_bias(means)
    for part in net.heads:
        torch.nn.init.zeros_(part.last.weight)
    found = Finished(net)(measure.one_hot(1, 256))[0, :, 0]
    torch.testing.assert_close(found, means)


def test_each_head_learns_from_its_own_loss(measure):
    """Coverage alone: the head of the peaks gets no gradient from it."""
    net = network(head(2, "rate"), head(1, "logit"))
    coverage = Term(loss=PoissonLoss(key="poisson_nll"), tracks=(0, 2))
    peaks = Term(loss=BinaryLoss(key="binary_cross_entropy"), tracks=(2, 3))
    x, target = measure.one_hot(2, 256), torch.ones(2, 3, 8)
    build_loss(SumLoss(key="sum", terms=(coverage,)))(net(x), target).backward()
    first, second = net.heads
    assert first.last.weight.grad.abs().sum() > 0
    assert second.last.weight.grad.abs().sum() == 0
    build_loss(SumLoss(key="sum", terms=(coverage, peaks)))(net(x), target).backward()
    assert second.last.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("heads", [COVERAGE_AND_PEAKS, (head(1, "log"), head(1, "value"))])
def test_onnx_gives_the_same(measure, heads):
    assert measure.onnx_parity(Finished(network(*heads)), measure.one_hot(3, 256)) < 1e-5
