"""Filters of the first convolution that begin as motifs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from zooctl.errors import InputError
from zooctl.files.motifs import Motif


def start_as_motifs(net: nn.Module, motifs: Sequence[Motif]) -> int:
    """Give the first filters of a network the log odds of motifs; return their number.

    A filter keeps the norm that it was drawn with, so that activations begin at the same scale.

    Args:
        net: Changed in place.
        motifs: One a filter; those beyond the network's filters are left out.

    Raises:
        InputError: The network has no convolution over bases.
    """
    if not motifs:
        return 0
    layer = next(
        (one for one in net.modules() if isinstance(one, nn.Conv1d) and one.in_channels == 4), None
    )
    if layer is None:
        raise InputError("network has no convolution over bases", field="motif_filters")
    width = layer.kernel_size[0]
    with torch.no_grad():
        for filter_, motif in zip(layer.weight, motifs, strict=False):
            table = torch.from_numpy(placed_log_odds(motif, width)).to(filter_.dtype)
            filter_.copy_(table * (filter_.norm() / table.norm().clamp(min=1e-12)))
    return min(len(motifs), layer.out_channels)


def placed_log_odds(motif: Motif, width: int) -> NDArray[np.float64]:
    """Return log2 odds ``(4, width)``: the motif in the middle, or its most informative stretch.

    >>> placed_log_odds(Motif("a", np.array([[3.0, 0, 0, 0]])), 3).round(1)[:, 1].tolist()
    [1.7, -2.0, -2.0, -2.0]
    """
    odds = motif.log_odds()
    if len(odds) > width:
        bits = np.convolve(motif.information(), np.ones(width), mode="valid")
        odds = odds[(first := int(bits.argmax())) : first + width]
    before = (width - len(odds)) // 2
    return np.pad(odds, ((before, width - len(odds) - before), (0, 0))).T.copy()
