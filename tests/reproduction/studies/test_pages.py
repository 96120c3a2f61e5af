"""Results, their pages, and the results that the documentation has."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.reproduction.studies.find import study_of
from zooctl.reproduction.studies.judge import compare_arms
from zooctl.reproduction.studies.page import here_text, signed, study_page, table_page
from zooctl.reproduction.studies.record import ArmResult, StudyResult, read_result
from zooctl.reproduction.studies.run import results_in

FIGURES = {"over 5 shifts": [0.3, 0.5, 0.7], "one pass": [0.2, 0.39, 0.6]}


def result() -> StudyResult:
    arms = tuple(
        ArmResult(name, tuple(Estimate(one, math.nan, math.nan) for one in values))
        for name, values in FIGURES.items()
    )
    return StudyResult("robust_scores", arms, (compare_arms(*FIGURES, FIGURES),), 12.34)


def test_a_result_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "robust_scores.json"
    path.write_text(result().to_text())
    found = read_result(path)
    assert found.to_json() == result().to_json()
    assert found.verdict == "held"
    for text in ("{}", "no JSON", '{"study": 1, "arms": [1]}'):
        path.write_text(text)
        with pytest.raises(InputError, match="no result of a study"):
            read_result(path)


def test_a_page_says_it_all() -> None:
    page = study_page(study_of("robust_scores"), result(), "robust_scores.png")
    for part in (
        "Here: held. One published model",
        "By `zooctl studies run robust_scores`, in 12.3 minutes.",
        "| over 5 shifts | 0.500 [0.003, 0.997] | 0.3, 0.5, 0.7 |",
        "3 of 3 | held |",
        "doi:10.1038/s42256-022-00570-9",
        "](robust_scores.png)",
    ):
        assert part in page, page
    row = table_page([(study_of("robust_scores"), result())]).splitlines()[-1]
    assert row.startswith("| [robust_scores](robust_scores.md) | ")
    assert "| over 5 shifts above one pass by 0.103 \\[0.089, 0.118\\] (n = 3) |" in row
    assert row.endswith("| held | 12.3 |")


def test_a_result_of_other_comparisons_has_no_row(tmp_path: Path) -> None:
    path = tmp_path / "robust_scores.json"
    path.write_text(result().to_text())
    assert [study.name for study, _ in results_in(tmp_path)] == ["robust_scores"]
    path.write_text(result().to_text().replace("one pass", "no pass"))
    assert results_in(tmp_path) == []


def test_directions_of_many_comparisons_are_counted() -> None:
    names = [f"arm {n}" for n in range(8)]
    figures = {name: [float(n)] for n, name in enumerate(names)}
    arms = tuple(ArmResult(name, (Estimate(*figures[name], math.nan, math.nan),)) for name in names)
    pairs = [(names[4], other) for other in names if other != names[4]]
    study = study_of("robust_scores").model_copy(update={"order": tuple(pairs)})
    compared = tuple(compare_arms(*pair, figures) for pair in pairs)
    found = StudyResult(study.name, arms, compared, 1.0)
    assert here_text(study, found) == "of 7 differences, 4 held, 3 reversed"


def test_small_figures_keep_three_digits() -> None:
    assert signed(Estimate(0.00331, 0.0024, 0.0042)) == "0.00331 [0.0024, 0.0042]"
    assert signed(Estimate(0.5, math.nan, math.nan)) == "0.500"


def test_the_documentation_has_what_was_measured(repo: Path) -> None:
    """Pages and the table are those of the JSON beside them, by the studies as they stand."""
    folder = repo / "docs/studies"
    found = results_in(folder)
    assert found
    for study, one in found:
        assert [arm.name for arm in one.arms] == [arm.name for arm in study.arms]
        assert [(each.higher, each.lower) for each in one.comparisons] == study.pairs
        picture = f"{study.name}.png"
        assert (folder / picture).is_file()
        assert (folder / f"{study.name}.md").read_text() == study_page(study, one, picture)
    assert (folder / "results.md").read_text() == table_page(found)
