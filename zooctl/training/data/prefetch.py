"""Batches are made ahead by a thread while the network computes; order and content stay."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

# How soon a maker that waits for room notices that nobody reads any more.
_LOOK_UP_SECONDS = 0.1


@dataclass(frozen=True)
class _Made(Generic[T]):
    item: T


@dataclass(frozen=True)
class _Ended:
    """Of the items; with the error that ended them, if one did."""

    error: BaseException | None


def prefetch(items: Iterable[T], ahead: int) -> Generator[T, None, None]:
    """Yield the items in their order, up to ``ahead`` of them made before they are asked for.

    An error in making an item is raised where that item would have come. Close the iterator
    (``contextlib.closing``) to stop the thread before the end.

    Args:
        items: Made by iterating, in a thread of its own.
        ahead: Items that wait at most; 0 for no thread.

    >>> list(prefetch(range(5), ahead=2))
    [0, 1, 2, 3, 4]
    """
    if ahead == 0:
        yield from items
        return
    queue: Queue[_Made[T] | _Ended] = Queue(maxsize=ahead)
    unread = Event()
    # A daemon, so that it never keeps an interpreter alive that wants to leave.
    thread = Thread(target=_make, args=(items, queue, unread), name="prefetch", daemon=True)
    thread.start()
    try:
        while isinstance(found := queue.get(), _Made):
            yield found.item
        if found.error is not None:
            raise found.error
    finally:
        unread.set()
        thread.join()


def _make(items: Iterable[T], queue: Queue[_Made[T] | _Ended], unread: Event) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            if not _put(_Made(item), queue, unread):
                return
    except BaseException as raised:  # whatever it is, it belongs to the reader
        error = raised
    _put(_Ended(error), queue, unread)


def _put(entry: _Made[T] | _Ended, queue: Queue[_Made[T] | _Ended], unread: Event) -> bool:
    """Wait for room; False if nobody reads any more."""
    while not unread.is_set():
        try:
            queue.put(entry, timeout=_LOOK_UP_SECONDS)
        except Full:
            continue
        return True
    return False
