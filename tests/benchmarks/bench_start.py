"""Start-up time of commands, beside an interpreter that only imports their libraries."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

ROUNDS = 7
# The libraries that `list` needs; the ratio shows the share of zooctl's own code and the catalog.
BARE = [sys.executable, "-c", "import typer, pydantic, yaml, numpy"]
COMMANDS = {"--help": 0.3, "list": 0.5, "info ctcf_gm12878": 0.5}


def seconds(command: list[str]) -> float:
    """Median time of a command from start to end."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return median(times)


def main() -> None:
    bare = seconds(BARE)
    print(f"{'command':<28}{'seconds':>8}{'goal':>7}{'ratio to bare imports':>24}")
    print(f"{'bare imports':<28}{bare:>8.2f}{'':>7}{1:>24.2f}")
    for command, goal in COMMANDS.items():
        taken = seconds([sys.executable, "-m", "zooctl.cli.main", *command.split()])
        print(f"{'zooctl ' + command:<28}{taken:>8.2f}{goal:>7.1f}{taken / bare:>24.2f}")


if __name__ == "__main__":
    main()
