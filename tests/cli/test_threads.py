"""A limit on threads or address space ends a command, and never makes it wait."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.inference.device.machine import check_threads

# Room for the libraries and the graph, and for the stacks of a few threads of 8 MB alone.
ADDRESS_SPACE = 1_200_000_000


def test_threads_end_again() -> None:
    before = threading.active_count()
    check_threads(20)
    assert threading.active_count() == before


def test_threads_that_the_system_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    before, start = threading.active_count(), threading.Thread.start
    left = iter(range(3))

    def refuse(thread: threading.Thread) -> None:
        if next(left, None) is None:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(InputError, match="this machine does not allow 4 threads"):
        check_threads(4)
    assert threading.active_count() == before


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
