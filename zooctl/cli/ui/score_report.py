"""Texts of `zooctl score-variants` before and after a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zooctl.cli.ui.messages import say
from zooctl.cli.ui.tables import duration_text, print_fields

if TYPE_CHECKING:
    from zooctl.inference.vcf.report import ScoredVcf, VcfEstimate


def say_done(result: ScoredVcf) -> None:
    """Print the counts of statuses, the speed, and remarks about the files on stderr."""
    from zooctl.inference.vcf.tally import counts_text, is_scored
    from zooctl.sequence.alleles import Status

    tally = result.tally
    for note in result.notes:
        say(f"note: {result.source}: {note}")
    for name, counts in tally.models.items():
        scored = sum(n for status, n in counts.items() if is_scored(status))
        several = len(result.longest) > 1
        label = f"{name}: " if several else ""
        # A resumed run may have had nothing left to do.
        own = result.model_seconds.get(name, 0.0) if several else result.seconds
        rate = result.n_scored_now / own if own else 0.0
        speed = f"{rate:.2g}" if 0 < rate < 1 else f"{rate:,.0f}"
        say(
            f"{label}scored: {scored:,} of {tally.alleles:,} alleles in {tally.records:,} records, "
            f"{speed} alleles/s"
        )
        say(f"{label}status: {counts_text(counts)}")
    if Status.REF_MISMATCH in tally.statuses:
        other = f"{tally.other_strand:,} fit the other strand; " if tally.other_strand else ""
        say(f"REF_MISMATCH: {other}first {'; '.join(tally.mismatches)}")
    for name, longest in result.longest.items():
        if Status.TOO_LONG in tally.models.get(name, {}):
            say(f"TOO_LONG: {name} takes changes of at most {longest:,} bp")
    flags = {flag for status in tally.statuses for flag in status.split("+")}
    flags |= {flag for one in tally.models.values() for status in one for flag in status.split("+")}
    for flag, which in ((Status.NO_RATIO, "no"), (Status.SOME_RATIO, "not every")):
        if flag in flags:
            say(
                f"{flag}: {which} track has a log ratio, since a mean prediction is not above 0; "
                "the card's output_scale log, logit or probability scores differences"
            )
    if result.out_of_order is not None:
        before, after = result.out_of_order
        say(f"index: none, since records are not sorted: {before} comes before {after}")


def print_estimate(found: VcfEstimate) -> None:
    """Print the size and time of a run on stdout."""
    from zooctl.inference.vcf.tally import counts_text

    fields = [
        ("records", f"{found.n_records:,}"),
        ("alleles", f"{found.n_alleles:,}"),
        (f"first {found.first.alleles:,}", counts_text(found.first.statuses)),
    ]
    for one in found.rates:
        length = f"{one.input_length:,} bp"
        fields.append((one.model, f"at most {one.n_windows:,} windows of {length} a strand"))
        if one.rate:
            fields.append(("", f"{one.rate:,.1f} alleles/s"))
    fields += [("time", f"about {duration_text(found.seconds)}"), ("output", str(found.output))]
    print_fields(fields)
