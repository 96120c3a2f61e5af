"""From windows to what a network reads: batches are cut, made tensors, and given to it."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from zooctl.catalog.recipe import Recipe
from zooctl.sequence.onehot import Codes, N
from zooctl.training.dataset import Batch, Dataset, reverse_complement_batch
from zooctl.training.parallel import WHOLE, Share
from zooctl.training.sampling import Epoch


def cut(recipe: Recipe, dataset: Dataset, epoch: Epoch, step: int, share: Share = WHOLE) -> Batch:
    """The batch of one step of an epoch, or a share of it."""
    first = step * recipe.batch_size
    rows = share.rows(first, min(first + recipe.batch_size, len(epoch.chunks)))
    chunks = epoch.chunks
    starts = chunks.start[rows] - dataset.geometry.input_flank + epoch.shift[rows]
    batch = dataset.batch([chunks.chroms[i] for i in chunks.chrom[rows]], starts)
    return reverse_complement_batch(batch, epoch.flip[rows])


def onehot(codes: Codes | Tensor, unknown_base: float) -> Tensor:
    """Codes ``(n, input_length)`` as one-hot ``(n, 4, input_length)`` float32."""
    column = torch.as_tensor(codes)[:, None]
    bases = torch.arange(4, dtype=torch.uint8, device=column.device)
    x = (column == bases[None, :, None]).float()
    if unknown_base:
        x += (column == N).float() * unknown_base
    return x


def tensors(batch: Batch, unknown_base: float, fabric: Fabric) -> tuple[Tensor, Tensor, Tensor]:
    """One-hot ``(n, 4, input_length)``, target and control of a batch, on the device."""
    arrays = (batch.codes, batch.target, batch.control)
    codes, target, control = (fabric.to_device(torch.from_numpy(array)) for array in arrays)
    return onehot(codes, unknown_base), target, control


def predict(net: nn.Module, x: Tensor, control: Tensor) -> Tensor:
    """Run the network, with its control if the recipe has one."""
    result: Tensor = net(x, control) if control.shape[1] else net(x)
    return result
