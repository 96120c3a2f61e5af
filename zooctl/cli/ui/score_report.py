"""What `zooctl score-variants` says of a run: before it, after it, and as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.cli.ui.models import duration_text, say

if TYPE_CHECKING:
    from zooctl.files.vcf.records import Record, VcfReader
    from zooctl.inference.vcf.check import Survey, Vcf
    from zooctl.inference.vcf.tally import Tally
    from zooctl.inference.vcf.text import Model

_TIMED_BATCHES = 4


def say_done(
    tally: Tally,
    reader: VcfReader,
    models: Sequence[Model],
    broken: tuple[str, str] | None,
    rate: float,
) -> None:
    """Say what became of the alleles, and what of the file a user should know.

    Args:
        tally: What became of the alleles.
        reader: The VCF, read to its end.
        models: What scored it.
        broken: The records out of order that keep the output from being indexed.
        rate: Alleles scored in a second.
    """
    from zooctl.inference.vcf.tally import is_scored
    from zooctl.sequence.alleles import Status

    for note in reader.notes:
        say(f"note: {reader.name}: {note}")
    for name, counts in tally.models.items():
        scored = sum(n for status, n in counts.items() if is_scored(status))
        label = f"{name}: " if len(models) > 1 else ""
        say(
            f"{label}scored: {scored:,} of {tally.alleles:,} alleles in {tally.records:,} records, "
            f"{rate:,.0f} alleles/s"
        )
        say(f"{label}status: {counts_text(counts)}")
    if Status.REF_MISMATCH in tally.statuses:
        other = f"{tally.other_strand:,} fit the other strand; " if tally.other_strand else ""
        say(f"REF_MISMATCH: {other}first {'; '.join(tally.mismatches)}")
    for model in models:
        if Status.TOO_LONG in tally.models.get(model.name, {}):
            most = model.scorer.max_allele_length
            say(f"TOO_LONG: {model.name} takes changes of at most {most:,} bp")
    if broken is not None:
        before, after = broken
        say(f"index: none, since records are not sorted: {before} comes before {after}")


def counts_text(counts: dict[str, int]) -> str:
    """Return counts, the largest first.

    >>> counts_text({"STAR": 2, "OK": 1500, "EDGE": 2})
    'OK 1,500, EDGE 2, STAR 2'
    """
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{status} {n:,}" for status, n in ranked) or "none"


def write_report(
    path: Path,
    tally: Tally,
    settings: dict[str, str | int | bool],
    files: tuple[str, Sequence[Path]],
    seconds: float,
    force: bool,
) -> None:
    """Write what became of the alleles as JSON."""
    from zooctl.files.disk.atomic import atomic_output

    source, written = files
    document = {
        "input": source,
        "outputs": [str(file) for file in written],
        "records": tally.records,
        "alleles": tally.alleles,
        "statuses": tally.statuses,
        "models": tally.models,
        "ref_mismatch_on_other_strand": tally.other_strand,
        "first_ref_mismatches": tally.mismatches,
        "seconds": round(seconds, 1),
        "settings": settings,
    }
    with atomic_output(path, force=force) as temporary:
        temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def print_estimate(
    total: Survey,
    first: tuple[Sequence[Record], Tally],
    vcf: Vcf,
    models: Sequence[Model],
    target: Path,
) -> None:
    """Print what a run would do, timing a few real batches."""
    from zooctl.cli.ui.tables import print_fields

    records, tally = first
    scored = tally.scored / max(tally.alleles, 1)
    fields = [
        ("records", f"{total.records:,}"),
        ("alleles", f"{total.alleles:,}"),
        (f"first {tally.alleles:,}", counts_text(tally.statuses)),
    ]
    seconds = 0.0
    for model in models:
        n_timed, took = _timed(records, vcf, model)
        rate = n_timed / took if n_timed else 0.0
        seconds += scored * total.alleles / rate if rate else 0.0
        windows = round(2 * len(model.scorer.placement.shifts) * scored * total.alleles)
        length = model.scorer.placement.geometry.input_length
        fields.append((model.name, f"at most {windows:,} windows of {length:,} bp a strand"))
        if rate:
            fields.append(("", f"{rate:,.1f} alleles/s"))
    fields += [("time", f"about {duration_text(seconds)}"), ("output", str(target))]
    print_fields(fields)


def _timed(records: Sequence[Record], vcf: Vcf, model: Model) -> tuple[int, float]:
    """Score a few batches' worth of alleles; return how many had a score, and the seconds."""
    from zooctl.inference.vcf.tally import is_scored

    scorer = model.scorer
    wanted = -(-_TIMED_BATCHES * scorer.batch_size // (2 * len(scorer.placement.shifts)))
    able = [
        [allele]
        for record in records
        for allele in vcf.alleles(record)
        if is_scored(scorer.check(allele))
    ][:wanted]
    if not able:
        return 0, 0.0
    list(scorer.score(able[:1]))  # the first run of a network takes longer
    began = time.perf_counter()
    n_scored = sum(1 for _ in scorer.score(able))
    return n_scored, time.perf_counter() - began
