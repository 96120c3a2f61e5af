"""Copies of training sequence in the test, counted by hand.

A window of 64 bp has 49 16-mers, and 123 windows of the test contig are judged. All k-mers of so
short a window are in its sketch.
"""

from __future__ import annotations

import numpy as np
import pytest
import toy_audit as toy
from numpy.typing import NDArray

from zooctl.audit.checks import near_duplicates as module
from zooctl.audit.checks.near_duplicates import near_duplicates
from zooctl.audit.findings import Outcome
from zooctl.sequence.onehot import reverse_complement

Codes = dict[str, NDArray[np.uint8]]


def judged(codes: Codes) -> Outcome:
    return near_duplicates(*toy.inputs(toy.recipe(), toy.every(4), codes=codes))


def with_copy(length: int = 64, turned: bool = False) -> Codes:
    """Training bases from 320 on, also in the test from 624 on, where a window's input begins."""
    codes = toy.genome()
    copied = codes["chr1"][320 : 320 + length]
    codes["chr3"][624 : 624 + length] = reverse_complement(copied) if turned else copied
    return codes


def test_random_sequence_has_none() -> None:
    found = judged(toy.genome())
    assert found.level == "clear"
    assert found.evidence["test"] == {
        "windows": 123,
        "near_duplicates": 0,
        "share": 0.0,
        "share_of_positives": 0.0,
    }


@pytest.mark.parametrize("turned", [False, True])
def test_a_copy_on_either_strand(turned: bool) -> None:
    found = judged(with_copy(turned=turned))
    assert found.level == "note"
    # Its neighbours share 32 bases of 64, and with them 17 of 49 16-mers.
    assert found.evidence["test"] == {
        "windows": 123,
        "near_duplicates": 1,
        "share": round(1 / 123, 5),
        "share_of_positives": round(1 / 30, 5),
    }
    assert found.evidence["pairs"] == [
        {
            "part": "test",
            "window": "chr3:625-688",
            "training": "chr1:257-384",
            "strand": "-" if turned else "+",
            "similarity": 1.0,
        }
    ]


def test_a_changed_base_takes_sixteen_words() -> None:
    codes = with_copy()
    codes["chr3"][656] = (codes["chr3"][656] + 1) % 4
    (pair,) = judged(codes).evidence["pairs"]  # type: ignore[misc]
    assert pair["similarity"] == round(33 / 49, 4)


def test_seven_of_123_windows_are_severe() -> None:
    found = judged(with_copy(64 + 6 * 32))
    assert found.evidence["test"]["near_duplicates"] == 7  # type: ignore[index]
    assert found.level == "severe"
    assert "5.69% of the test windows" in found.summary


def test_what_is_not_trained_on_does_not_count() -> None:
    codes = toy.genome()
    codes["chr3"][624:688] = codes["chr1"][3_200:3_264]
    parts = toy.APART | {"train": [toy.region("chr1", 0, 3_200)]}
    inputs, data = toy.inputs(toy.recipe(split=parts), toy.every(4), codes=codes)
    assert near_duplicates(inputs, data).level == "clear"


def test_a_copy_within_the_test_is_none() -> None:
    codes = toy.genome()
    codes["chr3"][624:688] = codes["chr3"][1_600:1_664]
    assert judged(codes).level == "clear"


def test_words_that_training_has_many_times_over() -> None:
    """More stretches than are followed have the words, and the one with the rest is still found."""
    codes = toy.genome()
    repeat = codes["chr1"][32:64].copy()
    for start in range(96, 3_900, 64):
        codes["chr1"][start : start + 32] = repeat
    codes["chr3"][624:688] = codes["chr1"][2_080:2_144]
    (pair,) = judged(codes).evidence["pairs"]  # type: ignore[misc]
    assert pair["similarity"] == 1.0
    assert pair["training"] == "chr1:2,049-2,176"


def test_sketches_find_what_all_words_find(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a tenth of the k-mers of longer windows the same ones are found."""
    chosen = toy.recipe(
        window={"input_length": 640, "output_length": 64, "bin_size": 8, "core_length": 32}
    )
    codes = toy.genome()
    codes["chr3"][800:1_600] = codes["chr1"][1_000:1_800]
    counts = []
    for size in (10_000, 64):
        monkeypatch.setattr(module, "_SKETCH", size)
        found = near_duplicates(*toy.inputs(chosen, toy.every(4), codes=codes))
        counts.append(found.evidence["test"]["near_duplicates"])  # type: ignore[index]
    # Windows of 640 bp that share at least 313 of 625 16-mers, that is 328 bases: inputs that
    # begin from 800 - 312 to 1,600 - 328 on; cores stand 304 bp behind them, 32 bp apart.
    starts = np.arange(32, 4_000, 32) - 304
    shared = np.minimum(starts + 640, 1_600) - np.maximum(starts, 800)
    inside = (starts >= 0) & (starts + 640 <= 4_000)
    assert counts[0] == int(((shared >= 328) & inside).sum()) == 25
    assert counts[1] == counts[0]
