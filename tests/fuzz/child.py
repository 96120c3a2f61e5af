"""One case in a process of its own, forked from a warm one, with limits of time and memory."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import random
import re
import resource
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, NoReturn

from fuzz.forked import Forked
from fuzz.formats import FINE, Format
from fuzz.mutate import CONTAINER, mutate
from fuzz.place import Place, Work

SECONDS = 20.0
"""A case of a few kilobytes is done in a tenth of a second; what takes so long does not end."""
MEGABYTES = 2_048
"""Beyond what the libraries take, a few hundred: a small file must not make a large process."""

SOUND = "sound"
# What Python, and numpy through it, says on its own: a user can't do anything with it.
_RAW_WARNING = re.compile(r"\b[A-Z]\w*Warning: .*")
_SAID = 20_000


class Outcome(NamedTuple):
    """What became of a case; ``why`` is empty where all is as it should be."""

    index: int
    how: str
    arguments: list[str]
    code: int | None
    why: str
    said: str
    seconds: float
    megabytes: float


class Seeds(NamedTuple):
    """Sound contents of a format, files of others, and a content in place of what is drawn."""

    own: Sequence[bytes]
    theirs: Sequence[bytes]
    instead: bytes | None = None


class Running(NamedTuple):
    """A case that runs; ``ends`` is a file that can be read when it has ended."""

    pid: int
    index: int
    folder: Path
    began: float
    ends: int


def wait(cases: Sequence[Running], seconds: float = 0.1) -> None:
    """Sleep until one of the cases ends, or so long."""
    select.select([case.ends for case in cases], [], [], seconds)


def drawn(found: Format, seeds: Seeds, seed: int, index: int) -> tuple[Work, str]:
    """Return a case: the content of its file, and how it was made; the same for the same seed.

    Case 0 of every seed is a sound file, so that a run proves that sound ones pass.
    """
    draw = random.Random(f"{found.name} {seed} {index}")
    own, theirs, _ = seeds
    plain = draw.choice(theirs) if theirs and index % 5 == 4 else draw.choice(own)
    pack = found.pack or bytes
    if index == 0:
        return Work(Path(), pack(own[0]), own[0], draw), SOUND
    if found.pack is not None and draw.random() < 0.5:
        content, how = mutate(draw, pack(plain), [pack(one) for one in own], CONTAINER)
        return Work(Path(), content, None, draw), f"packed {how}"
    plain, how = mutate(draw, plain, own, found.mutations)
    return Work(Path(), pack(plain), plain, draw), how


def start(
    found: Format,
    seeds: Seeds,
    place: Place,
    number: tuple[int, int],
    folder: Path,
) -> Running:
    """Begin a case, by its seed and index, in an own folder, which must not exist.

    Args:
        found: Its format.
        seeds: Of that format.
        place: What all cases share.
        number: Seed and index.
        folder: Of the case; modules that it imports are noted there.
    """
    (folder / "work").mkdir(parents=True)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _run(found, seeds, place, number, folder)
    return Running(pid, number[1], folder, time.monotonic(), os.pidfd_open(pid))


def end(case: Running, most: float | None = None) -> Outcome | None:
    """Return the outcome of a case that has ended, or takes too long; None while it runs."""
    pid, status, usage = os.wait4(case.pid, os.WNOHANG)
    seconds = time.monotonic() - case.began
    late = pid == 0 and seconds > (most or _patience())
    if pid == 0 and not late:
        return None
    # What it may have left running is ended with it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(case.pid, signal.SIGKILL)
    if late:
        _, status, usage = os.wait4(case.pid, 0)
    os.close(case.ends)
    megabytes = usage.ru_maxrss / 1024
    said = "".join(
        (case.folder / name).read_text(errors="replace")[-_SAID:] for name in ("stdout", "stderr")
    )
    try:
        told = json.loads((case.folder / "outcome.json").read_text())
    except (OSError, ValueError):
        told = {}
    begun = json.loads(_read(case.folder / "begun.json") or '{"how": "", "arguments": []}')
    why = told.get("why", "")
    if late:
        why = f"not done after {SECONDS:.0f} s"
    elif os.WIFSIGNALED(status):
        why = f"ended by signal {os.WTERMSIG(status)}"
    elif not told:
        why = f"left by itself with {os.waitstatus_to_exitcode(status)}"
    elif not why and megabytes > MEGABYTES:
        why = f"took {megabytes:,.0f} MB"
    return Outcome(
        case.index,
        begun["how"],
        begun["arguments"],
        told.get("code"),
        why,
        said,
        seconds,
        megabytes,
    )


def _patience() -> float:
    """Return the seconds that a case has: more where others keep the processors busy."""
    return SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _run(
    found: Format,
    seeds: Seeds,
    place: Place,
    number: tuple[int, int],
    folder: Path,
) -> NoReturn:
    """Run a case; called in the new process, which it ends."""
    code, why = 1, ""
    try:
        # A group of its own and no session, which schedulers may take for another user's work.
        os.setpgid(0, 0)
        os.chdir(folder / "work")
        _redirect(folder)
        place.settle()
        work, how = drawn(found, seeds, *number)
        if seeds.instead is not None:
            work = replace(work, content=seeds.instead)
        work = replace(work, folder=folder / "work")
        arguments = found.command(place, work)
        begun = {"how": how, "arguments": arguments}
        (folder / "begun.json").write_text(json.dumps(begun))
        before = _files(work.folder)
        _limit()
        from zooctl.cli.main import run

        subprocess.Popen = Forked  # type: ignore[misc]
        had = set(sys.modules)
        left = run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        why = _wrong(found, place, work, left, before, folder)
        if how == SOUND and not why and left not in found.sound:
            why = f"a sound file leaves with {left}"
        (folder / "outcome.json").write_text(json.dumps({"code": left, "why": why}))
        if new := [name for name in sys.modules if name not in had]:
            (folder / "modules.json").write_text(json.dumps(new))
        code = 0
    except BaseException:
        (folder / "outcome.json").write_text(
            json.dumps({"code": None, "why": "raised " + traceback.format_exc()[-1_500:]})
        )
    finally:
        os._exit(code)


def _redirect(folder: Path) -> None:
    """Give the process no input and files to write to, C libraries included."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", errors="backslashreplace", closefd=False)  # noqa: SIM115


def _limit() -> None:
    """Bound what this process, and each that it starts, can take."""
    status = Path("/proc/self/statm").read_text().split()
    has = int(status[0]) * resource.getpagesize()
    most = has + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def _wrong(
    found: Format, place: Place, work: Work, code: int, before: set[str], folder: Path
) -> str:
    """Return what is wrong with how a command left."""
    said = (folder / "stdout").read_text(errors="replace") + (folder / "stderr").read_text(
        errors="replace"
    )
    if "Traceback" in said:
        return f"traceback, exit {code}"
    if code not in found.codes:
        return f"exit {code}"
    if warned := _RAW_WARNING.search(said):
        return f"raw warning {warned[0][:200]}"
    if "\x1b" in said:
        return "control sequence said"
    if code not in (FINE, 3) and not re.search(r"^error: ", said, re.MULTILINE):
        return f"exit {code} without an error"
    new = sorted(_files(work.folder) - before)
    # A lock that is removed could be taken twice; these stay.
    new = [name for name in new if not name.endswith(".lock")]
    if hidden := [name for name in new if Path(name).name.startswith(".")]:
        return f"left behind {', '.join(hidden[:5])}"
    if code != FINE and new:
        return f"exit {code}, and wrote {', '.join(new[:5])}"
    # An audit that leaves with 3 has read everything and found something.
    if code not in (FINE, 3) or code not in found.sound:
        return ""
    unknown = [
        name
        for name in new
        if not any(fnmatch.fnmatch(name.split("/")[0], one) for one in found.outputs)
    ]
    if unknown:
        return f"wrote {', '.join(unknown[:5])}"
    return found.check(place, work) or ""
