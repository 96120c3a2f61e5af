"""The card of a model that was not trained here: what is known of it, and what a person adds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from zooctl.catalog.card_text import TO_WRITE
from zooctl.schema.manifest import FileDigest
from zooctl.schema.strict_yaml import dumps
from zooctl.sequence.windows import Geometry


def facts(
    *,
    name: str,
    licence: str,
    assembly: str,
    geometry: Geometry,
    unknown_base: float,
    tracks: Sequence[Mapping[str, str | None]],
    output_scale: str,
    output_transform: str = "none",
) -> dict[str, Any]:
    """Return all fields of a card but its weights; what is not known is still to be written.

    Args:
        name: Of the entry.
        licence: SPDX identifier.
        assembly: Genome to predict on.
        geometry: Its window.
        unknown_base: One-hot value of N.
        tracks: Fields of each track, at least the name; a target of None does not apply.
        output_scale: What a predicted value is.
        output_transform: What its training target went through.
    """
    empty = {
        "name": TO_WRITE,
        "assay": TO_WRITE,
        "target": TO_WRITE,
        "biosample": TO_WRITE,
        "biosample_ontology": None,
        "unit": TO_WRITE,
        "strand": ".",
    }
    return {
        "name": name,
        "title": TO_WRITE,
        "version": "1.0.0",
        "licence": licence,
        "citation": None,
        "authors": [TO_WRITE],
        "assembly": assembly,
        "input_length": geometry.input_length,
        "output_length": geometry.output_length,
        "bin_size": geometry.bin_size,
        "core_length": geometry.core_length,
        "unknown_base": unknown_base or 0,
        "tracks": [{**empty, **track} for track in tracks],
        "output_transform": output_transform,
        "output_scale": output_scale,
        "training_data": [],
        "split": None,
        "seed": None,
        "environment": None,
        "metrics": [],
        "robustness": None,
        "intended_use": TO_WRITE,
        "limits": [TO_WRITE],
        "unknown": {
            "citation": TO_WRITE,
            "tracks.*.biosample_ontology": TO_WRITE,
            "split": TO_WRITE,
            "seed": "not trained here",
            "environment": "not trained here",
            "robustness": "not measured yet",
        },
    }


def card_text(facts: Mapping[str, Any], files: Mapping[str, FileDigest]) -> str:
    """Return a card of facts and of the digests of the weights."""
    weights = {
        "files": [{"path": path, **file.model_dump(mode="json")} for path, file in files.items()],
        **facts.get("weights", {}),
    }
    # Reasons stand last, as in every card.
    last = {"weights": weights, "unknown": facts["unknown"]}
    return dumps({key: value for key, value in facts.items() if key not in last} | last)


class Collection(NamedTuple):
    """A collection of motif profiles.

    Attributes:
        title: Its name.
        pattern: What its identifiers look like; the first group is the accession.
        licence: Of its profiles.
        citation: What to cite for them.
    """

    title: str
    pattern: str
    licence: str
    citation: str


COLLECTIONS = (
    Collection(
        "JASPAR",
        r"(MA[0-9]{4}\.[0-9]+)(?![0-9])",
        "CC-BY-4.0",
        "JASPAR 2022, Castro-Mondragon et al. 2022, doi:10.1093/nar/gkab1113",
    ),
    Collection(
        "HOCOMOCO",
        r"([A-Z0-9]+_(?:HUMAN|MOUSE)\.H11(?:MO|DI)\.[0-9]\.[A-DS])\b",
        "LicenseRef-free-with-citation",
        "HOCOMOCO v11, Kulakovskiy et al. 2018, doi:10.1093/nar/gkx1106",
    ),
)


def collection_of(motif: str) -> tuple[Collection, str] | None:
    """Return the collection that a profile's name is of, and its accession there.

    >>> collection_of("MA0139.1_MA0139.1.CTCF")[1], collection_of("my motif")
    ('MA0139.1', None)
    """
    for collection in COLLECTIONS:
        if found := re.match(collection.pattern, motif):
            return collection, found[1]
    return None


def pwm_facts(
    motif: str,
    *,
    name: str,
    target: str | None,
    licence: str,
    assembly: str,
    geometry: Geometry,
    file: tuple[str, FileDigest],
) -> dict[str, Any]:
    """Return the facts of a motif scan: all of the card where the collection is known.

    Args:
        motif: Name of the profile in its file.
        name: Of the entry.
        target: What binds the motif.
        licence: Of the profile.
        assembly: Genome to predict on.
        geometry: Window of the scan.
        file: Name and digest of the file that the profile is from.
    """
    known = collection_of(motif)
    bound = target or motif
    track = {
        "name": re.sub(r"[^A-Za-z0-9._-]", "_", bound)[:64],
        "assay": "motif scan",
        "target": target,
        "biosample": "none, sequence alone",
        "unit": "bits (log2 odds against equal bases)",
    }
    known_facts = facts(
        name=name,
        licence=licence,
        assembly=assembly,
        geometry=geometry,
        unknown_base=0,
        tracks=[track],
        output_scale="log",
    )
    if known is not None:
        known_facts["citation"] = known[0].citation
        known_facts["authors"] = [known[0].title]
        del known_facts["unknown"]["citation"]
    source = f"{known[0].title} {known[1]}" if known else motif
    known_facts |= {
        "title": f"Best hit of the {bound} motif ({source}) in each bin of {geometry.bin_size} bp",
        "training_data": [
            {
                "id": "motif",
                "accession": known[1] if known else None,
                "url": None,
                "sha256": file[1].sha256,
                "size": file[1].size,
                "licence": licence,
            }
        ],
        "split": {"train": [], "validation": [], "test": []},
        "intended_use": "A baseline: what the best hit of one motif says, on either strand. "
        "A trained model should do better.",
        "limits": [
            "Looks for one motif, position by position: knows no spacing, cofactor or chromatin.",
            "A value is the best of its bin, so longer bins have higher ones by chance alone.",
            "Unknown bases count as the worst base at their place of the motif.",
        ],
    }
    reasons = known_facts["unknown"]
    del reasons["split"]
    reasons["tracks.*.biosample_ontology"] = "a motif is of no biosample"
    reasons["seed"] = reasons["environment"] = "nothing is trained"
    reasons["training_data.*.url"] = f"one profile of a local file, {file[0]}"
    if known is None:
        reasons["training_data.*.accession"] = "the collection is not known"
    return known_facts
