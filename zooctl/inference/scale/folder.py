"""The folder of a plan: shards that are whole or absent, whoever writes them, and their failures.

Workers share nothing but this folder, and hold no locks in it. A shard is a file of data and a
receipt with its digest, each whole or absent, the receipt written last; it counts where both fit.
Whoever computes a shard twice, here or elsewhere, writes the same bytes. The folder may be an
address of an object store (``plan_files``).
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
from zooctl.files.disk.atomic import work_folder
from zooctl.files.disk.pinned import digest_of
from zooctl.inference.device.machine import instruction_sets
from zooctl.inference.scale.plan import PLAN, Plan, Shard, read_plan
from zooctl.inference.scale.plan_files import PlanFiles, StoreFiles, is_address, plan_files

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
    """The folder of a plan, or its address.

    Args:
        path: The folder, or an address of an object store, as ``s3://bucket/plan``.

    Attributes:
        path: It, for messages.
        address: It, as another process finds it.
        plan: The plan.
        digest: Digest of the plan's document.

    Raises:
        InputError: There is no plan, or one of another version.
        NetworkError: The object store does not answer.
    """

    def __init__(self, path: str | Path) -> None:
        self._files = plan_files(path)
        self.path, self.address = self._files.shown, self._files.address
        self.plan, self.digest = read_plan(self._files)

    def receipt(self, number: int) -> Receipt | None:
        """Return the receipt of a shard of this plan; None without it, or without all its data."""
        with suppress(OSError, ValueError, TypeError):
            found = Receipt(**json.loads(self._files.read(_receipt(number))))
            if found.plan == self.digest and self._files.size(_data(number)) == found.size:
                return found
        return None

    def is_whole(self, number: int) -> bool:
        """Say whether a shard is there with the bytes of its receipt; one of others is dropped."""
        found = self.receipt(number)
        if found is None:
            return False
        digest = hashlib.sha256()
        for piece in self._files.pieces(_data(number)):
            digest.update(piece)
        whole = digest.hexdigest() == found.sha256
        if not whole:
            self._files.remove(_receipt(number))
        return whole

    def pieces(self, shard: Shard) -> Iterator[bytes]:
        """Yield the data of a shard, checked against its receipt.

        Raises:
            InputError: The shard is not there, or damaged; the last piece does not come.
        """
        found, digest, last = self.receipt(shard.number), hashlib.sha256(), b""
        if found is not None:
            for piece in self._files.pieces(_data(shard.number)):
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
            NetworkError: The object store does not take it.
        """
        began = time.monotonic()
        with self._files.writing(_data(shard.number)) as stream:
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
        self._write(_receipt(shard.number), asdict(made))
        with suppress(OSError, ZooError):
            self._files.remove(_failure(shard.number))
        return made

    def _write(self, name: str, document: Mapping[str, Any]) -> None:
        with self._files.writing(name) as stream:
            stream.write(f"{json.dumps(document)}\n".encode())

    def fail(self, number: int, failure: Failure) -> None:
        """Record that a shard failed, if the disk takes it."""
        with suppress(OSError, ZooError):
            self._write(_failure(number), asdict(failure))

    def failures(self) -> dict[int, Failure]:
        """Return the shards that failed and were not computed since."""
        found = {}
        for name in self._files.names(_FAILED):
            with suppress(OSError, ValueError, TypeError):
                number = int(name.removesuffix(".json"))
                found[number] = Failure(**json.loads(self._files.read(_failure(number))))
        return {number: one for number, one in found.items() if self.receipt(number) is None}

    def label(self, number: int) -> Path:
        """Return a shard's data for messages."""
        return Path(f"{self.path}, shard {self.name(number)}")

    def name(self, number: int) -> str:
        """Return a shard for people, as ``3/40``."""
        return f"{number}/{len(self.plan.shards)}"


def _data(number: int) -> str:
    return f"{_SHARDS}/{number:05}.data"


def _receipt(number: int) -> str:
    return f"{_SHARDS}/{number:05}.json"


def _failure(number: int) -> str:
    return f"{_FAILED}/{number:05}.json"


def write_plan(plan: Plan, path: str | Path, *, force: bool) -> PlanFolder:
    """Write a plan into a folder of its own or to an address, whole or not at all.

    Args:
        plan: The plan.
        path: The folder or the address; it must not exist, or be empty.
        force: Replace the plan, and so its shards, that are there.

    Raises:
        InputError: It exists, or cannot be written.
        NetworkError: The object store does not take it.
    """
    check_new(path, force)
    if is_address(path):
        files = StoreFiles(str(path))
        for name in (_SHARDS, _FAILED):
            for one in files.names(name):
                files.remove(f"{name}/{one}")
        with files.writing(PLAN) as stream:
            stream.write(plan.to_bytes())
        return PlanFolder(path)
    folder = Path(os.path.realpath(path))
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


def check_new(path: str | Path, force: bool) -> None:
    """Refuse a folder that is there already, but for an empty one, or a plan that is replaced.

    Args:
        path: The folder, or the address.
        force: Whether a plan that is there is replaced.

    Raises:
        InputError: It is there, or the folder that it is to be in is not.
        NetworkError: The object store does not answer.
    """
    if is_address(path):
        _check_names(StoreFiles(str(path)), force)
        return
    folder = Path(path)
    if not folder.absolute().parent.is_dir():
        parent = folder.absolute().parent
        raise InputError(
            "the folder's own folder does not exist", path=folder, hint=f"mkdir -p '{parent}'"
        )
    if folder.exists() and not folder.is_dir():
        raise InputError("the folder is a file", path=folder, hint="name a new one")
    _check_names(plan_files(folder), force)


def _check_names(files: PlanFiles, force: bool) -> None:
    names = files.names("")
    if names and PLAN not in names:
        raise InputError("the folder holds something else", path=files.shown, hint="name a new one")
    if names and not force:
        raise InputError("the plan exists", path=files.shown, hint="pass --force to replace it")
