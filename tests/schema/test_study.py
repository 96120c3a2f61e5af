"""Studies as files: those of the zoo, and mistakes in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zooctl.errors import InputError, ManyErrors
from zooctl.schema.strict_yaml import Document, load, loads, parse
from zooctl.schema.study import Evaluation, Study

TEXT = """
name: toy
title: A toy
claim: High is above low.
paper: {citation: "Nobody 2000", place: Fig. 1, number: none}
scale: Small.
model: toy
measure: {key: evaluate}
metric: r
figure: [tracks, "*", r]
arms: [{name: high}, {name: middle}, {name: low}]
order: [[high, middle, low], [high, low]]
"""


def study(**changes: Any) -> Study:
    data = loads(TEXT, Path("toy.yaml")).data | changes
    return parse(Study, Document(Path("toy.yaml"), data, {}))


def test_neighbours_are_compared() -> None:
    assert study().pairs == [("high", "middle"), ("middle", "low"), ("high", "low")]


def test_those_of_the_zoo(repo: Path) -> None:
    """Each is read, and names a recipe or models that are there."""
    files = sorted((repo / "recipes/studies").glob("*.yaml"))
    assert len(files) > 5
    for path in files:
        found = parse(Study, load(path))
        assert found.name == path.stem
        named = [found.model, *(arm.model for arm in found.arms)]
        named.append(found.training.recipe if found.training else None)
        for name in filter(None, named):
            assert (repo / f"model_cards/{name}.yaml").is_file()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"order": [["high", "lwo"]]}, "did you mean 'low'?"),
        ({"arms": [{"name": "low"}, {"name": "low"}], "order": [["low", "low"]]}, "one name"),
        ({"figure": None}, "neither the arm nor the study has a figure"),
        ({"model": None}, "neither a model nor a training"),
        (
            {
                "arms": [{"name": "high", "recipe": "toy"}, {"name": "low"}],
                "order": [["high", "low"]],
            },
            "nothing is trained",
        ),
        ({"training": {"recipe": "toy", "seeds": [1, 1]}}, "seed is named twice"),
        ({"training": {"recipe": "toy", "seeds": []}}, "training.seeds"),
    ],
)
def test_mistakes(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises((InputError, ManyErrors)) as caught:
        study(**changes)
    assert expected in str(caught.value)


def test_changes_of_a_measure() -> None:
    found = study(
        arms=[{"name": "high", "changes": ["bootstrap=5", "regions=[chr1]"]}, {"name": "low"}],
        order=[["high", "low"]],
    )
    changed, same = (found.measure_of(arm) for arm in found.arms)
    assert changed == Evaluation(key="evaluate", bootstrap=5, regions=("chr1",))
    assert same == found.measure
    wrong = study(
        arms=[{"name": "high", "changes": ["bootstarp=5"]}, {"name": "low"}],
        order=[["high", "low"]],
    )
    with pytest.raises(InputError, match=r"high bootstarp=5: .*did you mean 'bootstrap'"):
        wrong.measure_of(wrong.arms[0])
