"""Mutate every input of zooctl and see that each is read or refused, and nothing else.

Run as ``python tests/fuzz/run.py FORMAT … --n 2000 --seed 7`` or ``python -m tests.fuzz``; without
a format, all. A failing case is kept with its input and its command, and made again by its number:
``--only``. Children are forked from this process, which has imported everything before.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
# Set before onnxruntime is imported: it would start threads that a fork does not have.
os.environ |= {"ORT_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

from fuzz import child, documents, entries, genomic
from fuzz.child import Outcome, Running, Seeds
from fuzz.formats import Format, all_formats
from fuzz.place import Place, make, others

# Heavy, and needed where a format's own command imports it alone.
_HEAVY = ("torch", "functorch", "lightning", "zooctl.training")
_NEEDS_TORCH = ("space",)
# What a format reads beside its file.
_PREPARE: dict[str, Callable[[Place], None]] = {
    "bundle": entries.prepare,
    "report": documents.prepare,
}


class Fuzzer:
    """A warm process, and a folder in which cases run.

    Args:
        folder: An empty one, or one that does not exist.
        kept: Where failing cases are kept.
        jobs: Cases that run at once.
    """

    def __init__(self, folder: Path, kept: Path, jobs: int) -> None:
        self.place = make(folder / "place")
        self._folder, self._kept, self._jobs = folder / "cases", kept, jobs
        self._seeds: dict[str, Seeds] = {}
        self._prepared: set[Callable[[Place], None]] = set()
        self._prepare(genomic.prepare)

    def fuzz(
        self, found: Format, n: int, seed: int, only: int | None = None
    ) -> tuple[list[Outcome], Counter[str]]:
        """Run cases; return those that failed, and how many left with which code."""
        self._heat(found)
        waiting = list(range(n) if only is None else [only])[::-1]
        running: list[Running] = []
        late: list[int] = []
        failed: list[Outcome] = []
        codes: Counter[str] = Counter()
        while waiting or running:
            while waiting and len(running) < self._jobs:
                running.append(self._start(found, seed, waiting.pop()))
            for case in list(running):
                if (outcome := child.end(case)) is None:
                    continue
                running.remove(case)
                if outcome.why.startswith("not done") and case.index not in late and only is None:
                    # The machine may be busy with something else: once more, by itself.
                    late.append(case.index)
                    shutil.rmtree(case.folder)
                    outcome = self._alone(found, seed, case.index)
                    case = case._replace(folder=self._folder / f"{found.name}-{case.index}")
                codes[str(outcome.code)] += 1
                if outcome.why:
                    failed.append(outcome)
                    self._keep(found, seed, case, outcome)
                shutil.rmtree(case.folder, ignore_errors=True)
            time.sleep(0.002)
        return sorted(failed), codes

    def _start(self, found: Format, seed: int, index: int) -> Running:
        folder = self._folder / f"{found.name}-{index}"
        return child.start(found, self._seeds[found.name], self.place, (seed, index), folder)

    def _alone(self, found: Format, seed: int, index: int) -> Outcome:
        case = self._start(found, seed, index)
        while (outcome := child.end(case)) is None:
            time.sleep(0.01)
        return outcome

    def _keep(self, found: Format, seed: int, case: Running, outcome: Outcome) -> None:
        target = self._kept / f"{found.name}-{seed}-{case.index}"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(case.folder, target, symlinks=True)
        (target / "why").write_text(
            f"{outcome.why}\nmade by: {outcome.how}\n{again(found, seed, case.index)}\n"
            f"zooctl {' '.join(outcome.arguments)}\n"
        )

    def _prepare(self, step: Callable[[Place], None]) -> None:
        """Run a step in a child, so that no library starts threads here."""
        if step in self._prepared:
            return
        self._prepared.add(step)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            try:
                self.place.settle()
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                step(self.place)
                os._exit(0)
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert status == 0, f"{step.__module__}.{step.__name__} failed"

    def _heat(self, found: Format) -> None:
        """Import what the format's command imports: what a child has, whose case was sound."""
        if found.name in self._seeds:
            return
        if found.name in _PREPARE:
            self._prepare(_PREPARE[found.name])
        theirs = others(*found.suffixes) if found.suffixes else []
        seeds = self._seeds[found.name] = Seeds(list(found.seeds(self.place)), theirs)
        for index in range(2):
            folder = self._folder / f"warm-{found.name}-{index}"
            case = child.start(found, seeds, self.place, (0, index), folder, modules=True)
            child.end(case, wait=True)
            noted = folder / "modules.json"
            names = json.loads(noted.read_text()) if noted.exists() else []
            shutil.rmtree(folder)
            heavy = () if found.name in _NEEDS_TORCH else _HEAVY
            for name in names:
                if name not in sys.modules and not name.startswith((*heavy, "__")):
                    try:
                        importlib.import_module(name)
                    except Exception:  # some modules can't be imported by the name they have
                        continue
        gc.collect()
        gc.freeze()


def again(found: Format, seed: int, index: int) -> str:
    """Return the command that makes a case again."""
    return f"python tests/fuzz/run.py {found.name} --seed {seed} --only {index}"


def signature(outcome: Outcome) -> str:
    """Return what failures of one cause have in common."""
    frames = re.findall(r'File "[^"]*/([^/"]+)", line (\d+), in (\w+)', outcome.said)
    last = re.findall(r"(?m)^[\w.]+(?:Error|Exception|Interrupt)\b", outcome.said)
    why = re.sub(r"[\d,.]+|b?'[^']*'|b?\"[^\"]*\"|:\S+", "#", outcome.why[:90])
    return " ".join([why, *(":".join(frame) for frame in frames[-1:]), *last[-1:]])[:200]


def report(fuzzer: Fuzzer, found: Format, arguments: argparse.Namespace) -> dict[str, object]:
    """Run a format's cases and return what became of them, for people and for tests."""
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


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="fuzz")
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=", ".join(all_formats()))
    parser.add_argument("--n", type=int, default=50, help="mutations of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="this one case of the seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kept", type=Path, default=Path("fuzz-failures"), help="failing cases")
    parser.add_argument("--serve", action="store_true", help="answer lines of stdin with JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as typed; return 1 if a case failed."""
    chosen, formats = _parse(arguments), all_formats()
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
