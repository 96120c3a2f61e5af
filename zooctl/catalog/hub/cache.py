"""Pinned files of the hub, read from its client's cache or downloaded into it.

A file is requested at a commit, never at a branch, and returned only if it has the pinned bytes.
A sound file in the cache at that commit is used without any request.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from zooctl.catalog.hub.download import download, listing, storage
from zooctl.errors import IntegrityError, NetworkError, UnsafeError, ZooError
from zooctl.files.disk.cache import make_cache_folder
from zooctl.files.disk.lock import locked
from zooctl.files.disk.pinned import changed, differs, file_digest, matches
from zooctl.files.download.download import download_folder, is_offline, way_online
from zooctl.schema.card_weights import Hub
from zooctl.schema.manifest import FileDigest


def read_file(
    places: Sequence[Hub], file: str, pinned: FileDigest, *, may_download: bool = True
) -> bytes:
    """Return a pinned file from the cache, or from the first place that hands it out.

    A damaged file in the cache is moved to ``quarantine/`` in zooctl's cache folder before the file
    is downloaded again.

    Args:
        places: Repositories with their commits, best first.
        file: Path in the repository.
        pinned: Its pin.
        may_download: Whether it may be downloaded.

    Raises:
        NetworkError: No place can be reached or hands the file out, or the network is switched
            off; each place is named with its reason.
        IntegrityError: A place hands out other bytes, or the cache holds other bytes and the file
            cannot be downloaded again.
        UnsafeError: A place redirects to another.
    """
    damaged: Path | None = None
    for place in places:
        content, path = _cached(place, file, pinned)
        if content is not None:
            return content
        damaged = damaged or path
    if not may_download or is_offline():
        raise _unavailable(places, file, pinned, damaged)
    failed: list[ZooError] = []
    for place in places:
        try:
            return _download(place, file, pinned)
        except ZooError as error:
            failed.append(error)
    # A wrong file tells more than a server that is down.
    gravest = max(failed, key=lambda error: error.exit_code)
    if len(failed) > 1 and isinstance(gravest, NetworkError):
        raise NetworkError("; ".join(map(str, failed)))
    raise gravest


def read_unpinned(place: Hub, file: str, limit: int) -> bytes:
    """Return a file that only its commit pins: the manifest of a model outside of the zoo.

    Args:
        place: Repository and commit.
        file: Path in the repository.
        limit: Largest size accepted, in bytes.

    Raises:
        NetworkError: The file is neither in the cache nor downloadable.
        UnsafeError: It is larger, or the repository redirects to another.
    """
    path = _cache_path(place, file)
    if not path.is_file():
        if is_offline():
            raise _unavailable([place], file, None, None)
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
    """Return the folder of the cache with the files of a commit."""
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
    if matches(content, pinned.size, pinned.sha256):
        return content, None
    return None, path


def _inside_cache(place: Hub, path: Path) -> None:
    """Refuse a link out of the repository's part of the cache."""
    if not path.resolve().is_relative_to(storage(place).resolve()):
        raise UnsafeError(
            "a link in the cache leads out of it", path=path, got=path.resolve(), hint="remove it"
        )


def _unavailable(
    places: Sequence[Hub], file: str, pinned: FileDigest | None, damaged: Path | None
) -> ZooError:
    if pinned is not None and damaged is not None:
        hint = f"the network is switched off: {way_online()}"
        subject = f"{file} in the cache"
        return changed(damaged, pinned.size, pinned.sha256, subject=subject, hint=hint)
    where = ", ".join(f"{place.repo} at {place.revision}" for place in places)
    return NetworkError(
        f"{file} of {where} is not in the cache, and the network is switched off",
        hint=f"run `zooctl pull` with the network first, or {way_online()}",
    )


def _download(place: Hub, file: str, pinned: FileDigest) -> bytes:
    """Download a file into the cache and return its bytes; one process at a time."""
    lock = download_folder("hub") / f"{place.repo.replace('/', '--')}-{file.replace('/', '--')}"
    with locked(lock):
        content, damaged = _cached(place, file, pinned)
        if content is not None:
            return content
        size = _size(place, file)
        if size is not None and size != pinned.size:
            raise _differs(place, file, pinned, size, "")
        if damaged is not None:
            _quarantine(damaged)
        download(place, file)
        content, damaged = _cached(place, file, pinned)
        if content is not None:
            return content
        if damaged is None:
            raise NetworkError(f"{file} of {place.repo} was downloaded, but is not in the cache")
        size, sha256 = damaged.stat().st_size, file_digest(damaged)
        _quarantine(damaged)
    raise _differs(place, file, pinned, size, sha256)


def _differs(place: Hub, file: str, pinned: FileDigest, size: int, sha256: str) -> IntegrityError:
    return differs(
        f"{file} of {place.repo}",
        got=(size, sha256),
        expected=(pinned.size, pinned.sha256),
        hint="something between changes files on the way, or the repository is not what it was",
    )


def _quarantine(path: Path) -> None:
    """Move a damaged file and its link out of the cache, into a folder for a person to look at."""
    blob = path.resolve()
    number = f"{time.time_ns():x}"
    folder = make_cache_folder("quarantine")
    shutil.move(blob, folder / f"{number}-{path.name}")
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _size(place: Hub, file: str) -> int | None:
    """Return the size of a file at a commit, as the hub states it; None if it does not."""
    files = listing(place)
    if file not in files:
        raise NetworkError(f"{place.repo} has no {file} at {place.revision}")
    return files[file]
