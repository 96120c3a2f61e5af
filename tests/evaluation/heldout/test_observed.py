"""Held-out regions before any prediction: bins, the sequence about them, what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.evaluation.data.data import EvaluationData, TrackOfInterest, Truth
from zooctl.evaluation.heldout.observed import bins_of, observe, read_around
from zooctl.files.fasta.reader import Fasta
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.evaluation import Rules

# Four bins of 512 bp and a rest; the third is unknown.
BASES = "A" * 512 + "C" * 512 + "N" * 512 + "G" * 512 + "T" * 100
REGION = Region(chrom="chr1", start=100, end=2_100)


@pytest.fixture
def material(tmp_path: Path) -> Iterator[EvaluationData]:
    (tmp_path / "toy.fa").write_text(f">chr1\n{BASES}\n")
    signal = np.arange(len(BASES), dtype=np.float32) // 512
    with Fasta(tmp_path / "toy.fa") as genome:
        split = Split(train=(), validation=(), test=(REGION,))
        yield EvaluationData(
            genome, [TrackOfInterest(0, "t")], [Truth("t", {"chr1": signal})], split
        )


def test_bins_lie_on_the_contigs_grid_and_inside_the_region(material: EvaluationData) -> None:
    assert list(bins_of(REGION, material, Rules())) == [1, 2, 3]
    around = read_around(REGION, material, Rules())
    # One bin more on both sides; beyond the contig's end is N.
    assert (around == np.repeat([0, 1, 4, 2, 3, 4], [512, 512, 512, 512, 100, 412])).all()


def test_what_was_measured_is_of_these_bins(material: EvaluationData) -> None:
    observed = observe(REGION, read_around(REGION, material, Rules()), material, Rules(), 32)
    assert observed.known.tolist() == [True, False, True]
    assert observed.measured[0].mean.tolist() == [1, 2, 3]
    assert observed.measured[0].fine.shape == (3 * 16,)
    assert (observed.others, observed.beside) == ((), ())


def test_bins_must_be_whole_bins_of_the_model(material: EvaluationData) -> None:
    around = read_around(REGION, material, Rules())
    with pytest.raises(InputError, match="whole bins"):
        observe(REGION, around, material, Rules(), 96)
