"""A model of a plan's time: measured constants, simulated workers, and runs here to compare with.

A worker starts, loads its models, and takes the next absent shard until there is none. A shard
takes its work at a worker's rate, times a straggling factor (log-normal), and a fixed cost. A
worker dies at random; its shard is computed anew by its successor. The merge comes last, in one
process. Without arguments the tables of docs/scale.md are printed; with ``--check``, the constants
as they are on this machine, and measured and simulated runs of 1, 2 and 4 workers.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from bench_scale import Spent, clear, write_vcf, zooctl

HOUR = 3600.0


@dataclass(frozen=True)
class Costs:
    """Constants of a run.

    Attributes:
        work: Seconds of one worker for everything, without overheads.
        shards: Shards of equal work.
        start: Seconds until a worker's models are loaded.
        each: Seconds of a shard beside its work: opening the input, syncing, the receipt.
        merged: Bytes to merge.
        merge_rate: Bytes a second that one merge writes.
        cores: Cores that all workers share; none for one each.
        folder_rate: Shards a second that the shared folder takes.
        spread: Standard deviation of the log of a shard's time.
        death_rate: Deaths of a worker an hour.
    """

    work: float
    shards: int
    start: float
    each: float
    merged: float = 0.0
    merge_rate: float = 0.1e9
    cores: int | None = None
    folder_rate: float = 200.0
    spread: float = 0.1
    death_rate: float = 0.01


def simulate(costs: Costs, workers: int, seed: int = 1) -> float:
    """Return the seconds from the first start to the end of the merge."""
    drawn = random.Random(seed)
    workers = min(workers, costs.shards)
    slow = 1.0 if costs.cores is None else max(1.0, workers / costs.cores)
    free = [(slow * costs.start, number) for number in range(workers)]
    heapq.heapify(free)
    left, end, folder = costs.shards, 0.0, 0.0
    mean = costs.work / costs.shards
    while left:
        now, number = heapq.heappop(free)
        factor = math.exp(drawn.gauss(0, costs.spread) - costs.spread**2 / 2)
        taken = slow * (mean * factor + costs.each)
        death = drawn.expovariate(costs.death_rate / HOUR) if costs.death_rate else math.inf
        if death < taken:
            heapq.heappush(free, (now + death + slow * costs.start, number))
            continue
        # The folder takes one receipt after the other.
        folder = max(now + taken, folder + 1 / costs.folder_rate)
        end = max(end, folder)
        left -= 1
        heapq.heappush(free, (folder, number))
    return end + costs.merged / costs.merge_rate


def table(name: str, costs: Costs, counts: tuple[int, ...]) -> None:
    """Print the time and efficiency of so many workers."""
    print(f"{name}: {costs.work / HOUR:,.0f} hours of a worker, {costs.shards:,} shards")
    print(f"{'workers':>9}{'hours':>10}{'efficiency':>12}")
    for workers in counts:
        hours = simulate(costs, workers) / HOUR
        print(f"{workers:>9,}{hours:>10,.2f}{costs.work / HOUR / hours / workers:>12.2f}")


OPENED = """
from pathlib import Path
from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.worker import Worker
Worker(PlanFolder(Path("plan"))).open()
"""


def planned(megabases: float, shards: int) -> int:
    """Plan tracks of a stretch of chr21, and return the number of windows."""
    last = 16_000_000 + round(megabases * 1e6)
    region = ["--region", f"chr21:16,000,001-{last}"]
    asked = ["predict", "--model", "ctcf_gm12878", *region, "--shards", str(shards)]
    zooctl("plan", *asked, "-o", "plan", "--force")
    plan = json.loads(Path("plan/plan.json").read_text())
    assert len(plan["shards"]) == shards
    return sum(shard["work"] for shard in plan["shards"])


def open_worker() -> float:
    """Return the seconds of CPU in which a worker starts and loads the model."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", OPENED], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure() -> Costs:
    """Measure the constants in seconds of CPU, print them, and return those of tracks."""
    short = planned(0.2, 1)
    start = min(open_worker() for _ in range(3))
    one = min(run().cpu for _ in range(3))
    first = min(merge("bw") for _ in range(3))
    planned(0.2, 24)
    each = (min(run().cpu for _ in range(3)) - one) / 23
    long = planned(8, 1)
    window = (run().cpu - one) / (long - short)
    size = Path("plan/shards/00001.data").stat().st_size
    merged = (merge("bw") - first) / (size * (1 - short / long))
    print(f"start of a worker, and its model    {start:8.2f} s")
    print(f"a shard beside its work             {1e3 * each:8.1f} ms")
    print(f"windows of one thread, by tiles     {1 / window:8,.0f} a second")
    print(f"merge of a bigWig                   {1e-6 / merged:8.1f} MB/s of shards")
    write_vcf(Path("in.vcf"), 200, 3)
    zooctl("plan", "score-variants", "in.vcf", "--model", "ctcf_gm12878", "-o", "plan", "--force")
    opened = open_worker()
    print(f"alleles of one thread, 20 shifts    {200 / (run().cpu - opened):8.1f} a second")
    return Costs(long * window, 16, start, each, death_rate=0)


def run() -> Spent:
    """Compute the shards anew in one process."""
    clear()
    return zooctl("run", "plan")


def merge(kind: str) -> float:
    """Return the seconds of CPU of a merge."""
    return zooctl("merge", "plan", "-o", f"a.{kind}", "--force").cpu


def check(costs: Costs) -> None:
    """Compare the busiest worker of 1, 2 and 4 with the simulated time of so many.

    By seconds of CPU: by the clock, workers beside other work are slower by what that takes.
    """
    planned(8, 16)
    print(f"{'workers':>9}{'measured':>10}{'simulated':>11}   seconds of the busiest worker")
    for workers in (1, 2, 4):
        clear()
        spent, stop = dict[int, float](), threading.Event()

        def watch(spent: dict[int, float] = spent, stop: threading.Event = stop) -> None:
            while not stop.wait(0.05):
                for process in psutil.Process().children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        if "zooctl.inference.scale.worker" in process.cmdline():
                            spent[process.pid] = sum(process.cpu_times()[:2])

        watching = threading.Thread(target=watch)
        watching.start()
        zooctl("run", "plan", "--workers", str(workers))
        stop.set()
        watching.join()
        print(f"{workers:>9}{max(spent.values()):>10.1f}{simulate(costs, workers):>11.1f}")


# Measured in seconds of CPU, as docs/scale.md says.
START, EACH, MERGE_RATE, BIGWIG_RATE = 1.15, 0.0095, 32e6, 7.5e6
# Windows by tiles, and alleles with 20 shifts, of ctcf_gm12878 a second of one thread.
WINDOWS, ALLELES = 2_046, 170
COUNTS = (1, 10, 100, 1_000, 10_000)


def main() -> None:
    if "--check" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            check(measure())
            os.chdir("/")
        return
    # hg38 is 3.09e9 bases; a window of ctcf_gm12878 has a core of 1,024; a track of 32 bp bins is
    # 4 bytes a bin in its shards.
    windows = 3.09e9 / 1_024
    merged = 100 * 3.09e9 / 32 * 4
    tracks = Costs(100 * windows / WINDOWS, 10_000, START, EACH, merged, BIGWIG_RATE)
    table("hg38 x 100 models as ctcf_gm12878, one plan", tracks, COUNTS)
    one = replace(tracks, work=tracks.work / 100, shards=100, merged=tracks.merged / 100)
    table("hg38 x 1 model, a plan of its own", one, (1, 10, 100))
    # 60 bytes a model and allele, bgzipped.
    scores = Costs(20 * 5e6 / ALLELES, 10_000, START, EACH, 20 * 5e6 * 60, MERGE_RATE)
    table("5 M variants x 20 models as ctcf_gm12878", scores, COUNTS)


if __name__ == "__main__":
    main()
