"""Plans beside runs in one piece: efficiency of workers, cost of a shard, merge, memory, Ray."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil

from zooctl.catalog.genomes import find_genome
from zooctl.files.fasta.reader import Fasta
from zooctl.sequence.onehot import decode

ROUNDS = int(os.environ.get("ROUNDS", "3"))
N_ALLELES = int(os.environ.get("ALLELES", "2448"))
N_LONG = int(os.environ.get("LONG", "60000"))
HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


class Spent(NamedTuple):
    """Seconds of a command: by the clock, and of processors, its children among them."""

    wall: float
    cpu: float


def zooctl(*arguments: str, python: str = sys.executable) -> Spent:
    """Run a command and return its seconds."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [python, "-m", "zooctl", *arguments, "-q"], capture_output=True, text=True
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall, cpu)


def write_vcf(path: Path, n: int, info: int) -> None:
    """SNVs at every 50th base of chr21, with so many letters of INFO."""
    drawn = random.Random(1)
    paths, _ = find_genome("hg19")
    with Fasta(*paths) as genome, path.open("w") as file:
        first = 30_000_000
        letters = decode(genome.codes("chr21", first, first + 50 * n))
        file.write(HEAD)
        for at in range(0, 50 * n, 50):
            ref = letters[at]
            if ref in "ACGT":
                alt = "ACGT"["ACGT".index(ref) - 1]
                text = "".join(drawn.choices("ABCDEFGH", k=info)) or "."
                file.write(f"chr21\t{first + at + 1}\t.\t{ref}\t{alt}\t.\tPASS\tX={text}\n")


def efficiency() -> None:
    """Two workers of one thread beside one process of two."""
    write_vcf(Path("in.vcf"), N_ALLELES, 3)
    model = ["in.vcf", "--model", "ctcf_gm12878"]
    zooctl("plan", "score-variants", *model, "--shards", "16", "-o", "plan")
    found: dict[str, list[Spent]] = {"one": [], "two": [], "workers": []}
    for _ in range(ROUNDS):
        for name, threads in (("one", "1"), ("two", "2")):
            found[name].append(
                zooctl("score-variants", *model, "--threads", threads, "-o", "a.vcf.gz", "--force")
            )
        clear()
        found["workers"].append(zooctl("run", "plan", "--workers", "2"))
    print(f"ctcf_gm12878, {N_ALLELES:,} alleles, medians of {ROUNDS}{'seconds':>15}{'of CPU':>8}")
    names = ("one process of one thread", "one process of two threads", "two workers of one thread")
    walls = []
    for name, times in zip(names, found.values(), strict=True):
        walls.append(median(one.wall for one in times))
        print(f"{name:<44}{walls[-1]:>8.1f}{median(one.cpu for one in times):>8.1f}")
    print(f"{'efficiency':<44}{walls[1] / walls[2]:>8.2f}   goal: 0.90 or more")


def clear() -> None:
    """Remove the shards of the plan."""
    for path in Path("plan/shards").iterdir():
        path.unlink()


def shards_and_merge() -> None:
    """Cost of a shard beside its work, and speed of the merge."""
    write_vcf(Path("long.vcf"), N_LONG, 2_000)
    model = ["long.vcf", "--model", "pwm_ctcf", "--shifts", "1", "--max-shift", "0"]
    seconds = {}
    for n in (1, 50):
        zooctl("plan", "score-variants", *model, "--shards", str(n), "-o", "plan", "--force")
        seconds[n] = zooctl("run", "plan")
    n_shards = len(json.loads(Path("plan/plan.json").read_text())["shards"])
    each = (seconds[50].cpu - seconds[1].cpu) / (n_shards - 1)
    size = sum(path.stat().st_size for path in Path("plan/shards").glob("*.data"))
    text = Path("long.vcf").stat().st_size
    merges = [zooctl("merge", "plan", "-o", "b.vcf.gz", "--force").cpu for _ in range(ROUNDS)]
    start = min(zooctl("status", "plan").cpu for _ in range(ROUNDS))
    merge = min(merges) - start
    print(f"by seconds of CPU, {N_LONG:,} records of 2 kB")
    print(f"{'a shard, beside its work':<44}{1e3 * each:>8.0f} ms")
    print(f"{'merge of bgzipped records, with index':<44}{size / merge / 1e9:>8.3f} GB/s")
    print(f"{'the same by their text':<44}{text / merge / 1e9:>8.3f} GB/s")
    print(f"{'start of a command':<44}{start:>8.2f} s")


def memory() -> None:
    """Largest memory of a worker on many records."""
    peaks, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.1):
            for process in psutil.Process().children(recursive=True):
                try:
                    if any(one.endswith(".worker") for one in process.cmdline()):
                        peaks.append(process.memory_info().rss)
                except psutil.Error:
                    continue

    clear()
    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    workers = zooctl("run", "plan", "--workers", "2").wall
    stop.set()
    watching.join()
    print(f"{f'memory of a worker, {N_LONG:,} records of 2 kB':<44}{max(peaks) / 1e6:>8.0f} MB")
    ray(workers)


def ray(workers: float) -> None:
    """Ray on the same plan, where there is a Python with it."""
    python = os.environ.get("ZOOCTL_RAY_PYTHON") or (
        sys.executable if importlib.util.find_spec("ray") else None
    )
    print(f"{'the plan by two processes':<44}{workers:>8.1f} s")
    if python is None:
        print("the plan by two actors of Ray: not installed")
        return
    clear()
    taken = zooctl("run", "plan", "--ray", "local", "--workers", "2", python=python).wall
    print(f"{'the plan by two actors of Ray':<44}{taken:>8.1f} s")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        efficiency()
        shards_and_merge()
        memory()
        os.chdir("/")


if __name__ == "__main__":
    main()
