"""Importances in shards are those of one run, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.inference.scale.jobs.models import Addresses
from zooctl.interpret.options import AttributeOptions
from zooctl.interpret.planned.attribute import AttributeOrder, plan_attributions
from zooctl.progress import no_progress, silent

REGIONS = "".join(
    f"chr21\t{start}\t{start + 40}\n" for start in range(39_731_000, 39_731_000 + 7 * 900, 900)
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.bed").write_text(REGIONS)
    return tmp_path


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("pwm_ctcf --method ism --width 6 --pictures 1", id="ism"),
        pytest.param(
            "ctcf_gm12878 --method deeplift --references 12 --width 60 --shifts 2 --pictures 0",
            id="deeplift",
        ),
    ],
)
def test_merged_shards_have_the_bytes_of_one_run(here: Path, how: str) -> None:
    if "deeplift" in how:
        pytest.importorskip("tangermeme")
    own = f"{how} --bed a.bed --device cpu --threads 1"
    assert run(f"attribute {own} -o whole/".split()) == 0
    assert run(f"plan attribute {own} --shards 4 -o plan".split()) == 0
    # A process of its own knows the command, too; torch takes long to load there.
    assert run(["run", "plan", *(["--workers", "1"] if "ism" in how else [])]) == 0
    assert run(["merge", "plan", "-o", "merged/"]) == 0
    files = sorted(path.name for path in (here / "whole").iterdir())
    assert "importance.bw" in files
    assert files == sorted(path.name for path in (here / "merged").iterdir())
    for name in files:
        assert (here / "merged" / name).read_bytes() == (here / "whole" / name).read_bytes(), name


def test_shards_end_where_batches_end(here: Path) -> None:
    """Twelve references fit five times into a batch of 64."""
    options = AttributeOptions(references=12)
    order = AttributeOrder(here / "a.bed", (), options, 0, SessionOptions(device="cpu"), 100)
    made = plan_attributions(Addresses(["ctcf_gm12878"]), order, say=silent, progress=no_progress)
    assert [shard.part for shard in made.shards] == [
        {"first": 0, "last": 5},
        {"first": 5, "last": 7},
    ]
    assert made.work == 7


def test_stdin_is_refused() -> None:
    order = AttributeOrder(Path("-"), (), AttributeOptions(), 0, SessionOptions(), 4)
    with pytest.raises(InputError, match="a plan is of a file"):
        plan_attributions(Addresses(["pwm_ctcf"]), order, say=silent, progress=no_progress)
