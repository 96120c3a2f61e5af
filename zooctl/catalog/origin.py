"""Weights that stay where their authors published them, put into our graph at first use.

The entry holds the graph without weights. What is published is fetched and verified before
anything reads it; what becomes of both is held against the manifest, like any other file.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from zooctl.catalog.card import Card, Origin
from zooctl.catalog.data import locate
from zooctl.catalog.manifest import FileDigest
from zooctl.catalog.recipe import Source
from zooctl.catalog.registry import GRAPH, ONNX, Entry
from zooctl.errors import InputError, IntegrityError, UnsafeError
from zooctl.files.atomic import atomic_output
from zooctl.files.cache import cache_folder, make_cache_folder
from zooctl.files.hdf5 import read_tensors
from zooctl.files.onnx_weights import put_weights


def converted(entry: Entry, card: Card, origin: Origin, *, fetch: bool = True) -> bytes:
    """Return the ONNX graph of an entry with its published weights.

    It is looked for in the cache, and made where it is not there: from the published file in
    ``ZOOCTL_DATA_MIRROR`` or in the cache, or as it is downloaded (``data.locate``).

    Args:
        entry: The model.
        card: Its card.
        origin: What the card says of the published file.
        fetch: Whether it may be downloaded.

    Raises:
        InputError: It is not here and must not be fetched, or h5py is not installed.
        NetworkError: It has to be downloaded and can't be.
        IntegrityError: The published file, or the graph made of it, has other bytes.
    """
    pinned = entry.manifest().files[f"zoo/{entry.name}/{ONNX}"]
    if (cached := _from_cache(pinned)) is not None:
        return cached
    path = locate(_source(card, origin, fetch=fetch)).path
    published = path.read_bytes()
    # What is read is what was checked, whatever became of the file meanwhile.
    if hashlib.sha256(published).hexdigest() != origin.sha256:
        raise IntegrityError("the published weights changed while they were read", path=path)
    content = put_weights(entry.verified_bytes(GRAPH), read_tensors(published, path))
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != pinned.sha256:
        raise IntegrityError(
            "the published weights make another graph than the manifest pins",
            path=path,
            got=f"sha256 {sha256}",
            expected=f"sha256 {pinned.sha256}",
        )
    _keep(content, sha256)
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


def _path(sha256: str) -> Path:
    return cache_folder() / "models" / sha256 / ONNX


def _from_cache(pinned: FileDigest) -> bytes | None:
    """Return the graph from the cache; None where it is not there or has other bytes."""
    try:
        content = _path(pinned.sha256).read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == pinned.sha256 else None


def _keep(content: bytes, sha256: str) -> None:
    """Put a graph into the cache, where it can be written; nothing depends on it."""
    with contextlib.suppress(OSError, InputError, UnsafeError):
        make_cache_folder("models", sha256)
        with atomic_output(_path(sha256), force=True) as temporary:
            temporary.write_bytes(content)
