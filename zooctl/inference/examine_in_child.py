"""Graphs of strangers, examined in a child process with limits of memory and time.

Shapes are inferred by onnx and graphs are run by onnxruntime, and neither asks how long a graph
takes or how large it becomes. So a graph that somebody else wrote is examined in a child first:
when it is adopted, when an entry outside of the packaged zoo is checked, and once on a machine when
a model of a folder or of the hub is loaded. Entries of the zoo need none at load: their bytes are
those of a manifest that was written after such an examination.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from zooctl import errors
from zooctl.errors import InputError, UnsafeError, ZooError
from zooctl.inference.device.machine import default_batch_size, default_threads
from zooctl.inference.device.session import Predictions, Session
from zooctl.inference.graph.check import batch_bytes, compose
from zooctl.inference.graph.independence import ProbeTrial, draw_windows
from zooctl.inference.graph.structure import parse_model, refuse_no_numbers
from zooctl.schema.card import Card
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry

# The largest published models take some 20 s a window on two cores, and a probe has four windows.
SECONDS = 300
"""Longest time of an examination."""

MEMORY = 2**31
"""Bytes that an examination takes at most, beside copies of the file and what it is reckoned for.

Shapes of 10,000 operators take some hundred MB.
"""

_COPIES = 8
# Of what a batch is reckoned to take, since onnxruntime's pools grow by doubling.
_BATCHES = 3
# Stack and heap that a thread reserves.
_PER_THREAD = 2**27
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def examine(model: bytes, card: Card, codes: Codes | None = None) -> Predictions:
    """Check a graph in a child process and return its predictions.

    Args:
        model: Serialised ONNX model.
        card: Its card.
        codes: Windows ``(n, input_length)`` to predict; a few drawn ones by default.

    Returns:
        float32 ``(n, n_tracks, n_bins)``.

    Raises:
        UnsafeError: The graph is refused, takes too much memory or too long, or ends the process.
        VerificationError: It contradicts the card, or windows depend on each other.
        InputError: It is no graph, or no process can be started.
    """
    if codes is None:
        codes = draw_windows(card.input_length)
    facts = {
        "model": len(model),
        "windows": len(codes),
        "geometry": list(vars(card.geometry).values()),
        "n_tracks": card.n_tracks,
        "unknown_base": card.unknown_base,
        "seconds": SECONDS,
        "memory": MEMORY,
    }
    # With -P nothing of the user's folder is imported.
    path = os.pathsep.join(one for one in sys.path if Path(one).is_absolute())
    try:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # An interrupt at the terminal reaches us, and we end the child.
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": path},
        )
    except OSError as error:
        raise InputError("no process can be started", got=error.strerror) from None
    assert process.stdin is not None
    assert process.stdout is not None
    head = json.dumps(facts).encode() + b"\n"
    try:
        reply, _ = process.communicate(head + model + codes.tobytes(), timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise UnsafeError(
            "the graph takes too long to examine", expected=f"at most {SECONDS:,} s"
        ) from None
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                stream.close()
    return _read(reply, process.returncode, (len(codes), card.n_tracks, card.geometry.n_bins))


def examine_once(model: bytes, card: Card) -> None:
    """Examine a graph unless this machine did before.

    Raises:
        ZooError: As ``examine``.
    """
    facts = ("examined", card.geometry, card.n_tracks, card.unknown_base)
    trial = ProbeTrial(model, card.input_length, facts)
    if not trial.is_passed():
        examine(model, card)
        trial.keep()


def _read(reply: bytes, code: int, shape: tuple[int, ...]) -> Predictions:
    """Return the predictions of a child's reply, or raise its error."""
    head, _, body = reply.partition(b"\n")
    with contextlib.suppress(ValueError):
        fault = json.loads(head)
        if fault is not None:
            raise getattr(errors, fault.pop("class"))(**fault)
        values = np.frombuffer(body, dtype=np.float32)
        if values.size == np.prod(shape):
            return values.reshape(shape)
    ended = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    raise UnsafeError("the graph ends the process that examines it", got=ended)


def main() -> None:
    """Examine the graph on stdin, and write an error or its predictions on stdout."""
    _leave_with_the_parent()
    reply = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries may print
    facts = json.loads(sys.stdin.buffer.readline())
    model = sys.stdin.buffer.read(facts["model"])
    geometry = Geometry(*facts["geometry"])
    codes = np.frombuffer(sys.stdin.buffer.read(), dtype=np.uint8)
    codes = codes.reshape(facts["windows"], geometry.input_length)
    try:
        _limit_time(facts["seconds"])
        predictions = examine_here(
            model, geometry, facts["n_tracks"], facts["unknown_base"], codes, memory=facts["memory"]
        )
        reply.write(b"null\n" + np.ascontiguousarray(predictions).tobytes())
    except ZooError as error:
        reply.write(_fault(error))
    reply.flush()
    os._exit(0)  # memory may not suffice for a clean end


def examine_here(
    model: bytes,
    geometry: Geometry,
    n_tracks: int,
    unknown_base: float,
    codes: Codes,
    *,
    memory: int | None = None,
) -> Predictions:
    """Check a graph in this process and return its predictions.

    Args:
        model: Serialised ONNX model.
        geometry: Window lengths.
        n_tracks: Tracks that it predicts.
        unknown_base: Value of all four channels at an unknown base.
        codes: Windows ``(n, input_length)``.
        memory: Bytes to limit this process to, for good, beside those it is reckoned for.

    Raises:
        ZooError: As ``examine``.
    """
    facts: dict[str, Any] = {
        "geometry": geometry,
        "n_tracks": n_tracks,
        "unknown_base": unknown_base,
    }
    try:
        if memory is not None:
            _limit_memory(memory + _COPIES * len(model))
        compose(model, **facts)
        refuse_no_numbers(parse_model(model))
        length = geometry.input_length
        rows = default_batch_size(length, batch_bytes(model, length, 1))
        held = batch_bytes(model, length, rows)
        if memory is not None:
            threads = _PER_THREAD * default_threads()
            _limit_memory(2 * memory + _COPIES * len(model) + _BATCHES * held + threads)
        session = Session(model, device="cpu", batch_size=rows, **facts)
        session.check_windows(model, codes)
        return session.predict(codes)
    except ZooError:
        raise
    except MemoryError:
        raise UnsafeError("the graph takes too much memory to examine") from None
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "")
        if "bad_alloc" in reason or "bad allocation" in reason:
            raise UnsafeError("the graph takes too much memory to examine") from None
        raise UnsafeError(
            "the graph cannot be examined", got=f"{type(error).__name__}: {reason}"
        ) from error


def _fault(error: ZooError) -> bytes:
    sides = {
        side: None if (value := getattr(error, side)) is None else str(value)
        for side in ("what", "field", "got", "expected", "hint")
    }
    return json.dumps({"class": type(error).__name__, **sides}).encode() + b"\n"


def _leave_with_the_parent() -> None:
    """End this process when its parent is killed, where the system offers that."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)


def _limit_time(seconds: int) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        limit = seconds * default_threads()
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))


def _limit_memory(more: int) -> None:
    """Limit the memory of this process to what it has and so many bytes more."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = pages * resource.getpagesize() + more
        if most != resource.RLIM_INFINITY:
            limit = min(limit, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


if __name__ == "__main__":
    main()
