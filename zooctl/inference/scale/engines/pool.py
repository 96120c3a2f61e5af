"""Workers as processes of this machine, which are restarted when they are killed."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from zooctl.inference.device.machine import count_gpus
from zooctl.inference.scale.engines.outcome import ShardOutcome, refusal
from zooctl.inference.scale.folder import Failure, PlanFolder
from zooctl.progress import Advance, no_advance

_MOST_DEATHS = 3
"""Workers that may be killed at one shard before it counts as failed."""

# Libraries that start threads of their own beside those of a session.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# The GPUs that CUDA shows a process.
_GPUS = "CUDA_VISIBLE_DEVICES"


def gpus_of(session: Mapping[str, Any]) -> list[str]:
    """Return the names of the GPUs that workers share; none for work on a CPU or on one GPU."""
    n = count_gpus() if session.get("device") == "cuda" else 0
    shown = os.environ.get(_GPUS)
    names = shown.split(",") if shown else [str(number) for number in range(n)]
    return names[:n] if n > 1 else []


def least_busy(gpus: Sequence[str], busy: Sequence[str | None]) -> str | None:
    """Return the GPU for one more worker; None where there is none to choose.

    >>> least_busy(["0", "1"], ["0"]), least_busy(["0", "1"], ["0", "1"]), least_busy([], [None])
    ('1', '0', None)
    """
    return min(gpus, key=busy.count, default=None)


class _Process:
    """A worker process."""

    def __init__(self, folder: PlanFolder, module: str, gpu: str | None) -> None:
        self.gpu = gpu
        environment = os.environ | dict.fromkeys(_ONE_THREAD, "1")
        environment |= {} if gpu is None else {_GPUS: gpu}
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        # -P: nothing of the user's folder. A session of its own: an interrupt at the terminal
        # reaches us, and we end the worker.
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", module, folder.address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,
            env=environment,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin, self.stdout = self.process.stdin, self.process.stdout
        self._rest = b""
        self.shard: int | None = None
        self.ready = False
        self.told = 0.0  # work of the shard so far

    def give(self, number: int) -> None:
        """Have it compute a shard."""
        self.shard, self.told = number, 0.0
        with suppress(BrokenPipeError):  # it is dead, which its stdout tells
            self._stdin.write(f"{number}\n".encode())
            self._stdin.flush()

    def messages(self) -> list[dict[str, Any]] | None:
        """Return the messages that are there; None once it is dead."""
        data = os.read(self.stdout.fileno(), 1 << 16)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def end(self) -> None:
        """Kill it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self._stdin, self.stdout, self._said):
            with suppress(BrokenPipeError):
                stream.close()

    def bury(self) -> str:
        """Return why it is dead: the signal, or the last line that it said."""
        with suppress(subprocess.TimeoutExpired):  # its stdout is closed, so this is a moment
            self.process.wait(timeout=5)
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        self.end()
        code = self.process.returncode
        if code < 0:
            return f"the worker was ended from outside: {signal.Signals(-code).name}"
        return f"the worker ended: {lines[-1] if lines else f'exit status {code}'}"


class Pool:
    """Worker processes on the shards of a plan; a context manager that ends them.

    Where there are several GPUs, each worker sees one of them.

    Args:
        folder: The plan's folder.
        numbers: Shards to compute, in this order.
        n_workers: Processes.
        module: Module that each runs.
    """

    def __init__(
        self, folder: PlanFolder, numbers: Sequence[int], n_workers: int, module: str
    ) -> None:
        self._folder, self._module = folder, module
        self._waiting = deque(numbers)
        self._n_left = len(numbers)
        self._n_workers = min(n_workers, len(numbers))
        self._gpus = gpus_of(folder.plan.options.get("session", {}))
        self._deaths: dict[int, int] = {}
        self._watched = selectors.DefaultSelector()
        self._stack = ExitStack()
        self._advance: Advance = no_advance

    def __enter__(self) -> Pool:
        with ExitStack() as stack:
            stack.callback(self._watched.close)
            stack.callback(self._end)
            for _ in range(self._n_workers):
                self._start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        busy = [key.data.gpu for key in self._watched.get_map().values()]
        worker = _Process(self._folder, self._module, least_busy(self._gpus, busy))
        self._watched.register(worker.stdout, selectors.EVENT_READ, worker)

    def _end(self) -> None:
        for key in list(self._watched.get_map().values()):
            key.data.end()

    def outcomes(self, advance: Advance) -> Iterator[ShardOutcome]:
        """Yield the end of each shard, as it comes.

        Raises:
            ZooError: The workers refuse the plan.
        """
        self._advance = advance
        while self._n_left:
            for key, _ in self._watched.select(timeout=1):
                worker: _Process = key.data
                messages = worker.messages()
                if messages is None:
                    yield from self._bury(worker)
                for message in messages or ():
                    done = message.get("advance", 0)
                    worker.told += done
                    advance(done)
                    yield from self._take(worker, message)

    def _take(self, worker: _Process, message: dict[str, Any]) -> Iterator[ShardOutcome]:
        if "refused" in message:
            raise refusal(message["refused"], message["exit_code"])
        worker.ready = True
        number = message.get("done") or message.get("failed")
        if number is not None:
            self._n_left -= 1
            worker.shard = None
            failed = "failed" in message
            yield ShardOutcome(
                number, Failure(message["error"], message["exit_code"], "") if failed else None
            )
        if "ready" in message or number is not None:
            yield from self._give(worker)

    def _give(self, worker: _Process) -> Iterator[ShardOutcome]:
        """Give a worker the next shard that no other run has finished meanwhile."""
        while self._waiting:
            number = self._waiting.popleft()
            if self._folder.receipt(number) is None:
                worker.give(number)
                return
            self._n_left -= 1
            self._advance(self._folder.plan.shards[number - 1].work)
            yield ShardOutcome(number, None)

    def _bury(self, worker: _Process) -> Iterator[ShardOutcome]:
        """Replace a dead worker; its shard is computed anew, unless it kills every worker."""
        self._watched.unregister(worker.stdout)
        fault, number = worker.bury(), worker.shard
        if number is not None:
            self._advance(-worker.told)
        if number is not None or not worker.ready:
            self._deaths[number or 0] = self._deaths.get(number or 0, 0) + 1
        if self._deaths.get(number or 0, 0) < _MOST_DEATHS:
            if number is not None:
                self._waiting.appendleft(number)
        elif number is None:
            raise refusal(f"workers end before they begin: {fault}", 2)
        else:
            self._n_left -= 1
            failure = Failure(fault, 2, os.uname().nodename)
            self._folder.fail(number, failure)
            yield ShardOutcome(number, failure)
        if self._n_left:
            self._start()
