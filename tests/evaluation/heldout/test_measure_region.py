"""Held-out regions before any prediction: bins, padded sequence, measurements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.evaluation.data.evaluation_data import (
    EvaluatedTrack,
    EvaluationData,
    ExcludedBases,
    MeasuredTrack,
)
from zooctl.evaluation.heldout.measure_region import bins_of, measure_region, read_padded
from zooctl.files.fasta.reader import Fasta
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.evaluation import Rules

# Four bins of 512 bp and a rest; the third is unknown.
BASES = "A" * 512 + "C" * 512 + "N" * 512 + "G" * 512 + "T" * 100
REGION = Region(chrom="chr1", start=100, end=2_100)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[EvaluationData]:
    (tmp_path / "toy.fa").write_text(f">chr1\n{BASES}\n")
    signal = np.arange(len(BASES), dtype=np.float32) // 512
    with Fasta(tmp_path / "toy.fa") as genome:
        split = Split(train=(), validation=(), test=(REGION,))
        yield EvaluationData(
            genome, [EvaluatedTrack(0, "t")], [MeasuredTrack("t", {"chr1": signal})], split
        )


def test_bins_lie_on_the_contigs_grid_and_inside_the_region(data: EvaluationData) -> None:
    assert list(bins_of(REGION, data, Rules())) == [1, 2, 3]
    padded = read_padded(REGION, data, Rules())
    # One bin more on both sides; beyond the contig's end is N.
    assert (padded == np.repeat([0, 1, 4, 2, 3, 4], [512, 512, 512, 512, 100, 412])).all()


def test_measurements_are_of_these_bins(data: EvaluationData) -> None:
    measured = measure_region(REGION, read_padded(REGION, data, Rules()), data, Rules(), 32)
    assert measured.known.tolist() == [True, False, True]
    assert measured.tracks[0].mean.tolist() == [1, 2, 3]
    assert measured.tracks[0].fine.shape == (3 * 16,)
    assert (measured.replicates, measured.other_tracks) == ((), ())


def test_excluded_bins_are_left_out(data: EvaluationData) -> None:
    excluded, unmappable = np.zeros((2, len(BASES)), np.bool_)
    padded = read_padded(REGION, data, Rules())

    def known(**places: object) -> list[bool]:
        bases = ExcludedBases(**places)  # type: ignore[arg-type]
        return measure_region(
            REGION, padded, replace(data, exclusion=bases), Rules(), 32
        ).known.tolist()

    # Bins 1 and 3 are of known sequence; base 1,023 is the last of the first of them.
    excluded[1_023] = True
    assert known(excluded={"chr1": excluded}) == [False, False, True]
    unmappable[1_536 : 1_536 + 129] = True
    masks = {"chr1": unmappable}
    assert known(unmappable=masks, max_unmappable=0.25) == [True, False, False]
    assert known(unmappable=masks, max_unmappable=129 / 512) == [True, False, True]


def test_bins_must_be_whole_bins_of_the_model(data: EvaluationData) -> None:
    padded = read_padded(REGION, data, Rules())
    with pytest.raises(InputError, match="whole bins"):
        measure_region(REGION, padded, data, Rules(), 96)
