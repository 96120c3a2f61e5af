"""The commands that can be planned, by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.scale.folder import PlanFolder
from zooctl.scale.inputs import check_inputs
from zooctl.scale.jobs.job import ShardJob, check_settings
from zooctl.scale.jobs.score import open_scores
from zooctl.scale.plan import check_software

_OPEN = {"score-variants": open_scores}


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
