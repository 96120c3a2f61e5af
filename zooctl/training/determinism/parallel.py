"""Training on several devices: a process for each, with its share of every batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.schema.recipe.training import Precision
from zooctl.training.determinism.device import new_fabric

R = TypeVar("R")


@dataclass(frozen=True)
class Share:
    """Part of a batch that a process computes.

    Attributes:
        rank: Of the process, from 0.
        n: Number of processes.

    >>> [Share(rank, 3).rows(10, 18) for rank in range(3)]
    [slice(10, 12, None), slice(12, 15, None), slice(15, 18, None)]
    >>> Share(0, 1).rows(10, 18)
    slice(10, 18, None)
    """

    rank: int = 0
    n: int = 1

    def rows(self, first: int, last: int) -> slice:
        """Return this process's part of the rows ``first`` to ``last - 1`` of an epoch."""
        size = last - first
        return slice(first + size * self.rank // self.n, first + size * (self.rank + 1) // self.n)


WHOLE = Share()


def share_of(fabric: Fabric) -> Share:
    """Return the share of this process."""
    return Share(fabric.global_rank, fabric.world_size)


def summed(fabric: Fabric, value: Tensor) -> Tensor:
    """Return the sum of a tensor over all processes."""
    if fabric.world_size == 1:
        return value
    own = fabric.to_device(value).clone()
    return cast(Tensor, fabric.all_reduce(own, reduce_op="sum"))


def take_buffers_of_first(fabric: Fabric, net: nn.Module) -> None:
    """Give every process the buffers of the first, such as the averages of normalisation.

    Weights are equal already: all processes move them by the same gradient.
    """
    if fabric.world_size > 1:
        for buffer in net.buffers():
            torch.distributed.broadcast(buffer.data, src=0)


def check_shares(n_epoch: int, batch_size: int, devices: int) -> None:
    """Refuse batches that leave a device without two windows, which normalisation needs.

    Raises:
        InputError: A batch is too small.
    """
    smallest = min(n_epoch, batch_size)
    if devices > 1 and smallest < 2 * devices:
        raise InputError(
            "a batch is too small to be shared",
            field="--devices",
            got=f"{smallest} windows for {devices} devices",
            expected=f"at least {2 * devices} windows",
        )


def launch(
    work: Callable[..., R], *args: object, device: str, precision: Precision, devices: int
) -> R:
    """Run ``work(fabric, *args)`` in a process for each device; return the first one's result.

    Args:
        work: A module-level function, whose arguments can be sent to a process.
        args: Of the function.
        device: ``cpu`` or ``cuda``.
        precision: Of the recipe.
        devices: Number of processes; at least 2.

    Raises:
        ZooError: As raised in the first process.
    """
    fabric = new_fabric(device, precision, devices)
    result = fabric.launch(partial(_guarded, work=work, args=args))
    if isinstance(result, _Failure):
        raise result.errors[0] if len(result.errors) == 1 else ManyErrors(result.errors)
    return cast(R, result)


class _Failure(NamedTuple):
    """Errors of a child process, to be raised again in the parent."""

    errors: tuple[ZooError, ...]


def _guarded(fabric: Fabric, work: Callable[..., R], args: tuple[object, ...]) -> R | _Failure:
    """Run the work; return an error that every process meets instead of raising it."""
    try:
        return work(fabric, *args)
    except ZooError as error:
        return _Failure(error.errors if isinstance(error, ManyErrors) else (error,))
    finally:
        # A process that ends with the group's threads alive may be aborted.
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
