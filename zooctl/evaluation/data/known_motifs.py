"""Known motif of a transcription factor, from HOCOMOCO v11."""

from __future__ import annotations

from zooctl.errors import InputError
from zooctl.files.motifs import Motif
from zooctl.interpret.motif_search.motif_collections import HOCOMOCO, read_collection


def known_motif(target: str) -> Motif:
    """Return the HOCOMOCO v11 profile of a human transcription factor, the best in quality.

    Args:
        target: Gene symbol, as tracks of a card state it.

    Raises:
        InputError: The collection is not here, or has no profile of the target.
        IntegrityError: The collection's file was changed.
    """
    collection = read_collection(HOCOMOCO.id)
    # Names are like CTCF_HUMAN.H11MO.0.A; the last letter is the quality, A the best.
    found = [motif for motif in collection if motif.name.startswith(f"{target}_HUMAN.")]
    if not found:
        raise InputError(f"HOCOMOCO v11 has no profile of {target}")
    return min(found, key=lambda motif: motif.name.rpartition(".")[2])


def known_motifs_of_collection() -> list[Motif]:
    """Return all profiles that a recovered motif is ranked against; none if they are not here."""
    try:
        return list(read_collection(HOCOMOCO.id))
    except InputError:
        return []
