"""Steps that saw too much, and what changes when that is taken away."""

from __future__ import annotations

from typing import Any

import pytest
import toy_audit as toy

from zooctl.audit.checks import leakage
from zooctl.audit.checks.leakage import blanking
from zooctl.audit.inputs import AuditInputs
from zooctl.audit.pipeline import pipeline_steps
from zooctl.schema.card import Card, Metric
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.recipe import Recipe

BESIDE = {
    "train": [toy.region("chr1", 0, 2_016)],
    "validation": ["chr2"],
    "test": [toy.region("chr1", 2_016, 4_000)],
}
CHROMS = {"train": "chr1", "validation": "chr2", "test": "chr3"}
PEAKS = {
    "key": "peak_centred",
    "sources": ["signal"],
    "merge_overlap": 20,
    "negatives": 1.0,
}


def reads(**signal: Any) -> Recipe:
    targets = [{"track": "toy", "signal": {"key": "reads", "source": "signal"} | signal}]
    return toy.recipe(targets=targets)


def test_a_draw_of_reads_counts_those_of_the_test() -> None:
    found = leakage.order(AuditInputs(reads(depth=1_000)))
    assert found.level == "warning"
    assert "draw 1,000 reads for track toy (validation and test)" in found.summary


def test_all_reads_are_no_draw() -> None:
    found = leakage.order(AuditInputs(reads()))
    assert found.level == "clear"
    kinds = {step.name: (step.kind, step.reads) for step in pipeline_steps(reads())}
    assert kinds["start the output at the mean"] == ("fitted", ("train",))
    assert kinds["fit the weights"] == ("fitted", ("train",))
    assert kinds["choose the epoch and the learning rate"] == ("chosen", ("validation",))
    assert kinds["judge the model"] == ("judged", ("test",))


def test_centres_are_merged_with_those_of_the_test() -> None:
    chosen = toy.recipe(windows=PEAKS, split=BESIDE)
    found = leakage.order(AuditInputs(chosen))
    assert found.summary == "fitted to more than training: merge the centres of peaks (test)"
    apart = leakage.order(AuditInputs(toy.recipe(windows=PEAKS)))
    assert apart.level == "note", "peaks are called on the whole genome"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"windows": PEAKS, "split": BESIDE},
        {"windows": {"key": "tiling", "stride": 32}},
        {
            "windows": {
                "key": "coverage_threshold",
                "threshold": 8,
                "stride": 32,
                "negatives": 1.0,
                "matching": "gc",
            }
        },
        {"init_from": "other"},
    ],
)
def test_each_step_comes_behind_what_it_takes_from(changes: dict[str, Any]) -> None:
    done: set[str] = set()
    for step in pipeline_steps(toy.recipe(**changes)):
        assert set(step.after) <= done, step.name
        assert step.name not in done
        done.add(step.name)
    assert done >= {"read signal", "track toy", "split by region", "fit the weights"}


def test_a_peak_of_the_test_moves_one_of_training() -> None:
    # Inputs of 64 bp merge if they overlap by 20: centres 44 bp apart or less. The peak at 1,980
    # lies in the training region with its input, but is merged with that at 2,020 to one at 2,000,
    # which does not. Without the test, there is one window more.
    chosen = toy.recipe(windows=PEAKS, split=BESIDE)
    beside = toy.peaks_at(("chr1", 495, 505), ("chr1", 1_975, 1_985), ("chr1", 2_015, 2_025))
    inputs, data = toy.inputs(chosen, toy.every(4), peaks={"signal": beside})
    found = blanking(inputs, data)
    n_before = len(data.windows.positives) + len(data.windows.negatives)
    assert len(data.windows.positives) == 1
    assert found.evidence["test"] == {
        "windows_changed": 1,
        "of": n_before,
        "means_changed": False,
    }
    assert found.level == "severe"
    assert found.summary == f"1 of {n_before} training windows change when test is taken out"


def test_a_peak_far_from_the_test_stays() -> None:
    chosen = toy.recipe(windows=PEAKS, split=BESIDE)
    apart = toy.peaks_at(("chr1", 495, 505), ("chr1", 1_935, 1_945), ("chr1", 2_015, 2_025))
    found = blanking(*toy.inputs(chosen, toy.every(4), peaks={"signal": apart}))
    assert found.level == "clear"
    assert found.evidence["test"]["windows_changed"] == 0  # type: ignore[index]


@pytest.mark.parametrize("split", [BESIDE, toy.APART])
@pytest.mark.parametrize("matching", ["random", "gc"])
def test_windows_by_coverage_know_of_training_alone(split: Any, matching: str) -> None:
    windows = {
        "key": "coverage_threshold",
        "threshold": 8,
        "stride": 32,
        "negatives": 1.0,
        "matching": matching,
    }
    found = blanking(*toy.inputs(toy.recipe(split=split, windows=windows), toy.every(4)))
    assert found.level == "clear"


def test_a_mean_that_reads_validation_is_found() -> None:
    """Recipes whose parts overlap are refused, so one is made behind the catalog's back."""
    inputs, data = toy.inputs(toy.recipe(split=BESIDE), toy.every(4))
    inside = {"train": ["chr3"], "validation": [toy.region("chr1", 1_000, 2_016)], "test": ["chr2"]}
    validation = toy.recipe(split=inside).split.validation
    split = inputs.recipe.split.model_copy(update={"validation": validation})
    forged = AuditInputs(inputs.recipe.model_copy(update={"split": split}), data=data)
    found = blanking(forged, data)
    assert found.level == "warning"
    assert found.evidence["validation"]["means_changed"] is True  # type: ignore[index]


def test_a_control_that_is_the_target() -> None:
    controls = [{"name": "input", "signal": {"key": "bigwig", "source": "signal"}}]
    found = leakage.same_source(AuditInputs(toy.recipe(controls=controls)))
    assert found.level == "severe"
    assert found.summary == "control input is the file that track toy is of"


def test_one_file_under_two_names() -> None:
    sources = [toy.source("signal"), toy.source("input", sha256=toy.source("signal")["sha256"])]
    controls = [{"name": "input", "signal": {"key": "bigwig", "source": "input"}}]
    found = leakage.same_source(AuditInputs(toy.recipe(sources=sources, controls=controls)))
    assert found.level == "severe"
    assert "sources signal and input are one file" in found.summary


def test_files_that_differ() -> None:
    assert leakage.same_source(AuditInputs(toy.recipe())).level == "clear"


def metric(name: str, split: Any, *chroms: str) -> Metric:
    return Metric(
        name=name, value=0.9, split=split, chroms=chroms, baseline="none", baseline_value=0.5
    )


@pytest.mark.parametrize(
    ("splits", "level"),
    [
        (["test", "test"], "clear"),
        (["test", "validation"], "warning"),
        (["validation", "test"], "severe"),
        (["test", "train"], "severe"),
        (["external", "train"], "severe"),
        (["test", "external"], "note"),
        (["external", "external"], "note"),
    ],
)
def test_where_figures_were_measured(card: Card, splits: list[str], level: str) -> None:
    metrics = tuple(metric(f"m{n}", split) for n, split in enumerate(splits))
    judged = card.model_copy(update={"metrics": metrics})
    assert leakage.figures(judged).level == level


def test_external_figures_are_told_apart(card: Card) -> None:
    parts = {name: (Region(chrom=chrom),) for name, chrom in CHROMS.items()}
    judged = card.model_copy(
        update={
            "split": Split(**parts),
            "metrics": (
                metric("a", "test"),
                metric("b", "external", "chr1", "chr2"),
                metric("c", "external", "chr1"),
                metric("d", "external"),
            ),
        }
    )
    found = leakage.figures(judged)
    assert found.level == "note"
    assert found.summary == (
        "of the test regions: 1 of 4 figures; external: 3 of 4, whether training saw their "
        "sequences is not judged by the split; by chromosome, 2 of train, 1 of validation, 0 of "
        "test, 1 not told"
    )
    assert found.evidence["external"] == ["b", "c", "d"]


def test_external_figures_where_nothing_was_trained_are_clear(card: Card) -> None:
    split = Split(train=(), validation=(), test=(Region(chrom="chr3"),))
    metrics = (metric("a", "test"), metric("b", "external", "chr9"))
    found = leakage.figures(card.model_copy(update={"split": split, "metrics": metrics}))
    assert found.level == "clear"
    assert "external: 1 of 2" in found.summary
    assert "0 of train" in found.summary
    nowhere = card.model_copy(update={"split": None, "metrics": metrics[1:]})
    assert leakage.figures(nowhere).level == "note"
    assert "chromosomes are not told" in leakage.figures(nowhere).summary


def test_no_card_has_no_figures() -> None:
    assert leakage.figures(None).level == "none to check"
