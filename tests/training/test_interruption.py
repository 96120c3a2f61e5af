"""Killed at any moment and resumed, in any surroundings: the same bits."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills")
TESTS = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Makes processes that have torch loaded and have never computed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["toy_run"])
    return context


def start(processes: ForkServerContext, run: Path, **settings: Any) -> Any:
    process = processes.Process(target=toy_run.train, args=(run,), kwargs=settings)
    process.start()
    return process


def bits(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in toy_run.FILES}


@pytest.fixture(scope="module")
def uninterrupted(
    processes: ForkServerContext, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    run = tmp_path_factory.mktemp("uninterrupted")
    process = start(processes, run)
    process.join()
    assert process.exitcode == 0
    return bits(run)


def kill_at_random(processes: ForkServerContext, run: Path, rng: np.random.Generator) -> None:
    """Start or resume the run, and kill it at some moment between its steps or in one."""
    here, there = processes.Pipe(duplex=False)
    process = start(processes, run, steps=there)
    there.close()
    for _ in range(int(rng.integers(2, 8))):
        here.recv()
    time.sleep(float(rng.uniform(0, 0.03)))
    process.kill()
    process.join()
    assert process.exitcode == -9, "it ended before it was killed"


def test_ten_kills_leave_no_trace(
    processes: ForkServerContext, uninterrupted: dict[str, bytes], tmp_path: Path
) -> None:
    rng = np.random.default_rng(7)
    # A checkpoint syncs its log, its tensors, its state and its folder: each is hit in turn.
    for number in range(4, 9):
        kill_at_random(processes, tmp_path, rng)
        process = start(processes, tmp_path, dies_at_sync=number)
        process.join()
        assert process.exitcode == -9, "it ended before it was killed"
    last = start(processes, tmp_path)
    last.join()
    assert last.exitcode == 0
    assert bits(tmp_path) == uninterrupted
    left = [path.name for path in tmp_path.rglob(".*") if path.name != ".lock"]
    assert left == [], "partial files of killed processes are removed"


def test_surroundings_change_no_bit(uninterrupted: dict[str, bytes], tmp_path: Path) -> None:
    """Hash seed, folder, locale, time zone, umask, threads of the shell and of the loader."""
    surroundings = [
        {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC", "OMP_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "4711", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"}
        | {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
    ]
    running = []
    for number, variables in enumerate(surroundings):
        run = tmp_path / f"run {number}"
        run.mkdir()
        path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        running.append(
            subprocess.Popen(
                [sys.executable, str(TESTS / "toy_run.py"), str(run), str(3 * number)],
                cwd=[TESTS, run][number],
                env=os.environ | variables | {"PYTHONPATH": path},
                umask=[0o022, 0o077][number],
            )
        )
    assert [process.wait() for process in running] == [0, 0]
    for number in range(2):
        assert bits(tmp_path / f"run {number}") == uninterrupted
