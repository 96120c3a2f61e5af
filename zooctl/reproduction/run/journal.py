"""An append-only journal of steps, by digests in and out, so that none is done twice."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from zooctl.errors import InputError
from zooctl.files.disk.lock import hold
from zooctl.files.disk.pinned import file_digest
from zooctl.reproduction.report.rows import StageRecord
from zooctl.schema.fields import Values

JOURNAL = "journal.jsonl"

Digests = dict[str, str]


class _Line(Values):
    """A line of the journal: a step begun, or with outputs and time a finished one."""

    step: str
    inputs: Digests
    outputs: Digests | None = None
    seconds: Annotated[float, Field(ge=0)] = 0.0


class Journal:
    """The steps of one work folder; held by one process at a time.

    Args:
        folder: Where outputs and the journal are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / JOURNAL
        self.done: list[StageRecord] = []

    def step(
        self,
        name: str,
        inputs: Mapping[str, str],
        outputs: list[str],
        work: Callable[[bool], None],
    ) -> StageRecord:
        """Do a step unless it is done: same inputs, and outputs whose bytes are as they were.

        Args:
            name: Of the step.
            inputs: Digests of everything that its result depends on.
            outputs: Paths below the folder of the files that it writes.
            work: Does it; takes True to resume an earlier try of the same inputs.
        """
        records, read = self._records(name), dict(inputs)
        for last in [one for one in records if one.outputs is not None][-1:]:
            made = last.outputs or {}
            if last.inputs == read and self._hold(made, outputs):
                return self._keep(name, read, made, last.seconds, resumed=True)
        resumes = bool(records) and records[-1].outputs is None and records[-1].inputs == read
        self._append(_Line(step=name, inputs=read))
        start = time.monotonic()
        work(resumes)
        made = {path: f"sha256:{file_digest(self.folder / path)}" for path in outputs}
        seconds = round(time.monotonic() - start, 3)
        self._append(_Line(step=name, inputs=read, outputs=made, seconds=seconds))
        return self._keep(name, read, made, seconds, resumed=False)

    def _keep(
        self, name: str, inputs: Digests, outputs: Digests, seconds: float, *, resumed: bool
    ) -> StageRecord:
        record = StageRecord(
            name=name, inputs=inputs, outputs=outputs, seconds=seconds, resumed=resumed
        )
        self.done.append(record)
        return record

    def _hold(self, recorded: Digests, outputs: list[str]) -> bool:
        return sorted(recorded) == sorted(outputs) and all(
            (self.folder / path).is_file() and f"sha256:{file_digest(self.folder / path)}" == digest
            for path, digest in recorded.items()
        )

    def _records(self, name: str) -> list[_Line]:
        """Return the lines about a step."""
        return [line for line in read_lines(self.path) if line.step == name]

    def _append(self, record: _Line) -> None:
        """Add a line and have it on the disk; a torn one before it is ended first."""
        with self.path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.seek(0)
                    whole = file.read().rpartition(b"\n")[0]
                    file.truncate(len(whole) + bool(whole))
            fields = record.model_dump(exclude_unset=True)
            file.write(json.dumps(fields, sort_keys=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def read_lines(path: Path) -> list[_Line]:
    """Read a journal; a last line that a killed process tore is left out.

    Raises:
        InputError: Another line is not as a journal's are.
    """
    if not path.exists():
        return []
    *whole, torn = path.read_bytes().split(b"\n")
    found = []
    for number, line in enumerate([*whole, torn], 1):
        if not line:
            continue
        try:
            found.append(_Line.model_validate_json(line))
        except ValidationError:
            if number > len(whole) and not _is_json(line):
                continue
            raise InputError(
                "journal is damaged", path=path, line=number, hint="begin in a new folder"
            ) from None
    return found


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def check_work_folder(folder: Path, resume: bool) -> None:
    """Refuse a work folder that cannot be used, before anything is done; nothing is left in it.

    Raises:
        InputError: It is no folder, cannot be written to, holds earlier work and is not to be
            resumed, holds something else, or its journal is damaged.
    """
    place = folder
    try:
        while not place.exists() and place != place.parent:
            place = place.parent
        if not place.is_dir():
            raise InputError("work folder is no folder", path=folder, got=f"the file {place}")
        with tempfile.TemporaryDirectory(prefix=".", dir=place):
            pass
        _check_contents(folder, resume)
    except OSError as error:
        raise InputError(
            "work folder cannot be written to", path=folder, got=error.strerror
        ) from None


def _check_contents(folder: Path, resume: bool) -> None:
    """Refuse contents that cannot be resumed."""
    held = folder / JOURNAL
    if held.exists() and not resume:
        raise InputError(
            "work folder holds earlier work", path=folder, hint="--resume continues it"
        )
    if (
        not held.exists()
        and folder.exists()
        and any(not path.name.startswith(".") for path in folder.iterdir())
    ):
        raise InputError("work folder is not empty, and no journal is in it", path=folder)
    if held.exists() and not held.is_file():
        raise InputError("journal is no file", path=held)
    read_lines(held)


@contextmanager
def open_journal(folder: Path, resume: bool) -> Iterator[Journal]:
    """Open a work folder, new or to be resumed, for this process alone.

    Raises:
        InputError: It is refused (``check_work_folder``), or in use.
    """
    check_work_folder(folder, resume)
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder, "work folder is in use by another process"):
        yield Journal(folder)
