"""Pinned files of the hub: from its client's cache where they are sound, else fetched into it.

A file is asked for at a commit, never at a branch, and handed out only if it has the bytes that
were pinned beforehand. What is in the cache at that commit is used without any request.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from zooctl.catalog.hub.client import download, listing, storage
from zooctl.errors import IntegrityError, NetworkError, UnsafeError, ZooError
from zooctl.files.disk.cache import make_cache_folder
from zooctl.files.download.download import download_folder, is_offline, locked
from zooctl.schema.card import Hub
from zooctl.schema.manifest import FileDigest


def obtain(places: Sequence[Hub], file: str, pinned: FileDigest, *, fetch: bool = True) -> bytes:
    """Return a pinned file from the cache, or from the first place that hands it out.

    What the cache holds with other bytes is moved to ``quarantine/`` in zooctl's cache folder
    before the file is fetched again.

    Args:
        places: Repositories with their commits, best first.
        file: Path in the repository.
        pinned: Its bytes.
        fetch: Whether it may be downloaded.

    Raises:
        NetworkError: No place can be reached or hands the file out, or the network is switched
            off; each place is named with its reason.
        IntegrityError: What a place hands out, or what is in the cache and cannot be fetched again,
            has other bytes.
        UnsafeError: A place leads elsewhere.
    """
    damaged: Path | None = None
    for place in places:
        content, path = _cached(place, file, pinned)
        if content is not None:
            return content
        damaged = damaged or path
    if not fetch or is_offline():
        raise _not_here(places, file, damaged)
    failed: list[ZooError] = []
    for place in places:
        try:
            return _fetch(place, file, pinned)
        except ZooError as error:
            failed.append(error)
    # A wrong file tells more than a server that is down.
    gravest = max(failed, key=lambda error: error.exit_code)
    if len(failed) > 1 and isinstance(gravest, NetworkError):
        raise NetworkError("; ".join(map(str, failed)))
    raise gravest


def unpinned(place: Hub, file: str, limit: int) -> bytes:
    """Return a file that nothing but the commit pins: the manifest of somebody else's model.

    Args:
        place: Repository and commit.
        file: Path in it.
        limit: Bytes that it may have.

    Raises:
        NetworkError: It cannot be had.
        UnsafeError: It is larger, or the repository leads elsewhere.
    """
    path = _cache_path(place, file)
    if not path.is_file():
        if is_offline():
            raise _not_here([place], file, None)
        size = _size(place, file)
        if size is None or size > limit:
            raise UnsafeError(f"{file} is too large", got=size, expected=f"at most {limit:,} bytes")
        download(place, file)
    _inside_cache(place, path)
    with path.open("rb") as handle:
        content = handle.read(limit + 1)
    if len(content) > limit:
        raise UnsafeError(f"{file} is too large", path=path, expected=f"at most {limit:,} bytes")
    return content


def snapshot(place: Hub) -> Path:
    """Return the folder of the cache where files of a commit are."""
    return _cache_path(place, "x").parent


def _cache_path(place: Hub, file: str) -> Path:
    return storage(place) / "snapshots" / place.revision / file


def _cached(place: Hub, file: str, pinned: FileDigest) -> tuple[bytes | None, Path | None]:
    """Return the content of a sound file of the cache, or the path of a damaged one, or neither."""
    path = _cache_path(place, file)
    if not path.is_file():
        return None, None
    _inside_cache(place, path)
    try:
        with path.open("rb") as handle:
            content = handle.read(pinned.size + 1)
    except OSError:
        return None, None
    if len(content) == pinned.size and hashlib.sha256(content).hexdigest() == pinned.sha256:
        return content, None
    return None, path


def _inside_cache(place: Hub, path: Path) -> None:
    """Refuse a link out of the repository's part of the cache."""
    if not path.resolve().is_relative_to(storage(place).resolve()):
        raise UnsafeError(
            "a link in the cache leads out of it", path=path, got=path.resolve(), hint="remove it"
        )


def _not_here(places: Sequence[Hub], file: str, damaged: Path | None) -> ZooError:
    if damaged is not None:
        return IntegrityError(
            "the file in the cache is damaged, and the network is switched off",
            path=damaged,
            hint="run the command again with the network, or remove the file",
        )
    where = ", ".join(f"{place.repo} at {place.revision}" for place in places)
    return NetworkError(
        f"{file} of {where} is not in the cache, and the network is switched off",
        hint="run `zooctl pull` with the network first, or unset HF_HUB_OFFLINE and ZOOCTL_OFFLINE",
    )


def _fetch(place: Hub, file: str, pinned: FileDigest) -> bytes:
    """Download a file into the cache and return its bytes; one process at a time."""
    lock = download_folder("hub") / f"{place.repo.replace('/', '--')}-{file.replace('/', '--')}"
    with locked(lock):
        content, damaged = _cached(place, file, pinned)
        if content is not None:
            return content
        size = _size(place, file)
        if size is not None and size != pinned.size:
            raise _wrong(place, file, f"{size:,} bytes", f"{pinned.size:,} bytes")
        if damaged is not None:
            _quarantine(damaged)
        download(place, file)
        content, damaged = _cached(place, file, pinned)
        if content is not None:
            return content
        if damaged is None:
            raise NetworkError(f"{file} of {place.repo} came, but is not in the cache")
        got = hashlib.sha256(damaged.read_bytes()).hexdigest()
        _quarantine(damaged)
    raise _wrong(place, file, f"sha256 {got}", f"sha256 {pinned.sha256}")


def _wrong(place: Hub, file: str, got: str, expected: str) -> IntegrityError:
    return IntegrityError(
        f"{file} of {place.repo} is not the pinned file",
        got=got,
        expected=expected,
        hint="something between changes files on the way, or the repository is not what it was",
    )


def _quarantine(path: Path) -> None:
    """Move a damaged file out of the cache, link and all, to where a person can look at it."""
    blob = path.resolve()
    number = f"{time.time_ns():x}"
    folder = make_cache_folder("quarantine")
    shutil.move(blob, folder / f"{number}-{path.name}")
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _size(place: Hub, file: str) -> int | None:
    """Return the size of a file at a commit, as the hub says it."""
    files = listing(place)
    if file not in files:
        raise NetworkError(f"{place.repo} has no {file} at {place.revision}")
    return files[file]
