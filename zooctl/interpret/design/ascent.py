"""Design by gradient ascent on relaxed bases: activation maximisation with an L2 penalty.

Source: Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034; bases are relaxed to the softmax of
four weights a position, and the penalty is on these.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from zooctl.inference.device.session import one_hot
from zooctl.inference.model import OpenModel
from zooctl.interpret.attribution.network import device_of, open_network
from zooctl.interpret.attribution.target import target_of
from zooctl.interpret.design.constraints import Constraints
from zooctl.interpret.design.greedy import Design, Objective
from zooctl.interpret.interventions.window_value import ValueOf
from zooctl.progress import Advance, no_advance
from zooctl.sequence.onehot import Codes

# Weight of the base that stands at a position in the beginning.
_FIRST = 3.0
_RATE = 0.5


def ascend(
    model: OpenModel,
    value: ValueOf,
    weights: NDArray[np.float32],
    start: Codes,
    span: tuple[int, int],
    objective: Objective,
    constraints: Constraints,
    *,
    track: str | None,
    sign: float,
    rounds: int,
    l2: float,
    advance: Advance = no_advance,
) -> Design:
    """Follow the gradient of a network's number, and keep the best sequence on the way.

    Args:
        model: The model; it needs a torch network.
        value: The number of a window.
        weights: Of the bins, ``(1, n_bins)``.
        start: Codes ``(length,)``.
        span: First base that may change, and past the last.
        objective: What is made as large as possible.
        constraints: Constraints on the span; a sequence that does not meet them is not kept.
        track: Name of the track.
        sign: 1 to ascend, -1 to descend.
        rounds: Steps.
        l2: Penalty on the squared weights of a position.
        advance: Called with 1 after each step.

    Raises:
        InputError: The entry has a graph alone.
    """
    net = open_network(model, target_of(model.card, track))
    device = device_of(net)
    fixed = torch.from_numpy(one_hot(start[None], model.card.unknown_base)).to(device)
    bins = torch.from_numpy(np.asarray(weights, dtype=np.float32)).to(device)
    free = (_FIRST * fixed[:, :, slice(*span)]).clone().requires_grad_(True)
    optimiser = torch.optim.Adam([free], lr=_RATE)
    best, numbers = start.copy(), [float(value(start[None])[0])]
    is_met = not constraints.violations(start[None], span)[0]
    for _ in range(rounds):
        optimiser.zero_grad()
        x = torch.cat(
            [fixed[:, :, : span[0]], torch.softmax(free, dim=1), fixed[:, :, span[1] :]], dim=2
        )
        loss = -sign * net(x, bins).sum() + l2 * (free**2).sum() / (span[1] - span[0])
        loss.backward()
        optimiser.step()
        codes = start.copy()
        codes[slice(*span)] = free.detach()[0].argmax(dim=0).cpu().numpy().astype(np.uint8)
        met = not constraints.violations(codes[None], span)[0]
        found = value(codes[None])
        better = objective(found)[0] > objective(np.array([numbers[-1]]))[0]
        if met and (better or not is_met):
            best, is_met = codes, True
            numbers.append(float(found[0]))
        advance(1)
    return Design(start, best, tuple(numbers))
