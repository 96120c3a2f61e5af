"""The whole output of a plan from its shards, by the writers of a run in one piece."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zooctl.errors import InputError
from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.jobs.background import merge_background
from zooctl.inference.scale.jobs.merge_scores import merge_scores
from zooctl.inference.scale.jobs.merge_tracks import merge_tracks
from zooctl.inference.vcf.report import ScoredVcf
from zooctl.progress import Progress, Say

_SHOWN = 5


def check_whole(folder: PlanFolder, say: Say) -> None:
    """Refuse to merge a plan that lacks shards, and warn of shards of unlike processors.

    Args:
        folder: The plan's folder.
        say: Told about shards whose last bits may differ.

    Raises:
        InputError: Some are not there.
    """
    missing = [one.number for one in folder.plan.shards if folder.receipt(one.number) is None]
    if missing:
        shown = ", ".join(map(str, missing[:_SHOWN])) + (", …" if len(missing) > _SHOWN else "")
        raise InputError(
            f"{len(missing):,} of {len(folder.plan.shards):,} shards are not there",
            path=folder.path,
            got=f"no shard {shown}",
            hint=f"zooctl run {folder.path} computes them",
        )
    receipts = [folder.receipt(one.number) for one in folder.plan.shards]
    if len({one.instructions for one in receipts if one is not None}) > 1:
        say(
            "warning: shards come from processors of several instruction sets, "
            "whose last bits may differ"
        )


@dataclass(frozen=True)
class MergeOrder:
    """An output to be written from shards.

    Attributes:
        output: File or folder, as of the command that was planned; None for its default name.
        report: JSON file for the counts of statuses of a scored VCF.
        force: Replace existing outputs.
    """

    output: str | Path | None = None
    report: Path | None = None
    force: bool = False


class Merged(NamedTuple):
    """Files that were written; and the counts of a scored VCF."""

    files: tuple[Path, ...]
    scored: ScoredVcf | None = None


def merge_plan(folder: PlanFolder, order: MergeOrder, *, say: Say, progress: Progress) -> Merged:
    """Write the output of a plan.

    Args:
        folder: The plan's folder.
        order: The output.
        say: Told about the output.
        progress: Opens the progress display.

    Raises:
        InputError: Shards are not there, or damaged; or the output does not fit the plan.
    """
    check_whole(folder, say)
    if folder.plan.verb == "predict":
        tracks = merge_tracks(folder, order.output, force=order.force, say=say, progress=progress)
        return Merged(tuple(path for one in tracks for path in one.paths.values()))
    if folder.plan.verb == "calibrate":
        made, path = merge_background(folder, order.output, force=order.force, progress=progress)
        for name, n in made.counts().items():
            say(f"{name}: {n:,} alleles")
        return Merged((path,))
    scored = merge_scores(
        folder,
        order.output,
        report=order.report,
        force=order.force,
        say=say,
        progress=progress,
    )
    return Merged(scored.outputs[:1], scored)
