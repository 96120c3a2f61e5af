"""Start-up time of commands, beside an interpreter that only imports their libraries.

Processor time stands beside the time of day, which is longer on a busy machine.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROUNDS = 7
# The libraries that `list` needs; the ratio shows the share of zooctl's own code and the catalog.
BARE = [sys.executable, "-c", "import typer, pydantic, yaml, numpy"]
ZOOCTL = [str(Path(sys.executable).with_name("zooctl"))]
COMMANDS = {"--help": 0.15, "list": 0.35, "info ctcf_gm12878": 0.5}


def measure(command: list[str]) -> tuple[float, float]:
    """Median time of a command from start to end, by the clock and of processors."""
    times, processor = [], []
    for _ in range(ROUNDS):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return median(times), median(processor)


def main() -> None:
    """Print the table; exit 1 if a goal is missed."""
    bare, bare_processor = measure(BARE)
    print(f"{'command':<28}{'seconds':>8}{'processor':>11}{'goal':>7}{'ratio to bare imports':>24}")
    print(f"{'bare imports':<28}{bare:>8.2f}{bare_processor:>11.2f}{'':>7}{1:>24.2f}")
    missed = False
    for command, goal in COMMANDS.items():
        taken, processor = measure([*ZOOCTL, *command.split()])
        label = f"zooctl {command}"
        print(f"{label:<28}{taken:>8.2f}{processor:>11.2f}{goal:>7.2f}{taken / bare:>24.2f}")
        missed |= taken > goal
    if missed:
        raise SystemExit("a goal is missed")


if __name__ == "__main__":
    main()
