"""Threads, batches and GPUs of this machine."""

from __future__ import annotations

import _thread
import ctypes
import os
import platform
import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from zooctl.errors import InputError

# Bases in a batch by default: 64 windows of 2,048 bp. Larger ones gain nothing on a CPU.
_BATCH_BASES = 2**17
BATCH_BYTES = 2**31
"""Memory for the tensors of a batch by default."""
# To wait for the end of a thread; one that found no memory to begin never says that it ended.
_SECONDS_TO_END = 5

# Feature flags of Linux that libraries choose their arithmetic by.
_ARITHMETIC = re.compile(r"(s?sse|avx|fma|f16c|amx|asimd|sve|neon|fp16|bf16|i8mm)[a-z0-9_]*")


@cache
def instruction_sets() -> str:
    """Return the processor's instruction sets that the last bits of a prediction may depend on.

    Where the system has no list of them, the kind of the machine.
    """
    text = ""
    with suppress(OSError):
        text = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^(?:flags|Features)\s*: (.*)$", text, re.MULTILINE)
    flags = sorted(filter(_ARITHMETIC.fullmatch, found[1].split() if found else ()))
    return " ".join(flags) or f"{platform.system()} {platform.machine()}"


def default_threads() -> int:
    """Return the number of CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_batch_size(input_length: int, window_bytes: int) -> int:
    """Return the default number of windows in a batch.

    Args:
        input_length: Bases in a window.
        window_bytes: Memory of one (``graph.check.batch_bytes``).

    >>> [default_batch_size(length, 2**20) for length in (145, 2_048, 131_072, 1_000_000)]
    [512, 64, 1, 1]
    >>> default_batch_size(2_048, 2**28)
    8
    """
    by_bases, by_bytes = _BATCH_BASES // input_length, BATCH_BYTES // max(1, window_bytes)
    return min(512, max(1, min(by_bases, by_bytes)))


def count_gpus() -> int:
    """Ask NVIDIA's driver how many GPUs this process may use; 0 without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
            return 0
    except (OSError, AttributeError):
        return 0
    return count.value


def check_threads(n: int) -> None:
    """Start threads and end them again, as a test of the limits of this process.

    onnxruntime waits without end, deaf to signals, where it may not start one of its threads.

    Args:
        n: Number of threads.

    Raises:
        InputError: The system refuses them.
    """
    gate = _thread.allocate_lock()
    gate.acquire()
    ends: list[_thread.LockType] = []
    try:
        for _ in range(n):
            end = _thread.allocate_lock()
            end.acquire()
            # Thread.start of threading waits without end for a thread that found no memory.
            _thread.start_new_thread(_stay, (gate, end))
            ends.append(end)
    except (RuntimeError, MemoryError):
        raise refusal(n) from None
    finally:
        gate.release()
        # The first that does not end decides: each of the others would be waited for as long.
        ended = all(end.acquire(timeout=_SECONDS_TO_END) for end in ends)
    if not ended:
        raise refusal(n)


def _stay(gate: _thread.LockType, end: _thread.LockType) -> None:
    """Live until the gate is open."""
    with gate:
        end.release()


def refusal(n: int) -> InputError:
    """Return the error for threads that the system does not start."""
    return InputError(
        f"this machine does not allow {n:,} threads" if n > 1 else "no thread can be started",
        hint="pass fewer with --threads" if n > 1 else "raise `ulimit -u` and `ulimit -v`",
    )
