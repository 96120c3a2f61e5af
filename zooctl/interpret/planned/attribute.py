"""Attribution in shards: stretches of the regions, cut where a batch ends.

So each window is computed beside the same windows as in one run, to the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from zooctl.errors import InputError
from zooctl.files.intervals.regions import Regions, read_regions
from zooctl.files.weights.safetensors import read_safetensors
from zooctl.inference.background.file import tensors_to_bytes
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.inference.scale.folder import PlanFolder, ShardFile
from zooctl.inference.scale.inputs import absolute, files_among, take_inputs
from zooctl.inference.scale.jobs.job import cuts
from zooctl.inference.scale.jobs.models import Addresses, open_planned
from zooctl.inference.scale.plan import Plan, Shard, software
from zooctl.interpret.attribution.attribute import Attributions, batch_ends, joined
from zooctl.interpret.attribution.regions import OpenRegions, RegionAttributions, open_regions
from zooctl.interpret.attribution.run import check_target, tell_deltas, write_given
from zooctl.interpret.attribution.target import target_of
from zooctl.interpret.libraries import libraries_of
from zooctl.interpret.options import AttributeOptions
from zooctl.progress import Advance, Progress, Say, silent
from zooctl.sequence.intervals import Interval

_ARRAYS = ("codes", "hypothetical", "projected", "values", "deltas")


@dataclass(frozen=True)
class AttributeOrder:
    """Regions to explain in shards.

    Attributes:
        bed: BED file; None for region strings.
        regions: Region strings.
        options: Method, track, width, shifts and strands.
        pictures: Regions that the merge draws into a folder.
        session: Options of the session; one thread by default.
        n_shards: Shards, at most.
    """

    bed: Path | None
    regions: Sequence[str]
    options: AttributeOptions
    pictures: int
    session: SessionOptions
    n_shards: int


def plan_attributions(
    models: Addresses, order: AttributeOrder, *, say: Say, progress: Progress
) -> Plan:
    """Check a run as ``write_attributions`` does, and cut its regions into shards.

    Args:
        models: One model.
        order: The run.
        say: Told about the genome and regions left out.
        progress: Opens the progress displays.

    Raises:
        InputError: The regions are those of stdin, or as ``attribute_regions``.
    """
    if str(order.bed) == "-":
        raise InputError("a plan is of a file", path="-", hint="write the regions into one first")
    session = replace(order.session, threads=order.session.threads or 1)
    opened = models.open(session)
    regions = read_regions(order.bed, order.regions)
    given = absolute(asdict(order.options))
    with open_regions(opened[0], regions, AttributeOptions(**given), say, progress) as placed:
        card = opened[0].card
        target = target_of(card, order.options.track)
        files = [*files_among(given), *placed.genome.paths]
        files += [] if order.bed is None else [order.bed]
        return Plan(
            verb="attribute",
            software=software(),
            models=models.planned(opened),
            inputs=take_inputs(files, progress),
            options={
                "bed": None if order.bed is None else str(order.bed.absolute()),
                "regions": list(order.regions),
                "options": given,
                "session": asdict(replace(session, device=opened[0].session.device)),
            },
            settings=_settings(placed),
            unit="regions",
            facts={
                "regions": [list(one) for one in placed.regions],
                "spans": [list(one) for one in placed.spans],
                "contigs": dict(placed.genome.contigs),
                "unknown": placed.unknown,
                "names": {"track": target.name, "unit": target.unit, "method": given["method"]},
                "pictures": order.pictures,
            },
            output="importance/",
            shards=_cut(placed, order.n_shards),
        )


def _cut(placed: OpenRegions, n_shards: int) -> list[Shard]:
    """Return shards of about equal numbers of regions, each of whole batches."""
    n = len(placed.regions)
    ends = np.array(batch_ends(placed.model, n, placed.options))
    chosen = np.unique(np.searchsorted(ends, [*cuts(n, n_shards), n]))
    edges = [0, *ends[chosen].tolist()]
    return [
        Shard(number, high - low, {"first": low, "last": high})
        for number, (low, high) in enumerate(pairwise(edges), 1)
    ]


def _settings(placed: OpenRegions) -> dict[str, Any]:
    """Return everything but the genome and the regions that importances depend on."""
    model = placed.model
    return {
        "model": model.card.name,
        "version": model.card.version,
        "regions": len(placed.regions),
        "width": placed.width,
        "shifts": list(placed.shifts),
        "device": model.session.device,
        "threads": model.session.threads,
        "batch_size": model.session.batch_size,
        **{name: _version(name) for name in libraries_of(placed.options.method)},
    }


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


@dataclass(frozen=True)
class AttributeJob:
    """An opened run (``job.ShardJob``)."""

    placed: OpenRegions

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings as they follow here."""
        return _settings(self.placed)

    def run(self, shard: Shard, file: ShardFile, advance: Advance) -> dict[str, Any]:
        """Explain the regions of a shard."""
        found = self.placed.attribute_part(shard.part["first"], shard.part["last"])
        arrays = {name: getattr(found, name) for name in _ARRAYS}
        # NaN of a method without references, which no file of tensors may hold.
        if np.isnan(found.deltas).all():
            del arrays["deltas"]
        file.write(tensors_to_bytes(arrays))
        advance(shard.work)
        return {}


@contextmanager
def open_attributions(plan: Plan, progress: Progress, say: Say = silent) -> Iterator[AttributeJob]:
    """Open the model and the genome of a plan."""
    given = plan.options
    (model,) = open_planned(plan.models, SessionOptions(**given["session"]))
    bed = None if given["bed"] is None else Path(given["bed"])
    regions: Regions = read_regions(bed, given["regions"])
    options = AttributeOptions(**given["options"])
    with open_regions(model, regions, options, say, progress) as placed:
        yield AttributeJob(placed)


def merge_attributions(
    folder: PlanFolder, output: str | Path | None, *, force: bool, say: Say, progress: Progress
) -> tuple[Path, ...]:
    """Write the importances of a plan whose shards are all there, and return the files.

    Args:
        folder: The plan's folder.
        output: As of ``write_attributions``.
        force: Replace existing files.
        say: Told about contributions that do not add up.
        progress: Opens the progress display.

    Raises:
        InputError: A shard is not whole, or an output cannot be written.
    """
    plan = folder.plan
    target = str(output or plan.output)
    check_target(target, force)
    parts = []
    with progress(len(plan.shards), "shards", "merging") as advance:
        for shard in plan.shards:
            content = b"".join(folder.pieces(shard))
            arrays = read_safetensors(content, folder.label(shard.number))
            arrays.setdefault("deltas", np.full(shard.work, np.nan))
            found: dict[str, Any] = {**arrays, **plan.facts["names"]}
            parts.append(Attributions(**found))
            advance(1)
    regions, spans = (
        tuple(Interval(*one) for one in plan.facts[name]) for name in ("regions", "spans")
    )
    contigs, unknown = plan.facts["contigs"], plan.facts["unknown"]
    given = RegionAttributions(regions, spans, joined(parts), contigs, unknown)
    tell_deltas(given, say)
    pictures = plan.facts["pictures"]
    return write_given(target, plan.models[0].name, given, pictures=pictures, force=force)
