"""Numbers behind pictures."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.files.motifs import Motif
from zooctl.reproduction.report import pictures
from zooctl.reproduction.report.equivalence import class_of
from zooctl.reproduction.report.picture_files import to_text
from zooctl.sequence.intervals import Interval

SHOWN = pictures.Pictures(
    tracks=pictures.TrackPicture(
        title="Toy",
        unit="reads",
        chrom="chr1",
        start=100,
        end=400,
        tracks=("toy",),
        lines=(
            pictures.CurveLine(name="toy, measured", values=(1.0, None, 3.0)),
            pictures.CurveLine(name="toy, predicted", values=(1.5, 2.5, 3.5)),
        ),
    ),
    motif=pictures.motif_picture(
        Motif("found", np.array([[3.0, 1, 0, 0], [0, 0, 4, 0]])),
        Motif("known", np.array([[1.0, 0, 0, 0]])),
        1,
        40,
    ),
)


def test_they_read_back_as_written() -> None:
    text = to_text(SHOWN)
    assert pictures.Pictures.model_validate_json(text) == SHOWN
    assert '    "values": [1.0, null, 3.0]\n' in text


def test_the_plan_is_that_of_the_picture() -> None:
    assert pictures.plan_of(SHOWN) == pictures.PicturePlan(
        "Toy", "reads", Interval("chr1", 100, 400), ("toy",), 40
    )


def test_numbers_of_both_pictures() -> None:
    found = pictures.numbers(SHOWN, "toy")
    assert list(found) == ["model_cards/toy.png", "model_cards/toy.motif.png"]
    assert np.array_equal(
        found["model_cards/toy.png"], [1.0, np.nan, 3.0, 1.5, 2.5, 3.5], equal_nan=True
    )
    # Where the logos begin, then their columns.
    assert found["model_cards/toy.motif.png"].tolist() == [0, 1, 3, 1, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]
    assert pictures.numbers(None, "toy") == {}


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ([1.0, np.nan, 3.0], "bitwise"),
        ([1.0 + 5e-6, np.nan, 3.0], "numeric"),
        ([1.001, np.nan, 3.0], "failed"),
        ([1.0, 2.0, 3.0], "failed"),
        ([1.0, np.nan], "failed"),
    ],
)
def test_classes(new: list[float], expected: str) -> None:
    old = np.array([1.0, np.nan, 3.0])
    assert class_of(pictures.compare_numbers(old, np.array(new)).tolerances) == expected
