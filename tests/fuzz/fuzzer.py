"""The warm process that children are forked from: it runs cases, keeps and shrinks what fails."""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import toy_model
from fuzz import child, documents, entries, genomic
from fuzz.child import Outcome, Running, Seeds
from fuzz.formats import Format
from fuzz.place import Place, make, others

from zooctl.cli.main import build_app

# Heavy, and needed where a format's own command imports it alone.
_HEAVY = ("torch", "functorch", "lightning", "zooctl.training")
_NEEDS_TORCH = ("space",)
_MOST_TRIES = 600
_IMPORTS = 600.0  # seconds that a busy machine may need to import torch
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
        self._tried: set[str] = set()
        self._commands: set[str] = set()
        self._prepare(genomic.prepare)
        _warm_libraries()

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
            child.wait(running)
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
                self._learn(found, case.folder, outcome)
                if outcome.why:
                    failed.append(outcome)
                    self._keep(found, seed, case, outcome)
                shutil.rmtree(case.folder, ignore_errors=True)
        return sorted(failed), codes

    def _start(self, found: Format, seed: int, index: int, instead: bytes | None = None) -> Running:
        folder = self._folder / f"{found.name}-{index}"
        seeds = self._seeds[found.name]._replace(instead=instead)
        return child.start(found, seeds, self.place, (seed, index), folder)

    def _alone(self, found: Format, seed: int, index: int, instead: bytes | None = None) -> Outcome:
        return self._wait(self._start(found, seed, index, instead))

    @staticmethod
    def _wait(case: Running, most: float | None = None) -> Outcome:
        while (outcome := child.end(case, most)) is None:
            child.wait([case])
        return outcome

    def minimise(self, found: Format, seed: int, index: int, content: bytes) -> bytes:
        """Return a content that fails in the same way and from which nothing can be taken out.

        Args:
            found: Its format.
            seed: Of a case that failed.
            index: Of that case.
            content: Of its file.
        """
        self._heat(found)

        def cause(instead: bytes) -> str:
            outcome = self._alone(found, seed, index, instead)
            shutil.rmtree(self._folder / f"{found.name}-{index}")
            return signature(outcome) if outcome.why else ""

        wanted, size, left = cause(content), len(content) // 2, _MOST_TRIES
        while wanted and size and left:
            at = 0
            while at < len(content) and left:
                left -= 1
                shorter = content[:at] + content[at + size :]
                if cause(shorter) == wanted:
                    content = shorter
                else:
                    at += size
            size //= 2
        return content

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
            case = child.start(found, seeds, self.place, (0, index), folder)
            self._learn(found, folder, self._wait(case, _IMPORTS))
            shutil.rmtree(folder)

    def _learn(self, found: Format, folder: Path, outcome: Outcome) -> None:
        """Have the next cases find what one had to import, and its command's options, here."""
        heavy = () if found.name in _NEEDS_TORCH else _HEAVY
        noted = folder / "modules.json"
        names = json.loads(noted.read_text()) if noted.exists() else []
        new = [name for name in names if name not in self._tried]
        self._tried.update(new)
        for name in new:
            if not name.startswith((*heavy, "__")):
                try:
                    importlib.import_module(name)
                except Exception:  # some modules can't be imported by the name they have
                    continue
        command = outcome.arguments[0] if outcome.arguments else None
        if command and command not in self._commands:
            self._commands.add(command)
            _build(build_app(command))
        elif not new:
            return
        gc.collect()
        gc.freeze()


def _warm_libraries() -> None:
    """Have onnx and onnxruntime register their operators, which starts no thread."""
    model = toy_model.graph_of()
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, "threads do not come along with a fork"


def _build(command: Any) -> None:
    """Build the options of a command and of those below it, which typer else does for each run."""
    for option in command.params:
        if hasattr(option, "get_runtime_param"):
            option.get_runtime_param()
    for below in getattr(command, "commands", {}).values():
        _build(below)


def again(found: Format, seed: int, index: int) -> str:
    """Return the command that makes a case again."""
    return f"python tests/fuzz/run.py {found.name} --seed {seed} --only {index}"


def signature(outcome: Outcome) -> str:
    """Return what failures of one cause have in common."""
    frames = re.findall(r'File "[^"]*/([^/"]+)", line (\d+), in (\w+)', outcome.said)
    last = re.findall(r"(?m)^[\w.]+(?:Error|Exception|Interrupt)\b", outcome.said)
    why = re.sub(r"[\d,.]+|b?'[^']*'|b?\"[^\"]*\"|:\S+", "#", outcome.why[:90])
    return " ".join([why, *(":".join(frame) for frame in frames[-1:]), *last[-1:]])[:200]
