"""What weights, numbers and pictures that were made again say of a model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from zooctl.catalog.entry import Entry
from zooctl.reproduce.judge.entry import Findings
from zooctl.reproduce.judge.repetition import equivalence_of, judge_repetition
from zooctl.reproduce.report.equivalence import Equivalence
from zooctl.reproduce.report.report import EnvironmentPart, Figure, FirstSteps, Picture
from zooctl.reproduce.run.retrain import Again, figures

DIGEST = "sha256:" + "0" * 64
SAME = EnvironmentPart(recorded=DIGEST, found=DIGEST, match=True)
OTHER = EnvironmentPart(recorded="sha256:" + "1" * 64, found=DIGEST, match=False)


def made(
    *numbers: Equivalence | None, bits: bool = True, pictures: tuple[Picture, ...] = ()
) -> Again:
    """What a full run made: metrics of such classes."""
    found = tuple(
        Figure(field=f"metrics.{n}.value", name="auroc", card=0.9, got=0.8, equivalence=one)
        for n, one in enumerate(numbers)
    )
    return Again(DIGEST, {"model.onnx": True, "model.safetensors": bits}, found, pictures)


def picture(equivalence: Equivalence | None, n: int = 9, same_file: bool = True) -> Picture:
    return Picture(
        file="model_cards/toy.png", n=n, equivalence=equivalence, max_abs=0.0, same_file=same_file
    )


@pytest.fixture
def findings(repo: Path, tmp_path: Path) -> Findings:
    """The toy, whose first metric has a spread over three seeds."""
    shutil.copytree(repo / "tests/data/toy_zoo", tmp_path / "zoo")
    card, recipe = (tmp_path / "zoo" / f"{kind}/toy.yaml" for kind in ("model_cards", "recipes"))
    spread = "value: 0.51, mean: 0.5, sd: 0.01, n_seeds: 3,"
    card.write_text(card.read_text().replace("value: 0.51,", spread))
    return Findings(Entry(tmp_path / "zoo", "toy", card, recipe, None))


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        (made("bitwise", pictures=(picture("bitwise"),)), "bitwise"),
        (made("bitwise", pictures=(picture("numeric"),)), "numeric"),
        (made("bitwise", pictures=(picture("failed"),)), "failed"),
        (made("statistical", bits=False), "statistical"),
        (made("statistical", bits=False, pictures=(picture(None),)), "statistical"),
        (made("statistical", "failed", bits=False), "failed"),
        (made("bitwise", None, bits=False), None),
    ],
)
def test_equivalence(again: Again, expected: str | None) -> None:
    assert equivalence_of(again, []) == expected


REPEATS = FirstSteps(n=50, once=DIGEST, again=DIGEST, killed=DIGEST)
DIFFERS = FirstSteps(n=50, once=DIGEST, again=DIGEST, killed="sha256:" + "1" * 64)


def judge(
    findings: Findings,
    again: Again,
    hardware: EnvironmentPart = SAME,
    first: FirstSteps | None = None,
) -> tuple[str, str]:
    """Return how S3 and G1 are judged."""
    judge_repetition(findings, "full", again, SAME, hardware, first)
    return findings.criteria["S3"].status, findings.criteria["G1"].status


def test_all_came_again(findings: Findings) -> None:
    assert judge(findings, made("bitwise", pictures=(picture("bitwise"),))) == ("pass", "pass")
    text = "data to weights (the same bits) to all 1 numbers and 1 picture of the card"
    assert findings.criteria["G1"].evidence == text
    assert findings.faults == []


def test_a_picture_that_shows_something_else_counts(findings: Findings) -> None:
    failed = made("bitwise", pictures=(picture("failed"),))
    assert judge(findings, failed) == ("fail", "fail")
    assert findings.criteria["G1"].evidence == "did not come again: model_cards/toy.png"
    (fault,) = findings.faults
    assert fault.exit_code == 3


def test_elsewhere_it_counts_too_but_says_nothing_of_repetition(findings: Findings) -> None:
    failed = made("bitwise", pictures=(picture("failed"),))
    assert judge(findings, failed, OTHER) == ("pass", "fail")


@pytest.mark.parametrize(
    "again",
    [
        made("numeric"),
        made("bitwise", "numeric"),
        made("bitwise", pictures=(picture("numeric"),)),
    ],
)
def test_in_the_same_environment_nothing_but_the_same_is_right(
    findings: Findings, again: Again
) -> None:
    """Bronze at most: the same weights there gave other results, which is a defect."""
    assert judge(findings, again) == ("fail", "fail")
    assert [fault.exit_code for fault in findings.faults] == [3]


def test_elsewhere_a_rounding_is_right(findings: Findings) -> None:
    assert judge(findings, made("numeric"), OTHER) == ("pass", "pass")
    assert findings.faults == []


def test_a_picture_of_which_nobody_says_what_it_shows(findings: Findings) -> None:
    assert judge(findings, made("bitwise", pictures=(picture(None, n=0),))) == ("pass", "skip")
    assert "nothing says what model_cards/toy.png shows" in findings.criteria["G1"].evidence


def test_another_drawing_of_the_same_numbers_is_noted(findings: Findings) -> None:
    drawn = picture("bitwise", same_file=False)
    assert judge(findings, made("bitwise", pictures=(drawn,))) == ("pass", "pass")
    assert findings.warnings[-1] == "model_cards/toy.png shows the same numbers in another drawing"


def test_other_bits_in_the_same_environment_are_a_fault(findings: Findings) -> None:
    assert judge(findings, made(None, bits=False)) == ("fail", "fail")
    assert [fault.exit_code for fault in findings.faults] == [3]


def test_too_few_seeds_give_no_statistical_class(findings: Findings) -> None:
    assert judge(findings, made(None, bits=False), OTHER) == ("skip", "skip")
    assert findings.criteria["G1"].evidence == (
        "other bits, and the statistical class cannot be given: "
        "the card has a spread over 3 seeds, and 5 are needed"
    )
    assert findings.faults == []


def test_within_the_spread_elsewhere(findings: Findings) -> None:
    """Other bits say nothing of whether training repeats there: its first steps do."""
    again = made("statistical", bits=False)
    assert judge(findings, again, OTHER, REPEATS) == ("pass", "pass")
    assert "other bits in another environment" in findings.criteria["S3"].evidence
    assert any("correlate is not judged" in text for text in findings.warnings)


def test_steps_that_do_not_repeat_elsewhere_are_a_fault(findings: Findings) -> None:
    again = made("statistical", bits=False)
    assert judge(findings, again, OTHER, DIFFERS) == ("fail", "pass")
    assert [fault.exit_code for fault in findings.faults] == [3]


def test_no_repetition_elsewhere_is_not_judged(findings: Findings) -> None:
    assert judge(findings, made("statistical", bits=False), OTHER) == ("skip", "pass")


@pytest.mark.parametrize(
    ("first", "expected"), [(REPEATS, "pass"), (DIFFERS, "fail"), (None, "skip")]
)
def test_smoke_is_judged_by_the_first_steps(
    findings: Findings, first: FirstSteps | None, expected: str
) -> None:
    judge_repetition(findings, "smoke", None, SAME, SAME, first)
    assert findings.criteria["S3"].status == expected
    assert findings.criteria["G1"].status == "skip"


def test_the_card_has_a_class_by_its_spread(findings: Findings) -> None:
    card = findings.entry.card()
    metric = card.metrics[0].model_copy(update={"n_seeds": 5})
    many = card.model_copy(update={"metrics": (metric,)})
    found = {"metrics": [{"value": 0.525, "baseline_value": 0.2}], "robustness": None}
    (value, baseline) = figures(many, found, retrained=True)
    assert (value.equivalence, baseline.equivalence) == ("statistical", "bitwise")
    few = card.model_copy(update={"metrics": card.metrics[:1]})
    assert figures(few, found, retrained=True)[0].equivalence is None
