"""A model of a plan's time: measured constants, simulated workers, and runs here to compare with.

A worker starts, loads its models, and takes the next absent shard until there is none. A shard
takes its work at a worker's rate, times a straggling factor (log-normal), and a fixed cost. A
worker dies at random; its shard is computed anew by its successor. The merge comes last, in one
process. Without arguments the tables of docs/scale.md are printed; with ``--check``, measured and
simulated runs of 1, 2 and 4 workers of this machine.
"""

from __future__ import annotations

import heapq
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

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


def check() -> None:
    """Compare runs of 1, 2 and 4 workers on this machine with the model."""
    from bench_scale import clear, write_vcf, zooctl

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_vcf(Path("in.vcf"), 600, 3)
        asked = ["in.vcf", "--model", "ctcf_gm12878", "--shards", "16", "-o", "plan"]
        zooctl("plan", "score-variants", *asked)
        began = time.perf_counter()
        opened = (
            "from zooctl.inference.scale.worker import *; Worker(PlanFolder(Path('plan'))).open()"
        )
        subprocess.run([sys.executable, "-c", opened], check=True, capture_output=True)
        start = time.perf_counter() - began
        measured = {}
        for workers in (1, 2, 4):
            clear()
            measured[workers] = zooctl("run", "plan", "--workers", str(workers)).wall
        costs = Costs(0, 16, start, 0.05, cores=os.cpu_count(), death_rate=0)
        costs = replace(costs, work=measured[1] - start - 16 * costs.each)
        print(f"start {start:.1f} s, work {costs.work:.1f} s, {os.cpu_count()} cores")
        print(f"{'workers':>9}{'measured':>10}{'simulated':>11}")
        for workers, seconds in measured.items():
            print(f"{workers:>9}{seconds:>10.1f}{simulate(costs, workers):>11.1f}")
        os.chdir("/")


# Measured in seconds of CPU, as docs/scale.md says.
START, EACH, MERGE_RATE, BIGWIG_RATE = 1.3, 0.003, 32e6, 7.4e6
# Windows of ctcf_gm12878 a second of one thread, by tiles: half of those of two on docs/speed.md.
WINDOWS = 1_224
COUNTS = (1, 10, 100, 1_000, 10_000)


def main() -> None:
    if "--check" in sys.argv:
        check()
        return
    # hg38 is 3.09e9 bases; a window of ctcf_gm12878 has a core of 1,024; a track of 32 bp bins is
    # 4 bytes a bin in its shards.
    windows = 3.09e9 / 1_024
    merged = 100 * 3.09e9 / 32 * 4
    tracks = Costs(100 * windows / WINDOWS, 10_000, START, EACH, merged, BIGWIG_RATE)
    table("hg38 x 100 models as ctcf_gm12878, one plan", tracks, COUNTS)
    one = replace(tracks, work=tracks.work / 100, shards=100, merged=tracks.merged / 100)
    table("hg38 x 1 model, a plan of its own", one, (1, 10, 100))
    # 39 alleles a second of one thread; 60 bytes a model and allele, bgzipped.
    scores = Costs(20 * 5e6 / 39, 10_000, START, EACH, 20 * 5e6 * 60, MERGE_RATE)
    table("5 M variants x 20 models as ctcf_gm12878", scores, COUNTS)


if __name__ == "__main__":
    main()
