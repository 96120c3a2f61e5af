"""Design sequences for a prediction of a model, and score them by another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zooctl.errors import InputError, need
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import as_path
from zooctl.interpret.design.constraints import Constraints
from zooctl.interpret.design.greedy import Design, Objective, substitute_greedily
from zooctl.interpret.interventions.backgrounds import centred, uniform_backgrounds
from zooctl.interpret.interventions.pattern import parse_pattern
from zooctl.interpret.interventions.window_value import WindowValue
from zooctl.interpret.options import DesignOptions, Way
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.intervals import parse_region
from zooctl.sequence.numbers import parse_float
from zooctl.sequence.onehot import Codes, N, decode


@dataclass(frozen=True, eq=False)
class Designs:
    """Designed sequences.

    Attributes:
        model: Name of the model.
        track: Name of the track.
        unit: Unit of the numbers.
        way: The way of design.
        target: What was asked for.
        span: First base that was designed, and past the last.
        designs: The sequences.
        judge: Name of a model that did not design them; None without one.
        judged: Its numbers for the start and the result of each.
    """

    model: str
    track: str
    unit: str
    way: Way
    target: str
    span: tuple[int, int]
    designs: tuple[Design, ...]
    judge: str | None
    judged: tuple[tuple[float, float], ...]

    def to_json(self) -> dict[str, Any]:
        """Return all figures."""
        rows = []
        for number, one in enumerate(self.designs):
            row: dict[str, Any] = {
                "name": f"design_{number}",
                "start": one.values[0],
                "value": one.values[-1],
                "steps": len(one.values) - 1,
                "changes": int((one.codes != one.start).sum()),
                "sequence": decode(one.codes),
                "values": list(one.values),
            }
            if self.judge is not None:
                row |= dict(zip(("judge_start", "judge_value"), self.judged[number], strict=True))
            rows.append(row)
        return {
            "model": self.model,
            "track": self.track,
            "unit": self.unit,
            "way": self.way,
            "target": self.target,
            "span": list(self.span),
            "judge": self.judge,
            "designs": rows,
        }

    def to_fasta(self) -> str:
        """Return the designed windows as FASTA."""
        rows = self.to_json()["designs"]
        return "".join(
            f">{row['name']} {self.model} {row['value']:.6g}\n{row['sequence']}\n" for row in rows
        )


def objective_of(target: str) -> tuple[Objective, float]:
    """Return what a target makes as large as possible, and the sign of its gradient; 0 for neither.

    Raises:
        InputError: It is neither high, low nor a number.
    """
    if target in ("high", "low"):
        sign = 1.0 if target == "high" else -1.0
        return lambda values: sign * values, sign
    number = parse_float(target, most=1e12)
    if number is None:
        raise InputError(
            "not a target",
            field="--target",
            got=repr(target[:40]),
            expected="high, low or a number",
        )
    return lambda values: -np.abs(values - number), 0.0


def design(
    model: OpenModel,
    options: DesignOptions,
    judge: OpenModel | None = None,
    *,
    judge_track: str | None = None,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Designs:
    """Design sequences whose prediction by a model is high, low, or near a number.

    Args:
        model: The model.
        options: Target, way, start and constraints.
        judge: A model that scores the sequences when they are done; windows are cut, or filled up
            with unknown bases, to its length.
        judge_track: Name of its track; the only one if not given.
        say: Told of the genome.
        progress: Opens the progress display.

    Raises:
        InputError: Options and model do not fit each other.
    """
    value = WindowValue(model, options.track, options.around)
    objective, sign = objective_of(options.target)
    if options.way == "gradient":
        need("torch", "gradient ascent")
        if not sign:
            raise InputError("gradients lead up or down", field="--target", expected="high or low")
    length = value.input_length
    width = min(options.width, length)
    span = ((length - width) // 2, (length - width) // 2 + width)
    constraints = Constraints(
        options.least_gc, options.most_gc, tuple(parse_pattern(one) for one in options.forbidden)
    )
    if options.least_gc > options.most_gc:
        raise InputError("the bounds of GC leave nothing", field="--gc")
    starts = _starts(model, options, length, say, progress)
    made = []
    with progress(len(starts) * options.rounds, "steps", model.card.name) as advance:
        for start in starts:
            if options.way == "greedy":
                made.append(
                    substitute_greedily(
                        *(value, start, span, objective, constraints),
                        rounds=options.rounds,
                        advance=advance,
                    )
                )
                continue
            from zooctl.interpret.design.ascent import ascend

            made.append(
                ascend(
                    *(model, value, value.weights, start, span, objective, constraints),
                    track=options.track,
                    sign=sign,
                    rounds=options.rounds,
                    l2=options.l2,
                    advance=advance,
                )
            )
    judged = () if judge is None else _judge(judge, judge_track, made, options.around)
    return Designs(
        model.card.name,
        value.track,
        value.unit,
        options.way,
        options.target,
        span,
        tuple(made),
        None if judge is None else judge.card.name,
        judged,
    )


def _starts(
    model: OpenModel, options: DesignOptions, length: int, say: Say, progress: Progress
) -> Codes:
    if options.region is None:
        return uniform_backgrounds(options.n, length, options.seed)
    with model.genome(as_path(options.fasta), say, progress) as genome:
        window = centred(genome, parse_region(options.region, genome.contigs), length)
    if (window == N).any():
        raise InputError("the window has unknown bases", got=options.region)
    return window[None]


def _judge(
    judge: OpenModel, track: str | None, made: list[Design], around: int
) -> tuple[tuple[float, float], ...]:
    value = WindowValue(judge, track, around)
    starts = value(np.stack([_fit(one.start, value.input_length) for one in made]))
    ends = value(np.stack([_fit(one.codes, value.input_length) for one in made]))
    return tuple(zip(starts.tolist(), ends.tolist(), strict=True))


def _fit(codes: Codes, length: int) -> Codes:
    """Return the middle of a window, or the window among unknown bases.

    >>> _fit(np.array([0, 1, 2], np.uint8), 5).tolist(), _fit(np.array([0, 1, 2], np.uint8), 1)
    ([4, 0, 1, 2, 4], array([1], dtype=uint8))
    """
    spare = len(codes) - length
    if spare >= 0:
        return codes[spare // 2 : spare // 2 + length]
    filled = np.full(length, N, dtype=np.uint8)
    filled[-spare // 2 : -spare // 2 + len(codes)] = codes
    return filled
