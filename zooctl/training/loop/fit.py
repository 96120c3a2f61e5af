"""The training loop: reads top to bottom, resumes to the same bits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from safetensors.torch import save
from torch import Tensor, nn

from zooctl.errors import InputError, VerificationError
from zooctl.progress import Advance, Say
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.dataset import Dataset, TrainingBatch
from zooctl.training.data.feed import cut, predict, tensors
from zooctl.training.data.prefetch import prefetch
from zooctl.training.data.sampling import Chunks, Epoch, epoch_windows
from zooctl.training.data.windows import TrainingWindows, split_regions
from zooctl.training.determinism.determinism import pin, seed_step, torch_facts
from zooctl.training.determinism.device import new_fabric
from zooctl.training.determinism.parallel import (
    WHOLE,
    Share,
    check_shares,
    share_of,
    summed,
    take_buffers_of_first,
)
from zooctl.training.determinism.portable import check_portable
from zooctl.training.loop.checkpoint import RunState, load_checkpoint, save_checkpoint
from zooctl.training.loop.finetune import begin, frozen_modules, new_optimiser
from zooctl.training.loop.loggers import open_loggers
from zooctl.training.loop.losses import LossFunction, build_loss
from zooctl.training.loop.metrics_log import LoggedStep, MetricsLog, write_bytes
from zooctl.training.loop.schedule import end_epoch, epoch_line
from zooctl.training.nets import network_of

# Losing so many steps to a power cut is bearable; writing more often would slow small networks.
CHECKPOINT_STEPS = 200
# Reading the loss of every step would have a GPU wait for the program between steps.
READ_STEPS = 20
BATCHES_AHEAD = 2


def fit(
    recipe: Recipe,
    dataset: Dataset,
    windows: TrainingWindows,
    run: Path,
    *,
    device: str,
    say: Say,
    advance: Advance,
    ahead: int = BATCHES_AHEAD,
    fabric: Fabric | None = None,
) -> RunState:
    """Train a recipe's network, or go on where the last checkpoint in ``run`` stands.

    Killed at any moment and called again, it ends with the same bits as a run that was not.

    Args:
        recipe: Values of the run.
        dataset: Sequence and signal.
        windows: As ``choose_windows`` gives them.
        run: Folder of the run; receives ``checkpoints/``, ``best.safetensors``, ``metrics.csv``
            and ``steps.csv``.
        device: ``cpu`` or ``cuda``.
        say: Called with one line an epoch.
        advance: Called with the number of windows done after each step.
        ahead: Batches made ahead by a thread; 0 for none. Changes no bit.
        fabric: Where it computes with other processes (``parallel.launch``): each has its share
            of every batch, and the first alone writes.

    Raises:
        VerificationError: The loss is no longer a number.
        InputError: The batches are too small for so many devices.
    """
    run.mkdir(parents=True, exist_ok=True)
    pin(recipe.threads)
    if recipe.portable:
        check_portable(device, torch_facts()["capability"])
    fabric = fabric or new_fabric(device, recipe.precision)
    share = share_of(fabric)
    check_shares(windows.n_epoch(recipe), recipe.batch_size, share.n)
    writes = fabric.is_global_zero
    if not writes:
        say, advance = _nothing, _nothing
    net = new_network(recipe, dataset)
    beginning = begin(recipe, net, say)
    still = frozen_modules(net, beginning.frozen)
    net, optimiser = fabric.setup(net, new_optimiser(recipe, net, beginning))
    loss_of = build_loss(recipe.loss)
    scaling = fabric.strategy.precision  # has a state where gradients are scaled
    with fabric.rank_zero_first():  # which clears away what a killed process left
        progress = load_checkpoint(run / "checkpoints", net, optimiser) or RunState(
            lr=recipe.optimiser.lr, scaler=scaling.state_dict()
        )
    scaling.load_state_dict(progress.scaler)
    n_steps = windows.n_steps(recipe, share.n)
    steps_done = progress.epoch * n_steps + progress.step
    loggers = open_loggers(recipe, run, steps_done) if writes and not progress.finished else []
    log = MetricsLog(
        run if writes else None,
        progress,
        n_steps=n_steps,
        loggers=loggers,
        scaled=bool(progress.scaler),
    )

    def checkpoint() -> None:
        log.read(progress)
        log.flush()
        progress.scaler = scaling.state_dict()
        if writes:
            save_checkpoint(run / "checkpoints", net, optimiser, progress)

    advance(progress.epoch * windows.n_epoch(recipe) + progress.step * recipe.batch_size)
    with closing(log):
        while not progress.finished:
            epoch = draw(recipe, windows, progress.epoch)
            net.train()
            for module in still:
                module.eval()
            steps = range(progress.step, n_steps)
            made = (cut(recipe, dataset, epoch, step, share) for step in steps)
            with closing(prefetch(made, ahead)) as batches:
                for batch in batches:
                    for group in optimiser.param_groups:
                        group["lr"] = progress.lr * group["lr_factor"]
                    seed_step(recipe.seed, progress.epoch, progress.step, share.rank)
                    first = progress.step * recipe.batch_size
                    n = min(recipe.batch_size, len(epoch.chunks) - first)
                    loss, norm = train_step(recipe, fabric, net, optimiser, loss_of, batch, n)
                    place = (progress.epoch, progress.step, progress.lr)
                    log.add(LoggedStep(*place, loss, norm, n))
                    progress.step += 1
                    advance(n)
                    if progress.step % READ_STEPS == 0:
                        log.read(progress)
                    if progress.step % CHECKPOINT_STEPS == 0:
                        checkpoint()
            log.read(progress)
            take_buffers_of_first(fabric, net)
            validation_loss = validate(recipe, dataset, windows.validation, net, fabric, ahead)
            n_windows = min(len(epoch.chunks), n_steps * recipe.batch_size)
            training_loss = progress.loss_sum / n_windows
            end_epoch(recipe.schedule, progress, training_loss, validation_loss)
            if progress.since_best == 0 and writes:
                write_bytes(run / "best.safetensors", save(weights_of(net)))
            log.end_epoch(progress)
            checkpoint()
            say(epoch_line(progress))
    return progress


def _nothing(news: object) -> None:
    """What a process tells that is not the first."""


def train_step(
    recipe: Recipe,
    fabric: Fabric,
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    loss_of: LossFunction,
    batch: TrainingBatch,
    n: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Move the weights once; return the loss, and the norm of the gradient before clipping.

    Args:
        recipe: Values of the run.
        fabric: Where it computes; where several processes do, gradients are averaged.
        net: The network.
        optimiser: Of its weights.
        loss_of: What is minimised.
        batch: This process's share.
        n: Windows of all shares; those of ``batch`` if not given.
    """
    inputs, target = tensors(batch, recipe.unknown_base, fabric)
    loss = loss_of(predict(net, inputs), target)
    if fabric.world_size > 1:
        # Shares may differ by one window; the mean over processes is that over windows.
        loss = loss * (len(batch.target) * fabric.world_size / (n or len(batch.target)))
    optimiser.zero_grad()
    fabric.backward(loss)
    norm = fabric.clip_gradients(
        net,
        optimiser,
        max_norm=recipe.optimiser.clip_norm or math.inf,
        error_if_nonfinite=False,  # the log tells
    )
    assert norm is not None, "there is one where a largest norm is given"
    optimiser.step()
    return summed(fabric, loss.detach()) / fabric.world_size, norm


def draw(recipe: Recipe, windows: TrainingWindows, epoch: int) -> Epoch:
    """The windows of one epoch."""
    return epoch_windows(
        windows.positives,
        windows.negatives,
        n_negatives=windows.n_negatives(recipe),
        max_shift=recipe.augmentation.max_shift,
        reverse_complement=recipe.augmentation.reverse_complement,
        seed=recipe.seed,
        epoch=epoch,
        flanking=recipe.augmentation.flanking,
        n_samples=max(1, len(recipe.samples)),
    )


def new_network(recipe: Recipe, dataset: Dataset) -> nn.Module:
    """Build the network from the recipe's seed, its output started at the training mean."""
    torch.manual_seed(recipe.seed)
    regions = split_regions(recipe.split.train, dataset)
    control_mean = torch.from_numpy(dataset.mean(dataset.control, regions))
    target_mean = torch.zeros(dataset.n_tracks)
    if dataset.variants is None:
        target_mean = torch.from_numpy(dataset.mean(dataset.target, regions))
    net = network_of(recipe)
    if not list(net.parameters()):
        what = "network has nothing to train"
        raise InputError(what, field="network", got=recipe.network.key)
    net.set_output_bias(target_mean, control_mean if len(control_mean) else None)
    return net


@torch.no_grad()
def validate(
    recipe: Recipe,
    dataset: Dataset,
    chunks: Chunks,
    net: nn.Module,
    fabric: Fabric,
    ahead: int = BATCHES_AHEAD,
) -> float:
    """Mean loss over the kept bins of all validation windows, at the prior of the genome.

    Raises:
        VerificationError: It is not a number.
    """
    net.eval()
    loss_of = build_loss(recipe.loss)
    geometry = dataset.geometry
    core = slice(geometry.core_bin_offset, geometry.core_bin_offset + geometry.core_bins)
    total = torch.zeros((), dtype=torch.float64)
    made = validation_batches(dataset, chunks, 4 * recipe.batch_size, share_of(fabric))
    with closing(prefetch(made, ahead)) as batches:
        for batch in batches:
            inputs, target = tensors(batch, recipe.unknown_base, fabric)
            loss = loss_of(predict(net, inputs)[..., core], target[..., core])
            total += float(loss) * len(target)
    mean = float(summed(fabric, total)) / (len(chunks) * dataset.n_samples)
    if not math.isfinite(mean):
        raise VerificationError("validation loss is not a number", got=mean)
    return mean


def validation_batches(
    dataset: Dataset, chunks: Chunks, size: int, share: Share = WHOLE
) -> Iterator[TrainingBatch]:
    """All chunks once in each sample, in order; of several processes, each has its batches."""
    places = [(n, first) for n in range(dataset.n_samples) for first in range(0, len(chunks), size)]
    for sample, first in places[share.rank :: share.n]:
        part = chunks.take(np.arange(first, min(first + size, len(chunks))))
        names = [part.chroms[i] for i in part.chrom]
        starts = part.start - dataset.geometry.input_flank
        yield dataset.batch(names, starts, np.full(len(part), sample), part.variant)


def weights_of(net: nn.Module) -> dict[str, Tensor]:
    """Tensors of the network by name, as safetensors wants them."""
    return {name: t.detach().cpu().contiguous() for name, t in net.state_dict().items()}
