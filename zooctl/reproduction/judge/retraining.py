"""Determinism and equivalence of a retraining: S3, G1, and the classes of figures and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zooctl.catalog.entry import Entry
from zooctl.reproduction.judge.criteria import Judgement
from zooctl.reproduction.report.equivalence import (
    MIN_SEEDS,
    Equivalence,
    class_of,
    too_far,
    worst,
)
from zooctl.reproduction.report.figures import compare_figures
from zooctl.reproduction.report.picture_files import published
from zooctl.reproduction.report.pictures import numbers
from zooctl.reproduction.report.report import Evidence, Mode
from zooctl.reproduction.report.rows import Figure, FirstSteps, Picture
from zooctl.reproduction.run.retrain import ENTRY_FILES, ZOO
from zooctl.schema.card import Card
from zooctl.schema.manifest import digest_file, picture_paths

_NOTHING = "nothing was trained"


@dataclass(frozen=True)
class Retraining:
    """A model trained, exported and evaluated again, beside the published one.

    Attributes:
        tensor_digest: Digest of the weights trained now.
        files: File of the entry's folder to True where its bytes are the same.
        figures: Of the card.
        pictures: Of the card.
        same_environment: True in the recorded software and hardware, where bits must be the same.
        agreement: Lowest correlation of any track with the published predictions of the probe.
        of_seeds: The card's lowest correlation between two seeds.
    """

    tensor_digest: str
    files: dict[str, bool]
    figures: tuple[Figure, ...]
    pictures: tuple[Picture, ...]
    same_environment: bool
    agreement: float | None = None
    of_seeds: float | None = None

    @property
    def too_far(self) -> bool:
        """Whether other bits predict less like the published ones than another seed would."""
        return not self.same_bits and too_far(self.agreement, self.of_seeds)

    @property
    def same_bits(self) -> bool:
        """Whether all files of the entry are the same to the byte."""
        return all(self.files.values())

    @property
    def other_files(self) -> str:
        """Files of the entry whose bytes differ."""
        return ", ".join(name for name, same in self.files.items() if not same)

    @property
    def unjudged(self) -> bool:
        """Whether a metric is of other weights and the card has no spread over seeds."""
        return any(
            one.equivalence is None for one in self.figures if one.field.startswith("metrics.")
        )

    @property
    def wrong(self) -> list[str]:
        """Figures and pictures that differ more than they may.

        From the same weights in the same environment they may not differ at all.
        """
        exact = self.same_environment and self.same_bits

        def is_wrong(one: Equivalence | None) -> bool:
            return one == "failed" or (exact and one not in ("bitwise", None))

        apart = f"correlation with the published predictions {self.agreement}"
        return (
            [f"{apart} (of seeds {self.of_seeds})"] * self.too_far
            + [
                f"{one.field} {one.got} (card {one.card:g})"
                for one in self.figures
                if is_wrong(one.equivalence)
            ]
            + [one.file for one in self.pictures if is_wrong(one.equivalence)]
        )


def retraining_of(entry: Entry, evidence: Evidence) -> Retraining | None:
    """Compare the evidence of a full run with the entry; None where nothing was retrained."""
    trained = evidence.weights.trained
    if evidence.coverage != "full" or trained is None or entry.folder is None:
        return None
    head, pinned = f"zoo/{entry.name}/", entry.manifest().files
    made = _outputs(evidence, "export")
    retrained = trained != evidence.weights.entry
    got = {one.field: one.got for one in evidence.figures}
    return Retraining(
        trained,
        {
            name: f"{head}{name}" in pinned
            and made.get(f"{ZOO}/{head}{name}") == f"sha256:{pinned[f'{head}{name}'].sha256}"
            for name in ENTRY_FILES
        },
        compare_figures(entry.card(), got, retrained=retrained),
        _compare_pictures(entry, evidence, retrained=retrained),
        bool(evidence.software.match and evidence.hardware.match),
        evidence.agreement,
        None if (seeds := entry.card().seed_agreement) is None else seeds.pearson,
    )


def _outputs(evidence: Evidence, stage: str) -> dict[str, str]:
    return next((one.outputs for one in evidence.stages if one.name == stage), {})


def _compare_pictures(entry: Entry, evidence: Evidence, *, retrained: bool) -> tuple[Picture, ...]:
    """Return every picture of the card with the class of its numbers."""
    known = numbers(published(entry), entry.name)
    found = {one.file: one for one in evidence.pictures}
    drawn = _outputs(evidence, "evaluate")
    rows = []
    for file in picture_paths(entry.name):
        if not (path := entry.path(file)).is_file():
            continue
        n = len(known.get(file, ()))
        one = found.get(file) if n else None
        tolerances = None if one is None else one.tolerances
        same = class_of(tolerances) if n else None
        rows.append(
            Picture(
                file=file,
                n=n,
                # No card has the spread of single bins over seeds.
                equivalence=None if retrained and same != "bitwise" else same,
                max_abs=None if one is None else one.max_abs,
                tolerances=tolerances,
                same_file=drawn.get(f"{ZOO}/{file}") == f"sha256:{digest_file(path).sha256}",
            )
        )
    return tuple(rows)


def equivalence_of(retraining: Retraining | None, probe: list[Equivalence]) -> Equivalence | None:
    """Return the class of a reproduction: of weights, numbers and pictures, else of the probe.

    None where nothing was compared, or where the card has no spread to judge other bits by.
    """
    if retraining is None:
        return worst(probe) if probe else None
    classes = [one.equivalence for one in retraining.figures]
    classes += [one.equivalence for one in retraining.pictures]
    classes += ["failed"] * retraining.too_far
    found = worst([one for one in classes if one is not None] or ["bitwise"])
    if retraining.same_bits or found == "failed":
        return found
    return None if retraining.unjudged else "statistical"


def judge_determinism(
    mode: Mode, retraining: Retraining | None, first: FirstSteps | None
) -> Judgement:
    """Judge S3: training repeats bit for bit.

    Args:
        mode: How much was done.
        retraining: None where nothing was retrained.
        first: First steps of training, repeated: in smoke mode, and where a full run in another
            environment gave other bits, which tells nothing about repetition.
    """
    if mode == "smoke":
        return _judge_first_steps(first)
    if retraining is None:
        return Judgement("skip", "nothing was trained: verify" if mode == "verify" else _NOTHING)
    must = retraining.same_environment
    if retraining.same_bits and must and (wrong := retraining.wrong):
        text = f"the same weights in the same environment gave other results: {', '.join(wrong)}"
        return Judgement("fail", text)
    if retraining.same_bits:
        return Judgement("pass", f"retrained to the published bits, {retraining.tensor_digest}")
    if must:
        return Judgement("fail", f"other bits in the same environment: {retraining.other_files}")
    found = _judge_first_steps(first)
    head = f"other bits in another environment ({retraining.other_files}); in this one "
    return Judgement(found.status, head + found.evidence)


def _judge_first_steps(first: FirstSteps | None) -> Judgement:
    if first is None:
        return Judgement("skip", "no steps were repeated")
    found = {"once": first.once, "again": first.again, "killed and resumed": first.killed}
    if len(set(found.values())) == 1:
        text = f"first {first.n} steps {', '.join(found)}: all {first.once}"
        return Judgement("pass", text)
    shown = ", ".join(f"{name} {digest}" for name, digest in found.items())
    return Judgement("fail", f"the first {first.n} steps of training do not repeat: {shown}")


def judge_whole(card: Card, mode: Mode, retraining: Retraining | None) -> Judgement:
    """Judge G1: from data to weights to every number and picture of the card."""
    if mode != "full":
        return Judgement("skip", f"not reproduced from data to figures: {mode}")
    if retraining is None:
        return Judgement("skip", _NOTHING)
    wrong, bits = retraining.wrong, retraining.same_bits
    if wrong or (retraining.same_environment and not bits):
        return Judgement("fail", f"not reproduced: {', '.join(wrong) or retraining.other_files}")
    if not bits and retraining.unjudged:
        has = max((metric.n_seeds or 0 for metric in card.metrics), default=0)
        text = "other bits, and the statistical class cannot be given: the card has a spread over "
        return Judgement("skip", f"{text}{has or 'no'} seeds, and {MIN_SEEDS} are needed")
    if silent := [one.file for one in retraining.pictures if one.n == 0]:
        text = f"no numbers are published of {', '.join(silent)}"
        return Judgement("skip", f"{text} (zooctl report pictures publishes them)")
    how = "the same bits" if bits else "other bits, within the spread over seeds"
    n, m = len(retraining.figures), len(retraining.pictures)
    shown = f" and {m} picture{'s' * (m > 1)}" if m else ""
    if m and not bits:
        shown += ", which were drawn and not compared,"
    return Judgement("pass", f"data to weights ({how}) to all {n} numbers{shown} of the card")


def warnings_of(card: Card, retraining: Retraining, *, passed: bool) -> Iterator[str]:
    """Yield the limits of a full run.

    Args:
        card: Of the model.
        retraining: Beside the published model.
        passed: True where G1 is met.
    """
    if any(one.mean is not None for one in card.metrics):
        yield "mean and spread over seeds are of further runs, which were not repeated"
    if passed and retraining.same_bits:
        for one in retraining.pictures:
            if not one.same_file:
                yield f"{one.file} shows the same numbers in another drawing"
    elif passed:
        if retraining.of_seeds is None or retraining.agreement is None:
            yield (
                "correlation with the published predictions is not judged: the card does not "
                "state that of its seeds"
            )
        if any(one.equivalence is None for one in retraining.figures):
            yield "robustness of other weights is not judged: it has no spread"
