"""The common interface: biases from means, outputs, and the values that a card states."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zooctl.training.nets.parts.network import activate, finish, linked

OUTPUTS = ["rate", "value", "logit", "log"]


@given(st.sampled_from(OUTPUTS), st.floats(1e-3, 0.99), st.integers(1, 64))
def test_a_linked_bias_finishes_at_the_mean(output, mean, n_bins):
    """For every kind of output, a network that gives its bias alone is right on average."""
    bias = linked(torch.tensor([mean], dtype=torch.float64), output, n_bins)
    tracks = activate(bias[None, :, None].expand(1, 1, n_bins), output)
    found = finish(tracks, output)
    torch.testing.assert_close(found, torch.full_like(found, mean), rtol=1e-6, atol=1e-9)


def test_classes_finish_at_their_shares():
    shares = torch.tensor([0.7, 0.2, 0.1])
    found = finish(linked(shares, "class", 1)[None, :, None], "class")
    torch.testing.assert_close(found[0, :, 0], shares)


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_mean_of_zero_gives_a_finite_bias(output):
    assert linked(torch.zeros(2), output, 8).isfinite().all()


def test_log_rates_finish_as_counts():
    """Rates 1, 2 and 4 sum to one plus a count of 6, spread as they are."""
    found = finish(torch.tensor([[[1.0, 2.0, 4.0]]]).log(), "log")
    torch.testing.assert_close(found, 6 * torch.tensor([[[1.0, 2.0, 4.0]]]) / 7)
