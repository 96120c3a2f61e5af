"""Mean of several trained networks as one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zooctl.training.nets.parts.network import Finished

# Attribute that holds the networks, and so the head of their weights' names.
MEMBERS = "members"


class Average(nn.Module):
    """Networks whose predictions, in the unit of the card, are averaged.

    The mean is of probabilities or signals, and not of logits.
    """

    def __init__(self, members: Sequence[Finished]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.n_controls, self.control_length = members[0].n_controls, members[0].control_length

    def forward(
        self, x: Tensor, control: Tensor | None = None, features: Tensor | None = None
    ) -> Tensor:
        """Return signal or probability ``(n, n_tracks, n_bins)``."""
        return torch.stack([net(x, control, features) for net in self.members]).mean(dim=0)
