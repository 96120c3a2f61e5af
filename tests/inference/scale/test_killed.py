"""Plans whose processes are killed, doubled, or out of disk: the plain bytes all the same."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from toy_plan import MODEL, SHIFTS, Zooctl, rows, vcf

from zooctl.inference.scale.engines.pool import Pool
from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.jobs.verbs import VERBS

PLAN = ["plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "--shards", "6", "-o", "plan"]
LONG = ["--shifts", "2000", "--max-shift", "15"]
STAGES = {
    "plan": [*PLAN, "--force"],
    "run": ["run", "plan", "--workers", "2"],
    "merge": ["merge", "plan", "-o", "b.vcf.gz", "--force"],
}


def start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "zooctl", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process: subprocess.Popen[bytes]) -> str:
    said = process.communicate()[0].decode()
    assert process.returncode == 0, said
    return said


@pytest.fixture
def plain(zooctl: Zooctl, here: Path) -> bytes:
    """The output of the plain run."""
    assert zooctl("score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.vcf.gz")[0] == 0
    return (here / "a.vcf.gz").read_bytes()


def merged(zooctl: Zooctl, here: Path) -> bytes:
    code, _, err = zooctl("merge", "plan", "-o", "b.vcf.gz", "--force")
    assert code == 0, err
    return (here / "b.vcf.gz").read_bytes()


def shards(here: Path) -> list[str]:
    return sorted(path.name for path in (here / "plan/shards").iterdir())


def begun(here: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a shard is being written."""
    end = time.monotonic() + 120
    while not any(name.startswith(".zooctl-") for name in shards(here)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("workers", [[], ["--workers", "1"]])
def test_a_scheduler_that_ends_the_job(workers: list[str], zooctl: Zooctl, here: Path) -> None:
    """SIGTERM in a shard of a minute: it ends in ten seconds, and the shard is absent."""
    assert zooctl("plan", "score-variants", "in.vcf", *MODEL, *LONG, "-o", "plan")[0] == 0
    process = start("run", "plan", *workers)
    begun(here, process)
    sent = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 143
    assert time.monotonic() - sent < 10 * max(1, psutil.getloadavg()[0] / (os.cpu_count() or 1))
    if not workers:
        assert shards(here) == []
    assert json.loads(zooctl("status", "plan", "--json")[1])["done"] == 0


def test_a_killed_worker_is_replaced(zooctl: Zooctl, here: Path, plain: bytes) -> None:
    assert zooctl(*PLAN)[0] == 0
    process = start("run", "plan", "--workers", "2")
    begun(here, process)
    psutil.Process(process.pid).children()[0].kill()
    assert "computed: 6 shards" in finish(process)
    assert merged(zooctl, here) == plain


def test_progress_of_a_killed_worker(zooctl: Zooctl, here: Path) -> None:
    """Work that is lost is taken back, so that the bar ends at its end."""
    shifts = ["--shifts", "40", "--max-shift", "15"]
    planned = ["plan", "score-variants", "in.vcf", *MODEL, *shifts, "--shards", "1", "-o", "plan"]
    assert zooctl(*planned)[0] == 0
    folder, told = PlanFolder(here / "plan"), list[float]()
    others = psutil.Process().children()  # such as multiprocessing's tracker of resources

    def advance(done: float) -> None:
        if done and not any(told):  # of the only shard
            (worker,) = set(psutil.Process().children()).difference(others)
            worker.kill()
        told.append(done)

    with Pool(folder, [1], 1, VERBS.worker) as pool:
        assert [one.failure for one in pool.outcomes(advance)] == [None]
    assert sum(told) == folder.plan.work
    assert min(told) < 0


def test_a_shard_that_kills_its_workers(zooctl: Zooctl, here: Path) -> None:
    """Three deaths are a failure of the shard, and the run ends."""
    assert (
        zooctl("plan", "score-variants", "in.vcf", *MODEL, *LONG, "--shards", "1", "-o", "plan")[0]
        == 0
    )
    process = start("run", "plan", "--workers", "1")
    for _ in range(3):
        begun(here, process)
        (worker,) = psutil.Process(process.pid).children()
        worker.kill()
        while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        for path in (here / "plan/shards").iterdir():
            path.unlink()
    said = process.communicate()[0].decode()
    assert process.returncode == 2
    assert "shard 1/1 failed: the worker was ended from outside: SIGKILL" in said


def test_workers_end_with_their_coordinator(zooctl: Zooctl, here: Path) -> None:
    assert zooctl("plan", "score-variants", "in.vcf", *MODEL, *LONG, "-o", "plan")[0] == 0
    process = start("run", "plan", "--workers", "2")
    begun(here, process)
    workers = psutil.Process(process.pid).children()
    process.kill()
    process.communicate()
    gone, alive = psutil.wait_procs(workers, timeout=30)
    assert (len(gone), alive) == (2, [])


def test_two_coordinators_of_one_plan(zooctl: Zooctl, here: Path, plain: bytes) -> None:
    assert zooctl(*PLAN)[0] == 0
    both = [start("run", "plan", "--workers", "1") for _ in range(2)]
    for process in both:
        finish(process)
    assert merged(zooctl, here) == plain


def test_clocks_and_locks_of_others_do_not_matter(zooctl: Zooctl, here: Path, plain: bytes) -> None:
    """Times of shards in the future and the past, and locks and parts of machines that are gone."""
    assert zooctl(*PLAN)[0] == 0
    assert zooctl("run", "plan", "--shard", "1/2")[0] == 0
    folder = here / "plan/shards"
    for path, when in zip(sorted(folder.iterdir()), (4e9, 0, 1e9) * 2, strict=True):
        os.utime(path, (when, when))
    (folder / ".lock").touch()
    (folder / ".zooctl-0123abcd-17-boot_1-0.data").write_bytes(b"half")
    code, _, err = zooctl("run", "plan")
    assert (code, "there already: 3 of 6 shards" in err) == (0, True)
    assert merged(zooctl, here) == plain


@pytest.fixture
def small_disk(here: Path) -> Iterator[Path]:
    """A file system of 128 kB in the working folder."""
    place = here / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("FULL DISK NOT TESTED: no right to mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(zooctl: Zooctl, here: Path, plain: bytes, small_disk: Path) -> None:
    """What fits is kept; the rest is computed when there is space."""
    assert zooctl(*PLAN[:-1], "small/plan")[0] == 0
    code, _, err = zooctl("run", "small/plan")
    assert code == 2
    assert "no space left" in err
    done = json.loads(zooctl("status", "small/plan", "--json")[1])["done"]
    assert done < 6
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    code, _, err = zooctl("run", "small/plan")
    assert code == 0, err
    assert zooctl("merge", "small/plan", "-o", "b.vcf.gz")[0] == 0
    assert (here / "b.vcf.gz").read_bytes() == plain


@pytest.fixture
def durations(here: Path, plain: bytes) -> dict[str, float]:
    """Seconds of each stage when nobody is killed."""
    found = {}
    for name, arguments in STAGES.items():
        began = time.monotonic()
        finish(start(*arguments))
        found[name] = time.monotonic() - began
    return found


@pytest.mark.parametrize(
    "n", [pytest.param(3, id="few"), pytest.param(50, id="many", marks=pytest.mark.slow)]
)
def test_killed_at_random(n: int, here: Path, plain: bytes, durations: dict[str, float]) -> None:
    """One stage of each round is killed somewhere in its time, then done again."""
    drawn = random.Random(n)
    for number in range(n):
        shutil.rmtree(here / "plan", ignore_errors=True)
        (here / "b.vcf.gz").unlink(missing_ok=True)
        killed = list(STAGES)[number % 3]
        delay = drawn.uniform(0.3, 1) * durations[killed]
        for name, arguments in STAGES.items():
            if name == killed:
                _kill(arguments, delay, worker=drawn.random() < 0.3)
            finish(start(*arguments))
        assert (here / "b.vcf.gz").read_bytes() == plain, (number, killed, delay)
        hidden = [path.name for path in here.rglob(".zooctl-*")]
        assert hidden == [], (number, killed, delay)


def _kill(arguments: list[str], delay: float, worker: bool) -> None:
    """Kill a command after a while, or one of its workers, and wait for its end."""
    process = start(*arguments)
    time.sleep(delay)
    below = psutil.Process(process.pid).children() if process.poll() is None else []
    if worker and below:
        below[0].kill()
    else:
        process.kill()
    process.communicate()
    psutil.wait_procs(below, timeout=30)


def test_a_merge_of_many_records_that_is_killed(
    zooctl: Zooctl, here: Path, durations: dict[str, float]
) -> None:
    """A merge stopped while it writes leaves no output, and the next has the same bytes."""
    (here / "in.vcf").write_text(vcf(rows(8_500)))
    assert zooctl(*PLAN, "--force")[0] == 0
    assert zooctl("run", "plan")[0] == 0
    first = merged(zooctl, here)
    (here / "b.vcf.gz").unlink()
    process = start(*STAGES["merge"])
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        # A file may be renamed between being listed and looked at.
        with contextlib.suppress(FileNotFoundError):
            if any(path.stat().st_size for path in here.glob(".zooctl-*")):
                process.kill()
                break
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (here / "b.vcf.gz").exists()
    assert merged(zooctl, here) == first
