"""Data of the user's checkout: found from any of its folders, and only with the pinned bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from zooctl.catalog.genomes import find_genome
from zooctl.catalog.root import checkout_data, checkout_genome
from zooctl.errors import InputError

PROJECT = '[project]\nname = "zooctl"\n'


@pytest.fixture(autouse=True)
def zoo_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a wheel: the entries are here, their data are not."""
    (tmp_path / "entries/model_cards").mkdir(parents=True)
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: tmp_path / "entries")
    monkeypatch.delenv("ZOOCTL_ZOO", raising=False)
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZOOCTL_GENOMES", raising=False)
    monkeypatch.delenv("ZOOCTL_DATA_MIRROR", raising=False)


def checkout(folder: Path, repo: Path, project: str = PROJECT) -> Path:
    """A folder that looks like a checkout; returns that of its genome."""
    genome = folder / "recipes/data/hg19_chr20_chr21"
    genome.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(project)
    for name in ("hg19.chr20.fa.gz", "hg19.chr21.fa.gz"):
        (genome / name).symlink_to(repo / "recipes/data/hg19_chr20_chr21" / name)
    return genome


def test_from_any_folder_of_the_checkout(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [repo / f"recipes/data/hg19_chr20_chr21/hg19.chr{n}.fa.gz" for n in (20, 21)]
    for folder in (repo, repo / "docs", repo / "tests/catalog"):
        monkeypatch.chdir(folder)
        paths, said = find_genome("hg19")
        assert paths == found
        assert said.startswith("hg19, in part: ")
    with pytest.raises(InputError, match="genome hg38 is not here"):
        find_genome("hg38")


def test_outside_the_hint_names_every_way(
    tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them, working in a checkout, is followed here."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        find_genome("hg19")
    assert caught.value.hint == (
        "zooctl genome fetch hg19, or work in a checkout of zooctl, which has a part of it, or "
        "name its FASTA file with --fasta"
    )
    monkeypatch.chdir(repo)
    assert find_genome("hg19")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        find_genome("mm10")
    assert caught.value.hint == "name its FASTA file with --fasta"


def test_other_bytes_are_passed_over(
    tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pretends"
    genome = checkout(folder, repo)
    monkeypatch.chdir(folder)
    assert len(checkout_genome("hg19")) == 2
    (genome / "hg19.chr20.fa.gz").unlink()
    (genome / "hg19.chr20.fa.gz").write_bytes(b">chr20\nACGT\n")
    assert [path.name for path in checkout_genome("hg19")] == ["hg19.chr21.fa.gz"]
    changed = bytearray((genome / "hg19.chr21.fa.gz").read_bytes())
    changed[-40] ^= 1
    (genome / "hg19.chr21.fa.gz").unlink()
    (genome / "hg19.chr21.fa.gz").write_bytes(changed)
    assert checkout_genome("hg19") == []
    with pytest.raises(InputError, match="genome hg19 is not here"):
        find_genome("hg19")


@pytest.mark.parametrize(
    "project",
    [
        "",
        "name = 'zooctl'",
        '[project]\nname = "other"\n',
        "project = 'zooctl'",
        "project = [",
        "[project]\nname = ['zooctl']",
        PROJECT + "# " + "x" * (1 << 20),
        "x = " + "[" * 100_000,
    ],
)
def test_another_project_is_no_checkout(
    tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch, project: str
) -> None:
    checkout(tmp_path / "other", repo, project)
    monkeypatch.chdir(tmp_path / "other")
    assert checkout_data() is None


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    assert checkout_data() is None
