"""All commands that can be planned: those of inference, and attribution."""

from __future__ import annotations

from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.jobs import verbs as inference
from zooctl.inference.scale.merge import Merged, MergeOrder, check_whole, merge_plan
from zooctl.interpret.planned.attribute import merge_attributions, open_attributions
from zooctl.progress import Progress, Say

VERBS = inference.Verbs(
    {**inference.VERBS.openers, "attribute": open_attributions},
    worker="zooctl.interpret.planned.worker",
)
"""Those that `zooctl run` knows."""


def merge(folder: PlanFolder, order: MergeOrder, *, say: Say, progress: Progress) -> Merged:
    """Write the output of a plan of any command (``merge_plan``)."""
    if folder.plan.verb != "attribute":
        return merge_plan(folder, order, say=say, progress=progress)
    check_whole(folder, say)
    files = merge_attributions(folder, order.output, force=order.force, say=say, progress=progress)
    return Merged(files)
