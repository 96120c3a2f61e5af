"""From windows to the inputs of a network: batches are cut and turned into tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.onehot import Codes, N
from zooctl.training.data.dataset import Dataset, TrainingBatch, reverse_complement_batch
from zooctl.training.data.sampling import Chunks, Epoch
from zooctl.training.determinism.parallel import WHOLE, Share


def cut(
    recipe: Recipe, dataset: Dataset, epoch: Epoch, step: int, share: Share = WHOLE
) -> TrainingBatch:
    """Return the batch of one step of an epoch, or a share of it."""
    first = step * recipe.batch_size
    rows = share.rows(first, min(first + recipe.batch_size, len(epoch.chunks)))
    chunks = epoch.chunks
    starts = chunks.start[rows] - dataset.geometry.input_flank + epoch.shift[rows]
    variants = None if chunks.variant is None else chunks.variant[rows]
    names = [chunks.chroms[i] for i in chunks.chrom[rows]]
    batch = dataset.batch(names, starts, epoch.sample[rows], variants)
    return _on_trunk(reverse_complement_batch(batch, epoch.flip[rows], dataset.swaps), dataset)


def _on_trunk(batch: TrainingBatch, dataset: Dataset) -> TrainingBatch:
    """Return a batch with the activations of its windows, where a head reads them."""
    if dataset.trunk is None:
        return batch
    return replace(batch, activations=dataset.trunk.activations(batch.codes))


def onehot(codes: Codes | Tensor, unknown_base: float) -> Tensor:
    """Return codes ``(n, input_length)`` as one-hot ``(n, 4, input_length)`` float32."""
    column = torch.as_tensor(codes)[:, None]
    bases = torch.arange(4, dtype=torch.uint8, device=column.device)
    x = (column == bases[None, :, None]).float()
    if unknown_base:
        x += (column == N).float() * unknown_base
    return x


def validation_batches(
    dataset: Dataset, chunks: Chunks, size: int, share: Share = WHOLE
) -> Iterator[TrainingBatch]:
    """Yield the batches of all chunks, once in each sample, in order; a process has its share."""
    places = [(n, first) for n in range(dataset.n_samples) for first in range(0, len(chunks), size)]
    for sample, first in places[share.rank :: share.n]:
        part = chunks.take(np.arange(first, min(first + size, len(chunks))))
        names = [part.chroms[i] for i in part.chrom]
        starts = part.start - dataset.geometry.input_flank
        batch = dataset.batch(names, starts, np.full(len(part), sample), part.variant)
        if part.reverse is not None:
            batch = reverse_complement_batch(batch, part.reverse, dataset.swaps)
        yield _on_trunk(batch, dataset)


# Arguments of a network: one-hot or a trunk's activations, then its second input, then values of
# the sample.
Inputs = tuple[Tensor | None, ...]


def tensors(batch: TrainingBatch, unknown_base: float, fabric: Fabric) -> tuple[Inputs, Tensor]:
    """Return the network's inputs and the target of a batch, on the device.

    The second input is the binned control, signals per base, or one-hot with the alternative base.
    """

    def on_device(array: np.ndarray) -> Tensor:
        tensor: Tensor = fabric.to_device(torch.from_numpy(array))
        return tensor

    inputs: list[Tensor | None] = [
        onehot(on_device(batch.codes), unknown_base)
        if batch.activations is None
        else on_device(batch.activations)
    ]
    second = None
    if batch.control.shape[1]:
        second = on_device(batch.control)
    elif batch.signals is not None:
        second = on_device(batch.signals)
    elif batch.alternative is not None:
        second = onehot(on_device(batch.alternative), unknown_base)
    if batch.features is not None:
        inputs += [second, on_device(batch.features)]
    elif second is not None:
        inputs.append(second)
    return tuple(inputs), on_device(batch.target)


def predict(net: nn.Module, inputs: Inputs) -> Tensor:
    """Run the network on its inputs, as ``tensors`` returns them."""
    result: Tensor = net(*inputs)
    return result
