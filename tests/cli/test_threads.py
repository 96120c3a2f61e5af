"""A limit on threads or address space ends a command, and never makes it wait."""

from __future__ import annotations

import _thread
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from zooctl.errors import InputError
from zooctl.inference.device import machine
from zooctl.inference.device.machine import check_threads

# Room for the libraries and the graph, and for the stacks of a few threads of 8 MB alone.
ADDRESS_SPACE = 1_200_000_000

# Forked from a process that has loaded all libraries, a session of four threads is given ever more.
LIMITS = """
import os, resource, signal
import numpy as np
from toy_model import graph_of
from zooctl.errors import InputError
from zooctl.inference.device.runtime import LoadedGraph

model, onehot = graph_of(), np.zeros((1, 4, 64), np.float32)
page = resource.getpagesize()
for more in range(0, 160 << 20, 4 << 20):
    if not os.fork():
        signal.alarm(30)
        try:
            has = int(open("/proc/self/statm").read().split()[0]) * page
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (has + more, has + more))
            LoadedGraph(model, "cpu", 4).run({"onehot": onehot})
            os._exit(0)
        except InputError as error:
            os._exit(2 if "threads" in str(error) or "memory" in str(error) else 1)
        finally:
            os._exit(1)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_threads_end_again() -> None:
    before = _thread._count()
    check_threads(20)
    assert _wait_for_threads(before)


def test_threads_that_the_system_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    before, start = _thread._count(), _thread.start_new_thread
    left = iter(range(3))

    def refuse(function: Any, arguments: Any) -> int:
        if next(left, None) is None:
            raise RuntimeError("can't start new thread")
        return start(function, arguments)

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    with pytest.raises(InputError, match="this machine does not allow 4 threads"):
        check_threads(4)
    assert _wait_for_threads(before)


def test_threads_that_find_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """They begin and die before they run any code of ours."""
    monkeypatch.setattr(_thread, "start_new_thread", lambda function, arguments: 1)
    monkeypatch.setattr(machine, "_SECONDS_TO_END", 0)
    with pytest.raises(InputError, match="this machine does not allow 4 threads"):
        check_threads(4)


def _wait_for_threads(before: int) -> bool:
    """Return whether as few threads as before are left, once they had time to leave Python."""
    until = time.monotonic() + 30
    while _thread._count() > before and time.monotonic() < until:
        time.sleep(0.01)
    return _thread._count() <= before


def test_a_limit_of_the_address_space(toy_zoo: Path, tmp_path: Path) -> None:
    """onnxruntime by itself waits without end for threads that it could not start."""
    (tmp_path / "genome.fa").write_text(f">chr1\n{'ACGT' * 100}\n")
    (tmp_path / "regions.bed").write_text("chr1\t0\t300\n")
    words = "predict --model toy --bed regions.bed --fasta genome.fa -o a.bw --device cpu"
    limit = (ADDRESS_SPACE, ADDRESS_SPACE)
    for n, code in ((2, 0), (300, 2)):
        done = subprocess.run(
            [sys.executable, "-m", "zooctl", *words.split(), "--force", "--threads", str(n)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
        )
        assert done.returncode == code, done.stderr
    assert "this machine does not allow 300 threads" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_limit_refuses_or_suffices(repo: Path) -> None:
    """Without the trial of threads, onnxruntime waits without end at 12 to 24 MB."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITS],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": f"{repo}:{repo / 'tests'}"},
    )
    codes = done.stdout.split()
    assert codes[0] == "2"
    assert set(codes) == {"0", "2"}, codes
