"""Whether the system allows as many threads as a network is to run with."""

from __future__ import annotations

import threading
from contextlib import suppress

from zooctl.errors import InputError

MOST = 1_024
"""Most threads of a session: more than cores of any machine, and quickly started."""


def check_threads(n: int) -> None:
    """Start threads and end them again, as a test of the limits of this process.

    onnxruntime waits without end, deaf to signals, where it may not start one of its threads.

    Args:
        n: Number of threads.

    Raises:
        InputError: There are too many, or the system refuses them.
    """
    if n > MOST:
        raise InputError("too many threads", got=f"{n:,}", expected=f"at most {MOST:,}")
    done = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(n):
            thread = threading.Thread(target=done.wait, daemon=True)
            thread.start()
            started.append(thread)
    except (RuntimeError, MemoryError):
        raise refusal(n) from None
    finally:
        done.set()
        for thread in started:
            with suppress(RuntimeError):
                thread.join()


def refusal(n: int) -> InputError:
    """Return the error for threads that the system does not start."""
    return InputError(
        f"this machine does not allow {n:,} threads" if n > 1 else "no thread can be started",
        hint="pass fewer with --threads" if n > 1 else "raise `ulimit -u` and `ulimit -v`",
    )
