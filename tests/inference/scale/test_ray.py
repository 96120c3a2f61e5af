"""A plan on a real Ray: two nodes of this machine, one of them killed, and another that joins."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from toy_clusters import KILLED
from toy_plan import MODEL, SHIFTS, Zooctl

from zooctl.errors import NetworkError
from zooctl.inference.scale.engines.ray_cluster import check_address


def test_a_cluster_that_is_not_there() -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(NetworkError, match="no Ray cluster answers"):
            check_address(f"127.0.0.1:{port}")
        with pytest.raises(NetworkError, match="no Ray cluster answers"):
            check_address(f"ray://127.0.0.1:{port}")
    check_address("auto")


@pytest.mark.slow
def test_two_nodes_one_killed(ray_python: str, zooctl: Zooctl, here: Path) -> None:
    assert zooctl("score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.vcf.gz")[0] == 0
    planned = ["plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "--shards", "6", "-o", "plan"]
    assert zooctl(*planned)[0] == 0
    done = subprocess.run([ray_python, "-c", KILLED], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == '{"done": 6, "failed": {}}'
    assert zooctl("merge", "plan", "-o", "b.vcf.gz")[0] == 0
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()


@pytest.mark.slow
def test_ray_on_this_machine(ray_python: str, zooctl: Zooctl, here: Path) -> None:
    """Actors refuse a plan as other workers do, and compute it when it fits."""
    assert zooctl("score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.vcf.gz")[0] == 0
    planned = ["plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "--shards", "6", "-o", "plan"]
    assert zooctl(*planned)[0] == 0
    run = [ray_python, "-m", "zooctl", "run", "plan", "--ray", "local", "--workers", "2"]
    kept = (here / "in.vcf").read_bytes()
    (here / "in.vcf").write_bytes(kept + b"\n")
    done = subprocess.run(run, capture_output=True, text=True, timeout=300)
    assert done.returncode == 5, done.stderr
    assert "input has changed since the plan was made" in done.stderr
    (here / "in.vcf").write_bytes(kept)
    done = subprocess.run(run, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert zooctl("merge", "plan", "-o", "b.vcf.gz")[0] == 0
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()
