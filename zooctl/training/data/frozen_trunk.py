"""Activations of another model's trunk for windows: computed once, and kept in the cache."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from zooctl.catalog import registry
from zooctl.errors import InputError, IntegrityError
from zooctl.files.disk.sealed_cache import derived_folder, read_sealed, write_sealed
from zooctl.inference.device.runtime import VERSION
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.inference.tracks.penultimate import Penultimate, covered_length, penultimate
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.windows import Geometry

_FOLDER = "activations"


class ActivationBins(nn.Module):
    """Mean activations of each bin, from a tensor as the trunk's graph has it.

    Args:
        trunk: Lengths of the trunk's window.
        geometry: Lengths of the head's window; bins lie around the same middle.
        n: Positions of the tensor.
        channels_last: Whether features are its last axis.

    Raises:
        InputError: Bins are no whole number of positions, or lie beyond them.
    """

    def __init__(
        self, trunk: Geometry, geometry: Geometry, n: int, *, channels_last: bool = False
    ) -> None:
        super().__init__()
        self.channels_last = channels_last
        self.first, self.last, self.each = 0, n, n
        if n == 1 and geometry.n_bins == 1:
            return
        length = covered_length(trunk, n)
        step, outside = length // n, (length - geometry.output_length) // 2
        if length % n or outside < 0 or geometry.bin_size % step or outside % step:
            raise InputError(
                "bins do not fit the positions of the trunk",
                field="window.bin_size",
                got=f"{geometry.n_bins:,} bins of {geometry.bin_size:,} bp",
                expected=f"multiples of {length / n:g} bp, {length:,} bp at most",
            )
        self.first, self.each = outside // step, geometry.bin_size // step
        self.last = self.first + geometry.output_length // step

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, features, n_bins)``."""
        if self.channels_last:
            x = x.movedim(-1, 1)
        positions = x.flatten(2) if x.dim() > 2 else x.unsqueeze(2)
        return functional.avg_pool1d(positions[:, :, self.first : self.last], self.each)


@dataclass(frozen=True, eq=False)
class FrozenTrunk:
    """The trunk of another model, below the head that a recipe trains.

    Nothing is read before its first use: an entry with such a head is judged and read without the
    model that the trunk is of.

    Attributes:
        recipe: Names the model, and the lengths of the head's window.
    """

    recipe: Recipe

    @cached_property
    def _model(self) -> OpenModel:
        recipe, init = self.recipe, self.recipe.init_from
        assert init is not None
        assert init.model is not None
        options = SessionOptions(device="cpu", threads=recipe.threads)
        model = OpenModel(registry.entry(init.model), options)
        for field, got, expected in (
            ("window.input_length", recipe.window.input_length, model.card.input_length),
            ("unknown_base", recipe.unknown_base, model.card.unknown_base),
        ):
            if got != expected:
                raise InputError(
                    f"the trunk is that of {init.model}", field=field, got=got, expected=expected
                )
        if init.sha256 not in (None, model.weights_digest):
            raise IntegrityError(
                "trunk is not the one that the recipe pins",
                field="init_from.sha256",
                got=model.weights_digest,
                expected=init.sha256,
            )
        return model

    @cached_property
    def layers(self) -> Penultimate:
        """Its graph up to the activations.

        Raises:
            InputError: The model reads more than the sequence, has one layer alone, or does not fit
                the recipe.
            IntegrityError: It is not the model that the recipe pins.
        """
        return penultimate(self._model, self.recipe.threads)

    @cached_property
    def bins(self) -> ActivationBins:
        """The step from its activations to those of the recipe's bins."""
        window = np.full((1, self.recipe.window.input_length), N, np.uint8)
        _, features, n = self.layers.positions(window).shape
        expected = getattr(self.recipe.network, "features", None)
        if features != expected:
            raise InputError(
                "the trunk has another number of activations",
                field="network.features",
                got=expected,
                expected=features,
            )
        return ActivationBins(
            self._model.card.geometry,
            self.recipe.window.geometry,
            n,
            channels_last=self.layers.channels_last,
        )

    def raw(self, codes: Codes) -> NDArray[np.float32]:
        """Return the tensor of the graph for windows of codes ``(n, input_length)``.

        Windows are run one by one, because last bits may depend on the others of a batch.
        """
        return np.concatenate([self.layers.raw(window[None]) for window in codes])

    def activations(self, codes: Codes) -> NDArray[np.float32]:
        """Return the activations of windows of codes, ``(n, features, n_bins)``."""
        return np.stack([self._cached(window) for window in codes])

    @cached_property
    def _source(self) -> str:
        """All that activations depend on beside the window."""
        own = (self.recipe.window.geometry, self.recipe.unknown_base, self.recipe.threads)
        graph = hashlib.sha256(self.layers.graph).hexdigest()
        return f"{graph} {own!r} onnxruntime {VERSION}"

    def _cached(self, window: Codes) -> NDArray[np.float32]:
        source = f"{self._source} {hashlib.sha256(window.tobytes()).hexdigest()}"
        name = hashlib.sha256(source.encode()).hexdigest()
        path = derived_folder(f"{_FOLDER}/{name[:2]}") / f"{name}.npy"
        content = read_sealed(path, source)
        if content is not None:
            kept: NDArray[np.float32] = np.load(io.BytesIO(content), allow_pickle=False)
            return kept
        found = self._compute(window)
        written = io.BytesIO()
        np.save(written, found, allow_pickle=False)
        write_sealed(path, source, written.getvalue())
        return found

    @torch.no_grad()
    def _compute(self, window: Codes) -> NDArray[np.float32]:
        (found,) = self.bins(torch.from_numpy(self.raw(window[None]))).numpy()
        return cast(NDArray[np.float32], found)


def frozen_trunk(recipe: Recipe) -> FrozenTrunk | None:
    """Return the trunk below a recipe's head; None for a network of its own."""
    return FrozenTrunk(recipe) if recipe.network.key == "trunk_head" else None
