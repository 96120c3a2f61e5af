"""Prefetching: a thread prepares batches ahead; their order and content do not change."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

# Seconds between the waiting thread's looks at whether its reader has stopped.
_LOOK_UP_SECONDS = 0.1


@dataclass(frozen=True)
class _Item(Generic[T]):
    item: T


@dataclass(frozen=True)
class _End:
    """End of the items; ``error`` is None at a regular end."""

    error: BaseException | None


def prefetch(items: Iterable[T], ahead: int) -> Generator[T, None, None]:
    """Yield the items in their order, up to ``ahead`` of them computed in advance.

    An error in computing an item is raised in that item's place. Close the iterator
    (``contextlib.closing``) to stop the thread before the end.

    Args:
        items: Iterated over in a separate thread.
        ahead: Most items that wait; 0 for no thread.

    >>> list(prefetch(range(5), ahead=2))
    [0, 1, 2, 3, 4]
    """
    if ahead == 0:
        yield from items
        return
    queue: Queue[_Item[T] | _End] = Queue(maxsize=ahead)
    unread = Event()
    # A daemon, so that it never keeps the interpreter alive.
    thread = Thread(target=_make, args=(items, queue, unread), name="prefetch", daemon=True)
    thread.start()
    try:
        while isinstance(entry := queue.get(), _Item):
            yield entry.item
        if entry.error is not None:
            raise entry.error
    finally:
        unread.set()
        thread.join()


def _make(items: Iterable[T], queue: Queue[_Item[T] | _End], unread: Event) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            if not _put(_Item(item), queue, unread):
                return
    except BaseException as raised:  # of any kind: the reader raises it
        error = raised
    _put(_End(error), queue, unread)


def _put(entry: _Item[T] | _End, queue: Queue[_Item[T] | _End], unread: Event) -> bool:
    """Wait for room in the queue; return False if the reader has stopped."""
    while not unread.is_set():
        try:
            queue.put(entry, timeout=_LOOK_UP_SECONDS)
        except Full:
            continue
        return True
    return False
