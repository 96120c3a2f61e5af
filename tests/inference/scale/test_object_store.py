"""A plan in an object store that speaks S3: two coordinators, a killed worker, a changed shard."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import psutil
import pytest
from toy_clusters import wait_for
from toy_plan import MODEL, SHIFTS, Zooctl

READ = "import sys, s3fs; sys.stdout.buffer.write(s3fs.S3FileSystem().cat_file(sys.argv[1]))"
WRITE = "import sys, s3fs; s3fs.S3FileSystem().pipe_file(sys.argv[1], sys.stdin.buffer.read())"
SLOWER = ["--shifts", "40", "--max-shift", "15"]


def start(python: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, "-m", "zooctl", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(python: str, *arguments: str, expected: int = 0) -> tuple[str, str]:
    process = start(python, *arguments)
    out, err = process.communicate()
    assert process.returncode == expected, err
    return out, err


def done(python: str, plan: str) -> int:
    return int(json.loads(run(python, "status", plan, "--json")[0])["done"])


@pytest.mark.slow
def test_two_runs_at_once_and_a_killed_worker(
    store_python: str, bucket: str, zooctl: Zooctl, here: Path
) -> None:
    asked, plan = ["score-variants", "in.vcf", *MODEL, *SLOWER], f"{bucket}/runs/plan"
    assert zooctl(*asked, "-o", "a.vcf.gz")[0] == 0
    run(store_python, "plan", *asked, "--shards", "6", "-o", plan)
    both = [start(store_python, "run", plan, "--workers", n) for n in ("2", "1")]
    wait_for(lambda: done(store_python, plan) > 0 or both[0].poll() is not None)
    if workers := psutil.Process(both[0].pid).children():
        workers[0].kill()
    for process in both:
        _, err = process.communicate()
        assert process.returncode == 0, err
    assert done(store_python, plan) == 6
    run(store_python, "merge", plan, "-o", "b.vcf.gz")
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()


@pytest.mark.slow
def test_a_changed_shard(store_python: str, bucket: str, zooctl: Zooctl, here: Path) -> None:
    asked, plan = ["score-variants", "in.vcf", *MODEL, *SHIFTS], f"{bucket}/plan"
    assert zooctl(*asked, "-o", "a.vcf.gz")[0] == 0
    run(store_python, "plan", *asked, "--shards", "3", "-o", plan)
    run(store_python, "run", plan, "--shard", "1/2")
    run(store_python, "run", plan)
    shard = f"{plan}/shards/00002.data"
    read = subprocess.run([store_python, "-c", READ, shard], capture_output=True, check=True)
    content = bytearray(read.stdout)
    content[100] ^= 1
    subprocess.run([store_python, "-c", WRITE, shard], input=bytes(content), check=True)
    _, err = run(store_python, "merge", plan, "-o", "b.vcf.gz", expected=2)
    assert f"{plan}: shard 2/3 is not whole. Hint: zooctl run {plan} computes it" in err
    assert not (here / "b.vcf.gz").exists()
    _, err = run(store_python, "run", plan)
    assert "there already: 2 of 3 shards" in err
    run(store_python, "merge", plan, "-o", "b.vcf.gz")
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()


@pytest.mark.slow
def test_a_bucket_that_is_not_there(store_python: str, bucket: str, here: Path) -> None:
    asked = ["plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", f"{bucket}-not/plan"]
    _, err = run(store_python, *asked, expected=4)
    assert f"{bucket}-not/plan: the object store does not answer, or refuses" in err
    assert "The specified bucket does not exist" in err
