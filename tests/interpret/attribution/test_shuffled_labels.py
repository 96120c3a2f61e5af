"""A network trained on shuffled labels has learnt no word, and its importances find none.

Source: Adebayo et al. 2018 (Sanity checks for saliency maps, NeurIPS 31), "data randomisation".
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from zooctl.inference.device.session import one_hot
from zooctl.interpret.attribution.gradients import centred, gradients
from zooctl.interpret.attribution.network import Explained
from zooctl.interpret.attribution.target import TrackTarget
from zooctl.progress import no_advance
from zooctl.sequence.onehot import Codes, encode

WORD = encode(b"TGGCCACC")
LENGTH, N = 40, 400


def planted() -> tuple[Codes, np.ndarray, np.ndarray]:
    """Windows by chance, half of them with the word; where it begins; and the labels."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (N, LENGTH)).astype(np.uint8)
    labels = np.arange(N) % 2 == 0
    starts = rng.integers(0, LENGTH - len(WORD), N)
    for row in np.flatnonzero(labels):
        codes[row, starts[row] : starts[row] + len(WORD)] = WORD
    return codes, starts, labels


class Scan(nn.Module):
    """One layer of filters, the highest place of each, and their sum: ``(n, 1, 1)``."""

    def __init__(self) -> None:
        super().__init__()
        self.filters, self.last = nn.Conv1d(4, 8, len(WORD)), nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        value: Tensor = self.last(torch.relu(self.filters(x)).amax(dim=2))
        return value[:, :, None]


def share_on_the_word(labels: np.ndarray) -> float:
    """Train on labels; return the share of importance that lies on the word where there is one."""
    codes, starts, truth = planted()
    torch.manual_seed(1)
    net = Scan()
    x = torch.from_numpy(one_hot(codes, 0))
    wanted = torch.from_numpy(labels.astype(np.float32))
    optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(60):
        optimiser.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(net(x)[:, 0, 0], wanted)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    explained = Explained(net.eval(), TrackTarget(0, "word", log_odds=False))
    explained.settle(LENGTH, 1)
    weights = np.ones((N, 1), np.float32)
    found = gradients(explained, one_hot(codes, 0), weights, 64, no_advance)
    size = np.abs((centred(found.hypothetical) * one_hot(codes, 0)).sum(axis=1))
    place = np.arange(LENGTH)
    inside = (place >= starts[:, None]) & (place < starts[:, None] + len(WORD))
    return float((size * inside)[truth].sum() / size[truth].sum())


def test_importances_of_shuffled_labels_lie_anywhere() -> None:
    labels = planted()[2]
    shuffled = np.random.default_rng(2).permutation(labels)
    by_chance = len(WORD) / LENGTH
    assert share_on_the_word(labels) > 0.6
    assert share_on_the_word(shuffled) == pytest.approx(by_chance, abs=0.12)
