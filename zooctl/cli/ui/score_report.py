"""Texts of `zooctl score-variants` before and after a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zooctl.cli.ui.messages import say
from zooctl.cli.ui.tables import duration_text, echo_json, print_fields

if TYPE_CHECKING:
    from zooctl.inference.vcf.report import ScoredVcf, VcfEstimate


def check_stdout(output: str | None, as_json: bool) -> None:
    """Refuse ``--json`` beside scores on stdout.

    Raises:
        InputError: Both are asked for.
    """
    from zooctl.errors import InputError

    if as_json and output == "-":
        raise InputError("--json and -o - both print on stdout", hint="-o with a file's name")


def say_done(result: ScoredVcf) -> None:
    """Print the counts of statuses, the speed, and remarks about the files on stderr."""
    from zooctl.inference.vcf.tally import counts_text, is_scored

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
    _say_reasons(result)
    if result.out_of_order is not None:
        before, after = result.out_of_order
        say(f"index: none, since records are not sorted: {before} comes before {after}")


def _say_reasons(result: ScoredVcf) -> None:
    """Print a line for each status but OK that an allele has for some model."""
    from zooctl.sequence.alleles import Status

    tally = result.tally
    found = [status for one in (tally.statuses, *tally.models.values()) for status in one]
    flags = {flag for status in found for flag in status.split("+")} - {Status.OK}
    for flag in (status for status in Status if status in flags):
        text = flag.text.rstrip(".").replace("``", "")
        text = text[0].lower() + text[1:] if text[1].islower() else text
        say(f"{flag}: {_detail(flag, result) or text}")


def _detail(flag: str, result: ScoredVcf) -> str:
    """Return what is known of a status in this run, beside its meaning; "" where that is all."""
    tally = result.tally
    if flag == "REF_MISMATCH":
        other = f"{tally.other_strand:,} fit the other strand; " if tally.other_strand else ""
        return f"{other}first {'; '.join(tally.mismatches)}"
    if flag == "NO_CONTIG":
        found = f"--chrom-map auto would find {tally.renamed:,}; " if tally.renamed else ""
        return f"the genome has no contig of that name; {found}first {', '.join(tally.absent)}"
    if flag == "TOO_LONG":
        longest = [
            f"{name} takes changes of at most {length:,} bp"
            for name, length in result.longest.items()
            if flag in tally.models.get(name, {})
        ]
        return "; ".join(longest)
    if flag in ("NO_RATIO", "SOME_RATIO"):
        which = "no" if flag == "NO_RATIO" else "not every"
        return (
            f"{which} track has a log ratio, since a mean prediction is not above 0; "
            "the card's output_scale log, logit or probability scores differences"
        )
    return ""


def print_estimate(found: VcfEstimate, as_json: bool) -> None:
    """Print the size and time of a run on stdout."""
    from zooctl.inference.vcf.tally import counts_text

    if as_json:
        echo_json(found.to_json())
        return
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
