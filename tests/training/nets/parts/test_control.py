"""The background of a control, and the constant that replaces it for export."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional
from toy_nets import make

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.sizes import as_stages
from zooctl.training.nets.parts.control import ControlBackground, with_constant_control
from zooctl.training.nets.parts.network import Finished
from zooctl.training.nets.residualbind import ResidualBind32
from zooctl.training.nets.tf_thesis import ThesisShallow


def test_background_is_a_weighted_sum_of_controls():
    background = ControlBackground(2, 3)
    with torch.no_grad():
        background.scale.copy_(torch.tensor([[0.0, 1.0, -20.0], [5.0, -20.0, -20.0]]))
    found = background(torch.tensor([[[1.0, 2.0], [3.0, 4.0], [100.0, 100.0]]]))
    factors = functional.softplus(torch.tensor([0.0, 1.0, 5.0]))
    expected = torch.tensor([[1.0, 2.0]]) * factors[0] + torch.tensor([[3.0, 4.0]]) * factors[1]
    torch.testing.assert_close(found[0, :1], expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        found[0, 1:], torch.tensor([[1.0, 2.0]]) * factors[2], atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("control_mean", [[0.5], [0.02, 7.0]])
def test_controls_explain_the_rate_they_are_told_to(control_mean):
    background = ControlBackground(2, len(control_mean))
    mean = torch.tensor([0.3, 4.0])
    background.set_rate(mean, torch.tensor(control_mean))
    found = background(torch.tensor(control_mean)[None, :, None])
    torch.testing.assert_close(found[0, :, 0], mean, rtol=1e-4, atol=1e-4)


def test_control_of_zero_leaves_a_finite_factor():
    background = ControlBackground(1, 1)
    background.set_rate(torch.tensor([0.3]), torch.tensor([0.0]))
    assert background.scale.isfinite().all()


def test_every_network_with_rates_takes_a_control(measure):
    """Here ResidualBind-32; the rest as for BPNet."""
    torch.manual_seed(0)
    stages = as_stages((4, 19, 1, 4, 0.2), (4, 7, 1, 4, 0.2), (4, 7, 1, 2, 0.5))
    lengths = {"input_length": 256, "bin_size": 32, "n_tracks": 2, "n_controls": 2}
    net = make(ResidualBind32, **lengths, stages=stages, hidden=4).eval()
    x, value = measure.one_hot(3, 256), torch.tensor([0.2, 1.5])
    expected = net(x, value[None, :, None].expand(3, 2, 8))
    torch.testing.assert_close(with_constant_control(net, value)(x), expected)


def test_constant_signal_per_base_of_a_finished_classifier(measure):
    """The second input of a classifier is per base; the export gives the probability."""
    torch.manual_seed(0)
    net = make(
        ThesisShallow, input_length=300, bin_size=300, n_tracks=1, n_controls=1, hidden=6, merged=5
    ).eval()
    x = measure.one_hot(3, 300)
    fixed = with_constant_control(Finished(net), 2.0)
    torch.testing.assert_close(fixed(x), torch.sigmoid(net(x, torch.full((3, 1, 300), 2.0))))
    assert measure.onnx_parity(fixed, x) < 1e-5


def test_network_without_a_control_is_refused():
    net = make(ThesisShallow, input_length=300, bin_size=300, n_tracks=1)
    for without in (net, Finished(net)):
        with pytest.raises(InputError, match="takes no control"):
            with_constant_control(without, 1.0)
