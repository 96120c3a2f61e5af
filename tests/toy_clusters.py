"""Clusters of this machine alone: a Slurm of one node, and a Ray of two, one of which is killed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")
CONF = """ClusterName=toy
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort=26817
SlurmdPort=26818
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
ReturnToService=2
MpiDefault=none
KillWait=10
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


KILLED = """
import json, os, sys, threading, time
from pathlib import Path
os.environ["RAY_raylet_start_wait_time_s"] = "300"  # a node may start slowly on a busy machine
from ray.cluster_utils import Cluster
from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.run import actors, run_plan

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
failed = {number: one.error for number, one in result.failed.items()}
print(json.dumps({"done": result.done, "failed": failed}))
cluster.shutdown()
"""


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A running Slurm of one node; ``SLURM_CONF`` names it."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"SLURM NOT TESTED: needs root, and {', '.join(NEEDED)}")
    folder = tmp_path / "slurm"
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    host = os.uname().nodename.split(".")[0]
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(folder=folder, host=host, cpus=os.cpu_count()))
    monkeypatch.setenv("SLURM_CONF", str(conf))
    munged = [f"--{one}={folder}/munge.{two}" for one, two in (("socket", "socket"),)]
    munged += [f"--key-file={key}", f"--pid-file={folder}/munge.pid"]
    munged += [f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed"]
    started = [subprocess.Popen(["munged", "--foreground", "--force", *munged])]
    try:
        wait_for(lambda: (folder / "munge.socket").exists())
        started.append(subprocess.Popen(["slurmctld", "-D", "-f", str(conf)]))
        started.append(subprocess.Popen(["slurmd", "-D", "-f", str(conf), "-N", host]))
        wait_for(lambda: "idle" in said("sinfo", "-h", "-o", "%T"))
        yield folder
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=60)


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout


def wait_for(holds: Callable[[], bool], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


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
