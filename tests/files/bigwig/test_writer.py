"""The bytes of a bigWig follow from its bins alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zooctl.files.bigwig.writer import BigWigWriter


def test_bytes_do_not_depend_on_the_calls(tmp_path: Path) -> None:
    values = np.random.default_rng(1).random(700_000).astype(np.float32)
    values[1_000:1_300] = values[500_000] = np.nan
    drawn = random.Random(2)
    lengths: list[Callable[[], int]] = [
        lambda: 4_096,
        lambda: drawn.randrange(1, 9_000),
        lambda: 300_000,
        lambda: len(values),
    ]
    contents = set()
    for number, length in enumerate(lengths):
        path = tmp_path / f"{number}.bw"
        with BigWigWriter(path, {"chr1": 32 * len(values) - 5, "chr2": 1_000}) as writer:
            at = 0
            while at < len(values):
                n = length()
                writer.add_bins("chr1", 32 * at, values[at : at + n], 32)
                at += n
            writer.add_bins("chr2", 0, np.ones(10, np.float32), 32)
        contents.add(path.read_bytes())
    assert len(contents) == 1
