"""DeepLIFT and integrated gradients: by hand on a conjunction, and against the libraries' own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient
from tangermeme.deep_lift_shap import deep_lift_shap
from torch import Tensor, nn
from torch.nn import functional

from zooctl.interpret.attribution.deeplift import against_references, multipliers_of_deeplift
from zooctl.interpret.attribution.gradients import (
    ReferencePairs,
    centred,
    gradients,
    integrated_gradients,
    summarise_pairs,
)
from zooctl.interpret.attribution.network import Explained
from zooctl.interpret.attribution.references import shuffled_references
from zooctl.interpret.attribution.target import TrackTarget
from zooctl.progress import no_advance
from zooctl.training.nets.parts.layers import Exp

ONE = TrackTarget(0, "toy", log_odds=False)


class Both(nn.Module):
    """1 where both bases are A, else 0; the activation is called as a function."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x[:, 0].sum(dim=1) - 1)[:, None, None]


class Thrice(nn.Module):
    """exp of the number of A, as a module of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.exp = Exp()

    def forward(self, x: Tensor) -> Tensor:
        return self.exp(x[:, 0].sum(dim=1))[:, None, None]


@pytest.fixture(autouse=True)
def any_algorithm() -> Iterator[None]:
    """Other tests of the process train, and leave torch deterministic; the libraries' own fail."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    yield
    torch.use_deterministic_algorithms(before)


def onehot(text: str) -> Tensor:
    return torch.eye(4)[["ACGT".index(base) for base in text]].T[None].contiguous()


def explained(net: nn.Module, length: int) -> Explained:
    made = Explained(net, ONE)
    made.settle(length, 1)
    return made.eval()


def pairs(window: str, reference: str) -> ReferencePairs:
    return ReferencePairs(onehot(window), onehot(reference), torch.ones(1, 1))


def test_a_conjunction_by_hand() -> None:
    net, pair = explained(Both(), 2), pairs("AA", "CC")
    # The output rises by 1 over an input that rises by 2: half for each base.
    found = multipliers_of_deeplift(net, pair)
    assert found[0, 0].tolist() == [0.5, 0.5]
    hypothetical, values, missed = summarise_pairs(net, pair, found)
    # Each A replaces a C, whose multiplier is 0.
    assert hypothetical[0].tolist() == [[0.5, 0.5], [0, 0], [0, 0], [0, 0]]
    assert values.tolist() == [1.0]
    assert missed.tolist() == [[0.0, 1.0]]
    # On the way from CC to AA the gradient is 0 over the first half and 1 over the second.
    integral = integrated_gradients(net, pair, 200)
    np.testing.assert_allclose(integral[0, 0], [0.5, 0.5], atol=0.01)
    # The gradient at AA itself is 1 for each.
    at = gradients(net, pair.x.numpy(), np.ones((1, 1), np.float32), 1, no_advance)
    assert at.hypothetical[0, 0].tolist() == [1.0, 1.0]
    assert centred(at.hypothetical)[0, :, 0].tolist() == [0.75, -0.25, -0.25, -0.25]


def test_an_exponential_has_the_rescale_rule() -> None:
    found = multipliers_of_deeplift(explained(Thrice(), 3), pairs("AAC", "CCC"))
    # (e^2 - e^0) / 2 for each A; the gradient would be e^2.
    np.testing.assert_allclose(found[0, 0], [(np.exp(2) - 1) / 2] * 3, rtol=1e-5)


def trained_like(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv1d(4, 8, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(8, 8, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * 20, 1),
        nn.Softplus(),
        nn.Unflatten(1, (1, 1)),
    ).eval()


def test_tangermemes_own_agrees() -> None:
    net, rng = trained_like(), np.random.default_rng(1)
    windows = rng.integers(0, 4, (3, 40)).astype(np.uint8)
    found = against_references(
        explained(net, 40),
        windows,
        np.ones((3, 1), np.float32),
        "deeplift",
        unknown_base=0.0,
        n_references=7,
        n_steps=1,
        seed=5,
        batch_size=4,
        advance=no_advance,
    )
    x = torch.stack([onehot("".join("ACGT"[c] for c in window))[0] for window in windows])
    references = torch.eye(4)[torch.from_numpy(shuffled_references(windows, 7, 5)).long()]
    own = deep_lift_shap(
        nn.Sequential(net, nn.Flatten()),
        x,
        references=references.transpose(2, 3).contiguous(),
        hypothetical=True,
        device="cpu",
    )
    np.testing.assert_allclose(found.hypothetical, own.numpy(), atol=1e-6)
    assert np.abs(own.numpy()).max() > 0.005
    assert (found.deltas < 1e-4).all()


def test_determinism_of_training_is_no_hindrance_and_stays() -> None:
    net, pair = explained(trained_like(), 40), pairs("AC" * 20, "GT" * 20)
    torch.use_deterministic_algorithms(True)
    try:
        found = multipliers_of_deeplift(net, pair)
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(found, multipliers_of_deeplift(net, pair))


def test_captums_gradient_times_input_agrees() -> None:
    net = trained_like(3)
    x = onehot("ACGTTGCA" * 5)
    found = gradients(explained(net, 40), x.numpy(), np.ones((1, 1), np.float32), 8, no_advance)
    own = InputXGradient(nn.Sequential(net, nn.Flatten())).attribute(x.requires_grad_(), 0)
    np.testing.assert_allclose(found.hypothetical * x.detach().numpy(), own.detach(), atol=1e-6)


def test_a_product_of_bases_is_missed_and_told() -> None:
    class Product(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x[:, 0, 0] * x[:, 0, 1])[:, None, None]

    net, pair = explained(Product(), 2), pairs("AA", "CC")
    _, _, missed = summarise_pairs(net, pair, multipliers_of_deeplift(net, pair))
    # Taken as linear, each of two factors gets all of it: 2 where the change is 1.
    assert missed[0].tolist() == pytest.approx([1.0, 1.0])
