"""A model's background in shards: stretches of the alleles that are drawn for a class.

Alleles are drawn anew in every shard, the same each time, and a window's prediction does not depend
on the windows beside it; so the scores of all shards, sorted together, are those of one run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.files.weights.safetensors import read_safetensors
from zooctl.inference.background.calibrate import (
    CalibrateOptions,
    Drawing,
    finished,
    open_drawing,
)
from zooctl.inference.background.collect import collect
from zooctl.inference.background.file import FILE, ScoreBackground, Settings, tensors_to_bytes
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.inference.scale.folder import PlanFolder, ShardFile
from zooctl.inference.scale.inputs import absolute, files_among, refuse_pipes, take_inputs
from zooctl.inference.scale.jobs.job import cuts
from zooctl.inference.scale.jobs.models import Addresses, open_planned
from zooctl.inference.scale.plan import Plan, Shard, software
from zooctl.progress import Advance, Progress, Say, silent
from zooctl.sequence.alleles import Allele


def plan_background(
    models: Addresses,
    options: CalibrateOptions,
    session: SessionOptions,
    n_shards: int,
    *,
    say: Say,
    progress: Progress,
) -> Plan:
    """Cut the alleles of a background into shards, at least one a class.

    Args:
        models: One model.
        options: Nulls, kinds and number of alleles.
        session: Options of the session; one thread by default.
        n_shards: Shards, at most, but one a class at least.
        say: Told about the genome and the device.
        progress: Opens the progress displays.

    Raises:
        InputError: As ``calibrate``.
    """
    session = replace(session, threads=session.threads or 1)
    refuse_pipes(files_among(asdict(options)))
    opened = models.open(session)
    given = absolute(asdict(options))
    with open_drawing(opened[0], CalibrateOptions(**given), say, progress) as drawing:
        parts = drawing.parts
        each, shards = max(1, n_shards // len(parts)), list[Shard]()
        for index, part in enumerate(parts):
            edges = [0, *cuts(part.n, each), part.n]
            for low, high in pairwise(edges):
                where = {"part": index, "low": low, "high": high}
                shards.append(Shard(len(shards) + 1, high - low, where))
        pinned = replace(session, device=drawing.own_scorer.device)
        return Plan(
            verb="calibrate",
            software=software(),
            models=models.planned(opened),
            inputs=take_inputs([*drawing.genome.paths, *files_among(given)], progress),
            options={"options": given, "session": asdict(pinned)},
            settings=_settings(drawing),
            unit="alleles",
            facts={"parts": parts, "settings": asdict(drawing.settings({}))},
            output=FILE,
            shards=shards,
        )


def _settings(drawing: Drawing) -> dict[str, Any]:
    scorer = drawing.own_scorer
    ways = {name: getattr(scorer, name) for name in ("device", "threads", "batch_size", "engine")}
    return asdict(drawing.settings({})) | ways


@dataclass
class BackgroundJob:
    """An opened drawing (``job.ShardJob``).

    Attributes:
        drawing: The drawing.
        drawn: The part whose alleles were drawn last, and these.
    """

    drawing: Drawing
    drawn: tuple[int, Sequence[Allele]] = (-1, ())

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings as they follow here."""
        return _settings(self.drawing)

    def run(self, shard: Shard, file: ShardFile, advance: Advance) -> dict[str, Any]:
        """Score the alleles of a shard."""
        index, low, high = (shard.part[name] for name in ("part", "low", "high"))
        part = self.drawing.parts[index]
        if self.drawn[0] != index:
            self.drawn = index, self.drawing.alleles(part)
        alleles = self.drawn[1][low:high]
        tensors = collect(part.source, alleles, self.drawing.scorer(part), advance)
        file.write(tensors_to_bytes(tensors))
        return {"source": part.source, "alleles": len(alleles)}


@contextmanager
def open_background(plan: Plan, progress: Progress, say: Say = silent) -> Iterator[BackgroundJob]:
    """Open the model and the genome of a plan."""
    (model,) = open_planned(plan.models, SessionOptions(**plan.options["session"]))
    options = CalibrateOptions(**plan.options["options"])
    with open_drawing(model, options, say, progress) as drawing:
        yield BackgroundJob(drawing)


def merge_background(
    folder: PlanFolder, output: str | Path | None, *, force: bool, progress: Progress
) -> tuple[ScoreBackground, Path]:
    """Write the background of a plan whose shards are all there.

    Args:
        folder: The plan's folder.
        output: A .safetensors, or a folder.
        force: Replace an existing file.
        progress: Opens the progress display.

    Raises:
        InputError: A shard is not whole, the file exists, or a class has too few alleles.
    """
    plan = folder.plan
    target = file_named(output or plan.output, (".safetensors",), default=plan.output)
    check_output(target, force, [one.path for one in plan.inputs])
    values: dict[str, list[Any]] = {}
    counts: dict[str, int] = {}
    with progress(len(plan.shards), "shards", "merging") as advance:
        for shard in plan.shards:
            content = b"".join(folder.pieces(shard))
            for name, tensor in read_safetensors(content, folder.label(shard.number)).items():
                values.setdefault(name, []).append(tensor)
            receipt = folder.receipt(shard.number)
            note = {} if receipt is None else receipt.note
            counts[note["source"]] = counts.get(note["source"], 0) + note["alleles"]
            advance(1)
    tensors = {name: np.sort(np.concatenate(found)) for name, found in values.items()}
    settings = Settings(**plan.facts["settings"])
    sources = dict(settings.sources)
    if "observed" in sources:
        words = sources["observed"].replace("first 0 ", f"first {counts['observed']:,} ")
        sources["observed"] = words
    made = finished(replace(settings, sources=sources), tensors)
    with atomic_output(target, force=force) as temporary:
        temporary.write_bytes(made.to_bytes())
    return made, target
