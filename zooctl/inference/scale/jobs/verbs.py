"""The commands that can be planned, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.inputs import check_inputs
from zooctl.inference.scale.jobs.background import open_background
from zooctl.inference.scale.jobs.job import ShardJob, check_settings
from zooctl.inference.scale.jobs.score import open_scores
from zooctl.inference.scale.jobs.tracks import open_tracks
from zooctl.inference.scale.plan import Plan, check_software
from zooctl.progress import Progress, Say, no_progress, silent

Opener = Callable[[Plan, Progress, Say], AbstractContextManager[ShardJob]]
"""Opens the models and inputs of a plan."""


@dataclass(frozen=True)
class Verbs:
    """Commands that can be planned; packages above this one add their own.

    Attributes:
        openers: The opener of each, by its name.
        worker: Module that is run as a worker process, and knows these.
    """

    openers: Mapping[str, Opener]
    worker: str


VERBS = Verbs(
    {"score-variants": open_scores, "predict": open_tracks, "calibrate": open_background},
    worker="zooctl.inference.scale.worker",
)
"""Those of this package."""


@contextmanager
def open_job(
    folder: PlanFolder, verbs: Verbs, progress: Progress = no_progress, say: Say = silent
) -> Iterator[ShardJob]:
    """Open a plan's models and inputs, after comparing all that its bytes depend on.

    Args:
        folder: The plan's folder.
        verbs: Commands that can be planned.
        progress: Opens the progress displays.
        say: Told about the genome and the device.

    Raises:
        InputError: The software or a setting here is another than the plan's.
        IntegrityError: A model or an input is.
    """
    check_software(folder.plan)
    check_inputs(folder.plan.inputs)
    with verbs.openers[folder.plan.verb](folder.plan, progress, say) as job:
        check_settings(job.settings, folder.plan.settings)
        yield job
