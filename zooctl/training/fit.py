"""The training loop: reads top to bottom, resumes to the same bits."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from safetensors.torch import save
from torch import Tensor, nn

from zooctl.catalog.fields import Region
from zooctl.catalog.recipe import Recipe
from zooctl.errors import InputError, VerificationError
from zooctl.files.atomic import atomic_output
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, N
from zooctl.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from zooctl.training.dataset import Batch, Dataset, reverse_complement_batch
from zooctl.training.determinism import pin, seed_step
from zooctl.training.losses import build_loss
from zooctl.training.nets import build
from zooctl.training.sampling import Chunks, Epoch, epoch_windows, split_by_signal, tile

# Losing so many steps to a power cut is bearable; writing more often would slow small networks.
CHECKPOINT_STEPS = 200

Report = Callable[[str], None]
Advance = Callable[[float], None]


@dataclass(frozen=True)
class Windows:
    """What a run trains on and is judged by."""

    positives: Chunks
    negatives: Chunks
    validation: Chunks

    def n_negatives(self, recipe: Recipe) -> int:
        """Negatives of one epoch."""
        return min(round(recipe.windows.negatives * len(self.positives)), len(self.negatives))

    def n_epoch(self, recipe: Recipe) -> int:
        """Windows of one epoch."""
        return len(self.positives) + self.n_negatives(recipe)


def fit(
    recipe: Recipe,
    dataset: Dataset,
    windows: Windows,
    run: Path,
    *,
    device: str,
    report: Report,
    advance: Advance,
) -> Progress:
    """Train a recipe's network, or go on where the last checkpoint in ``run`` stands.

    Killed at any moment and called again, it ends with the same bits as a run that was not.

    Args:
        recipe: Values of the run.
        dataset: Sequence and signal.
        windows: As ``choose_windows`` gives them.
        run: Folder of the run; receives ``checkpoints/``, ``best.safetensors``, ``metrics.csv``.
        device: ``cpu`` or ``cuda``.
        report: Called with one line an epoch.
        advance: Called with the number of windows done after each step.

    Raises:
        VerificationError: The loss is no longer a number.
    """
    pin(recipe.threads)
    fabric = Fabric(accelerator=device, devices=1)
    net = new_network(recipe, dataset)
    net, optimiser = fabric.setup(net, new_optimiser(recipe, net))
    loss_of = build_loss(recipe.loss)
    progress = load_checkpoint(run / "checkpoints", net, optimiser) or Progress(
        lr=recipe.optimiser.lr
    )
    advance(progress.epoch * windows.n_epoch(recipe) + progress.step * recipe.batch_size)
    while not progress.finished:
        epoch = draw(recipe, windows, progress.epoch)
        n_steps = math.ceil(len(epoch.chunks) / recipe.batch_size)
        net.train()
        for step in range(progress.step, n_steps):
            for group in optimiser.param_groups:
                group["lr"] = progress.lr
            batch = cut(recipe, dataset, epoch, step)
            seed_step(recipe.seed, progress.epoch, step)
            x, target, control = (fabric.to_device(t) for t in tensors(batch, recipe.unknown_base))
            loss = loss_of(predict(net, x, control), target)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise VerificationError(
                    "training loss is not a number",
                    got=value,
                    hint="lower optimiser.lr or optimiser.clip_norm",
                )
            optimiser.zero_grad()
            fabric.backward(loss)
            if recipe.optimiser.clip_norm is not None:
                fabric.clip_gradients(net, optimiser, max_norm=recipe.optimiser.clip_norm)
            optimiser.step()
            progress.loss_sum += value * len(target)
            progress.step = step + 1
            advance(len(target))
            if progress.step % CHECKPOINT_STEPS == 0:
                save_checkpoint(run / "checkpoints", net, optimiser, progress)
        validation_loss = validate(recipe, dataset, windows.validation, net, fabric)
        end_epoch(recipe, progress, progress.loss_sum / len(epoch.chunks), validation_loss)
        if progress.since_best == 0:
            write_bytes(run / "best.safetensors", save(weights_of(net)))
        write_bytes(run / "metrics.csv", metrics_csv(progress))
        save_checkpoint(run / "checkpoints", net, optimiser, progress)
        report(epoch_line(progress))
    return progress


def choose_windows(recipe: Recipe, dataset: Dataset) -> Windows:
    """Tile the splits and part the training windows by their signal."""
    regions = split_regions(recipe.split.train, dataset)
    chunks = tile(dataset, regions, recipe.windows.stride, recipe.augmentation.max_shift)
    positives, negatives = split_by_signal(dataset, chunks, recipe.windows)
    if not len(positives):
        raise InputError(
            "no training window reaches the threshold",
            field="windows.threshold",
            got=recipe.windows.threshold,
        )
    core_length = dataset.geometry.core_length
    validation = tile(dataset, split_regions(recipe.split.validation, dataset), core_length)
    known = [
        (dataset.codes[validation.chroms[chrom]][start : start + core_length] != N).mean() > 0.5
        for chrom, start in zip(validation.chrom, validation.start, strict=True)
    ]
    return Windows(positives, negatives, validation.take(np.array(known)))


def split_regions(part: tuple[Region, ...], dataset: Dataset) -> tuple[Interval, ...]:
    """A part of the split as intervals; a chromosome without a range is all of it."""
    return tuple(
        Interval(
            region.chrom,
            region.start or 0,
            len(dataset.codes[region.chrom]) if region.end is None else region.end,
        )
        for region in part
    )


def draw(recipe: Recipe, windows: Windows, epoch: int) -> Epoch:
    """The windows of one epoch."""
    return epoch_windows(
        windows.positives,
        windows.negatives,
        n_negatives=windows.n_negatives(recipe),
        max_shift=recipe.augmentation.max_shift,
        reverse_complement=recipe.augmentation.reverse_complement,
        seed=recipe.seed,
        epoch=epoch,
    )


def cut(recipe: Recipe, dataset: Dataset, epoch: Epoch, step: int) -> Batch:
    """The batch of one step of an epoch."""
    rows = slice(step * recipe.batch_size, (step + 1) * recipe.batch_size)
    chunks = epoch.chunks
    starts = chunks.start[rows] - dataset.geometry.input_flank + epoch.shift[rows]
    batch = dataset.batch([chunks.chroms[i] for i in chunks.chrom[rows]], starts)
    return reverse_complement_batch(batch, epoch.flip[rows])


def onehot(codes: Codes, unknown_base: float) -> Tensor:
    """Codes ``(n, input_length)`` as one-hot ``(n, 4, input_length)`` float32."""
    column = torch.from_numpy(codes)[:, None]
    x = (column == torch.arange(4, dtype=torch.uint8)[None, :, None]).float()
    if unknown_base:
        x += (column == N).float() * unknown_base
    return x


def tensors(batch: Batch, unknown_base: float) -> tuple[Tensor, Tensor, Tensor]:
    """One-hot ``(n, 4, input_length)``, target and control of a batch."""
    return (
        onehot(batch.codes, unknown_base),
        torch.from_numpy(batch.target),
        torch.from_numpy(batch.control),
    )


def predict(net: nn.Module, x: Tensor, control: Tensor) -> Tensor:
    """Run the network, with its control if the recipe has one."""
    result: Tensor = net(x, control) if control.shape[1] else net(x)
    return result


def new_network(recipe: Recipe, dataset: Dataset) -> nn.Module:
    """Build the network from the recipe's seed, its output started at the training mean."""
    torch.manual_seed(recipe.seed)
    regions = split_regions(recipe.split.train, dataset)
    geometry = dataset.geometry
    target_mean = torch.from_numpy(dataset.mean(dataset.target, regions))
    control_mean = torch.from_numpy(dataset.mean(dataset.control, regions))
    net = build(
        recipe.network,
        input_length=geometry.input_length,
        output_length=geometry.output_length,
        bin_size=geometry.bin_size,
        n_tracks=len(target_mean),
        n_controls=len(control_mean),
    )
    net.set_output_bias(target_mean, control_mean if len(control_mean) else None)
    return net


def new_optimiser(recipe: Recipe, net: nn.Module) -> torch.optim.Optimizer:
    """Adam with the recipe's values."""
    values = recipe.optimiser
    return torch.optim.Adam(
        net.parameters(),
        lr=values.lr,
        betas=values.betas,
        eps=values.eps,
        weight_decay=values.weight_decay,
    )


@torch.no_grad()
def validate(
    recipe: Recipe, dataset: Dataset, chunks: Chunks, net: nn.Module, fabric: Fabric
) -> float:
    """Mean loss over the kept bins of all validation windows, at the prior of the genome."""
    net.eval()
    loss_of = build_loss(recipe.loss)
    geometry = dataset.geometry
    core = slice(geometry.core_bin_offset, geometry.core_bin_offset + geometry.core_bins)
    total = 0.0
    for batch in validation_batches(dataset, chunks, 4 * recipe.batch_size):
        x, target, control = (fabric.to_device(t) for t in tensors(batch, recipe.unknown_base))
        loss = loss_of(predict(net, x, control)[..., core], target[..., core])
        total += float(loss) * len(target)
    return total / len(chunks)


def validation_batches(dataset: Dataset, chunks: Chunks, size: int) -> Iterator[Batch]:
    """All chunks once, in order."""
    for first in range(0, len(chunks), size):
        part = slice(first, first + size)
        names = [chunks.chroms[i] for i in chunks.chrom[part]]
        yield dataset.batch(names, chunks.start[part] - dataset.geometry.input_flank)


def end_epoch(
    recipe: Recipe, progress: Progress, training_loss: float, validation_loss: float
) -> None:
    """Note the epoch; keep, decay or stop as the schedule says (plateau of the validation loss)."""
    schedule = recipe.schedule
    progress.history.append(
        {
            "epoch": progress.epoch,
            "lr": progress.lr,
            "train_loss": training_loss,
            "validation_loss": validation_loss,
        }
    )
    gain = math.inf if progress.best_loss is None else progress.best_loss - validation_loss
    if gain > 0:
        progress.best_loss, progress.best_epoch = validation_loss, progress.epoch
    decay, stopping = schedule.plateau_decay, schedule.early_stopping
    progress.since_decay = 0 if gain > 0 else progress.since_decay + 1
    progress.since_best = 0 if gain > 0 else progress.since_best + 1
    if decay is not None and progress.since_decay > decay.patience:
        progress.lr = max(progress.lr * decay.factor, decay.min_lr)
        progress.since_decay = 0
    progress.epoch += 1
    progress.step, progress.loss_sum = 0, 0.0
    progress.finished = progress.epoch >= schedule.max_epochs or (
        stopping is not None and progress.since_best >= stopping.patience
    )


def epoch_line(progress: Progress) -> str:
    """One line for the reader about the epoch just ended."""
    last = progress.history[-1]
    mark = "best" if progress.since_best == 0 else f"best was {progress.best_epoch}"
    return (
        f"epoch {int(last['epoch'])}: train {last['train_loss']:.5f} "
        f"validation {last['validation_loss']:.5f} lr {last['lr']:.1e} ({mark})"
    )


def metrics_csv(progress: Progress) -> bytes:
    """The history as CSV, one line an epoch."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(progress.history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(progress.history)
    return buffer.getvalue().encode()


def weights_of(net: nn.Module) -> dict[str, Tensor]:
    """Tensors of the network by name, as safetensors wants them."""
    return {name: t.detach().cpu().contiguous() for name, t in net.state_dict().items()}


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file of the run, whole or not at all."""
    with atomic_output(path, force=True) as temporary:
        temporary.write_bytes(data)
