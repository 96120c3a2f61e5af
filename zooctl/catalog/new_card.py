"""Cards of new entries as data: the known fields filled in, the others for a person to write."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from zooctl.catalog.card_text import TO_WRITE, weight_fields, write_card
from zooctl.schema.fields import Region
from zooctl.schema.manifest import FileDigest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.windows import Geometry

_DATA_FIELDS = ("accession", "url", "sha256", "size")


def card_fields(
    *,
    name: str,
    licence: str,
    assembly: str,
    geometry: Geometry,
    unknown_base: float,
    tracks: Sequence[Mapping[str, str | None]],
    output_scale: str,
    output_transform: str = "none",
    reasons: Mapping[str, str] | None = None,
    **known: Any,
) -> dict[str, Any]:
    """Return all fields of a card but its weights, with placeholders for those not known.

    Args:
        name: Name of the entry.
        licence: SPDX identifier.
        assembly: Genome to predict on.
        geometry: Window of the model.
        unknown_base: One-hot value of N.
        tracks: Fields of each track, at least the name; a target of None does not apply.
        output_scale: Scale of a predicted value, as the card names it.
        output_transform: Transform of the training target.
        reasons: Dotted field to the reason for its null, in place of the usual ones.
        known: Further fields of the card.
    """
    track = {
        "name": TO_WRITE,
        "assay": TO_WRITE,
        "target": TO_WRITE,
        "biosample": TO_WRITE,
        "biosample_ontology": None,
        "unit": TO_WRITE,
        "strand": ".",
    }
    fields = {
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
        "tracks": [{**track, **given} for given in tracks],
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
        **known,
    }
    usual = {
        "citation": TO_WRITE,
        "split": TO_WRITE,
        "seed": "not trained here",
        "environment": "not trained here",
        "robustness": "not measured yet",
    }
    fields["unknown"] = {
        **{field: reason for field, reason in usual.items() if fields[field] is None},
        "tracks.*.biosample_ontology": TO_WRITE,
        **(reasons or {}),
    }
    return fields


def fields_from_recipe(recipe: Recipe, *, environment: str) -> dict[str, Any]:
    """Return the fields of a card that a recipe and its training tell.

    Args:
        recipe: Recipe of the training.
        environment: Digest of the software of the training.
    """
    sources = {source.id: source for source in recipe.sources}
    signals = [(target.track, sources[target.signal.source]) for target in recipe.targets]
    empty = [
        field
        for field in _DATA_FIELDS
        if any(getattr(source, field) is None for source in recipe.sources)
    ]
    return card_fields(
        name=recipe.name,
        licence="MIT",
        assembly=recipe.genome.assembly,
        geometry=recipe.window.geometry,
        unknown_base=recipe.unknown_base,
        tracks=[
            {
                "name": track,
                "assay": source.assay or TO_WRITE,
                "target": source.target,
                "biosample": source.biosample or TO_WRITE,
                "unit": source.output_type or TO_WRITE,
            }
            for track, source in signals
        ],
        output_scale=recipe.output_scale,
        output_transform=recipe.targets[0].signal.transform,
        version="0.1.0",
        experimental="not measured yet",
        training_data=[
            {
                "id": source.id,
                **{field: getattr(source, field) for field in _DATA_FIELDS},
                "licence": source.licence,
            }
            for source in recipe.sources
        ],
        **_strand_pairs(recipe),
        limits=[TO_WRITE, *_of_training(recipe)],
        split={
            part: [_region(region) for region in getattr(recipe.split, part)]
            for part in ("train", "validation", "test")
        },
        seed=recipe.seed,
        environment=environment,
        reasons={
            "robustness": TO_WRITE,
            **{f"training_data.*.{field}": recipe.unknown[f"sources.*.{field}"] for field in empty},
        },
    )


def _of_training(recipe: Recipe) -> list[str]:
    """Return the sentences of a card on how its figures come about."""
    found = []
    if recipe.fold is not None:
        fold = recipe.fold
        found.append(
            f"Fold {fold.index} of {fold.of}: its figures are of this fold's test chromosomes, "
            "and those of all folds together are of every chromosome."
        )
    if recipe.ensemble:
        seeds = ", ".join(map(str, (recipe.seed, *recipe.ensemble)))
        found.append(f"The mean of {1 + len(recipe.ensemble)} networks, of the seeds {seeds}.")
    if recipe.validation_windows is not None:
        found.append(
            "The epoch was chosen on validation windows with "
            f"{recipe.validation_windows.negatives:g} negatives for each positive, and not in the "
            "genome's proportion."
        )
    return found


def _strand_pairs(recipe: Recipe) -> dict[str, list[list[str]]]:
    """Return the pairs of tracks that change places, as a card's field; nothing without any."""
    tracks = {target.track for target in recipe.targets}
    pairs = [list(pair) for pair in recipe.strand_pairs if set(pair) <= tracks]
    return {"strand_pairs": pairs} if pairs else {}


def card_text(fields: Mapping[str, Any], files: Mapping[str, FileDigest]) -> str:
    """Return the card of an entry as text.

    Args:
        fields: Fields of the card; those under ``weights`` go beside the files.
        files: Name of each file of weights, below the entry's folder, to its digest.
    """
    tracks = [
        {key: value for key, value in track.items() if key != "target" or value is not None}
        for track in fields["tracks"]
    ]
    weights = {**weight_fields(files), **fields.get("weights", {})}
    return write_card({**fields, "tracks": tracks, "weights": weights})


def _region(region: Region) -> str | dict[str, Any]:
    """Return a region as a card writes it: a contig's name, or a part of the contig."""
    return region.chrom if region.start is None else region.model_dump()


class Collection(NamedTuple):
    """A collection of motif profiles.

    Attributes:
        title: Its name.
        pattern: Pattern of its identifiers; the first group is the accession.
        licence: Licence of its profiles, as SPDX identifier.
        citation: To cite for them.
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
    """Return the collection of a profile by its name, and its accession there.

    >>> collection_of("MA0139.1_MA0139.1.CTCF")[1], collection_of("my motif")
    ('MA0139.1', None)
    """
    for collection in COLLECTIONS:
        if match := re.match(collection.pattern, motif):
            return collection, match[1]
    return None


def pwm_fields(
    motif: str,
    *,
    name: str,
    target: str | None,
    licence: str,
    assembly: str,
    geometry: Geometry,
    file: tuple[str, FileDigest],
) -> dict[str, Any]:
    """Return the fields of a motif scan: the whole card where the collection is known.

    Args:
        motif: Name of the profile in its file.
        name: Name of the entry.
        target: Protein that binds the motif.
        licence: Licence of the profile.
        assembly: Genome to predict on.
        geometry: Window of the scan.
        file: Name and digest of the profile's file.
    """
    known = collection_of(motif)
    bound = target or motif
    source = f"{known[0].title} {known[1]}" if known else motif
    reasons = {
        "tracks.*.biosample_ontology": "a motif is of no biosample",
        "seed": "nothing is trained",
        "environment": "nothing is trained",
        "training_data.*.url": f"one profile of a local file, {file[0]}",
    }
    origin: dict[str, Any] = (
        {"citation": known[0].citation, "authors": [known[0].title]} if known else {}
    )
    if known is None:
        reasons["training_data.*.accession"] = "the collection is not known"
    return card_fields(
        name=name,
        licence=licence,
        assembly=assembly,
        geometry=geometry,
        unknown_base=0,
        tracks=[
            {
                "name": re.sub(r"[^A-Za-z0-9._-]", "_", bound)[:64],
                "assay": "motif scan",
                "target": target,
                "biosample": "none, sequence alone",
                "unit": "bits (log2 odds against equal bases)",
            }
        ],
        output_scale="log",
        title=f"Best hit of the {bound} motif ({source}) in each bin of {geometry.bin_size} bp",
        training_data=[
            {
                "id": "motif",
                "accession": known[1] if known else None,
                "url": None,
                "sha256": file[1].sha256,
                "size": file[1].size,
                "licence": licence,
            }
        ],
        split={"train": [], "validation": [], "test": []},
        intended_use="A baseline: the best hit of one motif, on either strand. "
        "A trained model should do better.",
        limits=[
            "Looks for one motif, position by position: knows no spacing, cofactor or chromatin.",
            "A value is the best of its bin, so longer bins have higher ones by chance alone.",
            "Unknown bases count as the worst base at their place of the motif.",
        ],
        reasons=reasons,
        **origin,
    )
