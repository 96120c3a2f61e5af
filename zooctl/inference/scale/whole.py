"""A command by several processes of this machine: plan, run and merge in one go."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.atomic import work_folder
from zooctl.files.disk.lock import hold
from zooctl.files.disk.pinned import digest_of
from zooctl.files.vcf.output import check_target
from zooctl.inference.options.predict_and_score import as_path
from zooctl.inference.scale.folder import PlanFolder, write_plan
from zooctl.inference.scale.jobs.merge_scores import merge_scores
from zooctl.inference.scale.jobs.merge_tracks import merge_tracks
from zooctl.inference.scale.jobs.models import Addresses
from zooctl.inference.scale.jobs.score import ScoreOrder, plan_scores
from zooctl.inference.scale.jobs.tracks import TracksOrder, plan_tracks
from zooctl.inference.scale.plan import Plan
from zooctl.inference.scale.run import processes, run_plan
from zooctl.inference.tracks.outputs import NamedTracks, check_tracks, track_paths
from zooctl.inference.tracks.run import WrittenTracks
from zooctl.inference.vcf.destination import destination
from zooctl.inference.vcf.report import ScoredVcf
from zooctl.inference.vcf.setup import check_report
from zooctl.progress import Progress, Say


def score_in_processes(
    models: Addresses,
    order: ScoreOrder,
    output: str | Path | None,
    n_workers: int,
    *,
    say: Say,
    progress: Progress,
) -> ScoredVcf:
    """Score a VCF as ``score_file`` does, by several processes.

    Args:
        models: The models.
        order: The run; its format is that of the output.
        output: As of ``score_file``, but for stdout.
        n_workers: Processes.
        say: Told about the genome, the device and the shards.
        progress: Opens the progress displays.

    Raises:
        InputError: The output is stdout; or as ``score_file``.
        ZooError: A shard failed.
    """
    options = order.options
    with ExitStack() as stack:
        cards = [model.card for model in models.open(order.session)]
        place = destination(output, order.vcf, cards, options, stack)
        if place.stdout:
            raise InputError("several workers write a file", got="-o -", hint="name a file with -o")
        check_target(place.target, options.force, [order.vcf])
        report = as_path(options.report)
        if report is not None:
            check_report(report, place.target, options.force, [Path(order.vcf)])
        own = replace(
            options, force=False, resume=False, output_type=None, format=None, report=None
        )
        order = replace(order, form=place.form, options=own)
        with _beside(place.target, options.resume, say) as path:
            folder = _planned(
                plan_scores(models, order, say=say, progress=progress),
                path,
                options.resume,
                place.target,
            )
            run_plan(folder, engine=processes(n_workers), say=say, progress=progress)
            found = merge_scores(
                folder,
                place.target,
                report=report,
                force=options.force,
                say=say,
                progress=progress,
            )
    return found


def predict_in_processes(
    models: Addresses,
    order: TracksOrder,
    output: str | Path | None,
    n_workers: int,
    *,
    say: Say,
    progress: Progress,
) -> list[WrittenTracks]:
    """Predict tracks as ``predict_bigwigs`` does, by several processes.

    Args:
        models: The models.
        order: The run.
        output: As of ``predict_bigwigs``.
        n_workers: Processes.
        say: Told about the genome, the device and the shards.
        progress: Opens the progress displays.

    Raises:
        InputError: As ``predict_bigwigs``.
        ZooError: A shard failed.
    """
    force = order.options.force
    order = replace(order, options=replace(order.options, force=False))
    plan = plan_tracks(models, order, say=say, progress=progress)
    named = [NamedTracks(*one) for one in plan.facts["named"]]
    targets = track_paths(plan.facts["stem"], output, named)
    check_tracks(targets, [Path(one.path) for one in plan.inputs], force)
    with work_folder(targets[0][0].resolve().parent) as work:
        folder = write_plan(plan, work / "plan", force=False)
        run_plan(folder, engine=processes(n_workers), say=say, progress=progress)
        return merge_tracks(folder, output, force=force, say=say, progress=progress)


@contextmanager
def _beside(target: Path, resume: bool, say: Say) -> Iterator[Path]:
    """Hold the hidden folder for the plan of an output."""
    real = target.resolve()
    place = real.parent / f".zooctl-plan-{digest_of(str(real.name).encode())[:16]}"
    place.mkdir(mode=0o700, exist_ok=True)
    with hold(place, "another zooctl is writing this output", target):
        path = place / "plan"
        if not resume and path.exists():
            shutil.rmtree(path)
        try:
            yield path
        except BaseException:
            if path.exists():
                _say_kept(PlanFolder(path), place, say)
            raise
        # While it is held: the next run of this output may begin at once.
        shutil.rmtree(place, ignore_errors=True)


def _say_kept(folder: PlanFolder, place: Path, say: Say) -> None:
    """Tell how much of an interrupted output is kept, where, and what goes on with it."""
    shards = folder.plan.shards
    n_done = sum(folder.receipt(shard.number) is not None for shard in shards)
    if n_done:
        say(
            f"kept: {n_done} of {len(shards)} shards of the output, in {place}; "
            "the same command with --resume goes on from there"
        )


def _planned(plan: Plan, path: Path, resume: bool, target: Path) -> PlanFolder:
    """Return the folder of a plan: that of an earlier run, or a new one.

    Raises:
        InputError: The earlier run is of another plan.
    """
    if resume and path.exists():
        folder = PlanFolder(path)
        if folder.digest != digest_of(plan.to_bytes()):
            raise InputError(
                "cannot resume: the run is another",
                path=target,
                hint="run it as before, or without --resume to begin anew",
            )
        return folder
    return write_plan(plan, path, force=True)
