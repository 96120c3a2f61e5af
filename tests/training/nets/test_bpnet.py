"""BPNet against GOPHER's count and reach, its control, and its ONNX form."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional
from toy_nets import make

from zooctl.errors import InputError
from zooctl.schema.recipe.losses import MultinomialLoss
from zooctl.training.loop.losses import build_loss
from zooctl.training.nets.bpnet import BPNet, OriginalBPNet
from zooctl.training.nets.parts.control import with_constant_control
from zooctl.training.nets.parts.network import Finished


def small(**sizes: object) -> BPNet:
    """A network of BPNet's form that a test can afford."""
    torch.manual_seed(0)
    given = {"input_length": 512, "n_tracks": 2, "bin_size": 16, "filters": 6}
    return make(BPNet, **{**given, "dilated_layers": 3, **sizes}).eval()


def test_has_gophers_count(measure):
    """No batch normalisation: Keras prints the trainable number."""
    counts = measure.keras_count(lambda: make(BPNet, input_length=2048, n_tracks=15, bin_size=32))
    assert counts == (1_824_527, 1_824_527)


@pytest.mark.parametrize("bin_size", [1, 2, 32, 128, 2048])
def test_gives_one_value_a_bin(measure, bin_size):
    net = small(input_length=2048, bin_size=bin_size)
    assert net(measure.one_hot(2, 2048)).shape == (2, 2, 2048 // bin_size)


def test_predicts_the_centre_when_output_is_shorter(measure):
    whole, centre = small(), small(output_length=256)
    centre.load_state_dict(whole.state_dict())
    x = measure.one_hot(2, 512)
    torch.testing.assert_close(centre(x), whole(x)[:, :, 8:24])


def test_reads_2075_bases_a_position(measure):
    net = make(BPNet, input_length=4096, n_tracks=1, bin_size=1, filters=1)
    field = measure.receptive_field(lambda x: net(x)[:, 0, 2048], net, 4096)
    assert len(field) == 2075
    assert (field[0] + field[-1]) // 2 == 2048


def test_pooling_reads_further(measure):
    """First 25 wide, pool 8, then 8·(2·(2+4+8) + 6) = 272 more, and the pool's other 7."""
    net = small(input_length=1024, pool=8, bin_size=8, filters=1)
    field = measure.receptive_field(lambda x: net(x)[:, 0, 64], net, 1024)
    assert len(field) == 25 + 7 + 272


def test_dropout_acts_in_training_alone(measure):
    net = small(dropout=0.5)
    x = measure.one_hot(1, 512)
    assert torch.equal(net(x), net(x))
    net.train()
    assert not torch.equal(net(x), net(x))


def test_exponential_activation_is_exp_of_the_first_convolution(measure):
    net = small(activation="exp")
    x = measure.one_hot(1, 512)
    torch.testing.assert_close(net.first(x), net.first[0](x).exp())


def test_begins_at_the_mean_it_is_told():
    net = small(n_tracks=2)
    net.set_output_bias(torch.tensor([0.05, 7.0]))
    torch.nn.init.zeros_(net.profile.weight)
    rates = net(torch.zeros(1, 4, 512))
    torch.testing.assert_close(rates[0, :, 0], torch.tensor([0.05, 7.0]), rtol=1e-5, atol=0)


def test_control_adds_to_the_rate(measure):
    """rate = softplus(head) + softplus(scale)·control, with scale 0: softplus(0) = ln 2."""
    net, without = small(n_controls=1), small()
    without.load_state_dict({k: v for k, v in net.state_dict().items() if "background" not in k})
    x, control = measure.one_hot(3, 512), torch.rand(3, 1, 32)
    expected = without(x) + 0.6931472 * control
    torch.testing.assert_close(net(x, control), expected)


def test_control_and_head_share_the_mean_at_the_start():
    net = small(n_controls=1)
    net.set_output_bias(0.4, control_mean=0.1)
    torch.nn.init.zeros_(net.profile.weight)
    rates = net(torch.zeros(1, 4, 512), torch.full((1, 1, 32), 0.1))
    torch.testing.assert_close(rates, torch.full_like(rates, 0.4))


def test_constant_control_leaves_the_sequence_alone(measure):
    net = small(n_controls=1)
    x = measure.one_hot(3, 512)
    expected = net(x, torch.full((3, 1, 32), 0.25))
    torch.testing.assert_close(with_constant_control(net, 0.25)(x), expected)


def test_control_that_is_missing_or_unwanted_is_refused(measure):
    with pytest.raises(InputError, match="needs its control"):
        small(n_controls=1)(measure.one_hot(1, 512))
    with pytest.raises(InputError, match="takes no control"):
        with_constant_control(small(), 1.0)


@pytest.mark.parametrize(
    ("sizes", "field"),
    [
        ({"bin_size": 3}, "bin_size"),
        ({"pool": 3}, "pool"),
        ({"pool": 32}, "pool"),
        ({"output_length": 1024}, "output_length"),
        ({"output_length": 511, "bin_size": 1}, "output_length"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(sizes, field):
    with pytest.raises(InputError) as caught:
        small(**sizes)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "sizes", [{"pool": 4, "activation": "exp"}, {"bin_size": 1, "output_length": 256}]
)
def test_onnx_gives_the_same(measure, sizes):
    assert measure.onnx_parity(small(**sizes), measure.one_hot(3, 512)) < 1e-5


def test_onnx_of_a_fixed_control_takes_the_sequence_alone(measure):
    net = with_constant_control(small(n_controls=1), 0.3)
    assert measure.onnx_parity(net, measure.one_hot(5, 512)) < 1e-5


def test_gradient_reaches_every_parameter(measure):
    net = small(n_controls=1).train()
    rate = net(measure.one_hot(2, 512), torch.rand(2, 1, 32))
    functional.poisson_nll_loss(rate, torch.ones_like(rate), log_input=False).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def original(**sizes: object) -> OriginalBPNet:
    """The original form, small."""
    torch.manual_seed(0)
    given = {"input_length": 512, "n_tracks": 2, "bin_size": 16, "filters": 6}
    return make(OriginalBPNet, **{**given, "dilated_layers": 3, **sizes}).eval()


class TestOriginal:
    """The form with a count head."""

    def test_has_gophers_count(self, measure):
        """ori_bpnet of GOPHER; without normalisation all parameters are trainable."""
        counts = measure.keras_count(
            lambda: make(OriginalBPNet, input_length=2048, n_tracks=15, bin_size=1)
        )
        assert counts == (142_622, 142_622)

    @pytest.mark.parametrize("bin_size", [1, 32, 512])
    def test_gives_one_value_a_bin(self, measure, bin_size):
        assert original(bin_size=bin_size)(measure.one_hot(2, 512)).shape == (2, 2, 512 // bin_size)

    def test_shape_reads_2093_bases(self, measure):
        """As GOPHER's form, with 25 instead of 7 in the profile convolution."""
        net = make(OriginalBPNet, input_length=4096, n_tracks=1, bin_size=1, filters=1)
        hidden = lambda x: net.profile(net.dilated(net.first(x)))[:, 0, 2048]  # noqa: E731
        assert len(measure.receptive_field(hidden, net, 4096)) == 2075 + 18

    def test_one_array_carries_shape_and_count(self, measure):
        net, x = original(), measure.one_hot(3, 512)
        tracks, hidden = net(x), net.dilated(net.first(x))
        torch.testing.assert_close(torch.logsumexp(tracks, -1), net.count(hidden.mean(-1)))
        torch.testing.assert_close(
            torch.softmax(tracks, -1), torch.softmax(net.bins(net.profile(hidden)), -1)
        )

    def test_finish_gives_the_expected_counts(self, measure):
        """The count head says log(1 + total): the counts of a window sum to the total."""
        net, x = original(), measure.one_hot(3, 512)
        net.set_output_bias(torch.tensor([0.5, 3.0]))
        torch.nn.init.zeros_(net.count.weight)
        total = net.finish(net(x)).sum(-1)
        torch.testing.assert_close(total, torch.tensor([16.0, 96.0]).expand(3, 2))

    def test_count_below_zero_finishes_at_zero(self, measure):
        net = original()
        torch.nn.init.constant_(net.count.bias, -5.0)
        signal = net.finish(net(measure.one_hot(1, 512)))
        assert (signal == 0).all()

    def test_loss_reaches_both_heads(self, measure):
        net = original()
        loss = build_loss(MultinomialLoss(key="multinomial_nll"))
        loss(net(measure.one_hot(2, 512)), torch.ones(2, 2, 32)).backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.count.parameters())
        assert net.profile.weight.grad.abs().sum() > 0

    def test_onnx_gives_the_same(self, measure):
        assert measure.onnx_parity(Finished(original()), measure.one_hot(3, 512)) < 1e-5


def test_profile_of_log_rates_begins_at_the_mean(measure):
    """The rates of 32 bins sum to one plus the count."""
    net = small(output="log")
    net.set_output_bias(0.5)
    torch.nn.init.zeros_(net.profile.weight)
    signal = net.finish(net(measure.one_hot(1, 512)))
    torch.testing.assert_close(signal, torch.full_like(signal, 0.5))
