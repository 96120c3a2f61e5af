"""Scoring of a VCF's records, chunk by chunk and in order, with every allele counted.

Records go in chunks of a fixed number, so that a run that was killed and resumed ends with the
bytes of one that was not.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from zooctl.errors import InputError
from zooctl.files.vcf.chunks import Chunk
from zooctl.files.vcf.records import Record
from zooctl.files.vcf.stream import ChunkSink
from zooctl.inference.background.ranker import NO_BACKGROUND
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.scorer import Scorer
from zooctl.inference.vcf.assembly_check import Vcf, check_allowed
from zooctl.inference.vcf.haplotype_text import HaplotypeText
from zooctl.inference.vcf.haplotypes import Haplotypes
from zooctl.inference.vcf.info_fields import ScoringModel
from zooctl.inference.vcf.scored_text import Text
from zooctl.inference.vcf.tally import Tally
from zooctl.progress import Advance, no_advance
from zooctl.sequence.alleles import Allele, Status

_RECORDS = 1024
_BASES = 1 << 24  # read by networks: minutes on a CPU, of which a killed run loses the last
_BYTES = 1 << 24  # of text, for records of many samples or of long INFO


def score_vcf(
    records: Iterable[Record],
    vcf: Vcf,
    models: Sequence[ScoringModel],
    text: Text,
    parts: ChunkSink,
    *,
    haplotypes: HaplotypeText | None = None,
    seconds: dict[str, float] | None = None,
    advance: Advance = no_advance,
) -> Tally:
    """Score records into chunks; those that are on disk already are only checked.

    Memory does not grow with the records.

    Args:
        records: The records.
        vcf: Contig names, genome and rules of refusal.
        models: The models.
        text: Writer of the lines.
        parts: Takes the chunks.
        haplotypes: Writer of the scores of haplotypes; None where they are not asked for.
        seconds: Model to the time that it took, which is added to.
        advance: Called with the number of alleles done since the last call.

    Returns:
        Counts of the alleles by status.

    Raises:
        InputError: A record is refused; or the finished chunks are those of another input.
        VerificationError: A prediction is not a finite number.
    """
    tally = Tally()
    read = hashlib.sha256()
    done = parts.done

    def tell(n_alleles: float) -> None:
        advance(n_alleles / max(1, len(models)))

    joining = None if haplotypes is None else haplotypes.haplotypes
    followed = records if joining is None else joining.follow(records)
    for number, chunk in enumerate(chunks_of(followed, models)):
        for record in chunk:
            read.update(record.line)
            read.update(b"\n")
        if number < len(done):
            _check_same(vcf, tally.records + len(chunk), read.hexdigest(), done[number])
            tally.add(Tally(**done[number].note))
            tell(len(models) * sum(len(record.alts) for record in chunk))
            if joining is not None:
                joining.forget(chunk)
            continue
        check_allowed(chunk, vcf, [model.scorer for model in models])
        results = []
        for model in models:
            began = time.monotonic()
            results.append(_score(model.scorer, chunk, vcf, joining, tell))
            if seconds is not None:
                seconds[model.name] = seconds.get(model.name, 0.0) + time.monotonic() - began
        own = [_own(chunk, scored) for scored in results]
        found = _count(chunk, vcf, models, own)
        tally.add(found)
        lines = map(text.record, chunk, zip(*own, strict=True))
        if haplotypes is not None:
            others = (_others(chunk, scored) for scored in results)
            lines = map(haplotypes.line, lines, chunk, zip(*others, strict=True))
        parts.add(b"".join(lines), records=tally.records, read=read.hexdigest(), note=asdict(found))
    if done and tally.records < done[-1].records:
        raise _other_input(vcf)
    return tally


def chunk_records(models: Sequence[ScoringModel]) -> int:
    """Return the number of records in a chunk: fewer where each takes longer.

    It follows from the models and their shifts alone, for the chunks of a resumed run must be those
    of the one before.
    """
    bases = sum(
        2 * len(model.scorer.placement.shifts) * model.scorer.placement.geometry.input_length
        for model in models
    )
    return max(1, min(_RECORDS, _BASES // max(1, bases)))


def chunks_of(records: Iterable[Record], models: Sequence[ScoringModel]) -> Iterator[list[Record]]:
    """Yield records in chunks, of ``chunk_records`` or of much text."""
    chunk: list[Record] = []
    most, size = chunk_records(models), 0
    for record in records:
        chunk.append(record)
        size += len(record.line)
        if len(chunk) == most or size >= _BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _score(
    scorer: Scorer,
    chunk: Sequence[Record],
    vcf: Vcf,
    haplotypes: Haplotypes | None,
    advance: Advance,
) -> list[Sequence[ScoredAllele]]:
    """Return the scores of each record's alleles, and behind them those of its haplotypes."""

    def alleles(record: Record) -> list[Allele]:
        own = vcf.alleles(record)
        return own if haplotypes is None else [*own, *haplotypes.joined(record)]

    scored: list[Sequence[ScoredAllele]] = []
    with contextlib.closing(scorer.score(map(alleles, chunk))) as found:
        for record, one in zip(chunk, found, strict=True):
            scored.append(one)
            advance(len(record.alts))
    return scored


def _own(
    chunk: Sequence[Record], scored: Sequence[Sequence[ScoredAllele]]
) -> list[Sequence[ScoredAllele]]:
    return [one[: len(record.alts)] for record, one in zip(chunk, scored, strict=True)]


def _others(
    chunk: Sequence[Record], scored: Sequence[Sequence[ScoredAllele]]
) -> list[Sequence[ScoredAllele]]:
    return [one[len(record.alts) :] for record, one in zip(chunk, scored, strict=True)]


def _count(
    chunk: Sequence[Record],
    vcf: Vcf,
    models: Sequence[ScoringModel],
    results: Sequence[Sequence[Sequence[ScoredAllele]]],
) -> Tally:
    tally = Tally(records=len(chunk))
    names = [model.name for model in models]
    for record, *scored in zip(chunk, *results, strict=True):
        for alleles in zip(*scored, strict=True):
            tally.count(names, [allele.status for allele in alleles])
            tally.unranked += _is_unranked(models, alleles)
            if alleles[0].status == Status.REF_MISMATCH:
                tally.note_mismatch(*vcf.mismatch(record))
            elif alleles[0].status == Status.NO_CONTIG:
                tally.note_absent(*vcf.absent(record))
    return tally


def _is_unranked(models: Sequence[ScoringModel], alleles: Sequence[ScoredAllele]) -> bool:
    """Return whether an allele has a score, and a class in no background of the models."""
    classes = {
        model.ranker.class_of(allele)
        for model, allele in zip(models, alleles, strict=True)
        if model.ranker is not None
    }
    return NO_BACKGROUND in classes and classes <= {NO_BACKGROUND, ""}


def _check_same(vcf: Vcf, records: int, read: str, chunk: Chunk) -> None:
    if (records, read) != (chunk.records, chunk.read):
        raise _other_input(vcf)


def _other_input(vcf: Vcf) -> InputError:
    return InputError(
        "cannot resume: the input has changed since",
        path=vcf.name,
        hint="run it without --resume to begin anew",
    )
