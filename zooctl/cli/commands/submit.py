"""`zooctl submit`: hand a plan to the scheduler of a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import AsJson, Force
from zooctl.cli.ui.tables import echo, echo_json
from zooctl.inference.options.predict_and_score import MOST_SHARDS


def command(
    plan: Annotated[str, typer.Argument(help="Folder or address that `zooctl plan` made.")],
    output: Annotated[
        str, typer.Option("-o", "--output", help="Output of the merge, as of `zooctl merge`.")
    ],
    slurm: Annotated[bool, typer.Option("--slurm", help="As jobs of Slurm, by sbatch.")] = False,
    tasks: Annotated[
        int, typer.Option(min=1, max=MOST_SHARDS, help="Tasks of the array, at most.")
    ] = 1000,
    array_limit: Annotated[
        int | None, typer.Option(min=1, max=MOST_SHARDS, help="Tasks that run at once, at most.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Time limit of a task, as Slurm writes it.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option(help="Memory of a task, as Slurm writes it: 4G.")
    ] = None,
    partition: Annotated[str | None, typer.Option(help="Partition of the cluster.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write the scripts and print the commands alone.")
    ] = False,
    as_json: AsJson = False,
    force: Force = False,
) -> None:
    """Submit a plan: an array job that computes the shards, and a merge that waits for all of it.

    Tasks that failed leave their shards absent; submit the plan again, and only those are computed.
    """
    import shlex

    from zooctl.cli.ui.messages import say
    from zooctl.errors import InputError
    from zooctl.files.disk.names import folder_named
    from zooctl.inference.scale.engines.slurm import SlurmOptions, submit, write_scripts
    from zooctl.inference.scale.folder import PlanFolder

    if not slurm:
        raise InputError("no scheduler is named", expected="--slurm")
    options = SlurmOptions(tasks, array_limit, time, memory, partition)
    folder = folder_named(output)
    place = str(Path(output).absolute()) if folder is None else f"{folder.absolute()}/"
    merge = ["-o", place, *(["--force"] if force else [])]
    scripts = write_scripts(PlanFolder(plan), options, merge)
    if dry_run:
        jobs = (scripts.run, ("--dependency=afterok:JOB", *scripts.merge))
        commands = [["sbatch", "--parsable", *arguments] for arguments in jobs]
        if as_json:
            echo_json({"commands": commands})
            return
        for command in commands:
            echo(shlex.join(command))
        return
    array, merging = submit(scripts)
    say(f"submitted: array job {array}, and merge {merging}, which waits for it")
    if as_json:
        echo_json({"array": array, "merge": merging})
    else:
        echo(f"{array} {merging}")
