"""What weights, numbers and pictures that were made again say of a model: S3, G1, equivalence."""

from __future__ import annotations

from zooctl.catalog.card import Card
from zooctl.errors import VerificationError
from zooctl.reproduce.checks import Findings
from zooctl.reproduce.compare import MIN_SEEDS, Equivalence, worst
from zooctl.reproduce.report import Mode, Part, Predictions
from zooctl.reproduce.retrain import Again


def equivalence_of(again: Again | None, predictions: list[Predictions]) -> Equivalence | None:
    """Return the class of what was made again: weights, numbers and pictures, else the probe.

    None where nothing was, or where the card has nothing to hold other bits against.
    """
    if again is None:
        return worst([one.equivalence for one in predictions]) if predictions else None
    classes = [one.equivalence for one in again.figures]
    classes += [one.equivalence for one in again.pictures]
    found = worst([one for one in classes if one is not None] or ["bitwise"])
    if again.same_bits or found == "failed":
        return found
    return None if again.unjudged else "statistical"


def judge_repetition(
    findings: Findings,
    mode: Mode,
    again: Again | None,
    software: Part,
    hardware: Part,
) -> None:
    """Judge S3 and G1 by a full run.

    Args:
        findings: Receives the verdicts.
        mode: How much was done.
        again: What was made; None where nothing was.
        software: Recorded and here.
        hardware: Recorded and here.
    """
    if mode != "full":
        findings.judge("G1", "skip", f"nothing was made again from data to figures: {mode}")
        if mode == "verify":
            findings.judge("S3", "skip", "nothing was trained: verify")
        return
    if again is None:
        for name in ("S3", "G1"):
            findings.judge(name, "skip", findings.warnings[-1])
        return
    if any(one.mean is not None for one in findings.entry.card().metrics):
        findings.warnings.append("mean and spread over seeds are of further runs, not made again")
    must = bool(software.match and hardware.match)
    _judge_bits(findings, again, must)
    _judge_whole(findings, again, must)


def _judge_bits(findings: Findings, again: Again, must: bool) -> None:
    """Judge S3; other bits are a fault where the environment is the same."""
    if again.same_bits:
        text = f"trained again to the published bits, {again.tensor_digest}"
        findings.judge("S3", "pass", text)
    elif must:
        text = f"other bits in the same environment: {again.other_files}"
        findings.fault(VerificationError(text, got=again.tensor_digest))
        findings.judge("S3", "fail", text)
    else:
        text = f"other bits in another environment: {again.other_files}"
        findings.judge("S3", "skip", text)


def _judge_whole(findings: Findings, again: Again, must: bool) -> None:
    """Judge G1; a number or picture that did not come again is a fault."""
    numbers = [one for one in again.figures if one.equivalence == "failed"]
    drawn = [one for one in again.pictures if one.equivalence == "failed"]
    silent = [one.file for one in again.pictures if one.n == 0]
    if numbers:
        names = ", ".join(f"{one.field} {one.got} (card {one.card:g})" for one in numbers)
        findings.fault(VerificationError("figures of the card did not come again", got=names))
    if drawn:
        names = ", ".join(one.file for one in drawn)
        findings.fault(VerificationError("pictures of the card show something else", got=names))
    if numbers or drawn or (must and not again.same_bits):
        wrong = [one.field for one in numbers] + [one.file for one in drawn]
        text = ", ".join(wrong) or again.other_files
        findings.judge("G1", "fail", f"did not come again: {text}")
    elif not again.same_bits and again.unjudged:
        why = _why_not(findings.entry.card())
        text = f"other bits, and the statistical class cannot be given: {why}"
        findings.judge("G1", "skip", text)
    elif silent:
        text = f"nothing says what {', '.join(silent)} shows (zooctl report pictures notes it)"
        findings.judge("G1", "skip", text)
    else:
        _pass(findings, again)


def _pass(findings: Findings, again: Again) -> None:
    bits = again.same_bits
    for one in again.pictures:
        if bits and not one.same_file:
            findings.warnings.append(f"{one.file} shows the same numbers in another drawing")
    if not bits and any(one.equivalence is None for one in again.figures):
        findings.warnings.append("robustness of other weights is not judged: it has no spread")
    how = "the same bits" if bits else "other bits, within the spread over seeds"
    n, m = len(again.figures), len(again.pictures)
    shown = f" and {m} picture{'s' * (m > 1)}" if m else ""
    if m and not bits:
        shown += ", which were drawn and not compared,"
    text = f"data to weights ({how}) to all {n} numbers{shown} of the card"
    findings.judge("G1", "pass", text)


def _why_not(card: Card) -> str:
    """Return which spread over seeds a card lacks."""
    seeds = {metric.n_seeds for metric in card.metrics}
    has = max((n for n in seeds if n is not None), default=0)
    return f"the card has a spread over {has or 'no'} seeds, and {MIN_SEEDS} are needed"
