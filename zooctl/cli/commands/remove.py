"""`zooctl remove`: take a model out of one's own zoo."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.options import AsJson
from zooctl.cli.ui.tables import echo_files


def command(
    model: Annotated[str, typer.Argument(help="Name of a model in the zoo of ZOOCTL_ZOO.")],
    as_json: AsJson = False,
) -> None:
    """Remove card, recipe, pictures and folder of a model in your own zoo; print what was removed.

    Packaged models stay; a packaged one of the same name is found again.
    """
    from zooctl.catalog.root import own_root, packaged_root
    from zooctl.errors import InputError
    from zooctl.inference.adopt.staging import remove_entry

    root = own_root()
    if root.resolve() == packaged_root().resolve():
        what = "packaged models are not removed"
        raise InputError(what, got=model, expected="a model of your own, in ZOOCTL_ZOO")
    echo_files(remove_entry(root, model), as_json, model=model)
