"""Atomic outputs: whole or absent.

The output is written to a hidden file beside the target, synced to disk and renamed. Whatever kills
the process, the target is the complete output or the file before it. The hidden name carries the
process, so that a later run can recognise and remove the file of a dead one.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.pinned import digest_of

_COUNTER = itertools.count()
_TEMPORARY = re.compile(
    r"\.zooctl-(?P<place>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\w+)-\d+.*", re.DOTALL
)
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_output(
    target: str | os.PathLike[str],
    force: bool,
    inputs: Iterable[str | os.PathLike[str]] = (),
) -> None:
    """Refuse a target that cannot or must not be written; for use before any work.

    Args:
        target: File to be written.
        force: Whether an existing file may be replaced.
        inputs: Files that are read; the target must not be one of them, even with ``force``.

    Raises:
        InputError: The target is a folder, exists without ``force``, is an input, or its folder is
            missing or not writable.
    """
    path = Path(target)
    for source in inputs:
        # os.path, since Path.exists raises for a name that is too long.
        both = os.path.exists(path) and os.path.exists(source)  # noqa: PTH110
        if both and path.samefile(source):
            raise InputError(
                "output is also an input", path=path, hint="name another output with -o"
            )
    try:
        _check_target(path, Path(os.path.realpath(path)), force)
    except OSError as error:
        raise InputError(
            "output cannot be written", path=path, got=os.strerror(error.errno or 0)
        ) from None


def _check_target(path: Path, real: Path, force: bool) -> None:
    """Check a target at its real path, with symbolic links followed as ``open`` would."""
    if real.is_dir():
        raise InputError("output is a folder", path=path, hint="name a file in it")
    if not real.parent.exists():
        raise InputError(
            "the output's folder does not exist", path=path, hint=f"mkdir -p '{real.parent}'"
        )
    if not real.parent.is_dir():
        raise InputError("the output's folder is a file", path=path, got=str(real.parent))
    # Not Path.exists(), which takes a name that is too long for a missing file.
    exists = True
    try:
        real.stat()
    except FileNotFoundError:
        exists = False
    if exists and not real.is_file():
        raise InputError("output is not a regular file", path=path)
    if exists and not force:
        raise InputError("output exists", path=path, hint="pass --force to replace it")
    # Trying is the only honest test: permissions say nothing of read-only or network file systems.
    probe = real.parent / f"{_own_prefix()}-{next(_COUNTER)}"
    try:
        _create(probe, real)
    except OSError as error:
        raise InputError(
            "the output's folder is not writable",
            path=path,
            got=os.strerror(error.errno or 0),
            hint="name another output with -o",
        ) from None
    probe.unlink()


@contextmanager
def atomic_output(
    target: str | os.PathLike[str],
    *,
    force: bool,
    inputs: Iterable[str | os.PathLike[str]] = (),
) -> Iterator[Path]:
    """Yield an empty hidden file beside the target, which becomes the target if the block succeeds.

    The yielded path has the target's suffix. The new file gets the permissions that ``open`` would
    give it: those of the file it replaces, or those of the umask. If the block raises, the hidden
    file is removed. Hidden files of dead processes in the folder are removed first.

    Args:
        target: File to be written.
        force: Whether an existing file may be replaced.
        inputs: Files that are read and so must not be the target.

    Raises:
        InputError: As ``check_output``; the disk is full; or, without ``force``, the target
            appeared while the block ran.
    """
    check_output(target, force, inputs)
    path = Path(target)
    real = Path(os.path.realpath(path))
    remove_stale(real.parent)
    temporary = real.parent / f"{_own_prefix()}-{next(_COUNTER)}{real.suffix[:32]}"
    try:
        _create(temporary, real)
        yield temporary
        _sync(temporary)
        _publish(temporary, real, force)
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise InputError(
                "no space left for the output", path=path, got=os.strerror(error.errno)
            ) from error
        if error.errno == errno.EEXIST and not force and real.exists():
            raise InputError(
                "output appeared while it was computed",
                path=path,
                hint="pass --force to replace it",
            ) from error
        raise
    finally:
        with suppress(OSError):
            temporary.unlink()


def _create(temporary: Path, real: Path) -> None:
    """Create the empty file with the permissions that ``open(real, "w")`` would leave."""
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    with suppress(FileNotFoundError, PermissionError):
        temporary.chmod(real.stat().st_mode & 0o777)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _publish(temporary: Path, real: Path, force: bool) -> None:
    """Rename the file, and sync its folder so that the name survives a power loss."""
    if force:
        temporary.replace(real)
    else:
        try:
            # Unlike a rename, a link never replaces a file that came up meanwhile.
            os.link(temporary, real)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if real.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), real) from None
            temporary.replace(real)
    # Some network file systems cannot sync a folder; the rename itself has happened.
    with suppress(OSError):
        _sync(real.parent)


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """Yield a new hidden folder of this user alone; it is removed at the end, whatever happens.

    Folders and files that killed processes left in the parent are removed first.

    Raises:
        InputError: The parent is not a folder, or not writable.
    """
    folder = parent / f"{_own_prefix()}-{next(_COUNTER)}-{secrets.token_hex(4)}"
    try:
        remove_stale(parent)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise InputError(
            "the folder cannot be written", path=parent, got=os.strerror(error.errno or 0)
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_stale(folder: Path) -> None:
    """Remove this user's hidden files and folders whose writer, of this machine, is dead.

    Other users' files stay: their processes may be alive and hidden from this user.
    """
    place = _place()
    for entry in folder.glob(".zooctl-*"):
        match = _TEMPORARY.fullmatch(entry.name)
        if match is None or match["place"] != place:
            continue
        with suppress(OSError):
            ours = not hasattr(os, "getuid") or entry.lstat().st_uid == os.getuid()
            if not ours or _process_start(int(match["pid"])) == match["start"]:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink()


def _own_prefix() -> str:
    return f".zooctl-{_place()}-{os.getpid()}-{_process_start(os.getpid())}"


def _place() -> str:
    """Return a name of this machine and its process namespace, for unique process numbers."""
    namespace = ""
    with suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return digest_of(f"{socket.gethostname()} {namespace}".encode())[:8]


def _process_start(pid: int) -> str | None:
    """Return a text unique to the run of a process of that number; None if no such process lives.

    It is made of boot and start time. Without ``/proc`` it is the same text for every living one.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")[:8]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except OSError:  # it vanished between opening and reading
        return None
    else:
        # Fields 3 (state) and 22 (start), counted behind the command name, which may itself hold
        # spaces and brackets. A zombie writes no more.
        fields = status.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else f"{boot}_{fields[19]}"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass
    return "alive"
