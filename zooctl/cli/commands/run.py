"""`zooctl run`: compute the shards of a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.options import AsJson, Workers
from zooctl.cli.ui.tables import echo_files


def command(
    plan: Annotated[str, typer.Argument(help="Folder or address that `zooctl plan` made.")],
    shard: Annotated[
        str | None,
        typer.Option(help="A share of the plan, as 3/40: every 40th shard, from the third on."),
    ] = None,
    workers: Workers = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Run on a Ray cluster, of at most --workers actors; auto for the one here, local "
            "to start one.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute the shards of a plan that are not there yet.

    May be run again, and in several places at once: a shard is whole or absent, and one that is
    there is passed over. Without --workers, this process computes them all.
    """
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.inference.scale.folder import PlanFolder
    from zooctl.inference.scale.run import actors, parse_share, processes, run_plan
    from zooctl.interpret.planned.verbs import VERBS

    engine = None if workers is None else processes(workers, VERBS)
    if ray is not None:
        engine = actors(ray, workers, VERBS)
    result = run_plan(
        PlanFolder(plan),
        share=None if shard is None else parse_share(shard),
        engine=engine,
        verbs=VERBS,
        say=say,
        progress=progress,
    )
    say(f"computed: {result.done:,} shards")
    echo_files([plan], as_json, computed=result.done)
