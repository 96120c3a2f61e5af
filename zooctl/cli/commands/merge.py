"""`zooctl merge`: the whole output of a plan from its shards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import AsJson, Force
from zooctl.cli.ui.tables import echo_files


def command(
    plan: Annotated[str, typer.Argument(help="Folder or address that `zooctl plan` made.")],
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", help="As of the command that was planned; default: its default here."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the counts of statuses as JSON (score-variants).")
    ] = None,
    as_json: AsJson = False,
    force: Force = False,
) -> None:
    """Write the output of a plan whose shards are all there.

    It has the bytes that the planned command writes in one piece with as many threads as a worker
    had. The shards stay.
    """
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.score_report import say_done
    from zooctl.inference.scale.folder import PlanFolder
    from zooctl.inference.scale.merge import MergeOrder
    from zooctl.interpret.planned.verbs import merge

    order = MergeOrder(output, report, force)
    merged = merge(PlanFolder(plan), order, say=say, progress=progress)
    facts = {}
    if merged.scored is not None:
        say_done(merged.scored)
        facts = {"scored": merged.scored.to_json()}
    echo_files(merged.files, as_json, **facts)
