"""The folder of a plan: shards that are whole or absent, whoever writes them, and their failures.

Workers share nothing but this folder, and hold no locks in it. A shard is a file of data and a
receipt with its digest, each renamed into its place, the receipt last; it counts where both fit.
Whoever computes a shard twice, here or elsewhere, writes the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from zooctl.errors import InputError, ZooError
from zooctl.files.disk.atomic import atomic_output, work_folder
from zooctl.files.disk.pinned import PIECE, digest_of, is_pinned
from zooctl.inference.device.machine import instruction_sets
from zooctl.inference.scale.plan import PLAN, Plan, Shard, read_plan

_SHARDS, _FAILED = "shards", "failed"


class ShardFile:
    """A shard's data as it is written, with its digest.

    Args:
        stream: The file.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Write the next bytes."""
        self._stream.write(data)
        self._digest.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        """Digest of what was written."""
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Receipt:
    """The record of a finished shard.

    Attributes:
        plan: Digest of the plan.
        size: Bytes of its data.
        sha256: Digest of its data.
        note: Counts that the whole output needs.
        seconds: Time that it took.
        host: Machine that computed it.
        instructions: Digest of its processor's instruction sets, by which last bits may differ.
    """

    plan: str
    size: int
    sha256: str
    note: Mapping[str, Any]
    seconds: float
    host: str
    instructions: str


@dataclass(frozen=True)
class Failure:
    """The record of a shard that failed: the first line of its error, and its exit code."""

    error: str
    exit_code: int
    host: str


class PlanFolder:
    """The folder of a plan.

    Args:
        path: The folder.

    Attributes:
        plan: The plan.
        digest: Digest of the plan's document.

    Raises:
        InputError: The folder has no plan, or one of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan, self.digest = read_plan(path)

    def data(self, number: int) -> Path:
        """Return the path of a shard's data."""
        return self.path / _SHARDS / f"{number:05}.data"

    def _receipt(self, number: int) -> Path:
        return self.path / _SHARDS / f"{number:05}.json"

    def receipt(self, number: int) -> Receipt | None:
        """Return the receipt of a shard of this plan; None without it, or without all its data."""
        with suppress(OSError, ValueError, TypeError):
            found = Receipt(**json.loads(self._receipt(number).read_bytes()))
            if found.plan == self.digest and self.data(number).stat().st_size == found.size:
                return found
        return None

    def is_whole(self, number: int) -> bool:
        """Say whether a shard is there with the bytes of its receipt; one of others is dropped."""
        found = self.receipt(number)
        if found is None:
            return False
        whole = is_pinned(self.data(number), found.size, found.sha256)
        if not whole:
            self._receipt(number).unlink(missing_ok=True)
        return whole

    def pieces(self, shard: Shard) -> Iterator[bytes]:
        """Yield the data of a shard, checked against its receipt.

        Raises:
            InputError: The shard is not there, or damaged; the last piece does not come.
        """
        found, digest, last = self.receipt(shard.number), hashlib.sha256(), b""
        if found is not None:
            with self.data(shard.number).open("rb") as stream:
                while piece := stream.read(PIECE):
                    digest.update(piece)
                    if last:
                        yield last
                    last = piece
        if found is None or digest.hexdigest() != found.sha256:
            raise InputError(
                f"shard {self.name(shard.number)} is not whole",
                path=self.path,
                hint=f"zooctl run {self.path} computes it",
            )
        if last:
            yield last

    def keep(self, shard: Shard, make: Callable[[ShardFile], dict[str, Any]]) -> Receipt:
        """Have a shard's data written, then its receipt.

        Raises:
            InputError: The disk is full.
        """
        began = time.monotonic()
        with (
            atomic_output(self.data(shard.number), force=True) as temporary,
            temporary.open("wb") as stream,
        ):
            file = ShardFile(stream)
            note = make(file)
            stream.flush()
        spent = round(time.monotonic() - began, 3)
        made = Receipt(
            self.digest,
            file.size,
            file.sha256,
            note,
            spent,
            socket.gethostname(),
            digest_of(instruction_sets().encode())[:12],
        )
        _write(self._receipt(shard.number), asdict(made))
        with suppress(OSError):
            self._failure(shard.number).unlink()
        return made

    def _failure(self, number: int) -> Path:
        return self.path / _FAILED / f"{number:05}.json"

    def fail(self, number: int, failure: Failure) -> None:
        """Record that a shard failed, if the disk takes it."""
        with suppress(OSError, ZooError):
            _write(self._failure(number), asdict(failure))

    def failures(self) -> dict[int, Failure]:
        """Return the shards that failed and were not computed since."""
        found = {}
        for path in sorted((self.path / _FAILED).glob("[0-9]*.json")):
            with suppress(OSError, ValueError, TypeError):
                found[int(path.stem)] = Failure(**json.loads(path.read_bytes()))
        return {number: one for number, one in found.items() if self.receipt(number) is None}

    def name(self, number: int) -> str:
        """Return a shard for people, as ``3/40``."""
        return f"{number}/{len(self.plan.shards)}"


def _write(path: Path, document: Mapping[str, Any]) -> None:
    with atomic_output(path, force=True) as temporary:
        temporary.write_text(json.dumps(document) + "\n", "utf-8")


def write_plan(plan: Plan, folder: Path, *, force: bool) -> PlanFolder:
    """Write a plan into a folder of its own, whole or not at all.

    Args:
        plan: The plan.
        folder: The folder; it must not exist, or be empty.
        force: Replace the plan, and so its shards, that are there.

    Raises:
        InputError: It exists, or cannot be written.
    """
    check_new(folder, force)
    folder = Path(os.path.realpath(folder))
    with work_folder(folder.parent) as work:
        made, old = work / "plan", work / "old"
        try:
            for name in (_SHARDS, _FAILED):
                (made / name).mkdir(parents=True)
            (made / PLAN).write_bytes(plan.to_bytes())
            if force and folder.exists():
                folder.rename(old)
            made.rename(folder)  # onto nothing or an empty folder; never onto another's new plan
        except OSError as error:
            got = error.strerror
            raise InputError("the plan cannot be written", path=folder, got=got) from None
    return PlanFolder(folder)


def check_new(folder: Path, force: bool) -> None:
    """Refuse a folder that is there already, but for an empty one, or a plan that is replaced.

    Raises:
        InputError: It is there, or the folder that it is to be in is not.
    """
    if not folder.absolute().parent.is_dir():
        parent = folder.absolute().parent
        raise InputError(
            "the folder's own folder does not exist", path=folder, hint=f"mkdir -p '{parent}'"
        )
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / PLAN).is_file():
        raise InputError("the folder holds something else", path=folder, hint="name a new one")
    if not force:
        raise InputError("the plan exists", path=folder, hint="pass --force to replace it")
