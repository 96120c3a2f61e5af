"""The training loop: reads top to bottom, resumes to the same bits."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from safetensors.torch import save
from torch import Tensor, nn

from zooctl.errors import InputError, VerificationError
from zooctl.progress import Advance, Say, no_advance, silent
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.dataset import Dataset, TrainingBatch
from zooctl.training.data.feed import cut, predict, tensors, validation_batches
from zooctl.training.data.prefetch import prefetch
from zooctl.training.data.sampling import Chunks, Epoch, epoch_windows
from zooctl.training.data.windows import TrainingWindows, split_regions
from zooctl.training.determinism.determinism import pin, seed_step, torch_facts
from zooctl.training.determinism.device import new_fabric
from zooctl.training.determinism.parallel import (
    Share,
    check_shares,
    share_of,
    summed,
    take_buffers_of_first,
)
from zooctl.training.determinism.portable import check_portable
from zooctl.training.loop.checkpoint import RunState, load_checkpoint, save_checkpoint
from zooctl.training.loop.finetune import frozen_modules, initialise, new_optimiser
from zooctl.training.loop.loggers import open_loggers
from zooctl.training.loop.losses import LossFunction, build_loss
from zooctl.training.loop.metrics_log import LoggedStep, MetricsLog, write_bytes
from zooctl.training.loop.schedule import end_epoch, epoch_line
from zooctl.training.nets import network_of
from zooctl.training.nets.parts.motif_filters import start_as_motifs
from zooctl.training.nets.prepared_inputs import with_prepared_inputs

# Steps lost at most to a power cut; writing more often would slow small networks.
CHECKPOINT_STEPS = 200
# Reading the loss of every step would make a GPU wait for the program between steps.
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
    """Train a recipe's network, from the last checkpoint in ``run`` where there is one.

    Killed at any moment and called again, it ends with the same bits as an uninterrupted run.

    Args:
        recipe: Values of the run.
        dataset: Sequence and signal.
        windows: As ``choose_windows`` gives them.
        run: Folder of the run; receives ``checkpoints/``, ``best.safetensors``, ``metrics.csv``
            and ``steps.csv``.
        device: ``cpu`` or ``cuda``.
        say: Takes a line an epoch.
        advance: Takes the number of windows done, after each step.
        ahead: Batches prepared ahead by a thread; 0 for none. Changes no bit.
        fabric: Given where several processes compute together (``parallel.launch``): each has its
            share of every batch, and only the first writes.

    Raises:
        VerificationError: The loss is no longer a number.
        InputError: The batches are too small for so many devices.
    """
    run.mkdir(parents=True, exist_ok=True)
    pin(recipe.threads)
    if recipe.portable:
        check_portable(device, torch_facts()["capability"])
    fabric = fabric or new_fabric(device, recipe.precision)
    check_shares(windows.n_epoch(recipe), recipe.batch_size, fabric.world_size)
    if not fabric.is_global_zero:
        say, advance = silent, no_advance
    training = _begin_or_resume(recipe, dataset, windows, run, fabric, say)
    progress = training.progress
    advance(progress.epoch * windows.n_epoch(recipe) + progress.step * recipe.batch_size)
    with closing(training.log):
        while not progress.finished:
            epoch = draw(recipe, windows, progress.epoch)
            n_windows = min(len(epoch.chunks), training.n_steps * recipe.batch_size)
            training.set_modes()
            steps = range(progress.step, training.n_steps)
            made = (cut(recipe, dataset, epoch, step, training.share) for step in steps)
            with closing(prefetch(made, ahead)) as batches:
                for batch in batches:
                    advance(training.take_step(batch, len(epoch.chunks)))
                    training.record()
            training.log.read(progress)
            take_buffers_of_first(fabric, training.net)
            validation_loss = validate(
                recipe, dataset, windows.validation, training.net, fabric, ahead
            )
            end_epoch(recipe.schedule, progress, progress.loss_sum / n_windows, validation_loss)
            if progress.since_best == 0 and fabric.is_global_zero:
                write_bytes(run / "best.safetensors", save(weights_of(training.net)))
            training.log.end_epoch(progress)
            training.checkpoint()
            say(epoch_line(progress))
    return progress


@dataclass
class _Training:
    """A run under way.

    Attributes:
        recipe: Values of the run.
        run: Its folder.
        fabric: Device and processes.
        net: The network, on the device.
        frozen: Modules kept in evaluation mode, because all their weights are frozen.
        optimiser: Of the other weights.
        loss_of: The loss.
        progress: Epoch, step and learning rate.
        log: Of steps and epochs.
        n_steps: Steps of an epoch.
    """

    recipe: Recipe
    run: Path
    fabric: Fabric
    net: nn.Module
    frozen: list[nn.Module]
    optimiser: torch.optim.Optimizer
    loss_of: LossFunction
    progress: RunState
    log: MetricsLog
    n_steps: int

    @property
    def share(self) -> Share:
        """Part of each batch that this process computes."""
        return share_of(self.fabric)

    def set_modes(self) -> None:
        """Switch to training mode, all but the frozen modules."""
        self.net.train()
        for module in self.frozen:
            module.eval()

    def take_step(self, batch: TrainingBatch, n_epoch: int) -> int:
        """Move the weights once and note the loss; return the windows done.

        Args:
            batch: Of the step, this process's share.
            n_epoch: Windows of the epoch.
        """
        recipe, at = self.recipe, self.progress
        for group in self.optimiser.param_groups:
            group["lr"] = at.lr * group["lr_factor"]
        seed_step(recipe.seed, at.epoch, at.step, self.share.rank)
        n = min(recipe.batch_size, n_epoch - at.step * recipe.batch_size)
        loss, norm = train_step(
            recipe, self.fabric, self.net, self.optimiser, self.loss_of, batch, n
        )
        self.log.add(LoggedStep(at.epoch, at.step, at.lr, loss, norm, n))
        at.step += 1
        return n

    def record(self) -> None:
        """Read losses off the device and write a checkpoint, every so many steps."""
        if self.progress.step % READ_STEPS == 0:
            self.log.read(self.progress)
        if self.progress.step % CHECKPOINT_STEPS == 0:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Write the log to disk, then the checkpoint."""
        self.log.read(self.progress)
        self.log.flush()
        self.progress.scaler = self.fabric.strategy.precision.state_dict()
        if self.fabric.is_global_zero:
            save_checkpoint(self.run / "checkpoints", self.net, self.optimiser, self.progress)


def _begin_or_resume(
    recipe: Recipe,
    dataset: Dataset,
    windows: TrainingWindows,
    run: Path,
    fabric: Fabric,
    say: Say,
) -> _Training:
    """Build the network and its optimiser, as new or as in the last checkpoint."""
    net = new_network(recipe, dataset)
    start = initialise(recipe, net, say)
    frozen = frozen_modules(net, start.frozen)
    net, optimiser = fabric.setup(net, new_optimiser(recipe, net, start))
    scaling = fabric.strategy.precision  # has a state where gradients are scaled
    with fabric.rank_zero_first():  # the first clears away the rest of a killed process
        progress = load_checkpoint(run / "checkpoints", net, optimiser) or RunState(
            lr=recipe.optimiser.lr, scaler=scaling.state_dict()
        )
    scaling.load_state_dict(progress.scaler)
    n_steps = windows.n_steps(recipe, fabric.world_size)
    logs = fabric.is_global_zero and not progress.finished
    log = MetricsLog(
        run if fabric.is_global_zero else None,
        progress,
        n_steps=n_steps,
        loggers=open_loggers(recipe, run, progress.epoch * n_steps + progress.step) if logs else [],
        scaled=bool(progress.scaler),
    )
    loss_of = build_loss(recipe.loss)
    return _Training(recipe, run, fabric, net, frozen, optimiser, loss_of, progress, log, n_steps)


def train_step(
    recipe: Recipe,
    fabric: Fabric,
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    loss_of: LossFunction,
    batch: TrainingBatch,
    n: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Take a step of the optimiser; return the loss and the gradient's norm before clipping.

    Args:
        recipe: Values of the run.
        fabric: Device and processes; gradients are averaged over processes.
        net: The network.
        optimiser: Of its weights.
        loss_of: The loss.
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
        error_if_nonfinite=False,  # the log refuses it
    )
    assert norm is not None, "given max_norm, there is one"
    optimiser.step()
    return summed(fabric, loss.detach()) / fabric.world_size, norm


def draw(recipe: Recipe, windows: TrainingWindows, epoch: int) -> Epoch:
    """Draw the windows of one epoch."""
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
    """Build the network from the recipe's seed, with the training mean as its first output.

    Raises:
        InputError: It does not fit the recipe, or has no weights to train.
    """
    torch.manual_seed(recipe.seed)
    regions = split_regions(recipe.split.train, dataset)
    control_mean = torch.from_numpy(dataset.mean(dataset.control, regions))
    target_mean = torch.zeros(dataset.n_tracks)
    if dataset.variants is None:
        target_mean = torch.from_numpy(dataset.mean(dataset.target, regions))
    net = network_of(recipe)
    if not list(net.parameters()):
        raise InputError("network has nothing to train", field="network", got=recipe.network.key)
    start_as_motifs(net, dataset.motifs)
    net.set_output_bias(target_mean, control_mean if len(control_mean) else None)
    return with_prepared_inputs(net, recipe, dataset, regions)


@torch.no_grad()
def validate(
    recipe: Recipe,
    dataset: Dataset,
    chunks: Chunks,
    net: nn.Module,
    fabric: Fabric,
    ahead: int = BATCHES_AHEAD,
) -> float:
    """Return the mean loss over the core bins of all validation windows.

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


def weights_of(net: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a network by name, contiguous and on the CPU for safetensors."""
    return {name: t.detach().cpu().contiguous() for name, t in net.state_dict().items()}
