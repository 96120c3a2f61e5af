"""INFO fields of a scored VCF: their names, descriptions and the models that they come from.

A field's name is ``ZOO_<model>_<track>_<statistic>_<value>``. Values are the score, named by its
kind (``LFC`` log2 ratio, ``DIFF`` difference, ``BITS``) with its ``SD`` over shifts, and the
predictions ``REF`` and ``ALT`` that it is of, with the place ``POS`` where it is the score of one
base.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.files.vcf.annotate import Field, ValueType, info_key, quote
from zooctl.inference.background.ranker import NO_BACKGROUND, Ranker
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.scorer import Scorer
from zooctl.inference.variants.shift_robust_statistics import Measure

MOST_TRACKS = 8
"""A model of more tracks gets its top track in a VCF line, unless tracks were chosen."""

Results = Sequence[Sequence[ScoredAllele]]
"""Scores of one record's alleles, for each model."""


class WrittenTrack(NamedTuple):
    """A track in the output: its number among the scores, name, and unit of its predictions."""

    number: int
    name: str
    unit: str


@dataclass(frozen=True)
class ScoringModel:
    """A model that scores a VCF, and its tracks in the output.

    Attributes:
        name: Its name in the zoo.
        version: Version of its card.
        weights: sha256 of its graph with weights.
        assembly: The assembly that it is for.
        tracks: The tracks to be written.
        top: Write the track of the largest absolute score only (VCF).
        scorer: Its scorer on the genome.
        ranker: Ranks its scores in a background; None without one.
        terms: Licence of its weights, and the warning on its card.
    """

    name: str
    version: str
    weights: str
    assembly: str
    tracks: tuple[WrittenTrack, ...]
    top: bool
    scorer: Scorer
    ranker: Ranker | None = None
    terms: tuple[str, str | None] = ("", None)

    @property
    def by_gene(self) -> bool:
        """Whether its scores are those in genes."""
        return self.scorer.by_gene

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The scores of a track, in order."""
        return self.scorer.measures


def by_statistic(measures: Sequence[Measure]) -> Iterator[tuple[str, list[int]]]:
    """Yield each statistic's part of a field name, and the indices of its scores.

    >>> sums = [Measure("sum", "difference"), Measure("sum", "log2_ratio")]
    >>> list(by_statistic([*sums, Measure("max", "difference")]))
    [('SUM', [0, 1]), ('MAX', [2])]
    """
    for stem, group in groupby(range(len(measures)), key=lambda index: measures[index].stem):
        yield stem, list(group)


def vcf_fields(models: Sequence[ScoringModel]) -> list[Field]:
    """Return the INFO fields that ``VcfText`` fills, in its order.

    Raises:
        InputError: Two tracks get one name, since INFO keys hold fewer characters than theirs.
    """
    fields: list[Field] = []
    for model in models:
        if model.top:
            first = model.measures[0]
            description = f"track of {model.name} with the largest absolute score {first.key}"
            fields.append(_field(model, "TOP_TRACK", "String", description))
            fields += _track_fields(model, "TOP", "that track", "the track's unit")
        else:
            for track in model.tracks:
                fields += _track_fields(model, track.name, track.name, track.unit)
        if model.by_gene:
            said = "gene of the scores: of those over POS the one in which a score is largest"
            fields.append(_field(model, "GENE", "String", said))
        if model.ranker is not None:
            said = (
                f"part of the background of percentiles; {NO_BACKGROUND}: fewer than 1,000 alleles"
            )
            fields.append(_field(model, "CLASS", "String", said))
        status = "outcome of the allele: OK, flags of a scored one, or the reason for no score"
        fields.append(_field(model, "STATUS", "String", status))
    keys = [field.key for field in fields]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(
                "two tracks would have one INFO field",
                got=key,
                hint="choose one with --track, or write a table",
            )
    return fields


def _track_fields(model: ScoringModel, key: str, track: str, unit: str) -> Iterator[Field]:
    """Yield the fields of one track: of each statistic its scores, then what they are of."""
    for stem, indices in by_statistic(model.measures):
        for of in (model.measures[index] for index in indices):
            said = f"{track}: {describe(of, model.scorer.distance, unit)}"
            yield _field(model, f"{key}_{of.key}", "Float", said)
            spread = f"{track}: standard deviation over shifts of {of.key} of one shift"
            yield _field(model, f"{key}_{of.key}_SD", "Float", spread)
            if model.ranker is not None:
                yield from _rank_fields(model, model.ranker, f"{key}_{of.key}", track)
        has_place = model.measures[indices[0]].has_place
        where = "at the base of the score" if has_place else "over the bases of the statistic"
        for allele in ("REF", "ALT"):
            said = f"{track}: mean prediction for {allele} {where} and over shifts, in {unit}"
            yield _field(model, f"{key}_{stem}_{allele}", "Float", said)
        if model.ranker is not None:
            among = f"those of the {model.ranker.source} SNVs of the background"
            said = f"{track}: percentile of the larger of REF and ALT among {among}"
            yield _field(model, f"{key}_{stem}_ACT", "Float", said)
        if has_place:
            said = f"{track}: position of the score's base, from 1"
            yield _field(model, f"{key}_{stem}_POS", "Integer", said)


def _rank_fields(model: ScoringModel, ranker: Ranker, key: str, track: str) -> Iterator[Field]:
    """Yield the fields of a score's ranks."""
    among = f"the absolute score among those of {ranker.source} alleles of its kind"
    for name, said in (
        ("PCT", f"percentile of {among}, between 0 and 1"),
        ("P", f"share of {among} that are as large or larger"),
        ("PHRED", "-10 log10 of P"),
    ):
        yield _field(model, f"{key}_{name}", "Float", f"{track}: {said}")


def describe(of: Measure, distance: int, unit: str) -> str:
    """Return a score in words.

    >>> describe(Measure("sum", "log2_ratio"), 50, "reads")
    'log2 of ALT over REF of the summed prediction'
    """
    near = f"within {distance} bp of the change"
    if of.statistic in ("sum", "local"):
        where = f" {near}" if of.statistic == "local" else ""
        if of.kind == "log2_ratio":
            return f"log2 of ALT over REF of the summed prediction{where}"
        return f"ALT minus REF of the mean prediction{where}, in {unit}"
    return {
        "max": f"ALT minus REF at the base where it is farthest from 0, in {unit}",
        "jsd": "Jensen-Shannon divergence of the shapes of REF and ALT, in bits",
        "delta_gain": f"largest ALT minus REF of a base {near}, in {unit}",
        "delta_loss": f"largest REF minus ALT of a base {near}, in {unit}",
    }[of.statistic]


def _field(model: ScoringModel, key: str, kind: ValueType, description: str) -> Field:
    placement = model.scorer.placement
    shifts = f"shifts {placement.n_shifts}, at most {placement.max_shift} bp, seed {placement.seed}"
    return Field(
        info_key(model.name, key),
        kind,
        f"{description}; {shifts}",
        f"zooctl {__version__} {model.name} weights sha256:{model.weights}",
        model.version,
    )


def meta_lines(models: Sequence[ScoringModel], options: dict[str, str]) -> list[bytes]:
    """Return the header lines that name models, weights and settings, one a model."""
    lines = []
    for model in models:
        placement = model.scorer.placement
        entries = {
            "ID": model.name,
            "ModelVersion": model.version,
            "Weights": f"sha256:{model.weights}",
            "Assembly": model.assembly,
            "Shifts": str(placement.n_shifts),
            "MaxShift": str(placement.max_shift),
            "Seed": str(placement.seed),
            **({} if model.ranker is None else {"Background": model.ranker.digest}),
            **options,
            **({"Licence": model.terms[0]} if model.terms[0] else {}),
            **({"Notice": model.terms[1]} if model.terms[1] else {}),
            "Version": __version__,
        }
        text = ",".join(
            f"{key}={value if value.replace('.', '').isalnum() or key == 'ID' else quote(value)}"
            for key, value in entries.items()
        )
        lines.append(f"##zooctl=<{text}>".encode())
    return lines
