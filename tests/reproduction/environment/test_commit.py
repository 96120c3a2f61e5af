"""Which commit a zoo is at."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from zooctl.reproduction.environment.commit import commit_of, has_commit


def git(folder: Path, *arguments: str) -> str:
    who = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME",)}
    who |= {"GIT_AUTHOR_EMAIL": "x@x", "GIT_COMMITTER_EMAIL": "x@x"}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=os.environ | who,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "zoo"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a b.yaml").write_text("a\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_a_clean_checkout(repository: Path) -> None:
    (repository / "of no commit").write_text("x")
    found = commit_of(repository)
    assert found.revision == git(repository, "rev-parse", "HEAD")
    assert found.changed == ()
    assert str(found) == f"at commit {found.revision}"


def test_a_changed_file_is_named(repository: Path) -> None:
    (repository / "a b.yaml").write_text("b\n")
    found = commit_of(repository)
    assert found.changed == ("a b.yaml",)
    assert str(found).startswith("not at a commit: ")
    git(repository, "add", ".")
    assert commit_of(repository).changed == ("a b.yaml",)


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert str(commit_of(tmp_path)) == "not at a commit"


def test_another_repository_of_the_process_is_not_asked(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert commit_of(repository).revision is not None


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert commit_of(repository).revision is None


def test_a_commit_is_known_to_be_of_a_repository_or_not(repository: Path, tmp_path: Path) -> None:
    revision = git(repository, "rev-parse", "HEAD")
    assert has_commit(repository, revision) is True
    assert has_commit(repository, "f" * 40) is False
    assert has_commit(tmp_path, revision) is None, "no repository"
    git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    assert has_commit(tmp_path / "shallow", revision) is None, "not all of it is there"
