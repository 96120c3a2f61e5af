"""A scan with position weight matrices: the baseline that networks are measured against.

Source: Stormo 2000, doi:10.1093/bioinformatics/16.1.16, equation 3 for the log-odds.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.errors import InputError
from zooctl.training.nets.parts.layers import check_lengths, crop, per_track
from zooctl.training.nets.parts.network import Network, linked

Counts = Sequence[Sequence[float]]


def log_odds(counts: Counts, *, pseudocount: float = 1.0, background: float = 0.25) -> Tensor:
    """Logarithm to base 2 of each base's probability by that of chance, ``(4, length)``.

    Args:
        counts: Of A, C, G and T at each position, ``(length, 4)``; probabilities will do too.
        pseudocount: Added to each position, shared by the bases.
        background: Probability of each base by chance.

    >>> log_odds([[8, 0, 0, 0]], pseudocount=0.0)[0]
    tensor([2.])
    """
    table = torch.tensor([list(row) for row in counts], dtype=torch.float64).T
    total = table.sum(dim=0, keepdim=True) + pseudocount
    return torch.log2((table + pseudocount / 4) / total / background).float()


class PwmScan(Network):
    """Best log-odds of each motif in each bin, over both strands.

    A hit belongs to the bin of its middle base (the left one of two) and lies wholly in the
    window; a bin without a hit has the least score that its motif can have. Nothing is trained,
    unless the scores are calibrated: a slope and an offset a track then make logits of them.

    Args:
        motifs: Counts of each motif, ``(length, 4)``; one a track.
        input_length: Bases read.
        bin_size: Bases a value covers; the whole output for the best hit of the window.
        output_length: Bases scanned, centred; all that are read if not given.
        pseudocount: See ``log_odds``.
        calibrated: Whether logits are given out in place of scores.

    Raises:
        InputError: The lengths do not fit each other, or a motif is longer than the window.
    """

    kernel: Tensor
    least: Tensor
    fits: Tensor

    def __init__(
        self,
        motifs: Sequence[Counts],
        *,
        input_length: int,
        bin_size: int,
        output_length: int | None = None,
        pseudocount: float = 1.0,
        calibrated: bool = False,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_lengths(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(
            n_tracks=len(motifs),
            n_bins=output_length // bin_size,
            output="logit" if calibrated else "value",
        )
        tables = [log_odds(counts, pseudocount=pseudocount) for counts in motifs]
        width = max(table.shape[1] for table in tables)
        if width > input_length:
            raise InputError("motif is longer than the window", field="motifs", got=width)
        self.bin_size, self.output_length = bin_size, output_length
        least = torch.stack([table.amin(dim=0).sum() for table in tables])
        if not least.isfinite().all():
            raise InputError(
                "a base that never occurs has no logarithm",
                field="pseudocount",
                got=pseudocount,
                hint="use a pseudocount above 0",
            )
        forward = torch.stack([placed(table, width) for table in tables])
        reverse = torch.stack([placed(table.flip(0, 1), width) for table in tables])
        self.register_buffer("kernel", torch.cat([forward, reverse]))
        self.register_buffer("least", least[None, :, None])
        middle = torch.arange(input_length)
        before = torch.tensor([[(table.shape[1] - 1) // 2] for table in tables])
        after = torch.tensor([[table.shape[1] // 2] for table in tables])
        fits = (middle >= before) & (middle < input_length - after)
        self.register_buffer("fits", fits[None], persistent=False)
        self.slope = nn.Parameter(torch.full((1, len(tables), 1), 0.1)) if calibrated else None
        self.offset = nn.Parameter(torch.zeros(1, len(tables), 1)) if calibrated else None

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
        """Begin at the mean where a score is 0; scores that nothing is made of stay as they are."""
        if self.offset is not None:
            bias = linked(per_track(mean, self.n_tracks), self.output, self.n_bins)
            with torch.no_grad():
                self.offset.copy_(bias[None, :, None])


def placed(table: Tensor, width: int) -> Tensor:
    """A ``(4, length)`` table among columns of zero, middle on middle, ``(4, width)``."""
    before = (width - 1) // 2 - (table.shape[1] - 1) // 2
    return functional.pad(table, (before, width - table.shape[1] - before))
