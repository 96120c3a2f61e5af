"""Stages of a pipeline in threads of their own, and one stage in several.

Items keep their order. Most of the time is spent where Python's lock is not held: in onnxruntime,
numpy and decompression.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item], n: int
) -> Generator[tuple[Item, Result]]:
    """Yield items with their results, in order, from n threads.

    Items are taken as results are, a few ahead, so that no thread waits for a slower one. An error
    is raised in its item's place; what runs by then is waited for.

    >>> list(side_by_side(len, ["A", "CCG", "TT"], 2))
    [('A', 1), ('CCG', 3), ('TT', 2)]
    """
    if n == 1:
        for item in items:
            yield item, work(item)
        return
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    with ThreadPoolExecutor(n, thread_name_prefix="zooctl-side-by-side") as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) == 2 * n:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


class _End:
    """The end of a queue, with the error that caused it if one did."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def in_background(
    items: Generator[Item], interrupt: Callable[[], object] | None = None
) -> Generator[Item]:
    """Yield the items of a generator that runs ahead in another thread.

    An error there is raised here. When the consumer stops early, so does the thread.

    Args:
        items: The generator; it is closed in its thread.
        interrupt: Called when the consumer stops early, to cut short the item in work.
    """
    ready: queue.Queue[Item | _End] = queue.Queue(maxsize=_AHEAD)
    stop = threading.Event()
    thread = threading.Thread(
        target=_fill, args=(items, ready, stop), name="zooctl-background", daemon=True
    )
    try:
        thread.start()
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    except BaseException:
        stop.set()
        if interrupt is not None:
            interrupt()
        raise
    finally:
        # A signal may come while the thread starts; it sees `stop` then, and does nothing.
        with contextlib.suppress(RuntimeError):
            thread.join()


def _fill(items: Generator[Item], ready: queue.Queue[Item | _End], stop: threading.Event) -> None:
    """Put items into a queue of bounded length until they end or ``stop`` is set."""

    def put(item: Item | _End) -> None:
        while not stop.is_set():
            try:
                return ready.put(item, timeout=0.1)
            except queue.Full:
                continue

    if stop.is_set():
        return
    error: BaseException | None = None
    try:
        with contextlib.closing(items):
            for item in items:
                put(item)
                if stop.is_set():
                    break
    except BaseException as raised:
        error = raised
    put(_End(error))
