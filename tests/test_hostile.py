"""Every hostile file is refused, in time and memory, and nothing of it ever runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Return the findings of a process that ran every case through the command line."""
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    folder = tmp_path_factory.mktemp("hostile")
    done = subprocess.run(
        [sys.executable, str(repo / "tests/hostile/child.py"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    found: Document = json.loads(done.stdout)
    return found


def test_there_are_many_and_sound_files_pass(document: Document) -> None:
    names = [result["name"] for result in document["results"]]
    assert len(names) == len(set(names)) >= 150
    assert document["sound"] == [0, 0]


def test_all_are_refused_with_an_error_of_their_own(document: Document) -> None:
    wrong = [
        (result["name"], result["code"], first, result["said"][-300:])
        for result, first in zip(document["results"], document["first"], strict=True)
        if result["code"] not in result["expected"]
        or first != result["code"]
        or "Traceback" in result["said"]
        or not any(line.startswith("error: ") for line in result["said"].splitlines())
        or "\x1b" in result["said"]
    ]
    assert wrong == []
    assert {result["code"] for result in document["results"]} == {2, 5, 6}


def test_the_audit_hook_saw_nothing(document: Document) -> None:
    assert {r["name"]: r["seen"] for r in document["results"] if r["seen"]} == {}
    assert document["modules"] == []


def test_the_audit_hook_can_see(document: Document) -> None:
    seen = " ".join(document["control"])
    for event in ("exec ", "compile ", "pickle.find_class", "subprocess.Popen", "socket.__new__"):
        assert event in seen
    assert seen.count("open (") >= 2
    assert "os.remove" in seen


def test_nothing_is_written(document: Document) -> None:
    assert document["written"] == []
    assert [path for path in document["outputs"] if not path.startswith("sound/")] == []


def test_time_and_memory_are_bounded(document: Document) -> None:
    slowest = max(document["results"], key=lambda result: result["seconds"])
    assert slowest["seconds"] < 60, slowest["name"]
    assert document["grown_megabytes"] < 1_000
