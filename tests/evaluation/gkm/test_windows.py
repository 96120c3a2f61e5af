"""Windows around regions, and beside them with the same GC content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from zooctl.evaluation.gkm.windows import windows_around, windows_beside
from zooctl.files.fasta.reader import Fasta
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import decode

LENGTH = 20_000


@pytest.fixture
def genome(tmp_path: Path) -> Iterator[Fasta]:
    """Half of it rich in AT, half in GC; a stretch of it unknown."""
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("AATTACGT"), LENGTH // 2))
    text += "".join(rng.choice(list("GGCCACGT"), LENGTH // 2))
    text = text[:1000] + "N" * 500 + text[1500:]
    (tmp_path / "a.fa").write_text(f">chr1\n{text}\n>chr2\n{'ACGT' * 100}\n")
    with Fasta(tmp_path / "a.fa") as opened:
        yield opened


def test_windows_lie_around_the_middle_and_are_known(genome: Fasta) -> None:
    regions = [Interval("chr2", 100, 110), Interval("chr1", 1100, 1200), Interval("chr2", 0, 4)]
    found = windows_around(genome, regions, 8, 10)
    assert [decode(one) for one in found] == [("ACGT" * 100)[101:109]]
    many = [Interval("chr2", start, start + 2) for start in range(50, 150)]
    assert len(windows_around(genome, many, 8, 30)) == 25


def test_negatives_have_the_same_gc_and_touch_no_region(genome: Fasta) -> None:
    regions = [Interval("chr1", start, start + 60) for start in range(12_000, 18_000, 150)]
    windows = windows_around(genome, regions, 40, 100)
    found = windows_beside(genome, regions, windows, seed=1)
    assert found.shape == windows.shape
    gc = [((one == 1) | (one == 2)).mean(axis=1) for one in (found, windows)]
    assert abs(gc[0].mean() - gc[1].mean()) < 0.02
    text = decode(genome.padded_codes("chr1", 0, LENGTH))
    for window in found:
        start = text.index(decode(window))
        assert all(start + 40 <= one.start or start >= one.end for one in regions)
    np.testing.assert_array_equal(found, windows_beside(genome, regions, windows, seed=1))
    assert (found != windows_beside(genome, regions, windows, seed=2)).any()
