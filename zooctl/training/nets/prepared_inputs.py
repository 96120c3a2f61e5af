"""Preparation of a network's inputs inside of its graph, so that prediction cannot forget it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.intervals import Interval
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.input_moments import Moments, feature_moments, input_moments
from zooctl.training.data.kmer_table import KmerColumn
from zooctl.training.nets.kmer_context import known, padded
from zooctl.training.nets.parts.network import Network
from zooctl.training.nets.siamese import Siamese


class PreparedInputs(Network):
    """A network that reads its inputs after preparation.

    A stretch of the sequence is blanked, values of k-mers are looked up, and signals and features
    are brought to zero mean and unit variance of the training regions. All numbers are buffers,
    and so weights of the entry.

    Args:
        net: The network; its second input are signals per base.
        blank: First base of a hidden stretch and the base after its last; None for none.
        unknown_base: Value of its bases.
        columns: For each signal a table of k-mers, or None for a measured one.
        signals: Shift and scale of each signal; None for none.
        features: Shift and scale of each value of a sample; None for none.
    """

    takes_controls = True

    def __init__(
        self,
        net: Network,
        *,
        blank: tuple[int, int] | None = None,
        unknown_base: float = 0.0,
        columns: Sequence[KmerColumn | None] = (),
        signals: Moments | None = None,
        features: Moments | None = None,
    ) -> None:
        nn.Module.__init__(self)
        self.net = net
        self.output, self.n_tracks, self.n_bins = net.output, net.n_tracks, net.n_bins
        self.n_controls, self.control_length = net.n_controls, net.control_length
        self.n_features = net.n_features
        self.blank, self.unknown_base = blank, unknown_base
        self.k = tuple(0 if column is None else column.k for column in columns)
        for index, column in enumerate(columns):
            if column is not None:
                self.register_buffer(f"kmers_{index}", torch.from_numpy(column.values)[:, None])
        self.standardises = [signals is not None, features is not None]
        for name, moments in (("signals", signals), ("features", features)):
            if moments is not None:
                self.register_buffer(f"{name}_mean", torch.from_numpy(moments.mean))
                self.register_buffer(f"{name}_deviation", torch.from_numpy(moments.deviation))

    def forward(
        self, x: Tensor, control: Tensor | None = None, features: Tensor | None = None
    ) -> Tensor:
        """Return tracks ``(n, n_tracks, n_bins)``.

        Args:
            x: One-hot ``(n, 4, input_length)``.
            control: Measured signals ``(n, n_measured, input_length)``, binned controls, or the
                alternative allele.
            features: Values of the sample ``(n, n_features)``.
        """
        x = self.hidden(x)
        if control is not None and isinstance(self.net, Siamese):
            control = self.hidden(control)  # the alternative allele
        if any(self.k):
            control = self.with_kmers(x, control)
        if self.standardises[0] and control is not None:
            mean, deviation = self.moments("signals")
            control = (control - mean[:, None]) / deviation[:, None]
        if self.standardises[1] and features is not None:
            mean, deviation = self.moments("features")
            features = (features - mean) / deviation
        extra = () if features is None else (features,)
        return cast(Tensor, self.net(x, control, *extra))

    def moments(self, name: str) -> tuple[Tensor, Tensor]:
        """Return the mean and the deviation of signals or features."""
        return self.get_buffer(f"{name}_mean"), self.get_buffer(f"{name}_deviation")

    def hidden(self, x: Tensor) -> Tensor:
        """Return one-hot bases with the blanked stretch unknown."""
        if self.blank is None:
            return x
        start, end = self.blank
        unknown = torch.full_like(x[..., start:end], self.unknown_base)
        return torch.cat([x[..., :start], unknown, x[..., end:]], dim=-1)

    def with_kmers(self, x: Tensor, measured: Tensor | None) -> Tensor:
        """Return all signals ``(n, n_signals, length)`` in the recipe's order."""
        rows, used = [], 0
        for index, k in enumerate(self.k):
            if k:
                values = functional.embedding(kmer_numbers(x, k), self.get_buffer(f"kmers_{index}"))
                rows.append(values.transpose(1, 2))
            elif measured is not None:
                rows.append(measured[:, used : used + 1])
                used += 1
        return torch.cat(rows, dim=1)

    def finish(self, tracks: Tensor) -> Tensor:
        return self.net.finish(tracks)

    def output_bias(self) -> Tensor:
        return self.net.output_bias()


def kmer_numbers(x: Tensor, k: int) -> Tensor:
    """Return the number of the k-mer around each base, ``4**k`` for one with an unknown base.

    Args:
        x: One-hot ``(n, 4, length)``.
        k: Length of the k-mers.

    Returns:
        ``(n, length)`` int64; the first base of a k-mer is the most significant.

    >>> ag = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    >>> kmer_numbers(ag, 2).tolist()
    [[16, 2]]
    """
    length, base = x.shape[-1], known(x)
    values = torch.arange(4, dtype=x.dtype, device=x.device)[:, None]
    digit, weight = padded((base * values).sum(dim=1), k), padded(base.sum(dim=1), k)
    number, counted = digit[:, :length], weight[:, :length]
    for offset in range(1, k):
        number = 4 * number + digit[:, offset : offset + length]
        counted = counted * weight[:, offset : offset + length]
    return torch.where(counted > 0, number, float(4**k)).to(torch.int64)


def with_prepared_inputs(
    net: Network, recipe: Recipe, dataset: Dataset, regions: tuple[Interval, ...]
) -> Network:
    """Return a network with the preparation that its recipe asks for; itself if there is none.

    Args:
        net: The network.
        recipe: Of the training.
        dataset: Has the inputs.
        regions: The training split, which shifts and scales are computed on.
    """
    blank = recipe.windows.blank
    computed = iter(dataset.kmer_columns)
    columns = [next(computed) if one.signal.key == "kmer_values" else None for one in recipe.inputs]
    standardised = any(one.standardise for one in recipe.inputs)
    signals = input_moments(recipe, dataset, regions) if standardised else None
    features = feature_moments(recipe, dataset)
    if blank is None and not any(columns) and signals is None and features is None:
        return net
    return PreparedInputs(
        net,
        blank=None if blank is None else (blank.start, blank.end),
        unknown_base=recipe.unknown_base,
        columns=columns,
        signals=signals,
        features=features,
    )
