"""Time that a prediction takes, from a few of its batches."""

from __future__ import annotations

import contextlib
import itertools
import time

from zooctl.inference.device.threaded import side_by_side
from zooctl.inference.tracks.predict import Work


def estimate_seconds(work: Work, *, n_batches: int = 3) -> float:
    """Return the seconds that a prediction takes, from a few batches after one that warms up.

    0 where they hold no window with a value.
    """
    wanted = n_batches * work.at_once
    with contextlib.closing(work.batches) as batches:
        known = [batch for batch in itertools.islice(batches, wanted) if len(batch.codes)]
    if not known:
        return 0.0
    work.run(known[-1])
    start = time.perf_counter()
    for _ in side_by_side(work.run, known, work.at_once):
        pass
    return work.n_batches * (time.perf_counter() - start) / len(known)
