"""`zooctl status`: the state of a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.options import AsJson


def command(
    plan: Annotated[str, typer.Argument(help="Folder or address that `zooctl plan` made.")],
    as_json: AsJson = False,
) -> None:
    """Show which shards of a plan are there, the rate, the time left, and what failed."""
    from zooctl.cli.ui.tables import duration_text, echo_json, print_fields
    from zooctl.inference.scale.folder import PlanFolder
    from zooctl.inference.scale.status import read_status

    found = read_status(PlanFolder(plan))
    if as_json:
        echo_json(found.to_json())
        return
    fields = [
        ("plan", f"{found.verb}, {', '.join(found.models)}"),
        ("shards", f"{found.done:,} of {found.shards:,}"),
        (found.unit, f"{found.work_done:,} of {found.work:,}"),
    ]
    if found.rate:
        fields.append(("rate", f"{found.rate:,.1f} {found.unit}/s of a worker"))
    if found.rate and found.done < found.shards:
        fields.append(("left", f"about {duration_text(found.seconds_left)} of a worker"))
    fields += [(f"failed {number}", one.error) for number, one in found.failures.items()]
    print_fields(fields)
