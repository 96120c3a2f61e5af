"""Conversion of published files: their tensors into the graph without weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.data import locate
from zooctl.catalog.origin.licence import require_accepted
from zooctl.files.disk.pinned import read_pinned
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.files.weights.published import Tensors, read_published, tensor_name
from zooctl.schema.card import Card
from zooctl.schema.card_weights import Origin
from zooctl.schema.recipe.sources import Source


def convert(graph: bytes, card: Card, *, may_download: bool = True) -> bytes:
    """Return a graph with the weights of the files that the card names.

    ``data.locate`` finds each in ``ZOOCTL_DATA_MIRROR`` or in the cache, or downloads it.

    Args:
        graph: The entry's graph without weights.
        card: Its card.
        may_download: Whether files may be downloaded.

    Raises:
        InputError: The licence was not accepted; a file is not here and must not be downloaded; or
            a library that reads it is not installed.
        NetworkError: A download failed.
        IntegrityError: A published file has other bytes.
        VerificationError: The files lack a tensor of the graph.
    """
    files = list(published_files(card, may_download=may_download))
    tensors: dict[str, NDArray[np.float32]] = {}
    for own, (origin, *_) in zip(read_files(files), files, strict=True):
        head = origin.file if len(files) > 1 else None
        tensors |= {tensor_name(head, name): values for name, values in own.items()}
    return put_weights(graph, tensors)


def read_files(files: Sequence[tuple[Origin, Path, bytes]]) -> list[Tensors]:
    """Return the tensors of published files, those of one format at once."""
    found: list[Tensors] = [{} for _ in files]
    for format in dict.fromkeys(origin.format for origin, *_ in files):
        places = [at for at, (origin, *_) in enumerate(files) if origin.format == format]
        for at, own in zip(
            places,
            read_published(format, [(files[at][2], files[at][1]) for at in places]),
            strict=True,
        ):
            found[at] = own
    return found


def published_files(
    card: Card, *, may_download: bool = True
) -> Iterator[tuple[Origin, Path, bytes]]:
    """Yield the files that a card's weights are made of: record, path, and verified bytes.

    Raises:
        ZooError: As ``convert``.
    """
    require_accepted(card)
    for origin in card.weights.published if card.weights else ():
        path = locate(_source(card, origin, may_download=may_download)).path
        # Compared again, since the file may have changed after it was located.
        subject = "the published weights file"
        yield origin, path, read_pinned(path, origin.size, origin.sha256, subject=subject)


def _source(card: Card, origin: Origin, *, may_download: bool) -> Source:
    return Source(
        id="weights",
        file=origin.file,
        accession=None,
        url=origin.url if may_download else None,
        sha256=origin.sha256,
        size=origin.size,
        licence=card.licence,
        citation=card.citation or card.title,
        assembly=card.assembly,
    )
