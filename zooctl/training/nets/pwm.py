"""A scan with position weight matrices: the baseline for networks.

Source: Stormo 2000, doi:10.1093/bioinformatics/16.1.16, equation 3 for the log-odds.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.network import PwmScanSizes
from zooctl.training.nets.parts.layers import crop, per_track
from zooctl.training.nets.parts.network import Network, linked
from zooctl.training.nets.parts.window import NetWindow
from zooctl.training.nets.trunks import check_tracks

Counts = Sequence[Sequence[float]]


_EVEN = (0.25, 0.25, 0.25, 0.25)


def log_odds(counts: Counts, *, pseudocount: float, background: Sequence[float] = _EVEN) -> Tensor:
    """Return log2 of each base's probability over the background's, ``(4, length)``.

    Args:
        counts: Of A, C, G and T at each position, ``(length, 4)``; or probabilities.
        pseudocount: Added to each position, in equal parts to the bases.
        background: Probabilities of A, C, G and T in the background.

    >>> log_odds([[8, 0, 0, 0]], pseudocount=0.0)[0]
    tensor([2.])
    """
    table = torch.tensor([list(row) for row in counts], dtype=torch.float64).T
    total = table.sum(dim=0, keepdim=True) + pseudocount
    odds = torch.tensor(background, dtype=torch.float64)[:, None]
    return torch.log2((table + pseudocount / 4) / total / odds).float()


class PwmScan(Network):
    """Best log-odds of each motif in each bin, over both strands of a sequence.

    On either strand a motif is compared with the background of the given one.

    A hit belongs to the bin of its middle base (the left one of two) and lies wholly in the
    window; a bin without a hit has the lowest score that its motif can have. Nothing is trained,
    unless the scores are calibrated: a slope and an offset a track then turn them into logits.

    Raises:
        InputError: The lengths do not fit each other, or a motif is longer than the window.
    """

    kernel: Tensor
    least: Tensor
    fits: Tensor

    def __init__(self, sizes: PwmScanSizes, window: NetWindow) -> None:
        window.check()
        super().__init__(sizes, window)
        check_tracks(len(sizes.motifs), window)
        tables, turned = (
            [
                log_odds(counts, pseudocount=sizes.pseudocount, background=sizes.background)
                for counts in motifs
            ]
            for motifs in (sizes.motifs, map(_reverse_complement, sizes.motifs))
        )
        width = max(table.shape[1] for table in tables)
        if width > window.input_length:
            raise InputError("motif is longer than the window", field="motifs", got=width)
        self.bin_size, self.output_length = window.bin_size, window.output_length
        lowest = [torch.stack([t.amin(dim=0).sum() for t in some]) for some in (tables, turned)]
        least = torch.minimum(*lowest)
        forward = torch.stack([placed(table, width) for table in tables])
        reverse = torch.stack([placed(table, width) for table in turned])
        self.register_buffer("kernel", torch.cat([forward, reverse]))
        self.register_buffer("least", least[None, :, None])
        middle = torch.arange(window.input_length)
        before = torch.tensor([[(table.shape[1] - 1) // 2] for table in tables])
        after = torch.tensor([[table.shape[1] // 2] for table in tables])
        fits = (middle >= before) & (middle < window.input_length - after)
        self.register_buffer("fits", fits[None], persistent=False)
        one_a_track = (1, window.n_tracks, 1)
        self.slope = nn.Parameter(torch.full(one_a_track, 0.1)) if sizes.calibrated else None
        self.offset = nn.Parameter(torch.zeros(one_a_track)) if sizes.calibrated else None

    def raw(self, x: Tensor) -> Tensor:
        missing = self.kernel.shape[-1] - 1
        padded = functional.pad(x, (missing // 2, missing - missing // 2))
        forward, reverse = functional.conv1d(padded, self.kernel).chunk(2, dim=1)
        hits = torch.where(self.fits, torch.maximum(forward, reverse), self.least)
        best = functional.max_pool1d(crop(hits, self.output_length), self.bin_size)
        if self.slope is None or self.offset is None:
            return best
        return best * self.slope + self.offset

    def set_output_bias(
        self, mean: float | Tensor, control_mean: float | Tensor | None = None
    ) -> None:
        """Begin at the mean where a score is 0; scores without calibration stay as they are."""
        if self.offset is not None:
            bias = linked(per_track(mean, self.n_tracks), self.output, self.n_bins)
            with torch.no_grad():
                self.offset.copy_(bias[None, :, None])


def _reverse_complement(counts: Counts) -> Counts:
    """Return a motif's counts as read on the other strand."""
    return [column[::-1] for column in counts[::-1]]


def placed(table: Tensor, width: int) -> Tensor:
    """Return a ``(4, length)`` table padded to ``(4, width)`` with zeros, middle on middle."""
    before = (width - 1) // 2 - (table.shape[1] - 1) // 2
    return functional.pad(table, (before, width - table.shape[1] - before))
