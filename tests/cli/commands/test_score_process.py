"""`zooctl score-variants` as a process: names, limits and surroundings of its files."""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zooctl.cli.main import run

CHROM = "".join(random.Random(1).choices("ACGT", k=5_000))
FLIP = {"A": "G", "C": "T", "G": "A", "T": "C"}
COMMAND = ["score-variants", "--model", "toy", "--fasta", "genome.fa", "--shifts", "2"]


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "genome.fa").write_text(f">chr1\n{CHROM}\n")
    rows = [
        f"chr1\t{pos}\t.\t{CHROM[pos - 1]}\t{FLIP[CHROM[pos - 1]]}\t.\t.\t."
        for pos in range(100, 4_700)
    ]
    head = ["##fileformat=VCFv4.3", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    (folder / "in.vcf").write_text("".join(f"{row}\n" for row in head + rows))
    (folder / "short.vcf").write_text("".join(f"{row}\n" for row in head + rows[:20]))
    monkeypatch.chdir(folder)
    return folder


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    program = [sys.executable, "-m", "zooctl.cli.main", *COMMAND, *arguments]
    return subprocess.run(program, capture_output=True, timeout=120, check=False, **options)


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def test_no_space(here: Path) -> None:
    """What was finished before the disk was full is not lost."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    assert process("short.vcf", "-o", "short.tsv").returncode == 0
    before = visible(here)
    done = process("in.vcf", "-o", "a.vcf", preexec_fn=limit)
    assert done.returncode == 2, done.stderr
    assert b"no space left" in done.stderr
    assert b"kept: " in done.stderr
    assert b"Traceback" not in done.stderr
    assert visible(here) == before
    assert run([*COMMAND, "in.vcf", "-o", "a.vcf", "--resume"]) == 0
    assert run([*COMMAND, "in.vcf", "-o", "b.vcf"]) == 0
    assert (here / "a.vcf").read_bytes() == (here / "b.vcf").read_bytes()


def test_surroundings_do_not_change_the_bytes(here: Path) -> None:
    written = set()
    for number, changes in enumerate(
        (
            {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONHASHSEED": "1"},
            {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati", "NO_COLOR": "1"},
        )
    ):
        name = f"{number}é.vcf.gz"
        done = process("short.vcf", "-o", name, env={**os.environ, **changes})
        assert done.returncode == 0, done.stderr
        written.add((here / name).read_bytes())
    assert len(written) == 1


# A clock that stands in 1960, for whatever asks the C library.
CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    int code = syscall(SYS_clock_gettime, id, now);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) now->tv_sec -= 2110000000L;
    return code;
}
time_t time(time_t *given) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (given) *given = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *given, void *zone) {
    given->tv_sec = time(0);
    given->tv_usec = 0;
    return 0;
}
"""


def test_a_clock_of_1960(here: Path) -> None:
    """The same bytes, in no more time."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler, to change the clock")
    (here / "clock.c").write_text(CLOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "clock.c", "-o", "clock.so"], check=True)
    environment = {**os.environ, "LD_PRELOAD": str(here / "clock.so")}
    asked = [sys.executable, "-c", "import time; print(time.time() < 0)"]
    assert subprocess.run(asked, env=environment, capture_output=True).stdout == b"True\n"
    assert process("short.vcf", "-o", "a.vcf.gz").returncode == 0
    began = os.times()
    done = process("short.vcf", "-o", "b.vcf.gz", env=environment)
    ended = os.times()
    assert done.returncode == 0, done.stderr
    assert (here / "a.vcf.gz").read_bytes() == (here / "b.vcf.gz").read_bytes()
    assert ended.children_user - began.children_user < 15


@pytest.mark.parametrize(
    "name",
    ["with a space.vcf", "new\nline.vcf", "Ümlaut.vcf", "./-dash.vcf", "x" * 251 + ".vcf"],
)
def test_names(here: Path, name: str) -> None:
    shutil.copy("short.vcf", name)
    target = name.removesuffix(".vcf")[:240] + ".tsv"
    assert run([*COMMAND, name, "-o", target]) == 0
    assert len(Path(target).read_text().splitlines()) == 1 + 20 * 2


def test_a_link_stays_a_link(here: Path) -> None:
    (here / "folder").mkdir()
    (here / "a.vcf.gz").symlink_to("folder/real.vcf.gz")
    assert run([*COMMAND, "short.vcf", "-o", "a.vcf.gz"]) == 0
    assert (here / "a.vcf.gz").is_symlink()
    assert (here / "folder/real.vcf.gz").is_file()
    assert visible(here / "folder") == {"real.vcf.gz"}


def test_prediction_that_is_no_number(
    here: Path,
    toy_zoo: Path,
    toy_graph: Callable[..., bytes],
    repin: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    weights = np.array([[1, 2, np.inf, 4], [4, 3, 2, 1]], dtype=np.float32)
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(toy_graph(weights))
    repin()
    assert run([*COMMAND, "short.vcf", "-o", "a.vcf"]) == 3
    assert "is not a finite number" in capsys.readouterr().err
    assert visible(here) == {"genome.fa", "in.vcf", "short.vcf"}
    assert not list(here.glob(".zooctl-parts*"))
