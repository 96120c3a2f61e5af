"""Run the shards of a plan that are not there yet: here, in processes, or on a cluster."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from zooctl.errors import InputError, ZooError
from zooctl.inference.options.predict_and_score import MOST_WORKERS
from zooctl.inference.scale.engines.outcome import ShardOutcome, refusal
from zooctl.inference.scale.engines.pool import Pool
from zooctl.inference.scale.folder import Failure, PlanFolder
from zooctl.inference.scale.jobs.verbs import VERBS, Verbs
from zooctl.inference.scale.worker import Worker, failure_of
from zooctl.progress import Advance, Progress, Say, no_progress, silent


class Engine(Protocol):
    """A set of workers on shards; ``pool.Pool`` is one."""

    def outcomes(self, advance: Advance) -> Iterator[ShardOutcome]:
        """Yield the end of each shard, as it comes."""
        ...


Engines = Callable[[PlanFolder, Sequence[int]], AbstractContextManager[Engine]]
"""Opens an engine on shards of a plan."""


@dataclass
class RunResult:
    """The end of a run.

    Attributes:
        there: Shards that were there before.
        done: Shards that this run computed.
        failed: Shards that failed, with the first line and the exit code of each error.
    """

    there: int
    done: int = 0
    failed: dict[int, Failure] = field(default_factory=dict)


def parse_share(text: str) -> tuple[int, int]:
    """Return the number and the count of a share of a plan.

    Raises:
        InputError: It is none.

    >>> parse_share("3/40")
    (3, 40)
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    number, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= count:
        raise InputError("not a share of a plan", got=repr(text), expected="such as 3/40")
    return number, count


def run_plan(
    folder: PlanFolder,
    *,
    share: tuple[int, int] | None = None,
    engine: Engines | None = None,
    verbs: Verbs = VERBS,
    say: Say = silent,
    progress: Progress = no_progress,
) -> RunResult:
    """Compute the shards of a plan that are not there.

    Several runs of one plan may go on at once, here and elsewhere: each begins at a place of its
    own, and passes over what another has finished.

    Args:
        folder: The plan's folder.
        share: Number and count of a share: every count-th shard alone; None for all.
        engine: Opens the workers; None for this process.
        verbs: Commands that can be planned, for this process.
        say: Told about shards that are there already, and those that fail.
        progress: Opens the progress display of the plan.

    Raises:
        ZooError: The workers refuse the plan; or shards failed, after all others are done.
    """
    plan = folder.plan
    number, count = share or (1, 1)
    asked = [shard.number for shard in plan.shards][number - 1 :: count]
    missing = [one for one in asked if not folder.is_whole(one)]
    result = RunResult(len(asked) - len(missing))
    if result.there:
        say(f"there already: {result.there:,} of {len(asked):,} shards")
    if not missing:
        return result
    if share is None:
        at = secrets.randbelow(len(missing))
        missing = missing[at:] + missing[:at]
    work = sum(plan.shards[one - 1].work for one in missing)
    opened = engine or _here(verbs, say, progress)
    with (
        opened(folder, missing) as workers,
        progress(work, plan.unit, plan.label) as advance,
    ):
        for outcome in workers.outcomes(advance):
            _count(folder, outcome, result, say)
    if result.failed:
        raise _failed(folder, result)
    return result


def _count(folder: PlanFolder, outcome: ShardOutcome, result: RunResult, say: Say) -> None:
    if outcome.failure is None:
        result.done += 1
        return
    result.failed[outcome.number] = outcome.failure
    say(f"warning: shard {folder.name(outcome.number)} failed: {outcome.failure.error}")


def _failed(folder: PlanFolder, result: RunResult) -> ZooError:
    number = min(result.failed)
    first = result.failed[number]
    n, total = len(result.failed), len(folder.plan.shards)
    error = refusal(f"{n:,} of {total:,} shards failed", first.exit_code)
    error.path, error.got = str(folder.path), f"shard {number}: {first.error}"
    error.hint = f"zooctl run {folder.path} computes them again; zooctl status lists them"
    return error


class _Here:
    """This process as the only worker."""

    def __init__(self, worker: Worker, numbers: Sequence[int]) -> None:
        self._worker, self._numbers = worker, numbers

    def outcomes(self, advance: Advance) -> Iterator[ShardOutcome]:
        """Yield the end of each shard."""
        for number in self._numbers:
            # Another run may have finished it meanwhile.
            if self._worker.folder.receipt(number) is not None:
                advance(self._worker.folder.plan.shards[number - 1].work)
                yield ShardOutcome(number, None)
                continue
            try:
                self._worker.run(number, advance)
            except (ZooError, OSError) as error:
                yield ShardOutcome(number, failure_of(error))
            else:
                yield ShardOutcome(number, None)


def _here(verbs: Verbs, say: Say, progress: Progress) -> Engines:
    @contextmanager
    def opened(folder: PlanFolder, numbers: Sequence[int]) -> Iterator[Engine]:
        with Worker(folder, verbs, say=say, progress=progress) as worker:
            worker.open()
            yield _Here(worker, numbers)

    return opened


def processes(n_workers: int, verbs: Verbs = VERBS) -> Engines:
    """Return an engine of processes of this machine.

    Args:
        n_workers: Processes.
        verbs: Commands that can be planned.

    Raises:
        InputError: The number is out of bounds.
    """
    if not 1 <= n_workers <= MOST_WORKERS:
        raise InputError(f"workers must be from 1 to {MOST_WORKERS:,}", got=n_workers)
    return lambda folder, numbers: Pool(folder, numbers, n_workers, verbs.worker)


def actors(address: str, most: int | None, verbs: Verbs = VERBS) -> Engines:
    """Return an engine of actors on a Ray cluster.

    Args:
        address: Of the cluster; ``local`` for this machine alone.
        most: Most actors; None for as many as there is room for.
        verbs: Commands that can be planned.
    """
    from zooctl.inference.scale.engines.ray_actors import ray_actors

    return lambda folder, numbers: ray_actors(
        folder, numbers, address=address, most=most, verbs=verbs
    )
