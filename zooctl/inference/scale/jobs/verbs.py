"""The commands that can be planned, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.inputs import check_inputs
from zooctl.inference.scale.jobs.background import open_background
from zooctl.inference.scale.jobs.job import ShardJob, check_settings
from zooctl.inference.scale.jobs.score import open_scores
from zooctl.inference.scale.jobs.tracks import open_tracks
from zooctl.inference.scale.plan import Plan, check_software
from zooctl.progress import Progress, Say, no_progress, silent

_OPEN: dict[str, Callable[[Plan, Progress, Say], AbstractContextManager[ShardJob]]] = {
    "score-variants": open_scores,
    "predict": open_tracks,
    "calibrate": open_background,
}


@contextmanager
def open_job(
    folder: PlanFolder, progress: Progress = no_progress, say: Say = silent
) -> Iterator[ShardJob]:
    """Open a plan's models and inputs, after comparing all that its bytes depend on.

    Args:
        folder: The plan's folder.
        progress: Opens the progress displays.
        say: Told about the genome and the device.

    Raises:
        InputError: The software or a setting here is another than the plan's.
        IntegrityError: A model or an input is.
    """
    check_software(folder.plan)
    check_inputs(folder.plan.inputs)
    with _OPEN[folder.plan.verb](folder.plan, progress, say) as job:
        check_settings(job.settings, folder.plan.settings)
        yield job
