"""Scores of haplotypes as FORMAT fields: of each sample a value for each haplotype, as in GT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.files.vcf.annotate import info_key, quote
from zooctl.files.vcf.fields.sample_fields import SampleFields
from zooctl.files.vcf.records import Header, Record
from zooctl.inference.options.predict_and_score import ScoreOptions
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.vcf.assembly_check import Vcf
from zooctl.inference.vcf.destination import Destination
from zooctl.inference.vcf.haplotypes import CLASH, Haplotypes, Joined
from zooctl.inference.vcf.info_fields import ScoringModel
from zooctl.inference.vcf.scored_text import number, top_track

_CLASHING = "CLASH"


@dataclass(frozen=True)
class HaplotypeText:
    """Writes the scores of haplotypes.

    Attributes:
        haplotypes: Joins the changes of a haplotype.
        models: The models.
        fields: Adds the fields to lines.
    """

    haplotypes: Haplotypes
    models: Sequence[ScoringModel]
    fields: SampleFields

    def header(self, header: Header) -> Header:
        """Return a header that has the fields, and none of before.

        Raises:
            InputError: It has no samples; or fields of the models that are not to be replaced.
        """
        if not header.n_samples:
            raise InputError("the VCF has no samples, and so no haplotypes", got="--haplotypes")
        kept = self.fields.header(header)
        lines = [line for model in self.models for line in self._lines(model)]
        return Header((*kept.meta, *lines), kept.columns, kept.contigs)

    def _lines(self, model: ScoringModel) -> Iterator[bytes]:
        source = f"zooctl {__version__} {model.name} weights sha256:{model.weights}"
        for key, kind, said in _keys(model):
            text = (
                f"{said} of each haplotype, in the order of GT: of all its phased changes with at "
                f"most {self.haplotypes.reach} unchanged bp between neighbours"
            )
            yield (
                f"##FORMAT=<ID={key},Number=.,Type={kind},Description={quote(text)},"
                f"Source={quote(source)},Version={quote(model.version)}>"
            ).encode()

    def line(self, line: bytes, record: Record, scored: Sequence[Sequence[ScoredAllele]]) -> bytes:
        """Return the line of a record, with its end, with the fields of its haplotypes.

        Args:
            line: Its line, with its end.
            record: The record.
            scored: Of each model, the scores of ``haplotypes.joined(record)``.
        """
        joined = self.haplotypes.take(record)
        if not joined.alleles and not joined.carriers:
            return line
        values: list[list[str]] = [[] for _ in joined.carriers]
        for model, found in zip(self.models, scored, strict=True):
            texts = [_texts(model, one) for one in found]
            for at in range(len(_keys(model))):
                _add(values, joined, [text[at] for text in texts], status=at == 0)
        return self.fields.line(line[:-1], record.number, values) + b"\n"


def haplotype_text(
    options: ScoreOptions, place: Destination, vcf: Vcf, models: Sequence[ScoringModel]
) -> HaplotypeText | None:
    """Return the writer of the scores of haplotypes; None where they are not asked for.

    Raises:
        InputError: The output is a table.
    """
    if not options.haplotypes:
        return None
    if place.is_table:
        raise InputError(
            "haplotypes are scored into a VCF, for each sample",
            got=f"--haplotypes into .{place.form}",
            hint="-o out.vcf.gz",
        )
    keys = [key for model in models for key, _, _ in _keys(model)]
    fields = SampleFields(keys, overwrite=options.overwrite, path=vcf.name)
    return HaplotypeText(Haplotypes(vcf, vcf.longest), models, fields)


def _keys(model: ScoringModel) -> list[tuple[str, str, str]]:
    """Return name, type and content of each field of a model."""
    found = [(info_key(model.name, "STATUS"), "String", "outcome")]
    tracks = ["TOP"] if model.top else [track.name for track in model.tracks]
    for name in tracks:
        for of in model.measures:
            said = f"{name}: score {of.key}"
            found.append((info_key(model.name, f"{name}_{of.key}"), "Float", said))
    return found


def _texts(model: ScoringModel, allele: ScoredAllele) -> list[str]:
    """Return the values of one joined change, in the order of ``_keys``."""
    chosen = [track.number for track in model.tracks]
    if model.top:
        at = top_track(allele.measured[0].score[chosen])
        chosen = chosen[:1] if at is None else [chosen[at]]
    scores = [number(of.score[track]) for track in chosen for of in allele.measured]
    return [str(allele.status), *scores]


def _add(values: list[list[str]], joined: Joined, texts: Sequence[str], *, status: bool) -> None:
    """Add a field's value of each sample."""
    for own, carried in zip(values, joined.carriers, strict=True):
        parts = []
        for one in carried:
            if one == CLASH:
                parts.append(_CLASHING if status else ".")
            else:
                parts.append((texts[one] if one is not None else "") or ".")
        own.append(",".join(parts) if set(parts) != {"."} else "")
