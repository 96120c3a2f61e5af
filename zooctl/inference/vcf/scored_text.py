"""Scores as text: INFO fields of a VCF line, or rows of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zooctl.files.vcf import table as vcf_table
from zooctl.files.vcf.annotate import Annotator
from zooctl.files.vcf.records import Record
from zooctl.inference.background.ranker import TrackRanks
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.shift_robust_statistics import NO_PLACE
from zooctl.inference.vcf.info_fields import Results, ScoringModel, by_statistic
from zooctl.inference.vcf.spliceai_field import spliceai_text

# Characters that would end a value of INFO.
_INFO_END = re.compile(r"[\s,;=|]")

Ranked = Sequence[TrackRanks]
"""Ranks of each score of an allele."""


class Text(Protocol):
    """A writer of an output's lines."""

    @property
    def head(self) -> bytes:
        """Header or column names."""
        ...

    def record(self, record: Record, results: Results) -> bytes:
        """Return the lines of one record."""
        ...


def number(value: np.float32) -> str:
    """Return the shortest text that reads back as the same float32; "" for NaN.

    >>> number(np.float32(0.1)), number(np.float32("nan"))
    ('0.1', '')
    """
    return "" if value != value else str(value)  # NaN alone differs from itself


def place_text(place: int) -> str:
    """Return a position from 1; "" for none.

    >>> place_text(39_731_912), place_text(NO_PLACE)
    ('39731913', '')
    """
    return "" if place == NO_PLACE else str(place + 1)


class TableText:
    """Rows of a table: one for each allele, track and score, those without a score included."""

    def __init__(self, models: Sequence[ScoringModel]) -> None:
        self._models = models
        self._in_genes = any(model.by_gene for model in models)

    @property
    def head(self) -> bytes:
        """The names of the columns, with that of the gene where models score in genes."""
        return vcf_table.HEAD_IN_GENES if self._in_genes else vcf_table.HEAD

    def record(self, record: Record, results: Results) -> bytes:
        """Return the rows of one record."""
        rows = []
        for index, alt in enumerate(record.alts):
            for model, scored in zip(self._models, results, strict=True):
                start = vcf_table.row_start(record, alt, scored[index].status, model.name)
                end = f"\t{_gene(scored[index])}\n" if self._in_genes else "\n"
                rows += [start + row + end for row in _rows(model, scored[index])]
        return "".join(rows).encode()


def _rows(model: ScoringModel, allele: ScoredAllele) -> Iterator[str]:
    ranked = _ranked(model, allele)
    kind = "" if model.ranker is None else model.ranker.class_of(allele)
    for track, name, unit in model.tracks:
        for index, (of, found) in enumerate(zip(model.measures, allele.measured, strict=True)):
            arrays = [found.score, found.sd, found.ref, found.alt]
            numbers = [number(values[track]) for values in arrays]
            place = place_text(int(found.place[track]))
            ranks = [""] * 4 if ranked is None else _texts(ranked[index], track)
            yield "\t".join((name, *of, unit, *numbers, place, *ranks, kind))


def _gene(allele: ScoredAllele) -> str:
    return "" if allele.gene is None else allele.gene.name


class VcfText:
    """Lines of a VCF with scores in INFO.

    Args:
        models: The models.
        annotator: Adds the fields of ``vcf_fields(models)``, then that of SpliceAI.
        splicing: Index of the model that SpliceAI's field is of; None without that field.
    """

    def __init__(
        self, models: Sequence[ScoringModel], annotator: Annotator, splicing: int | None = None
    ) -> None:
        self._models = models
        self._annotator = annotator
        self._splicing = splicing

    @property
    def head(self) -> bytes:
        """The header."""
        return self._annotator.header

    def record(self, record: Record, results: Results) -> bytes:
        """Return the line of one record."""
        values: list[str] = []
        for model, scored in zip(self._models, results, strict=True):
            ranked = [_ranked(model, one) for one in scored]
            if model.top:
                values += _top_values(model, scored, ranked)
            else:
                for track in model.tracks:
                    rows = [
                        _values(model, one, track.number, ranks)
                        for one, ranks in zip(scored, ranked, strict=True)
                    ]
                    values += [_joined(column) for column in zip(*rows, strict=True)]
            if model.by_gene:
                names = [_INFO_END.sub("_", _gene(allele)) for allele in scored]
                values.append(_joined(names))
            if model.ranker is not None:
                values.append(_joined([model.ranker.class_of(allele) for allele in scored]))
            values.append(",".join(allele.status for allele in scored))
        if self._splicing is not None:
            at = self._splicing
            values.append(spliceai_text(self._models[at], record, results[at]))
        return self._annotator.line(record.line, record.number, values)


class JsonText(TableText):
    """The rows of a table as JSON, an object a line."""

    head = b""

    def record(self, record: Record, results: Results) -> bytes:
        """Return the rows of one record."""
        return b"".join(
            vcf_table.to_json(row) for row in super().record(record, results).splitlines()
        )


def _ranked(model: ScoringModel, allele: ScoredAllele) -> Ranked | None:
    return None if model.ranker is None else model.ranker.rank(allele)


def _texts(ranks: TrackRanks, track: int) -> list[str]:
    """Return percentile, P, PHRED and activity of a track."""
    return [number(values[track]) for values in ranks]


def _values(
    model: ScoringModel, allele: ScoredAllele, track: int, ranked: Ranked | None
) -> list[str]:
    """Return the values of one track, in the order of its fields."""
    texts = []
    for _, indices in by_statistic(model.measures):
        for index in indices:
            found = allele.measured[index]
            texts += [number(found.score[track]), number(found.sd[track])]
            if ranked is not None:
                texts += _texts(ranked[index], track)[:3]
        found = allele.measured[indices[0]]
        texts += [number(found.ref[track]), number(found.alt[track])]
        if ranked is not None:
            texts.append(_texts(ranked[indices[0]], track)[3])
        if model.measures[indices[0]].has_place:
            texts.append(place_text(int(found.place[track])))
    return texts


def _joined(texts: Sequence[str]) -> str:
    """Return one value for each ALT; nothing where no ALT has one."""
    return ",".join(text or "." for text in texts) if any(texts) else ""


def top_track(scores: NDArray[np.float32]) -> int | None:
    """Return the index of the largest absolute score, None where all are NaN.

    >>> top_track(np.array([0.5, np.nan, -2.0], dtype=np.float32))
    2
    """
    return None if np.isnan(scores).all() else int(np.nanargmax(np.abs(scores)))


def _top_values(
    model: ScoringModel, scored: Sequence[ScoredAllele], ranked: Sequence[Ranked | None]
) -> list[str]:
    """Return the values of each allele's top track by the first score, after its name."""
    chosen = [track.number for track in model.tracks]
    rows = []
    for allele, ranks in zip(scored, ranked, strict=True):
        at = top_track(allele.measured[0].score[chosen])
        if at is None:
            rows.append([""] * (1 + len(_values(model, allele, chosen[0], ranks))))
        else:
            rows.append([model.tracks[at].name, *_values(model, allele, chosen[at], ranks)])
    return [_joined(column) for column in zip(*rows, strict=True)]
