"""Work in the background and side by side: order, errors, and ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from zooctl.inference.device.threaded import in_background, side_by_side


def count(n: int) -> Generator[int]:
    yield from range(n)


@pytest.mark.parametrize("n", [0, 1, 100])
def test_background_keeps_order(n: int) -> None:
    assert list(in_background(count(n))) == list(range(n))
    assert not background_threads()


def background_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "zooctl-background"]


def test_background_error_surfaces_after_what_came_before() -> None:
    def work() -> Generator[int]:
        yield 1
        raise OSError(5, "Input/output error")

    items = in_background(work())
    assert next(items) == 1
    with pytest.raises(OSError, match="Input/output error"):
        next(items)
    assert not background_threads()


def test_background_runs_ahead_but_not_far() -> None:
    made = []

    def work() -> Generator[int]:
        for k in range(1000):
            made.append(k)
            yield k

    items = in_background(work())
    assert next(items) == 0
    deadline = time.monotonic() + 5
    while len(made) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert 5 <= len(made) <= 7
    items.close()
    assert not background_threads()


def test_leaving_early_closes_the_source_and_interrupts() -> None:
    closed, interrupted = threading.Event(), threading.Event()

    def work() -> Generator[int]:
        try:
            yield 1
            # As a network that computes until it is told to stop.
            assert interrupted.wait(10)
            yield 2
        finally:
            closed.set()

    items = in_background(work(), interrupted.set)
    assert next(items) == 1
    items.close()
    assert interrupted.is_set()
    assert closed.is_set()
    assert not background_threads()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_side_by_side_keeps_order(n: int) -> None:
    def slow_when_even(number: int) -> int:
        time.sleep(0.002 * (number % 2 == 0))
        return number**2

    assert list(side_by_side(slow_when_even, range(40), n)) == [(k, k**2) for k in range(40)]


def test_side_by_side_fills_its_threads_and_goes_no_further() -> None:
    together = threading.Barrier(3, timeout=10)
    taken = []

    def items() -> Generator[int]:
        for k in range(12):
            taken.append(k)
            yield k

    def wait(number: int) -> int:
        # Passes only if three are at work at once.
        together.wait()
        return number

    found = side_by_side(wait, items(), 3)
    assert next(found) == (0, 0)
    assert len(taken) == 6
    assert [item for item, _ in found] == list(range(1, 12))


def test_side_by_side_raises_in_place_of_the_item() -> None:
    def fail_at_three(number: int) -> int:
        if number == 3:
            raise OSError(5, "Input/output error")
        return number

    found = side_by_side(fail_at_three, range(10), 2)
    assert [next(found) for _ in range(3)] == [(0, 0), (1, 1), (2, 2)]
    with pytest.raises(OSError, match="Input/output error"):
        next(found)
    assert not [thread for thread in threading.enumerate() if "side-by-side" in thread.name]


def test_leaving_side_by_side_early_ends_its_threads() -> None:
    found = side_by_side(abs, range(100), 2)
    assert next(found) == (0, 0)
    found.close()
    assert not [thread for thread in threading.enumerate() if "side-by-side" in thread.name]
