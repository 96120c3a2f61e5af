"""Settings that change the bits of a training run, pinned in one place."""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys

import numpy as np
import torch


def pin(threads: int) -> None:
    """Fix all settings outside a recipe's values that change trained weights on one machine.

    The thread count is a value of the recipe, because sums are split among threads and another
    count gives other weights.

    Args:
        threads: Most threads of one operation of torch.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    torch.set_float32_matmul_precision("highest")
    _keep_freed_memory()


def seed_step(seed: int, epoch: int, step: int, rank: int = 0) -> None:
    """Seed torch for one step from its epoch and number, so that resuming needs no replay.

    Processes that share a batch draw differently, by their rank.

    >>> seed_step(1, 0, 7); a = torch.rand(1)
    >>> seed_step(1, 0, 7); bool(a == torch.rand(1))
    True
    """
    # SeedSequence mixes the three numbers; torch takes 64 bits.
    address = [seed, epoch, step, *([rank] if rank else [])]
    torch.manual_seed(int(np.random.SeedSequence(address).generate_state(1, np.uint64)[0]))


def torch_facts() -> dict[str, str]:
    """Return the build of torch and its instruction set.

    Returns:
        ``commit``, ``config`` (digest of the build's settings) and ``capability``.
    """
    # The line on the processor's capability belongs to the hardware, not to the build.
    lines = torch.__config__.show().splitlines()
    config = "\n".join(line for line in lines if "CPU capability usage" not in line)
    return {
        "commit": str(torch.version.git_version),
        "config": hashlib.sha256(config.encode()).hexdigest(),
        "capability": torch.backends.cpu.get_cpu_capability(),
    }


def _keep_freed_memory() -> None:
    """Tell glibc to keep freed blocks, which almost doubles the speed of convolutions on the CPU.

    By default every activation of a training step is mapped, faulted in and unmapped again.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        trim_threshold, mmap_threshold = -1, -3
        libc.mallopt(mmap_threshold, 2**31 - 1)
        libc.mallopt(trim_threshold, 2**31 - 1)
