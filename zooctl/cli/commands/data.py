"""`zooctl data`: download the files that a recipe names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.messages import say

if TYPE_CHECKING:
    from zooctl.files.download.transfer import Policy
    from zooctl.schema.recipe.recipe import Recipe
    from zooctl.schema.recipe.sources import Source

app = typer.Typer(
    help="Download the files that a recipe names.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _group() -> None:
    """Keep `fetch` a subcommand while it is the only one."""


@app.command("fetch")
def fetch(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a model.")],
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Also download from this host; may be repeated."),
    ] = None,
) -> None:
    """Find or download every source of a recipe, check it, and print its path.

    Sources are looked up in recipes/data, in the folder ZOOCTL_DATA_MIRROR, in the cache, and at
    the recipe's addresses. Files of ENCODE are also compared with the portal's present record:
    status, assembly, assay, target, output type, digest.
    """
    from zooctl.catalog.data import locate
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import print_table, size_text
    from zooctl.errors import ManyErrors, ZooError
    from zooctl.files.download.transfer import HOSTS, Policy

    policy = Policy(hosts=HOSTS | set(allow_host or ()))
    portal = _Portal(policy)
    rows = []
    errors: list[ZooError] = []
    for source in _read(recipe).sources:
        try:
            found = locate(source, progress=progress, policy=policy)
        except ZooError as error:
            errors.append(error)
        else:
            size = size_text(found.path.stat().st_size)
            rows.append((source.id, found.origin, size, str(found.path)))
            try:
                portal.check(source)
            except ZooError as error:
                errors += error.errors if isinstance(error, ManyErrors) else [error]
    if rows:
        print_table(("source", "origin", "size", "path"), rows)
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)


class _Portal:
    """Comparison of sources with the ENCODE portal's present records, while it can be reached."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.silent = False

    def check(self, source: Source) -> None:
        """Check one source, if it is a file of ENCODE.

        Raises:
            ZooError: As ``encode_portal.download_record`` and ``check``.
        """
        from zooctl.catalog.origin import encode_portal as encode
        from zooctl.files.download.download import is_offline

        if self.silent or not encode.is_encode_file(source):
            return
        if is_offline():
            return self._leave("the network is switched off")
        try:
            document = encode.download_record(str(source.accession), self.policy)
        except encode.UnreachableError as error:
            return self._leave(str(error))
        for note in encode.check(source, document):
            say(f"note: {note}")

    def _leave(self, why: str) -> None:
        self.silent = True
        say(f"note: status at ENCODE is not checked: {why}")


def _read(recipe: str) -> Recipe:
    from zooctl.catalog import registry
    from zooctl.schema.recipe.recipe import load_recipe

    path = Path(recipe)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return load_recipe(path)
    return registry.entry(recipe).recipe()
