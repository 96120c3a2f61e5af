"""Workers as actors of Ray, which keep the models loaded; nodes may come and go."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from zooctl.errors import NetworkError
from zooctl.inference.scale.engines.outcome import ShardOutcome, refusal
from zooctl.inference.scale.engines.ray_cluster import join_cluster
from zooctl.inference.scale.folder import Failure, PlanFolder
from zooctl.inference.scale.jobs.verbs import Verbs
from zooctl.inference.scale.worker import Worker, failure_of
from zooctl.progress import Advance, no_advance

_MOST_DEATHS = 3
"""Actors that may die at one shard before it counts as failed."""

_PATIENCE = 2.0  # seconds until the cluster is looked at again
_OPENING = 0  # in place of a shard's number


class ShardActor:
    """A worker in a process of Ray's.

    Args:
        folder: The plan's folder, or its address.
        verbs: Commands that can be planned.
    """

    def __init__(self, folder: str, verbs: Verbs) -> None:
        self._worker = Worker(PlanFolder(folder), verbs)

    def run(self, number: int) -> tuple[str, int] | None:
        """Compute a shard, or open the models alone; return the error and exit code, if any."""
        try:
            if number == _OPENING:
                self._worker.open()
            else:
                self._worker.run(number)
        except Exception as error:
            failure = failure_of(error)
            return failure.error, failure.exit_code
        return None


class RayActors:
    """Actors on the shards of a plan, as many as the cluster has room for.

    Args:
        folder: The plan's folder.
        numbers: Shards to compute, in this order.
        most: Most actors; None for as many as there is room for.
        verbs: Commands that can be planned.
    """

    def __init__(
        self, folder: PlanFolder, numbers: Sequence[int], most: int | None, verbs: Verbs
    ) -> None:
        self._folder, self._verbs = folder, verbs
        self._waiting = deque(numbers)
        self._n_left = len(numbers)
        self._most = most
        self._deaths: dict[int, int] = {}
        # Reference of what an actor does, to the actor and the shard.
        self._running: dict[Any, tuple[Any, int]] = {}
        self._advance: Advance = no_advance

    def _room(self) -> int:
        """Return the number of actors that the cluster has room for now."""
        import ray

        session, have = self._folder.plan.options["session"], ray.cluster_resources()
        room = int(have.get("CPU", 0)) // int(session["threads"])
        if session["device"] == "cuda":
            room = min(room, int(have.get("GPU", 0)))
        return max(1, min(room, self._most or room))

    def _start(self) -> None:
        """Start actors while there is room and work."""
        import ray

        session = self._folder.plan.options["session"]
        needs = {"num_cpus": session["threads"], "num_gpus": int(session["device"] == "cuda")}
        busy = sum(number != _OPENING for _, number in self._running.values())
        wanted = min(self._room(), len(self._waiting) + busy)
        while len(self._running) < wanted:
            remote = ray.remote(ShardActor).options(**needs)
            actor = remote.remote(self._folder.address, self._verbs)
            self._running[actor.run.remote(_OPENING)] = actor, _OPENING

    def outcomes(self, advance: Advance) -> Iterator[ShardOutcome]:
        """Yield the end of each shard, as it comes.

        Raises:
            ZooError: The workers refuse the plan.
        """
        import ray

        self._advance = advance
        while self._n_left:
            self._start()
            done, _ = ray.wait(list(self._running), timeout=_PATIENCE)
            for reference in done:
                actor, number = self._running.pop(reference)
                try:
                    error = ray.get(reference)
                except (
                    ray.exceptions.RayActorError,
                    ray.exceptions.OutOfMemoryError,  # Ray killed it for its node's memory
                ) as death:
                    yield from self._bury(number, death)
                    continue
                if number == _OPENING and error is not None:
                    raise refusal(*error)
                if number != _OPENING:
                    self._n_left -= 1
                    advance(self._folder.plan.shards[number - 1].work)
                    yield ShardOutcome(
                        number, None if error is None else Failure(error[0], error[1], "")
                    )
                yield from self._give(actor)

    def _give(self, actor: Any) -> Iterator[ShardOutcome]:
        """Give an actor the next shard that no other run has finished; without one it ends."""
        import ray

        while self._waiting:
            number = self._waiting.popleft()
            if self._folder.receipt(number) is None:
                self._running[actor.run.remote(number)] = actor, number
                return
            self._n_left -= 1
            self._advance(self._folder.plan.shards[number - 1].work)
            yield ShardOutcome(number, None)
        ray.kill(actor)

    def _bury(self, number: int, death: Exception) -> Iterator[ShardOutcome]:
        """Have another actor compute the shard of a dead one, unless it kills every actor."""
        self._deaths[number] = self._deaths.get(number, 0) + 1
        text = f"the actor died: {str(death).partition(chr(10))[0]}"
        if number == _OPENING:
            # A node that goes takes several; only one after the other is a fault of the plan.
            if self._deaths[number] > 10 * _MOST_DEATHS:
                raise refusal(text, 2)
            return
        if self._deaths[number] < _MOST_DEATHS:
            self._waiting.appendleft(number)
            return
        self._n_left -= 1
        failure = Failure(text, 2, "")
        self._folder.fail(number, failure)
        yield ShardOutcome(number, failure)

    def end(self) -> None:
        """Kill the actors."""
        import ray

        for actor, _ in self._running.values():
            ray.kill(actor)


@contextmanager
def ray_actors(
    folder: PlanFolder, numbers: Sequence[int], *, address: str, most: int | None, verbs: Verbs
) -> Iterator[RayActors]:
    """Open actors on a cluster.

    Args:
        folder: The plan's folder, which all nodes see.
        numbers: Shards to compute.
        address: Of the cluster; ``local`` for this machine.
        most: Most actors.
        verbs: Commands that can be planned.

    Raises:
        InputError: Ray is not installed.
        NetworkError: No cluster answers.
    """
    with join_cluster(address):
        import ray

        actors = RayActors(folder, numbers, most, verbs)
        try:
            yield actors
        except ray.exceptions.RayError as error:
            said = str(error).partition("\n")[0]
            raise NetworkError("the Ray cluster is gone", got=said) from None
        finally:
            actors.end()
