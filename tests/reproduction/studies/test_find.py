"""Studies by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.reproduction.studies.find import study_names, study_of


def test_by_name(repo: Path) -> None:
    files = sorted((repo / "recipes/studies").glob("*.yaml"))
    assert study_names() == [path.stem for path in files]
    assert study_of(files[0].stem).name == files[0].stem
    assert study_of(str(files[0])) == study_of(files[0].stem)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("five_loses", "did you mean 'five_losses'?"),
        ("xyz", "zooctl studies list"),
        ("../studies/imbalance", "did you mean 'imbalance'?"),
    ],
)
def test_an_unknown_name(name: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        study_of(name)
    assert "no such study" in str(caught.value)
    assert hint in str(caught.value)


def test_a_name_that_is_not_the_files(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model_cards").mkdir()
    (tmp_path / "recipes/studies").mkdir(parents=True)
    text = (repo / "recipes/studies/imbalance.yaml").read_text()
    (tmp_path / "recipes/studies/mine.yaml").write_text(text)
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path))
    assert "mine" in study_names()
    with pytest.raises(InputError, match="name differs from the file's"):
        study_of("mine")
