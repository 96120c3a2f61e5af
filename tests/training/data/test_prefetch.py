"""Items made ahead: in order, no more than asked for, errors in their place, no thread left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from zooctl.training.data.prefetch import prefetch


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "prefetch"]


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_order_and_content(ahead: int) -> None:
    assert list(prefetch(range(100), ahead)) == list(range(100))
    assert list(prefetch([], ahead)) == []
    assert threads() == []


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_an_error_comes_where_its_item_would_have(ahead: int) -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("third")

    found = prefetch(items(), ahead)
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(found)
    assert threads() == []


def test_no_more_is_made_than_may_wait() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    with closing(prefetch(items(), 3)) as found:
        assert next(found) == 0
        time.sleep(0.3)
        # Three wait, and one is in the maker's hand.
        assert len(made) == 5
    assert threads() == [], "closing ends the thread"
    assert len(made) == 5


def test_items_are_made_while_the_reader_works() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 0
        made.set()
        yield 1

    with closing(prefetch(items(), 1)) as found:
        next(found)
        assert made.wait(10)
