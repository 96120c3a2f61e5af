"""Scores as text: INFO fields of a VCF line, or rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.files.vcf import table as vcf_table
from zooctl.files.vcf.annotate import Annotator, Field, info_key, quote
from zooctl.files.vcf.records import Record
from zooctl.inference.variants.shift_robust_score import Scale, ScoredAllele, Scorer

MOST_TRACKS = 8
"""A model of more tracks gets its top track in a VCF line, unless tracks were chosen."""

MIXED = "MIXED"
"""Status of an allele for which several models have different ones."""

Results = Sequence[Sequence[ScoredAllele]]
"""Scores of one record's alleles, for each model."""


@dataclass(frozen=True)
class ScoringModel:
    """A model that scores a VCF, and its tracks in the output.

    Attributes:
        name: Its name in the zoo.
        version: Version of its card.
        weights: sha256 of its graph with weights.
        assembly: The assembly that it is for.
        scale: Scale of its predictions.
        tracks: Index and name of each track to be written.
        top: Write the track of the largest absolute score only (VCF).
        scorer: Its scorer on the genome.
    """

    name: str
    version: str
    weights: str
    assembly: str
    scale: Scale
    tracks: tuple[tuple[int, str], ...]
    top: bool
    scorer: Scorer


class Text(Protocol):
    """A writer of an output's lines."""

    @property
    def head(self) -> bytes:
        """Header or column names."""
        ...

    def record(self, record: Record, results: Results) -> bytes:
        """Return the lines of one record."""
        ...


def joint_status(statuses: Sequence[str]) -> str:
    """Return the common status of one allele, or ``MIXED`` where models differ.

    >>> joint_status(["OK", "OK"]), joint_status(["OK", "EDGE"])
    ('OK', 'MIXED')
    """
    return statuses[0] if len(set(statuses)) == 1 else MIXED


def number(value: np.float32) -> str:
    """Return the shortest text that reads back as the same float32; "" for NaN.

    >>> number(np.float32(0.1)), number(np.float32("nan"))
    ('0.1', '')
    """
    return "" if np.isnan(value) else str(value)


class TableText:
    """Rows of a table: one for each allele and track, those without a score included."""

    head = vcf_table.HEAD

    def __init__(self, models: Sequence[ScoringModel]) -> None:
        self._models = models

    def record(self, record: Record, results: Results) -> bytes:
        """Return the rows of one record."""
        rows = []
        for index, alt in enumerate(record.alts):
            for model, scored in zip(self._models, results, strict=True):
                allele = scored[index]
                for track, name in model.tracks:
                    arrays = (allele.score, allele.sd, allele.ref, allele.alt)
                    numbers = [number(values[track]) for values in arrays]
                    rows.append(
                        vcf_table.row(record, alt, allele.status, model.name, name, numbers)
                    )
        return "".join(rows).encode()


class VcfText:
    """Lines of a VCF with scores in INFO.

    Args:
        models: The models.
        annotator: Adds the fields of ``vcf_fields(models)``.
    """

    def __init__(self, models: Sequence[ScoringModel], annotator: Annotator) -> None:
        self._models = models
        self._annotator = annotator

    @property
    def head(self) -> bytes:
        """The header."""
        return self._annotator.header

    def record(self, record: Record, results: Results) -> bytes:
        """Return the line of one record."""
        values: list[str] = []
        statuses = [[allele.status for allele in scored] for scored in results]
        for model, scored in zip(self._models, results, strict=True):
            if model.top:
                values += _top_values(model, scored)
                continue
            for track, _ in model.tracks:
                columns = zip(*(_numbers(allele, track) for allele in scored), strict=True)
                values += [_joined(column) for column in columns]
        joint = [joint_status(of_allele) for of_allele in zip(*statuses, strict=True)]
        values.append(",".join(joint))
        if len(self._models) > 1:
            values += [",".join(of_model) for of_model in statuses]
        return self._annotator.line(record.line, record.number, values)


def _numbers(allele: ScoredAllele, track: int) -> tuple[str, str, str, str]:
    return (
        number(allele.score[track]),
        number(allele.sd[track]),
        number(allele.ref[track]),
        number(allele.alt[track]),
    )


def _joined(texts: Sequence[str]) -> str:
    """Return one value for each ALT; nothing where no ALT has one."""
    return ",".join(text or "." for text in texts) if any(texts) else ""


def top_track(scores: NDArray[np.float32]) -> int | None:
    """Return the index of the largest absolute score, None where all are NaN.

    >>> top_track(np.array([0.5, np.nan, -2.0], dtype=np.float32))
    2
    """
    return None if np.isnan(scores).all() else int(np.nanargmax(np.abs(scores)))


def _top_values(model: ScoringModel, scored: Sequence[ScoredAllele]) -> list[str]:
    names = dict(model.tracks)
    columns: list[list[str]] = [[], [], [], [], []]
    for allele in scored:
        top = top_track(allele.score)
        texts = ("",) * 5 if top is None else (names[top], *_numbers(allele, top))
        for column, text in zip(columns, texts, strict=True):
            column.append(text)
    return [_joined(column) for column in columns]


_MEASURES = {
    "LFC": "{score}",
    "SD": "standard deviation over shifts of the score of one shift",
    "REF": "mean prediction for REF over the compared bases and shifts",
    "ALT": "mean prediction for ALT over the compared bases and shifts",
}


def vcf_fields(models: Sequence[ScoringModel]) -> list[Field]:
    """Return the INFO fields that ``VcfText`` fills, in its order.

    Raises:
        InputError: Two tracks get one name, since INFO keys hold fewer characters than theirs.
    """
    fields: list[Field] = []
    for model in models:
        if model.top:
            description = f"track of {model.name} with the largest absolute score"
            fields.append(_field(model, "TOP_TRACK", "String", description))
            fields += _measures(model, "TOP", "that track")
        else:
            for _, name in model.tracks:
                fields += _measures(model, name, name)
    several = len(models) > 1
    status = "What became of the allele: OK, flags of a scored one, or why it has no score"
    described = f"{status}; {MIXED} where models differ" if several else status
    fields.append(
        Field(info_key("STATUS"), "String", described, f"zooctl {__version__}", __version__)
    )
    if several:
        fields += [_field(model, "STATUS", "String", status) for model in models]
    keys = [field.key for field in fields]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(
                "two tracks would have one INFO field",
                got=key,
                hint="choose one with --track, or write a table",
            )
    return fields


def _measures(model: ScoringModel, key: str, track: str) -> list[Field]:
    score = (
        "log2 of ALT over REF of the summed prediction"
        if model.scale == "signal"
        else f"ALT minus REF of the mean prediction ({model.scale})"
    )
    return [
        _field(model, f"{key}_{measure}", "Float", f"{track}: {text.format(score=score)}")
        for measure, text in _MEASURES.items()
    ]


def _field(model: ScoringModel, key: str, kind: str, description: str) -> Field:
    placement = model.scorer.placement
    shifts = f"shifts {placement.n_shifts}, at most {placement.max_shift} bp, seed {placement.seed}"
    return Field(
        info_key(model.name, key),
        "String" if kind == "String" else "Float",
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
            **options,
            "Version": __version__,
        }
        text = ",".join(
            f"{key}={value if value.replace('.', '').isalnum() or key == 'ID' else quote(value)}"
            for key, value in entries.items()
        )
        lines.append(f"##zooctl=<{text}>".encode())
    return lines
