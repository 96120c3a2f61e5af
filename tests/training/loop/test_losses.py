"""Losses against numbers worked by hand, against SciPy and torch, and at the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from torch.nn import functional

from zooctl.schema.recipe.losses import Loss
from zooctl.training.loop import losses
from zooctl.training.loop.losses import build_loss

torch.set_num_threads(1)


def spec(**values: object) -> Loss:
    """A loss as a recipe would give it."""
    return TypeAdapter(Loss).validate_python(values)


def tensor(*rows: list[float]) -> torch.Tensor:
    """One sample, one row a track."""
    return torch.tensor([list(rows)])


def random_pair(n: int = 5, tracks: int = 3, bins: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Positive predictions and counts."""
    generator = torch.Generator().manual_seed(1)
    pred = torch.rand(n, tracks, bins, generator=generator) * 3 + 0.1
    return pred, torch.poisson(pred.flip(0), generator=generator)


LOSSES = [
    {"key": "mse"},
    {"key": "mse", "signal_weight": 0.5, "track_weights": [1, 2, 0.5]},
    {"key": "poisson_nll"},
    {"key": "poisson_nll", "track_weights": [1, 0, 2]},
    {"key": "multinomial_nll"},
    {"key": "binary_cross_entropy", "positive_weights": [4.0, 1.0, 9.0]},
    {"key": "categorical_cross_entropy", "class_weights": [1, 2, 3]},
    {"key": "pearson"},
    {"key": "r2"},
    {
        "key": "sum",
        "terms": [
            {"loss": {"key": "pearson"}},
            {"loss": {"key": "mse"}, "weight": 0.001, "tracks": [1, 3]},
        ],
    },
]


def test_mse_by_hand():
    """Errors 1, 2, 3 and 0: 14 / 4."""
    assert losses.mse(tensor([1.0, 2.0], [3.0, 4.0]), tensor([0.0, 4.0], [0.0, 4.0])) == 3.5


def test_weighted_mse_by_hand():
    """Weights 1 + 0.5·|t| are 1 and 3, errors 1 and 2: (1·1 + 3·4) / 4."""
    loss = build_loss(spec(key="mse", signal_weight=0.5))
    assert loss(tensor([1.0, 2.0]), tensor([0.0, 4.0])) == 3.25
    loss = build_loss(spec(key="mse", track_weights=[1, 3]))
    assert loss(tensor([1.0], [2.0]), tensor([0.0], [0.0])) == 3.25


def test_poisson_by_hand_and_against_scipy():
    """With the factorial it is SciPy's Poisson."""
    assert losses.poisson_nll(tensor([1.0, 2.0]), tensor([3.0, 0.0])) == pytest.approx(1.5)
    pred, target = random_pair()
    factorials = torch.lgamma(target + 1).mean()
    expected = -scipy.stats.poisson.logpmf(target.numpy(), pred.numpy()).mean()
    assert losses.poisson_nll(pred, target) + factorials == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(
        losses.poisson_nll(pred, target),
        functional.poisson_nll_loss(pred, target, log_input=False, eps=1e-7),
    )


def test_multinomial_by_hand():
    """Two bins of probability 1/2, counts 1 and 1: -log(2·1/4) = log 2."""
    assert losses.multinomial_nll(tensor([5.0, 5.0]), tensor([1.0, 1.0])) == pytest.approx(
        math.log(2)
    )


def test_multinomial_against_scipy():
    """Summed over tracks, averaged over the batch."""
    pred, target = random_pair()
    p = torch.softmax(pred.double(), -1).numpy()
    counts = target.numpy()
    expected = -scipy.stats.multinomial.logpmf(counts, counts.sum(-1), p).sum(-1).mean()
    assert losses.multinomial_nll(pred, target) == pytest.approx(expected, rel=1e-5)


def test_count_term_reads_the_sum_of_rates():
    """Rates 1 and 2 say log(1 + total) = log 3; the total is 0: (log 3)²."""
    pred = tensor([0.0, math.log(2)])
    assert losses.count_mse(pred, tensor([0.0, 0.0])) == pytest.approx(math.log(3) ** 2)
    whole = build_loss(spec(key="multinomial_nll", count_weight=0.5))(pred, tensor([0.0, 0.0]))
    assert whole == pytest.approx(math.log(3) ** 2 / 2)


def test_binary_by_hand():
    """Logit 0 costs log 2 either way; a positive counted four times costs 4·log 2."""
    logits, target = tensor([0.0, 0.0]), tensor([1.0, 0.0])
    loss = build_loss(spec(key="binary_cross_entropy", positive_weights=[4.0]))
    assert loss(logits, target) == pytest.approx(2.5 * math.log(2))


@pytest.mark.parametrize("unknown", [-1.0, math.nan])
def test_binary_leaves_out_what_is_ambiguous(unknown):
    logits = tensor([0.0, 7.0], [1.0, -7.0])
    target = tensor([1.0, unknown], [0.0, unknown])
    expected = losses.binary_cross_entropy(logits[..., :1], target[..., :1])
    torch.testing.assert_close(losses.binary_cross_entropy(logits, target), expected)


def test_categorical_by_hand_and_against_torch():
    """Three equal logits cost log 3."""
    zeros = torch.zeros(1, 3, 1)
    target = torch.tensor([[[0.0], [1.0], [0.0]]])
    assert losses.categorical_cross_entropy(zeros, target) == pytest.approx(math.log(3))
    logits, _ = random_pair()
    classes = torch.randint(3, (5, 8), generator=torch.Generator().manual_seed(0))
    onehot = functional.one_hot(classes, 3).movedim(2, 1).float()
    weights = torch.tensor([1.0, 2.0, 5.0])
    torch.testing.assert_close(
        losses.categorical_cross_entropy(logits, onehot, None, weights),
        functional.cross_entropy(logits, classes, weights),
    )


def test_categorical_groups_are_separate():
    """Two groups of three classes are the mean of both alone; an empty position is unknown."""
    logits = torch.randn(4, 6, 2, generator=torch.Generator().manual_seed(3))
    target = torch.zeros(4, 6, 2)
    target[:, 1], target[:, 5] = 1, 1
    loss = build_loss(spec(key="categorical_cross_entropy", n_classes=3))
    halves = [
        losses.categorical_cross_entropy(logits[:, half], target[:, half])
        for half in (slice(0, 3), slice(3, 6))
    ]
    torch.testing.assert_close(loss(logits, target), sum(halves) / 2)
    target[:, 5] = 0
    torch.testing.assert_close(loss(logits, target), halves[0])


def test_pearson_against_scipy():
    """Over samples and bins together, one track at a time."""
    pred, target = random_pair()
    pred[:, 1] = -target[:, 1] * 2 + 1
    correlations = [
        scipy.stats.pearsonr(pred[:, t].flatten(), target[:, t].flatten())[0] for t in range(3)
    ]
    assert correlations[1] == pytest.approx(-1)
    assert losses.pearson(pred, target) == pytest.approx(1 - np.mean(correlations), abs=1e-6)


def test_r2_by_hand():
    """Target 0, 2 has variance sum 2, errors 1 and 0: 1/2; a constant track adds 0."""
    pred, target = tensor([1.0, 2.0], [1.0, 2.0]), tensor([0.0, 2.0], [3.0, 3.0])
    assert losses.r2(pred, target) == pytest.approx(0.25)


def test_r2_of_the_mean_is_one():
    _, target = random_pair()
    mean = target.mean(dim=(0, 2), keepdim=True).expand_as(target)
    assert losses.r2(mean, target) == pytest.approx(1.0)


def test_sum_weighs_its_terms_on_their_tracks():
    """0.5·MSE of the first track, 2·Poisson of the second."""
    loss = build_loss(
        spec(
            key="sum",
            terms=[
                {"loss": {"key": "mse"}, "weight": 0.5, "tracks": [0, 1]},
                {"loss": {"key": "poisson_nll"}, "weight": 2.0, "tracks": [1, 2]},
            ],
        )
    )
    assert loss(tensor([3.0], [1.0]), tensor([1.0], [0.0])) == pytest.approx(0.5 * 4 + 2)


@pytest.mark.parametrize("values", LOSSES, ids=lambda v: "-".join(map(str, v.values()))[:40])
class TestEveryLoss:
    """Properties of every loss."""

    def test_unknown_bins_do_not_count(self, values):
        """Cutting bins off equals making them unknown."""
        pred, target = random_pair()
        target = target.clamp(max=1)
        masked = target.clone()
        masked[..., 6:] = math.nan
        loss = build_loss(spec(**values))
        torch.testing.assert_close(loss(pred, masked), loss(pred[..., :6], target[..., :6]))

    @pytest.mark.parametrize(
        ("pred", "target"),
        [
            (torch.ones(2, 3, 4), torch.zeros(2, 3, 4)),
            (torch.zeros(2, 3, 4), torch.zeros(2, 3, 4)),
            (torch.zeros(2, 3, 4), torch.ones(2, 3, 4)),
            (torch.full((2, 3, 4), 2.0), torch.tensor([0.0, 1.0, 0.0, 1.0]).expand(2, 3, 4)),
            (torch.full((2, 3, 4), 80.0), torch.ones(2, 3, 4)),
            (torch.ones(2, 3, 4), torch.full((2, 3, 4), math.nan)),
            (torch.full((2, 3, 4), 1e-30), torch.full((2, 3, 4), 1e4)),
        ],
    )
    def test_value_and_gradient_are_finite(self, values, pred, target):
        if values["key"] in ("binary_cross_entropy", "categorical_cross_entropy"):
            target = target.clamp(max=1)
        pred = pred.clone().requires_grad_()
        value = build_loss(spec(**values))(pred, target)
        assert value.shape == ()
        assert value.isfinite()
        value.backward()
        assert pred.grad.isfinite().all()

    def test_gradient_goes_down(self, values):
        """A small step against the gradient lowers the loss."""
        pred, target = random_pair()
        target = target.clamp(max=1)
        loss = build_loss(spec(**values))
        pred.requires_grad_()
        before = loss(pred, target)
        before.backward()
        with torch.no_grad():
            assert loss(pred - 1e-3 * pred.grad, target) < before


@settings(max_examples=50, deadline=None)
@given(st.floats(0.1, 50), st.floats(-5, 5), st.integers(0, 2**31))
def test_pearson_ignores_scale_and_offset(scale, offset, seed):
    generator = torch.Generator().manual_seed(seed)
    pred, target = torch.randn(2, 3, 2, 16, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(
        losses.pearson(scale * pred + offset, target), losses.pearson(pred, target)
    )


@pytest.mark.parametrize(
    "values",
    [
        {"key": "mea"},
        {"key": "mse", "signal_weight": -1.0},
        {"key": "poisson_nll", "weights": [1.0]},
        {"key": "categorical_cross_entropy", "n_classes": 1},
        {"key": "sum", "terms": []},
        {"key": "sum", "terms": [{"loss": {"key": "mse"}, "tracks": [2, 2]}]},
        {"key": "sum", "terms": [{"loss": {"key": "sum", "terms": []}}]},
    ],
)
def test_bad_specs_are_refused(values):
    with pytest.raises(ValidationError):
        spec(**values)


def test_sum_reads_what_all_its_terms_read():
    pearson_mse = spec(key="sum", terms=[{"loss": {"key": "pearson"}}, {"loss": {"key": "mse"}}])
    assert pearson_mse.outputs == {"rate", "value"}
    mixed = spec(key="sum", terms=[{"loss": {"key": "poisson_nll"}}, {"loss": {"key": "mse"}}])
    assert mixed.outputs == {"rate"}
    parted = spec(
        key="sum",
        terms=[
            {"loss": {"key": "poisson_nll"}, "tracks": [0, 2]},
            {"loss": {"key": "binary_cross_entropy"}, "tracks": [2, 3]},
        ],
    )
    assert parted.outputs == {"mixed"}
