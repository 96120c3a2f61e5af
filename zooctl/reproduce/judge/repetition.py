"""What weights, numbers and pictures that were made again say of a model: S3, G1, equivalence."""

from __future__ import annotations

from zooctl.errors import VerificationError
from zooctl.reproduce.judge.entry import Findings
from zooctl.reproduce.report.equivalence import MIN_SEEDS, Equivalence, worst
from zooctl.reproduce.report.report import EnvironmentPart, FirstSteps, Mode, Predictions
from zooctl.reproduce.run.retrain import Again
from zooctl.schema.card import Card


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


def must_agree(software: EnvironmentPart, hardware: EnvironmentPart) -> bool:
    """Say whether this is the recorded environment, in which every bit has to come again."""
    return bool(software.match and hardware.match)


def judge_repetition(
    findings: Findings,
    mode: Mode,
    again: Again | None,
    software: EnvironmentPart,
    hardware: EnvironmentPart,
    first_steps: FirstSteps | None = None,
) -> None:
    """Judge S3 and G1 by what was trained.

    Args:
        findings: Receives the verdicts; S3 is left as it is where it was judged already.
        mode: How much was done.
        again: What was made; None where nothing was.
        software: Recorded and here.
        hardware: Recorded and here.
        first_steps: Done over and over: in smoke mode, and where a full run elsewhere gave other
            bits, which says nothing of whether training repeats.
    """
    # What kept it from being made is the last that was noted.
    nothing = next(reversed(findings.warnings), "nothing was trained")
    if mode != "full":
        findings.judge("G1", "skip", f"nothing was made again from data to figures: {mode}")
        if mode == "verify":
            findings.judge("S3", "skip", "nothing was trained: verify")
        else:
            _judge_first_steps(findings, first_steps, "", nothing)
        return
    if again is None:
        for name in ("S3", "G1"):
            findings.judge(name, "skip", nothing)
        return
    if any(one.mean is not None for one in findings.entry.card().metrics):
        findings.warnings.append("mean and spread over seeds are of further runs, not made again")
    must = must_agree(software, hardware)
    wrong = _differing(again, must)
    _judge_bits(findings, again, must, wrong, first_steps)
    _judge_whole(findings, again, must, wrong)


def _judge_first_steps(
    findings: Findings, first: FirstSteps | None, before: str, nothing: str
) -> None:
    """Judge S3 by steps that were done over and over on this machine."""
    if "S3" in findings.criteria:
        return  # they could not be done, and it was said why
    if first is None:
        findings.judge("S3", "skip", before + nothing)
        return
    found = {"once": first.once, "again": first.again, "killed and resumed": first.killed}
    shown = ", ".join(f"{name} {digest}" for name, digest in found.items())
    if len(set(found.values())) == 1:
        text = f"{before}first {first.n} steps {', '.join(found)}: all {first.once}"
        findings.judge("S3", "pass", text)
    else:
        findings.fault(VerificationError("the first steps of training do not repeat", got=shown))
        findings.judge("S3", "fail", f"{before}the first {first.n} steps do not repeat: {shown}")


def _differing(again: Again, must: bool) -> list[str]:
    """Return figures and pictures that did not come again as they have to.

    From the same weights in the same environment nothing but the same is right.
    """
    exact = must and again.same_bits

    def is_wrong(one: Equivalence | None) -> bool:
        return one == "failed" or (exact and one not in ("bitwise", None))

    found = [
        f"{one.field} {one.got} (card {one.card:g})"
        for one in again.figures
        if is_wrong(one.equivalence)
    ]
    return found + [one.file for one in again.pictures if is_wrong(one.equivalence)]


def _judge_bits(
    findings: Findings, again: Again, must: bool, wrong: list[str], first: FirstSteps | None
) -> None:
    """Judge S3; what differs is a fault where the environment is the same."""
    if again.same_bits and must and wrong:
        text = f"the same weights in the same environment gave other results: {', '.join(wrong)}"
        findings.judge("S3", "fail", text)
    elif again.same_bits:
        text = f"trained again to the published bits, {again.tensor_digest}"
        findings.judge("S3", "pass", text)
    elif must:
        text = f"other bits in the same environment: {again.other_files}"
        findings.fault(VerificationError(text, got=again.tensor_digest))
        findings.judge("S3", "fail", text)
    else:
        before = f"other bits in another environment ({again.other_files}); in this one "
        _judge_first_steps(findings, first, before, "no steps were repeated")


def _judge_whole(findings: Findings, again: Again, must: bool, wrong: list[str]) -> None:
    """Judge G1; a number or picture that did not come again is a fault."""
    silent = [one.file for one in again.pictures if one.n == 0]
    if wrong:
        what = "figures or pictures of the card did not come again"
        findings.fault(VerificationError(what, got=", ".join(wrong)))
    if wrong or (must and not again.same_bits):
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
    if not bits:
        findings.warnings.append(
            "how well predictions of other weights correlate is not judged: the entry does not "
            "hold what its seeds predict"
        )
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
