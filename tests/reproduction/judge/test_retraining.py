"""Determinism and equivalence of a retraining: S3, G1, warnings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zooctl.reproduction.judge.criteria import Judgement
from zooctl.reproduction.judge.retraining import (
    Retraining,
    equivalence_of,
    judge_determinism,
    judge_whole,
    warnings_of,
)
from zooctl.reproduction.report.equivalence import Equivalence
from zooctl.reproduction.report.figures import compare_figures
from zooctl.reproduction.report.levels import exit_code
from zooctl.reproduction.report.rows import Figure, FirstSteps, Picture
from zooctl.schema.card import Card, load_card

DIGEST = "sha256:" + "0" * 64


def made(
    *numbers: Equivalence | None, bits: bool = True, pictures: tuple[Picture, ...] = ()
) -> Retraining:
    """A full run in the recorded environment: metrics of such classes."""
    found = tuple(
        Figure(field=f"metrics.{n}.value", name="auroc", card=0.9, got=0.8, equivalence=one)
        for n, one in enumerate(numbers)
    )
    files = {"model.onnx": True, "model.safetensors": bits}
    return Retraining(DIGEST, files, found, pictures, same_environment=True)


def picture(equivalence: Equivalence | None, n: int = 9, same_file: bool = True) -> Picture:
    return Picture(
        file="model_cards/toy.png",
        n=n,
        equivalence=equivalence,
        max_abs=0.0,
        tolerances=0.0,
        same_file=same_file,
    )


@pytest.fixture
def card(repo: Path, tmp_path: Path) -> Card:
    """The toy's, whose first metric has a spread over three seeds."""
    text = (repo / "tests/data/toy_zoo/model_cards/toy.yaml").read_text()
    spread = "value: 0.51, mean: 0.5, sd: 0.01, n_seeds: 3,"
    (tmp_path / "toy.yaml").write_text(text.replace("value: 0.51,", spread))
    return load_card(tmp_path / "toy.yaml")


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
def test_equivalence(again: Retraining, expected: str | None) -> None:
    assert equivalence_of(again, []) == expected


REPEATS = FirstSteps(n=50, once=DIGEST, again=DIGEST, killed=DIGEST)
DIFFERS = FirstSteps(n=50, once=DIGEST, again=DIGEST, killed="sha256:" + "1" * 64)


def elsewhere(again: Retraining) -> Retraining:
    """The same in another environment than the recorded one."""
    return replace(again, same_environment=False)


def judge(
    card: Card, again: Retraining, first: FirstSteps | None = None
) -> tuple[Judgement, Judgement]:
    """Judge S3 and G1."""
    return judge_determinism("full", again, first), judge_whole(card, "full", again)


def statuses(card: Card, again: Retraining, first: FirstSteps | None = None) -> tuple[str, str]:
    """Return how S3 and G1 are judged; a fail ends with 3, and nothing else does."""
    s3, g1 = judge(card, again, first)
    failed = exit_code({"S3": s3.status, "G1": g1.status}, [], "none", None)
    assert failed == (3 if "fail" in (s3.status, g1.status) else 0)
    return s3.status, g1.status


def warnings(card: Card, again: Retraining) -> list[str]:
    """Return the warnings of a full run that met G1."""
    return list(warnings_of(card, again, passed=True))


def test_all_is_the_same(card: Card) -> None:
    s3, g1 = judge(card, made("bitwise", pictures=(picture("bitwise"),)))
    assert (s3.status, g1.status) == ("pass", "pass")
    text = "data to weights (the same bits) to all 1 numbers and 1 picture of the card"
    assert g1.evidence == text


def test_a_picture_that_shows_something_else_counts(card: Card) -> None:
    failed = made("bitwise", pictures=(picture("failed"),))
    assert statuses(card, failed) == ("fail", "fail")
    assert judge(card, failed)[1].evidence == "not reproduced: model_cards/toy.png"


def test_elsewhere_it_counts_too_but_says_nothing_of_repetition(card: Card) -> None:
    failed = made("bitwise", pictures=(picture("failed"),))
    assert statuses(card, elsewhere(failed)) == ("pass", "fail")


@pytest.mark.parametrize(
    "again",
    [
        made("numeric"),
        made("bitwise", "numeric"),
        made("bitwise", pictures=(picture("numeric"),)),
    ],
)
def test_in_the_same_environment_nothing_but_the_same_is_right(
    card: Card, again: Retraining
) -> None:
    """Bronze at most: the same weights there gave other results, which is a defect."""
    assert statuses(card, again) == ("fail", "fail")


def test_elsewhere_a_rounding_is_right(card: Card) -> None:
    assert statuses(card, elsewhere(made("numeric"))) == ("pass", "pass")


def test_a_picture_without_published_numbers(card: Card) -> None:
    silent = made("bitwise", pictures=(picture(None, n=0),))
    assert statuses(card, silent) == ("pass", "skip")
    text = "no numbers are published of model_cards/toy.png"
    assert judge(card, silent)[1].evidence.startswith(text)


def test_another_drawing_of_the_same_numbers_is_noted(card: Card) -> None:
    drawn = made("bitwise", pictures=(picture("bitwise", same_file=False),))
    assert statuses(card, drawn) == ("pass", "pass")
    text = "model_cards/toy.png shows the same numbers in another drawing"
    assert warnings(card, drawn)[-1] == text


def test_other_bits_in_the_same_environment_are_a_fault(card: Card) -> None:
    assert statuses(card, made(None, bits=False)) == ("fail", "fail")


def test_too_few_seeds_give_no_statistical_class(card: Card) -> None:
    other = elsewhere(made(None, bits=False))
    assert statuses(card, other) == ("skip", "skip")
    assert judge(card, other)[1].evidence == (
        "other bits, and the statistical class cannot be given: "
        "the card has a spread over 3 seeds, and 5 are needed"
    )


def test_within_the_spread_elsewhere(card: Card) -> None:
    """Other bits tell nothing about repetition there: its first steps do."""
    again = elsewhere(made("statistical", bits=False))
    assert statuses(card, again, REPEATS) == ("pass", "pass")
    assert "other bits in another environment" in judge(card, again, REPEATS)[0].evidence
    assert any("correlation with the published" in text for text in warnings(card, again))


def test_steps_that_do_not_repeat_elsewhere_are_a_fault(card: Card) -> None:
    again = elsewhere(made("statistical", bits=False))
    assert statuses(card, again, DIFFERS) == ("fail", "pass")


def test_no_repetition_elsewhere_is_not_judged(card: Card) -> None:
    assert statuses(card, elsewhere(made("statistical", bits=False))) == ("skip", "pass")


@pytest.mark.parametrize(
    ("first", "expected"), [(REPEATS, "pass"), (DIFFERS, "fail"), (None, "skip")]
)
def test_smoke_is_judged_by_the_first_steps(
    card: Card, first: FirstSteps | None, expected: str
) -> None:
    assert judge_determinism("smoke", None, first).status == expected
    assert judge_whole(card, "smoke", None).status == "skip"


def test_the_card_has_a_class_by_its_spread(card: Card) -> None:
    metric = card.metrics[0].model_copy(update={"n_seeds": 5})
    many = card.model_copy(update={"metrics": (metric,)})
    found = {"metrics.0.value": 0.525, "metrics.0.baseline_value": 0.2}
    (value, baseline) = compare_figures(many, found, retrained=True)
    assert (value.equivalence, baseline.equivalence) == ("statistical", "bitwise")
    few = card.model_copy(update={"metrics": card.metrics[:1]})
    assert compare_figures(few, found, retrained=True)[0].equivalence is None


def test_predictions_of_other_bits_are_as_alike_as_those_of_two_seeds(card: Card) -> None:
    near, far = (
        replace(
            made("statistical", bits=False), same_environment=False, agreement=one, of_seeds=0.9
        )
        for one in (0.891, 0.889)
    )
    assert equivalence_of(near, []) == "statistical"
    assert judge_whole(card, "full", near).status == "pass"
    assert not any("correlation" in line for line in warnings_of(card, near, passed=True))
    assert equivalence_of(far, []) == "failed"
    found = judge_whole(card, "full", far)
    assert found.status == "fail"
    assert "correlation with the published predictions 0.889 (of seeds 0.9)" in found.evidence
    # The same bits predict the same, whatever else is said; without a figure nothing is judged.
    assert not replace(far, files={"model.onnx": True}).too_far
    assert not replace(far, of_seeds=None).too_far
    unknown = replace(far, of_seeds=None)
    assert any("is not judged" in line for line in warnings_of(card, unknown, passed=True))
