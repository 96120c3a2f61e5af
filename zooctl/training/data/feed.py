"""From windows to what a network reads: batches are cut, made tensors, and given to it."""

from __future__ import annotations

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.onehot import Codes, N
from zooctl.training.data.dataset import Dataset, TrainingBatch, reverse_complement_batch
from zooctl.training.data.sampling import Epoch
from zooctl.training.determinism.parallel import WHOLE, Share


def cut(
    recipe: Recipe, dataset: Dataset, epoch: Epoch, step: int, share: Share = WHOLE
) -> TrainingBatch:
    """The batch of one step of an epoch, or a share of it."""
    first = step * recipe.batch_size
    rows = share.rows(first, min(first + recipe.batch_size, len(epoch.chunks)))
    chunks = epoch.chunks
    starts = chunks.start[rows] - dataset.geometry.input_flank + epoch.shift[rows]
    variants = None if chunks.variant is None else chunks.variant[rows]
    names = [chunks.chroms[i] for i in chunks.chrom[rows]]
    batch = dataset.batch(names, starts, epoch.sample[rows], variants)
    return reverse_complement_batch(batch, epoch.flip[rows])


def onehot(codes: Codes | Tensor, unknown_base: float) -> Tensor:
    """Codes ``(n, input_length)`` as one-hot ``(n, 4, input_length)`` float32."""
    column = torch.as_tensor(codes)[:, None]
    bases = torch.arange(4, dtype=torch.uint8, device=column.device)
    x = (column == bases[None, :, None]).float()
    if unknown_base:
        x += (column == N).float() * unknown_base
    return x


# What a network is called with: one-hot, then its second input, then values of the sample.
Inputs = tuple[Tensor | None, ...]


def tensors(batch: TrainingBatch, unknown_base: float, fabric: Fabric) -> tuple[Inputs, Tensor]:
    """What the network reads of a batch, and the target, on the device.

    The second input is the binned control, signals per base, or one-hot with the alternative base.
    """

    def on_device(array: np.ndarray) -> Tensor:
        found: Tensor = fabric.to_device(torch.from_numpy(array))
        return found

    inputs: list[Tensor | None] = [onehot(on_device(batch.codes), unknown_base)]
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
    """Run the network on what ``tensors`` gives."""
    result: Tensor = net(*inputs)
    return result
