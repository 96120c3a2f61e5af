"""A plan on a real Ray: two nodes of this machine, one of them killed, and another that joins."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from toy_plan import MODEL, SHIFTS, Zooctl

from zooctl.errors import NetworkError
from zooctl.scale.engines.ray_cluster import check_address

KILLED = """
import json, sys, threading, time
from pathlib import Path
from ray.cluster_utils import Cluster
from zooctl.scale.folder import PlanFolder
from zooctl.scale.run import actors, run_plan

folder = PlanFolder(Path("plan"))
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
second = cluster.add_node(num_cpus=1)
cluster.wait_for_nodes()

def come_and_go():
    while not list(Path("plan/shards").glob("*.json")):
        time.sleep(0.05)
    cluster.remove_node(second, allow_graceful=False)
    cluster.add_node(num_cpus=1)

threading.Thread(target=come_and_go, daemon=True).start()
result = run_plan(folder, engine=actors(cluster.address, None), say=print)
print(json.dumps({"done": result.done, "failed": result.failed}))
cluster.shutdown()
"""


def test_a_cluster_that_is_not_there() -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(NetworkError, match="no Ray cluster answers"):
            check_address(f"127.0.0.1:{port}")
        with pytest.raises(NetworkError, match="no Ray cluster answers"):
            check_address(f"ray://127.0.0.1:{port}")
    check_address("auto")


@pytest.fixture
def ray_python(tmp_path: Path) -> str:
    """A Python with Ray: this one, that of ZOOCTL_RAY_PYTHON, or one that is made for the test."""
    if importlib.util.find_spec("ray") is not None:
        return sys.executable
    if named := os.environ.get("ZOOCTL_RAY_PYTHON"):
        return named
    venv.create(tmp_path / "venv", with_pip=True, system_site_packages=False)
    python = tmp_path / "venv/bin/python"
    done = subprocess.run([python, "-m", "pip", "-q", "install", "ray>=2.40"], capture_output=True)
    if done.returncode:
        pytest.skip("RAY NOT TESTED: it is not installed, and cannot be")
    own = next(path for path in sys.path if path.endswith("site-packages"))
    (place,) = (tmp_path / "venv/lib").glob("python3*/site-packages")
    (place / "shared.pth").write_text(f"{own}\n")
    return str(python)


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
