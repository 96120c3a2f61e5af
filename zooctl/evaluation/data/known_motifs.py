"""Known motif of a transcription factor, from HOCOMOCO v11, pinned by its digest."""

from __future__ import annotations

from zooctl.catalog.data import locate
from zooctl.errors import InputError
from zooctl.files.motifs import Motif, read_motifs
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


def known_motif(target: str) -> Motif:
    """Return the HOCOMOCO v11 profile of a human transcription factor, the best in quality.

    Args:
        target: Gene symbol, as tracks of a card state it.

    Raises:
        InputError: The collection is not here, or has no profile of the target.
        IntegrityError: The collection's file was changed.
    """
    collection = read_motifs(locate(HOCOMOCO).path)
    # Names are like CTCF_HUMAN.H11MO.0.A; the last letter is the quality, A the best.
    found = [motif for motif in collection if motif.name.startswith(f"{target}_HUMAN.")]
    if not found:
        raise InputError(f"HOCOMOCO v11 has no profile of {target}")
    return min(found, key=lambda motif: motif.name.rpartition(".")[2])
