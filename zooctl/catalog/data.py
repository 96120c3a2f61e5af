"""Data files of recipes: located by their pinned bytes or downloaded; changed files are refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlsplit

from zooctl.catalog.root import checkout_data, zoo_roots
from zooctl.errors import InputError, IntegrityError, NetworkError
from zooctl.files.disk.cache import cache_folder
from zooctl.files.disk.pinned import changed, file_digest
from zooctl.files.download.download import download, download_folder
from zooctl.progress import Progress, no_progress

if TYPE_CHECKING:
    from zooctl.files.download.transfer import Policy
    from zooctl.schema.recipe.sources import Source

Origin = Literal["embedded", "mirror", "cache", "downloaded"]


@dataclass(frozen=True)
class LocatedFile:
    """The verified file of a source.

    Attributes:
        path: The file.
        origin: Place that it was taken from.
    """

    path: Path
    origin: Origin


def locate(
    source: Source, *, progress: Progress = no_progress, policy: Policy | None = None
) -> LocatedFile:
    """Return a file with the pinned bytes of a source, downloaded if it is not here.

    The search order: beside the recipes (``recipes/data``), or in the checkout of zooctl that the
    current folder lies in; in the folder
    ``$ZOOCTL_DATA_MIRROR``, at any depth, by a name that is the sha256, by the source's path, by
    its file name; in the cache; below ``$ZOOCTL_DATA_MIRROR`` if that is an https address, by
    the source's path; at its own addresses. A file of the right name with other bytes is passed
    over.

    Args:
        source: Source of a recipe.
        progress: Opens the progress display of a download.
        policy: Time limits and hosts of a download.

    Raises:
        InputError: The source has no pin, or has neither a file here nor an address.
        IntegrityError: All files of its name, here or at its addresses, have other bytes.
        NetworkError: The download failed.
    """
    sha256, size = source.sha256, source.size
    if sha256 is None or size is None:
        raise InputError(
            f"source {source.id} is not pinned", hint="the recipe needs its sha256 and size"
        )
    other: list[Path] = []
    for path, origin in _candidates(source, sha256):
        if _holds(path, sha256, size):
            return LocatedFile(path, origin)
        other.append(path)
    urls = [url for url in (source.url, *source.mirrors) if url]
    if base := _mirror_address():
        urls.insert(0, f"{base}/{quote(source.file)}")
        policy = _allowing(base, policy)
    if not urls:
        raise _changed(source, other[0]) if other else _missing(source)
    target = download_folder("data", sha256) / Path(source.file).name
    try:
        with progress(size, "B", f"downloading {target.name}") as advance:
            download(urls, target, size=size, sha256=sha256, progress=advance, policy=policy)
    except NetworkError:
        if other:
            raise _changed(source, other[0]) from None
        raise
    return LocatedFile(target, "downloaded")


def _candidates(source: Source, sha256: str) -> Iterator[tuple[Path, Origin]]:
    """Yield files of a source's name; each place is searched after those before it failed."""
    for root in zoo_roots():
        if (path := root / "recipes" / "data" / source.file).is_file():
            yield path, "embedded"
    if (checkout := checkout_data()) and (path := checkout / source.file).is_file():
        yield path, "embedded"
    if mirror := _mirror():
        for path in _in_mirror(mirror, source.file, sha256):
            yield path, "mirror"
    path = cache_folder() / "data" / sha256 / Path(source.file).name
    if path.is_file():
        yield path, "cache"


def _mirror() -> Path | None:
    own = os.environ.get("ZOOCTL_DATA_MIRROR")
    if not own or "://" in own:
        return None
    if not Path(own).is_dir():
        hint = "ZOOCTL_DATA_MIRROR is a folder of data, or an https address"
        raise InputError("no such folder", path=own, hint=hint)
    return Path(own)


def _allowing(base: str, policy: Policy | None) -> Policy:
    """Return a policy that allows the mirror's host, which the user named."""
    from zooctl.files.download.transfer import Policy

    policy = policy or Policy()
    return replace(policy, hosts=policy.hosts | {urlsplit(base).hostname or ""})


def _mirror_address() -> str | None:
    own = os.environ.get("ZOOCTL_DATA_MIRROR", "")
    if "://" not in own:
        return None
    try:
        parts = urlsplit(own)
        sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound:
        hint = "ZOOCTL_DATA_MIRROR is a folder of data, or an https address"
        raise InputError("not an address", field="ZOOCTL_DATA_MIRROR", got=own, hint=hint)
    return own.rstrip("/")


def mirrored(file: str, *, sha256: str, size: int) -> Path | None:
    """Return a pinned file of the mirror's folder; None without a mirror, or without the file.

    Args:
        file: Its path or name; a name that is the sha256 is found too.
        sha256: Its digest.
        size: Its size in bytes.
    """
    folder = _mirror()
    found = _in_mirror(folder, file, sha256) if folder else []
    return next((path for path in found if _holds(path, sha256, size)), None)


def _in_mirror(folder: Path, file: str, sha256: str) -> list[Path]:
    name = Path(file).name
    found: dict[str, list[Path]] = {sha256: [], name: []}
    for place, _, files in os.walk(folder):
        for known in found.keys() & set(files):
            found[known].append(Path(place, known))
    exact = folder / file
    by_name = sorted(found[name], key=lambda path: (path != exact, path))
    return [path for path in (*sorted(found[sha256]), *by_name) if path.is_file()]


def _holds(path: Path, sha256: str, size: int) -> bool:
    status = path.stat()
    if status.st_size != size:
        return False
    return _digest(path, status.st_ino, status.st_mtime_ns, status.st_ctime_ns) == sha256


@lru_cache(maxsize=256)
def _digest(path: Path, inode: int, modified: int, changed: int) -> str:
    """Hash a file; once in a process, as long as it is not touched."""
    return file_digest(path)


def _changed(source: Source, path: Path) -> IntegrityError:
    assert source.size is not None
    assert source.sha256 is not None
    return changed(
        path,
        source.size,
        source.sha256,
        subject=f"source {source.id}",
        hint="restore the file; changed data is never used",
    )


def _missing(source: Source) -> InputError:
    return InputError(
        f"source {source.id} is not here and has no address",
        got=source.file,
        expected=f"sha256 {source.sha256}",
        hint="set ZOOCTL_DATA_MIRROR to a folder that holds the file",
    )
