"""Rows of a store that only their keys decide."""

from __future__ import annotations

import random

import numpy as np

from zooctl.files.score_store.rows import Key, StoredScore


def row(key: Key) -> StoredScore:
    """A score that only its key decides, with a NaN in it."""
    rng = np.random.default_rng(key.start)
    values = rng.standard_normal(8).astype(np.float32)
    values[3] = np.nan
    return StoredScore(
        "OK" if key.start % 3 else "EDGE+N", "snv", values, np.array([key.start, -1])
    )


def keys(n: int, seed: int) -> list[Key]:
    draw = random.Random(seed)
    return sorted(
        {
            Key(draw.randrange(500), draw.choice("ACGT"), draw.choice(["A", "CT"]), bool(seed % 2))
            for _ in range(n)
        }
    )


def check(found: dict[Key, StoredScore], expected: list[Key]) -> None:
    assert set(found) == set(expected)
    for key in expected:
        own = row(key)
        assert found[key][:2] == own[:2]
        assert found[key].values.tobytes() == own.values.tobytes()
        assert found[key].places.tolist() == own.places.tolist()
