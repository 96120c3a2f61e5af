"""Mutate every input of zooctl and see that each is read or refused, and nothing else.

Run as ``python tests/fuzz/run.py FORMAT … --n 2000 --seed 7`` or ``python -m tests.fuzz``; without
a format, all. A failing case is kept with its input and its command, and made again by its number:
``--only``. Children are forked from this process, which has imported everything before.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if TYPE_CHECKING:
    from fuzz.child import Outcome
    from fuzz.formats import Format
    from fuzz.fuzzer import Fuzzer

# Threads of libraries do not come along with a fork, so that none may have begun before.
ALONE = {"ORT_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def report(fuzzer: Fuzzer, found: Format, arguments: argparse.Namespace) -> dict[str, object]:
    """Run a format's cases and return what became of them, for people and for tests."""
    from fuzz.fuzzer import again, signature

    began = time.monotonic()
    failed, codes = fuzzer.fuzz(found, arguments.n, arguments.seed, arguments.only)
    causes: dict[str, list[Outcome]] = {}
    for outcome in failed:
        causes.setdefault(signature(outcome), []).append(outcome)
    return {
        "format": found.name,
        "cases": sum(codes.values()),
        "codes": dict(sorted(codes.items())),
        "seconds": round(time.monotonic() - began, 1),
        "failed": [
            {
                "cause": cause,
                "times": len(several),
                "why": several[0].why,
                "again": again(found, arguments.seed, several[0].index),
                "command": f"zooctl {' '.join(several[0].arguments)}",
                "said": several[0].said[-1_500:],
            }
            for cause, several in causes.items()
        ],
    }


def _parse(arguments: Sequence[str] | None, formats: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="fuzz")
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=", ".join(formats))
    parser.add_argument("--n", type=int, default=50, help="mutations of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="this one case of the seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kept", type=Path, default=Path("fuzz-failures"), help="failing cases")
    parser.add_argument("--minimise", type=Path, metavar="FILE", help="shrink the case's FILE")
    parser.add_argument("--serve", action="store_true", help="answer lines of stdin with JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as typed; return 1 if a case failed."""
    os.environ |= ALONE
    from fuzz.formats import all_formats
    from fuzz.fuzzer import Fuzzer

    formats = all_formats()
    chosen = _parse(arguments, list(formats))
    if unknown := set(chosen.formats) - set(formats):
        print(f"no such format: {', '.join(sorted(unknown))}; there are {', '.join(formats)}")
        return 2
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        fuzzer = Fuzzer(Path(folder), chosen.kept.resolve(), chosen.jobs)
        if chosen.serve:
            for line in sys.stdin:
                name, chosen.n, chosen.seed = (int(x) if x.isdigit() else x for x in line.split())
                print(json.dumps(report(fuzzer, formats[name], chosen)), flush=True)
            return 0
        if chosen.minimise:
            content = chosen.minimise.read_bytes()
            found = formats[chosen.formats[0]]
            content = fuzzer.minimise(found, chosen.seed, chosen.only, content)
            chosen.minimise.write_bytes(content)
            return 0
        for name in chosen.formats or formats:
            found = report(fuzzer, formats[name], chosen)
            print(
                f"{name}: {found['cases']} cases, {found['codes']}, {found['seconds']} s",
                flush=True,
            )
            for one in found["failed"]:  # type: ignore[attr-defined]
                wrong += one["times"]
                print(
                    f"  {one['times']} x {one['cause']}\n    {one['again']}\n    {one['command']}"
                )
    print(f"{wrong} failed" + (f", kept in {chosen.kept}" if wrong else ""))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
