"""A toy model that was trained, exported, evaluated and reproduced for real, once for all tests."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path

import pytest
import toy_files

from zooctl.cli.main import run
from zooctl.files.download import transfer

FIGURES = """metrics:
  - {name: auroc, track: toy, value: 0, n: 1, split: test, baseline: x, baseline_value: 0}
  - {name: pearson, track: toy, value: 0, n: 1, split: test, baseline: x, baseline_value: 0}
"""
PICTURES = ["report", "pictures", "toy", "--region", "chr1:31,001-39,000", "--unit", "reads"]
PICTURES += ["--title", "Toy", "--motif-windows", "4"]
# Nobody answers there.
ADDRESS = "https://www.encodeproject.org/files/toy.bw"
RULES = {"bin_size": 32, "positive_min_signal": 5, "block_length": 1000}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, a cache and a zoo whose one model was trained from them."""
    place = tmp_path_factory.mktemp("made")
    for folder in ("data", "zoo/model_cards", "zoo/recipes", "zoo/zoo", "genomes"):
        (place / folder).mkdir(parents=True)
    recipe, fasta = toy_files.write(place / "data", evaluation=RULES)
    text = recipe.read_text().replace("url: null", f"url: {ADDRESS}")
    recipe.write_text(text.replace("  sources.*.url: made up\n", ""))
    shutil.copy(recipe, place / "zoo/recipes/toy.yaml")
    shutil.move(fasta, place / "genomes/toy.fa")
    (place / "zoo/requirements.lock").write_bytes(Path("requirements.lock").read_bytes())
    (place / "zoo/requirements-torch.lock").write_bytes(
        Path("requirements-torch.lock").read_bytes()
    )
    with pytest.MonkeyPatch.context() as patch:
        settle(place, patch)
        assert run(["train", str(recipe), "-o", str(place / "first")]) == 0
        assert run(["export", str(place / "first")]) == 0
        card = place / "zoo/model_cards/toy.yaml"
        text = card.read_text().replace("TO BE WRITTEN", "A toy, for tests.")
        card.write_text(re.sub(r"metrics:.*\n", FIGURES, text))
        assert run(["evaluate", "toy", "--update-card", "--threads", "1"]) == 0
        assert run(["check", "toy", "--stamp"]) == 0
        assert run([*PICTURES, "--fasta", str(place / "genomes/toy.fa")]) == 0
        assert run(["check", "toy"]) == 0
    return place


def settle(place: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("ZOOCTL_ZOO", str(place / "zoo"))
    patch.setenv("ZOOCTL_DATA_MIRROR", str(place / "data"))
    patch.setenv("ZOOCTL_GENOMES", str(place / "genomes"))
    patch.setenv("ZOOCTL_HOME", str(place / "home"))
    # The address is asked again at once, for nobody answers.
    patch.setattr(transfer, "Policy", partial(transfer.Policy, first_wait=0.01))


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all that, to be changed."""
    copy = tmp_path / "copy"
    shutil.copytree(made, copy, ignore=shutil.ignore_patterns("first"))
    settle(copy, monkeypatch)
    monkeypatch.chdir(tmp_path)
    return copy


@pytest.fixture(scope="session")
def gold(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after a full run that noted its environment."""
    copy = tmp_path_factory.mktemp("gold") / "copy"
    shutil.copytree(made, copy, ignore=shutil.ignore_patterns("first"))
    with pytest.MonkeyPatch.context() as patch:
        settle(copy, patch)
        command = ["reproduce", "toy", "--mode", "full", "--record", "--require", "gold"]
        command += ["--workdir", str(copy / "work"), "--report", str(copy / "gold.json")]
        assert run(command) == 0
    return copy
