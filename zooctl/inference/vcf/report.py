"""Results of scoring a VCF: counts of statuses as a record and as JSON, and estimates of a run."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zooctl.files.disk.atomic import atomic_output
from zooctl.files.vcf.records import Record
from zooctl.inference.vcf.assembly_check import Survey, Vcf
from zooctl.inference.vcf.info_fields import ScoringModel
from zooctl.inference.vcf.tally import Tally, is_scored

_TIMED_BATCHES = 4


@dataclass(frozen=True)
class ScoredVcf:
    """A scored VCF.

    Attributes:
        source: The input.
        outputs: Files written: the output, then its index if it has one.
        tally: Counts of records, alleles and statuses.
        n_scored_now: Alleles that this run did; the others were done before it was resumed.
        seconds: Time of this run.
        model_seconds: Model to the time that it took of this run.
        settings: Everything but the input's records that the output depends on.
        notes: Remarks of the reader about the input.
        out_of_order: Two records, in words, that keep the output from being indexed.
        longest: Model to the longest change that it scores, in bp.
    """

    source: str
    outputs: tuple[Path, ...]
    tally: Tally
    n_scored_now: int
    seconds: float
    model_seconds: Mapping[str, float]
    settings: Mapping[str, str | int | bool]
    notes: tuple[str, ...]
    out_of_order: tuple[str, str] | None
    longest: Mapping[str, int]

    @property
    def output(self) -> Path:
        """The output."""
        return self.outputs[0]

    def to_json(self) -> dict[str, object]:
        """Return the document that ``--report`` writes."""
        return {
            "input": self.source,
            "outputs": [str(file) for file in self.outputs],
            "records": self.tally.records,
            "alleles": self.tally.alleles,
            "statuses": self.tally.statuses,
            "models": self.tally.models,
            "ref_mismatch_on_other_strand": self.tally.other_strand,
            "first_ref_mismatches": self.tally.mismatches,
            "seconds": round(self.seconds, 1),
            "settings": self.settings,
        }


class ModelRate(NamedTuple):
    """Speed of one model: its name, windows a strand at most, bp of each, alleles per second."""

    model: str
    n_windows: int
    input_length: int
    rate: float


@dataclass(frozen=True)
class VcfEstimate:
    """Size and time of a run.

    Attributes:
        n_records: Records of the VCF.
        n_alleles: Their alleles.
        first: Counts of the first alleles.
        rates: Speed of each model.
        seconds: Time of the whole run.
        output: File that the run would write.
    """

    n_records: int
    n_alleles: int
    first: Tally
    rates: tuple[ModelRate, ...]
    seconds: float
    output: Path

    def to_json(self) -> dict[str, object]:
        """Return the estimate as JSON has it; statuses are those of the first alleles."""
        return {
            "records": self.n_records,
            "alleles": self.n_alleles,
            "first_alleles": self.first.alleles,
            "first_statuses": self.first.statuses,
            "models": [one._asdict() for one in self.rates],
            "seconds": round(self.seconds, 1),
            "output": str(self.output),
        }


def write_report(path: Path, result: ScoredVcf, force: bool) -> None:
    """Write the counts and settings of a run as JSON."""
    text = json.dumps(result.to_json(), indent=2, ensure_ascii=False) + "\n"
    with atomic_output(path, force=force) as temporary:
        # A name that is not UTF-8 is kept as escapes, which JSON has too.
        temporary.write_text(text, "utf-8", "backslashreplace")


def estimate(
    total: Survey,
    first: tuple[Sequence[Record], Tally],
    vcf: Vcf,
    models: Sequence[ScoringModel],
    target: Path,
) -> VcfEstimate:
    """Return the size and time of a run, from a few real batches of its first records."""
    records, tally = first
    n_scored = total.alleles * (tally.scored / max(tally.alleles, 1))
    rates = []
    for model in models:
        n_timed, took = _timed(records, vcf, model)
        placement = model.scorer.placement
        n_windows = round(2 * len(placement.shifts) * n_scored)
        rate = n_timed / took if n_timed else 0.0
        rates.append(ModelRate(model.name, n_windows, placement.geometry.input_length, rate))
    seconds = sum(n_scored / one.rate for one in rates if one.rate)
    return VcfEstimate(total.records, total.alleles, tally, tuple(rates), seconds, target)


def _timed(records: Sequence[Record], vcf: Vcf, model: ScoringModel) -> tuple[int, float]:
    """Score a few batches' worth of alleles; return the number with a score, and the seconds."""
    scorer = model.scorer
    n_alleles = -(-_TIMED_BATCHES * scorer.batch_size // (2 * len(scorer.placement.shifts)))
    scorable = [
        [allele]
        for record in records
        for allele in vcf.alleles(record)
        if is_scored(scorer.check(allele))
    ][:n_alleles]
    if not scorable:
        return 0, 0.0
    list(scorer.score(scorable[:1]))  # the first run of a network takes longer
    began = time.perf_counter()
    n_scored = sum(1 for _ in scorer.score(scorable))
    return n_scored, time.perf_counter() - began
