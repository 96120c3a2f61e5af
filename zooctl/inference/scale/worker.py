"""A worker: computes shards of a plan one after the other, with models that stay loaded.

Run as ``python -m zooctl.inference.scale.worker PLAN``, it takes the numbers of shards from stdin,
a line each, and writes messages to stdout, a JSON object a line. It ends at once when stdin does,
for then whoever started it is dead.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Any

from zooctl.errors import ZooError, system_error
from zooctl.inference.scale.folder import Failure, PlanFolder, Receipt
from zooctl.inference.scale.jobs.job import ShardJob
from zooctl.inference.scale.jobs.verbs import VERBS, Verbs, open_job
from zooctl.progress import Advance, Progress, Say, no_advance, no_progress, silent

_TELL = 0.2  # seconds between messages on work that is done


class Worker:
    """Computes shards of a plan; a context manager.

    Args:
        folder: The plan's folder.
        verbs: Commands that can be planned.
        progress: Opens the progress displays of opening models and inputs.
        say: Told about the genome and the device.
    """

    def __init__(
        self,
        folder: PlanFolder,
        verbs: Verbs = VERBS,
        *,
        progress: Progress = no_progress,
        say: Say = silent,
    ) -> None:
        self.folder = folder
        self._verbs = verbs
        self._progress, self._say = progress, say
        self._stack = ExitStack()
        self._job: ShardJob | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the models and inputs."""
        self._stack.close()
        self._job = None

    def open(self) -> ShardJob:
        """Open models and inputs, unless they are.

        Raises:
            ZooError: They are not those of the plan.
        """
        if self._job is None:
            job = open_job(self.folder, self._verbs, self._progress, self._say)
            self._job = self._stack.enter_context(job)
        return self._job

    def run(self, number: int, advance: Advance = no_advance) -> Receipt:
        """Compute a shard, and record its failure if it has one.

        Args:
            number: The shard's number.
            advance: Called with the units of work done since the last call.

        Raises:
            ZooError: It cannot be computed.
        """
        shard = self.folder.plan.shards[number - 1]
        try:
            job = self.open()
            return self.folder.keep(shard, lambda file: job.run(shard, file, advance))
        except Exception as error:
            self.close()
            self.folder.fail(number, failure_of(error))
            raise
        except BaseException:  # a signal: the shard is absent, and no failure
            self.close()
            raise


def failure_of(error: Exception) -> Failure:
    """Return the record of an error: its first line and exit code."""
    if isinstance(error, OSError):
        error = system_error(error) or error
    code = error.exit_code if isinstance(error, ZooError) else 1
    text = str(error) if isinstance(error, ZooError) else f"{type(error).__name__}: {error}"
    return Failure(text.partition("\n")[0], code, os.uname().nodename)


def _read_numbers(numbers: SimpleQueue[int]) -> None:
    """Take numbers from stdin; end the process with it."""
    for line in sys.stdin.buffer:
        numbers.put(int(line))
    os._exit(0)


def _messages() -> Callable[..., None]:
    """Return a writer of messages, on a stdout that nothing else can write to."""
    stream = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def tell(**message: Any) -> None:
        stream.write(json.dumps(message).encode() + b"\n")

    return tell


def serve(folder: PlanFolder, verbs: Verbs = VERBS) -> None:
    """Compute the shards that stdin names, until it ends."""
    tell = _messages()
    numbers: SimpleQueue[int] = SimpleQueue()
    threading.Thread(target=_read_numbers, args=(numbers,), daemon=True).start()
    with Worker(folder, verbs) as worker:
        try:
            worker.open()
        except Exception as error:
            failure = failure_of(error)
            tell(refused=failure.error, exit_code=failure.exit_code)
            return
        tell(ready=True)
        while True:
            _serve_one(worker, numbers.get(), tell)


def _serve_one(worker: Worker, number: int, tell: Callable[..., None]) -> None:
    waiting, told = 0.0, time.monotonic()

    def advance(done: float) -> None:
        nonlocal waiting, told
        waiting += done
        if time.monotonic() - told >= _TELL:
            tell(advance=waiting)
            waiting, told = 0.0, time.monotonic()

    try:
        worker.run(number, advance)
    except Exception as error:
        failure = failure_of(error)
        tell(failed=number, error=failure.error, exit_code=failure.exit_code, advance=waiting)
    else:
        tell(done=number, advance=waiting)


if __name__ == "__main__":
    serve(PlanFolder(sys.argv[1]))
