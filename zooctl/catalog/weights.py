"""Verified bytes of an entry's files: from its folder, the cache, the hub or the authors' address.

Weights may stay where their authors published them. The entry then holds the graph without weights;
published bytes are verified, put into that graph once, and the result is compared with the manifest
like any other file.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from zooctl.catalog.data import locate
from zooctl.catalog.entry import GRAPH, ONNX, Entry
from zooctl.errors import InputError, IntegrityError, NetworkError, UnsafeError, ZooError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.cache import cache_folder, make_cache_folder
from zooctl.files.download.download import download, download_folder, is_offline
from zooctl.files.weights.hdf5 import read_tensors
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.schema.card import Card, Hub, Origin
from zooctl.schema.manifest import FileDigest
from zooctl.schema.recipe.sources import Source


def onnx_bytes(entry: Entry, *, fetch: bool = True) -> bytes:
    """Return the verified ONNX graph of an entry (see ``verified_bytes`` and ``converted``).

    Args:
        entry: The model.
        fetch: Whether weights that are not here may be downloaded.
    """
    elsewhere = entry.folder is not None and not (entry.folder / ONNX).is_file()
    if elsewhere and entry.hub is None:
        card = entry.card()
        if card.weights is not None and card.weights.origin is not None:
            if card.weights.hub is not None:
                with contextlib.suppress(NetworkError):
                    return verified_bytes(entry, ONNX, fetch=fetch)
            return converted(entry, card, card.weights.origin, fetch=fetch)
    return verified_bytes(entry, ONNX, fetch=fetch)


def verified_bytes(entry: Entry, file: str, *, fetch: bool = True) -> bytes:
    """Return the content of a file of an entry after checking it.

    It is taken from the entry's folder, or else from the places that the card names
    (``obtain``). The file is read once, so the bytes that are returned are those that were checked.

    Args:
        entry: The model.
        file: Its path below the entry's folder.
        fetch: Whether it may be downloaded.

    Raises:
        InputError: The entry has no such file.
        IntegrityError: The bytes are not those that the manifest pins.
        NetworkError: The file is not here and cannot be downloaded.
    """
    manifest = entry.manifest()
    assert entry.folder is not None
    path = entry.folder / file
    pinned = manifest.files.get(f"zoo/{entry.name}/{file}")
    if pinned is None:
        raise InputError("file is not in the manifest", path=path)
    if entry.hub is not None or not path.is_file():
        found = obtain(entry, file, pinned, fetch=fetch)
        if found is not None:
            return found
    return _read(path, pinned)


def pinned_files(entry: Entry) -> dict[str, bytes]:
    """Return every file that the manifest pins, by its name there; downloaded where it must be.

    Raises:
        ZooError: As ``verified_bytes``.
    """
    head = f"zoo/{entry.name}/"
    found = {}
    for path, pinned in sorted(entry.manifest().files.items()):
        if path.startswith(head):
            found[path] = _of_folder(entry, path.removeprefix(head))
        else:
            found[path] = _read(entry.path(path), pinned)
    return found


def download_missing(entry: Entry) -> Iterator[FileDigest]:
    """Download what of an entry's folder is not here and verify all of it; yield each file's pin.

    Raises:
        ZooError: As ``verified_bytes``.
    """
    head = f"zoo/{entry.name}/"
    for path, pinned in sorted(entry.manifest().files.items()):
        if path.startswith(head):
            _of_folder(entry, path.removeprefix(head))
            yield pinned


def _of_folder(entry: Entry, file: str) -> bytes:
    return onnx_bytes(entry) if file == ONNX else verified_bytes(entry, file)


def obtain(entry: Entry, file: str, pinned: FileDigest, *, fetch: bool) -> bytes | None:
    """Return the verified content of a file that lies elsewhere; None where no place is named.

    Imported files are found in zooctl's cache. Of the places, the hub commit comes first, then its
    mirrors, then the file's own address.

    Raises:
        NetworkError: No place hands the file out, or the network is switched off.
        IntegrityError: A place hands out other bytes than the pinned ones.
        UnsafeError: A place leads elsewhere.
    """
    if (content := _from_cache(_cache_path(file, pinned), pinned)) is not None:
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
        from zooctl.catalog.hub.cache import obtain as from_hub  # the client loads slowly

        try:
            return from_hub(places, file, pinned, fetch=fetch)
        except ZooError as error:
            failed = error
    if url is not None:
        return _from_url(url, file, pinned, fetch=fetch)
    assert failed is not None
    raise failed


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
    _write(content, download_folder("models", pinned.sha256) / Path(file).name)


def _write(content: bytes, target: Path) -> None:
    with atomic_output(target, force=True) as temporary:
        temporary.write_bytes(content)


def _cache_path(file: str, pinned: FileDigest) -> Path:
    return cache_folder() / "models" / pinned.sha256 / Path(file).name


def _from_cache(path: Path, pinned: FileDigest) -> bytes | None:
    """Return a file of zooctl's cache; None where it is not there or has other bytes."""
    try:
        content = path.read_bytes()
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
    if (content := _from_cache(path, pinned)) is None:
        raise IntegrityError(
            "the file in the cache is damaged, and the network is switched off",
            path=path,
            hint="run the command again with the network",
        )
    return content


def converted(entry: Entry, card: Card, origin: Origin, *, fetch: bool = True) -> bytes:
    """Return the ONNX graph of an entry with its published weights.

    It is looked for in the cache, and made where it is not there: from the published file in
    ``ZOOCTL_DATA_MIRROR`` or in the cache, or as it is downloaded (``data.locate``).

    Args:
        entry: The model.
        card: Its card.
        origin: The card's record of the published file.
        fetch: Whether it may be downloaded.

    Raises:
        InputError: It is not here and must not be downloaded, or h5py is not installed.
        NetworkError: It has to be downloaded and can't be.
        IntegrityError: The published file, or the graph made of it, has other bytes.
    """
    pinned = entry.manifest().files[f"zoo/{entry.name}/{ONNX}"]
    cache = _cache_path(ONNX, pinned)
    if (cached := _from_cache(cache, pinned)) is not None:
        return cached
    path = locate(_source(card, origin, fetch=fetch)).path
    published = path.read_bytes()
    # The file may have changed between its check and this read.
    if hashlib.sha256(published).hexdigest() != origin.sha256:
        raise IntegrityError("the published weights changed while they were read", path=path)
    content = put_weights(verified_bytes(entry, GRAPH), read_tensors(published, path))
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != pinned.sha256:
        raise IntegrityError(
            "the published weights make another graph than the manifest pins",
            path=path,
            got=f"sha256 {sha256}",
            expected=f"sha256 {pinned.sha256}",
        )
    # A cache that cannot be written costs a conversion the next time, nothing else.
    with contextlib.suppress(OSError, InputError, UnsafeError):
        make_cache_folder("models", sha256)
        _write(content, cache)
    return content


def _source(card: Card, origin: Origin, *, fetch: bool) -> Source:
    return Source(
        id="weights",
        file=origin.file,
        accession=None,
        url=origin.url if fetch else None,
        sha256=origin.sha256,
        size=origin.size,
        licence=card.licence,
        citation=card.citation or card.title,
        assembly=card.assembly,
    )


def _read(path: Path, pinned: FileDigest) -> bytes:
    """Return the content of a file if it is the pinned one."""
    try:
        with path.open("rb") as handle:
            content = handle.read(pinned.size + 1)
    except OSError as error:
        raise InputError("cannot be read", path=path, got=error.strerror) from None
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != pinned.sha256:
        wrong_size = len(content) != pinned.size
        raise IntegrityError(
            "bytes differ from the manifest",
            path=path,
            got=f"{path.stat().st_size:,} bytes" if wrong_size else f"sha256 {sha256}",
            expected=f"{pinned.size:,} bytes" if wrong_size else f"sha256 {pinned.sha256}",
            hint="restore the file from its source; it was damaged or replaced",
        )
    return content
