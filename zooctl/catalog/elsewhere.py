"""Files of an entry that are not in its folder, from the places that its card names, in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from zooctl.catalog.card import Card, Hub
from zooctl.catalog.manifest import FileDigest
from zooctl.catalog.registry import ONNX, Entry
from zooctl.errors import IntegrityError, NetworkError, ZooError
from zooctl.files.atomic import atomic_output
from zooctl.files.cache import cache_folder
from zooctl.files.download import download, download_folder, is_offline


def obtain(entry: Entry, file: str, pinned: FileDigest, *, fetch: bool) -> bytes | None:
    """Return the verified content of a file that lies elsewhere; None where no place is named.

    What was imported is found in zooctl's cache. Of the places, the hub commit comes
    first, then its mirrors, then the file's own address.

    Raises:
        NetworkError: No place hands the file out, or the network is switched off.
        IntegrityError: What a place hands out is not the pinned file.
        UnsafeError: A place leads elsewhere.
    """
    if (content := _kept(file, pinned)) is not None:
        return content
    card = entry.card()
    weights = card.weights
    places: tuple[Hub, ...] = (entry.hub,) if entry.hub else ()
    if not places and weights is not None and weights.hub is not None:
        places = (weights.hub, *weights.mirrors)
    url = None if entry.hub else _url(card, file)
    if not places and url is None:
        return None
    failed: ZooError | None = None
    if places:
        from zooctl.catalog.hub_cache import obtain as from_hub  # the client loads slowly

        try:
            return from_hub(places, file, pinned, fetch=fetch)
        except ZooError as error:
            failed = error
    if url is not None:
        return _from_url(url, file, pinned, fetch=fetch)
    assert failed is not None
    raise failed


def bring(entry: Entry) -> Iterator[FileDigest]:
    """Fetch what of an entry's folder is not here and verify all of it; yield each as it is there.

    Raises:
        ZooError: As ``obtain``, or a file that is here is damaged.
    """
    head = f"zoo/{entry.name}/"
    for path, pinned in sorted(entry.manifest().files.items()):
        if path == head + ONNX:
            entry.onnx_bytes()
        elif path.startswith(head):
            entry.verified_bytes(path.removeprefix(head))
        else:
            continue
        yield pinned


def _url(card: Card, file: str) -> str | None:
    files = () if card.weights is None else card.weights.files
    return next((one.url for one in files if one.path == file), None)


def keep(file: str, content: bytes, pinned: FileDigest) -> None:
    """Put a file into zooctl's cache, where ``obtain`` finds it.

    Raises:
        IntegrityError: It is not the pinned file.
        InputError: The cache cannot be written.
    """
    if hashlib.sha256(content).hexdigest() != pinned.sha256:
        raise IntegrityError("the file is not the pinned one", got=file)
    target = download_folder("models", pinned.sha256) / Path(file).name
    with atomic_output(target, force=True) as temporary:
        temporary.write_bytes(content)


def _cache_path(file: str, pinned: FileDigest) -> Path:
    return cache_folder() / "models" / pinned.sha256 / Path(file).name


def _kept(file: str, pinned: FileDigest) -> bytes | None:
    """Return a file of zooctl's cache; None where it is not there or has other bytes."""
    try:
        content = _cache_path(file, pinned).read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == pinned.sha256 else None


def _from_url(url: str, file: str, pinned: FileDigest, *, fetch: bool) -> bytes:
    """Return a file from zooctl's cache, where it is put if it is not there."""
    path = _cache_path(file, pinned)
    if fetch and not is_offline():
        download_folder("models", pinned.sha256)
        download([url], path, size=pinned.size, sha256=pinned.sha256)
    elif not path.is_file():
        raise NetworkError(
            f"{file} is not in the cache, and the network is switched off",
            hint="run `zooctl pull` with the network first",
        )
    content = path.read_bytes()
    # What is read is what was checked, whatever became of the file meanwhile.
    if hashlib.sha256(content).hexdigest() != pinned.sha256:
        raise IntegrityError(
            "the file in the cache is damaged, and the network is switched off",
            path=path,
            hint="run the command again with the network",
        )
    return content
