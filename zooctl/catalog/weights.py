"""Verified bytes of an entry's files: from its folder, the cache, the hub or the authors' address.

Weights may stay where their authors published them. The entry then holds the graph without weights;
the published files are verified and their values are put into that graph once, and the manifest
pins the resulting graph like any other file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from zooctl.catalog.entry import GRAPH, ONNX, Entry
from zooctl.catalog.origin.convert import convert
from zooctl.errors import InputError, NetworkError, UnsafeError, ZooError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.cache import cache_folder, make_cache_folder
from zooctl.files.disk.pinned import changed, differs, digest_of, matches, read_pinned
from zooctl.files.download.download import download, download_folder, is_offline, way_online
from zooctl.schema.card import Card
from zooctl.schema.card_weights import Hub
from zooctl.schema.manifest import FileDigest


def onnx_bytes(entry: Entry, *, may_download: bool = True) -> bytes:
    """Return the verified ONNX graph of an entry (see ``verified_bytes`` and ``converted``).

    Args:
        entry: The model.
        may_download: Whether missing weights may be downloaded.
    """
    missing = entry.folder is not None and not (entry.folder / ONNX).is_file()
    if missing and entry.hub is None:
        card = entry.card()
        if card.weights is not None and card.weights.published:
            if card.weights.hub is not None:
                with contextlib.suppress(NetworkError):
                    return verified_bytes(entry, ONNX, may_download=may_download)
            return converted(entry, card, may_download=may_download)
    return verified_bytes(entry, ONNX, may_download=may_download)


def verified_bytes(entry: Entry, file: str, *, may_download: bool = True) -> bytes:
    """Return the content of a file of an entry after comparing it with its pin.

    It is taken from the entry's folder, or else from the places that the card names (``resolve``).
    The file is read once, so the returned bytes are the compared ones.

    Args:
        entry: The model.
        file: Path below the entry's folder.
        may_download: Whether a missing file may be downloaded.

    Raises:
        InputError: The entry has no such file.
        IntegrityError: The bytes differ from the manifest.
        NetworkError: The file is neither here nor downloadable.
    """
    manifest = entry.manifest()
    assert entry.folder is not None
    path = entry.folder / file
    pinned = manifest.files.get(f"zoo/{entry.name}/{file}")
    if pinned is None:
        raise InputError("file is not in the manifest", path=path)
    if entry.hub is not None or not path.is_file():
        content = resolve(entry, file, pinned, may_download=may_download)
        if content is not None:
            return content
    return _read(path, pinned)


def pinned_files(entry: Entry) -> dict[str, bytes]:
    """Return the content of every file of the manifest by its name there; missing ones downloaded.

    Raises:
        ZooError: As ``verified_bytes``.
    """
    head = f"zoo/{entry.name}/"
    return {
        path: _of_folder(entry, path.removeprefix(head))
        if path.startswith(head)
        else _read(entry.path(path), pinned)
        for path, pinned in sorted(entry.manifest().files.items())
    }


def download_missing(entry: Entry) -> Iterator[FileDigest]:
    """Download the missing files of an entry's folder, verify all, and yield each file's pin.

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


def resolve(entry: Entry, file: str, pinned: FileDigest, *, may_download: bool) -> bytes | None:
    """Return the verified content of a file that the folder lacks; None if no place is named.

    The search order: zooctl's cache, the hub commit, its mirrors, the file's own address.

    Raises:
        NetworkError: No place hands the file out, or the network is switched off.
        IntegrityError: A place hands out other bytes than the pinned ones.
        UnsafeError: A place redirects to another.
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
        from zooctl.catalog.hub import cache  # the client loads slowly

        try:
            return cache.read_file(places, file, pinned, may_download=may_download)
        except ZooError as error:
            failed = error
    if url is not None:
        return _from_url(url, entry.name, file, pinned, may_download=may_download)
    assert failed is not None
    raise failed


def _url(card: Card, file: str) -> str | None:
    files = () if card.weights is None else card.weights.files
    return next((one.url for one in files if one.path == file), None)


def add_to_cache(file: str, content: bytes, pinned: FileDigest) -> None:
    """Put a file into zooctl's cache, where ``resolve`` finds it.

    Raises:
        IntegrityError: The bytes differ from the pin.
        InputError: The cache cannot be written.
    """
    got, expected = (len(content), digest_of(content)), (pinned.size, pinned.sha256)
    if got != expected:
        raise differs(file, got=got, expected=expected)
    _write(content, download_folder("models", pinned.sha256) / Path(file).name)


def _write(content: bytes, target: Path) -> None:
    with atomic_output(target, force=True) as temporary:
        temporary.write_bytes(content)


def _cache_path(file: str, pinned: FileDigest) -> Path:
    return cache_folder() / "models" / pinned.sha256 / Path(file).name


def _from_cache(path: Path, pinned: FileDigest) -> bytes | None:
    """Return a file of zooctl's cache; None if it is missing or has other bytes."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if matches(content, pinned.size, pinned.sha256) else None


def _from_url(url: str, model: str, file: str, pinned: FileDigest, *, may_download: bool) -> bytes:
    """Return a file from zooctl's cache, after downloading it there if it is missing."""
    path = _cache_path(file, pinned)
    if may_download and not is_offline():
        download_folder("models", pinned.sha256)
        with _origin_of(model):
            download([url], path, size=pinned.size, sha256=pinned.sha256)
    elif not path.is_file():
        raise NetworkError(
            f"{file} is not in the cache, and this command asks no network",
            hint=_pull(model),
        )
    if (content := _from_cache(path, pinned)) is None:
        hint = "the network is switched off; run the command again with the network"
        raise changed(path, pinned.size, pinned.sha256, subject=f"{file} in the cache", hint=hint)
    return content


def converted(entry: Entry, card: Card, *, may_download: bool = True) -> bytes:
    """Return the ONNX graph of an entry with its published weights.

    It is taken from the cache, or made of the published files (``origin.convert``).

    Args:
        entry: The model.
        card: Its card, which names the published files.
        may_download: Whether they may be downloaded.

    Raises:
        ZooError: As ``origin.convert.convert``.
        IntegrityError: The graph made of the published files has other bytes.
    """
    pinned = entry.manifest().files[f"zoo/{entry.name}/{ONNX}"]
    cache = _cache_path(ONNX, pinned)
    if (cached := _from_cache(cache, pinned)) is not None:
        return cached
    graph = verified_bytes(entry, GRAPH)
    with _origin_of(entry.name):
        content = convert(graph, card, may_download=may_download)
    got, expected = (len(content), digest_of(content)), (pinned.size, pinned.sha256)
    if got != expected:
        raise differs("the graph made of the published weights", got=got, expected=expected)
    # A cache that cannot be written costs a conversion the next time, nothing else.
    with contextlib.suppress(OSError, InputError, UnsafeError):
        make_cache_folder("models", pinned.sha256)
        _write(content, cache)
    return content


@contextlib.contextmanager
def _origin_of(model: str) -> Iterator[None]:
    """Say which model's weights a failed download was of."""
    try:
        yield
    except NetworkError as error:
        raise NetworkError(
            f"the weights of {model} are downloaded from their origin: {error.what}",
            path=error.path,
            got=error.got,
            expected=error.expected,
            hint=f"{_pull(model)}{'' if is_offline() else ', with the network'}",
        ) from error


def _pull(model: str) -> str:
    return f"zooctl pull {model}{f'; {way_online()} first' if is_offline() else ''}"


def _read(path: Path, pinned: FileDigest) -> bytes:
    hint = "restore the file from its source; it was damaged or replaced"
    return read_pinned(path, pinned.size, pinned.sha256, hint=hint)
