"""Mutations of every input format: each is read or refused, and nothing else happens.

Fifty of each by default, 2,000 with ``-m slow``, as many as ``ZOOCTL_FUZZ`` says in either. What
fails is kept in ``fuzz-failures``, with the command that makes it again.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzz.formats import all_formats
from fuzz.mutate import BINARY, CONTAINER, JSON, TEXT, mutate
from fuzz.place import others_folder

Result = dict[str, Any]
Fuzz = Callable[[str, int, int], Result]
FEW, MANY = 50, 2_000


def wanted(default: int) -> int:
    """Return how many mutations of each format to run."""
    return int(os.environ.get("ZOOCTL_FUZZ", default))


@pytest.fixture(scope="module")
def fuzz(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzz]:
    """``(format, n, seed)``: what one warm process found; all formats share it."""
    folder = tmp_path_factory.mktemp("fuzz")
    kept = repo / "fuzz-failures"
    with (folder / "stderr").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, str(repo / "tests/fuzz/run.py"), "--serve", "--kept", str(kept)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(repo)},
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None

    def ask(name: str, n: int, seed: int) -> Result:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{name} {n} {seed}\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, (folder / "stderr").read_text()[-3_000:]
        found: Result = json.loads(line)
        return found

    with process:
        yield ask
        process.stdin.close()


def hold(result: Result, n: int) -> None:
    """Prove that nothing failed, and that not all mutations were harmless."""
    said = "\n".join(
        f"{one['times']} x {one['why']}\n  {one['again']}\n  {one['command']}\n{one['said'][-800:]}"
        for one in result["failed"]
    )
    assert not result["failed"], said
    assert result["cases"] == n
    if all_formats()[result["format"]].refuses:
        assert set(result["codes"]) & {"2", "5", "6"}


@pytest.mark.parametrize("name", all_formats())
def test_few(fuzz: Fuzz, name: str) -> None:
    n = wanted(FEW)
    hold(fuzz(name, n, 0), n)


@pytest.mark.slow
@pytest.mark.parametrize("name", all_formats())
def test_many(fuzz: Fuzz, name: str) -> None:
    n = wanted(MANY)
    hold(fuzz(name, n, 1), n)


def test_files_of_others_are_seeds() -> None:
    """They broke other tools, or this one; they may not travel in the repository."""
    if not others_folder().is_dir():
        pytest.skip(f"SEEDS MISSING: no folder {others_folder()}; set ZOOCTL_FUZZ_SEEDS")
    assert any(others_folder().rglob("*.vcf"))


@pytest.mark.parametrize("mutations", [BINARY, TEXT, JSON, CONTAINER])
def test_a_mutation_is_its_seed(mutations: Any) -> None:
    content = b"chr1\t10\t20\tname\t7.5\nchr2\t1\t2\tx\t3\n"
    for seed in range(300):
        first, how = mutate(random.Random(seed), content, [b"other\n"], mutations)
        assert mutate(random.Random(seed), content, [b"other\n"], mutations) == (first, how)
    # Even what is empty can be mutated, and most mutations change something.
    changed = [mutate(random.Random(s), content, [content], mutations)[0] for s in range(300)]
    assert sum(one != content for one in changed) > 200
    for seed in range(300):
        mutate(random.Random(seed), b"", [b""], mutations)
