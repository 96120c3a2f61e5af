"""Collections of known motifs, each pinned by its digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from zooctl.catalog.data import locate
from zooctl.files.motifs import Motif, read_motif, read_motifs
from zooctl.progress import Say, silent
from zooctl.schema.recipe.sources import Source

HOCOMOCO = Source(
    id="hocomoco",
    file="motifs/HOCOMOCOv11_HUMAN.pfm",
    accession=None,
    url=None,
    sha256="371966a21e0aa1a7293e76f71d7aa0ee5afbd79350d23ca227adb416164d8d41",
    size=391_749,
    licence="LicenseRef-free-with-citation",
    citation="Kulakovskiy et al. 2018, doi:10.1093/nar/gkx1106; the file of GimmeMotifs 0.18.4",
    assembly="none",
)
JASPAR = Source(
    id="jaspar",
    file="motifs/JASPAR2022_vertebrates.pfm",
    accession=None,
    url=None,
    sha256="0dc530939dfba5c7183228dc0fc5c86ef01a72f0ceb48d7e548e816748cf7e01",
    size=270_260,
    licence="CC-BY-4.0",
    citation="Castro-Mondragon et al. 2022, doi:10.1093/nar/gkab1113; "
    "the file of GimmeMotifs 0.18.4",
    assembly="none",
)
COLLECTIONS: Mapping[str, Source] = {source.id: source for source in (HOCOMOCO, JASPAR)}
"""Collection by its name: HOCOMOCO v11 of human, JASPAR 2022 of vertebrates."""


def find_collection(name: str) -> Path:
    """Return the file of a collection: one of ``COLLECTIONS`` by its name, or any file by its path.

    Raises:
        InputError: A named collection is not here.
        IntegrityError: The file of a named collection was changed.
    """
    source = COLLECTIONS.get(name)
    return Path(name) if source is None else locate(source).path


def read_collection(name: str, say: Say = silent) -> list[Motif]:
    """Return the motifs of a collection or of a file (see ``files.motifs.read_motifs``).

    Args:
        name: ``hocomoco``, ``jaspar``, or a path.
        say: Told of numbers of sites that were taken for granted.

    Raises:
        InputError: The collection is not here, or the file holds no sound motifs.
        IntegrityError: The file of a named collection was changed.
    """
    return read_motifs(find_collection(name), say)


def choose_motifs(collection: str, names: Sequence[str], say: Say = silent) -> list[Motif]:
    """Return motifs of a collection by their names; all of them where none is named.

    Raises:
        InputError: As ``read_collection``; or no motif has such a name (the hint has the nearest).
        IntegrityError: As ``read_collection``.
    """
    if not names:
        return read_collection(collection, say)
    path = find_collection(collection)
    return [read_motif(path, name, say) for name in names]
