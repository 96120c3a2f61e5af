"""Windows around regions, and their importances on the genome."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_model import WEIGHTS, toy_zoo  # noqa: F401

from zooctl.catalog import registry
from zooctl.errors import InputError
from zooctl.files.intervals.regions import Regions
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.attribution.regions import attribute_regions, place, place_spans
from zooctl.interpret.options import AttributeOptions
from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry

TOY = Geometry(64, 32, 8, 16)
LETTERS = "".join(np.random.default_rng(4).choice(list("ACGT"), 400))


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    path = tmp_path / "toy.fa"
    path.write_text(f">chr1\n{LETTERS}\n>chr2\n{'N' * 300}\n")
    return path


def toy() -> OpenModel:
    return OpenModel(registry.entry("toy"), SessionOptions(device="cpu", threads=1))


def test_bins_that_touch_a_region_by_a_loop() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        start = int(rng.integers(100, 300))
        region = Interval("chr1", start, start + int(rng.integers(1, 17)))
        shift = int(rng.integers(-8, 9))
        starts, span, bins = place([region], TOY, 16, shift)
        output = starts[0] + 16
        touched = [
            number
            for number in range(4)
            if output + 8 * number < region.end and region.start < output + 8 * number + 8
        ]
        assert list(range(*bins[0])) == touched
        # The bases that are kept do not move with the window.
        (kept,) = place_spans([region], TOY, 16)
        assert (starts[0] + span[0], starts[0] + span[1]) == (kept.start, kept.end)
        assert kept.start <= region.start
        assert region.end <= kept.end


def test_importances_lie_on_their_bases(toy_zoo: Path, genome: Path) -> None:  # noqa: F811
    options = AttributeOptions(method="ism", track="plus", fasta=genome)
    given = attribute_regions(toy(), Regions(None, ("chr1:201-208",)), options)
    (span,) = given.spans
    assert (span.start, span.end) == (196, 212)
    # The window begins at 172 and predicts bins from 188 on; those at 196 and 204 touch the region.
    codes = np.array(["ACGT".index(base) for base in LETTERS[196:212]])
    expected = (WEIGHTS[0] - WEIGHTS[0].mean())[codes] / 16
    np.testing.assert_allclose(given.found.importance[0], expected, atol=1e-6)


def test_shifts_average_windows_of_other_places(toy_zoo: Path, genome: Path) -> None:  # noqa: F811
    regions = Regions(None, ("chr1:201-208",))
    options = AttributeOptions(method="ism", track="plus", fasta=genome)
    single = attribute_regions(toy(), regions, options)
    shifted = attribute_regions(
        toy(), regions, AttributeOptions(method="ism", track="plus", fasta=genome, shifts=9)
    )
    # Bins lie differently in each window, so importances do too; a mean over 9 is smoother.
    assert shifted.spans == single.spans
    assert np.abs(shifted.found.importance - single.found.importance).max() > 1e-4
    with pytest.raises(InputError, match="do not hold the width"):
        attribute_regions(
            toy(),
            regions,
            AttributeOptions(method="ism", track="plus", fasta=genome, shifts=2, max_shift=25),
        )


def test_long_regions_and_unknown_ones(toy_zoo: Path, genome: Path) -> None:  # noqa: F811
    said: list[str] = []
    options = AttributeOptions(method="ism", track="plus", fasta=genome)
    given = attribute_regions(
        toy(), Regions(None, ("chr1:101-140", "chr2:100-110")), options, say=said.append
    )
    assert [one.length for one in given.regions] == [16, 16, 8]
    assert given.unknown == 1
    assert "left out: 1 regions among unknown bases" in said
    with pytest.raises(InputError, match="are unknown"):
        attribute_regions(toy(), Regions(None, ("chr2:100-110",)), options)
    with pytest.raises(InputError, match="width does not fit"):
        attribute_regions(
            toy(),
            Regions(None, ("chr1:101-140",)),
            AttributeOptions(method="ism", track="plus", fasta=genome, width=65),
        )
