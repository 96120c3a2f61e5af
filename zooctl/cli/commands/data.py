"""`zooctl data`: find, download and compare the data of recipes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.lists import list_names
from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import LONGEST, AsJson, Force, RegionStrings

if TYPE_CHECKING:
    from zooctl.files.download.transfer import Policy
    from zooctl.schema.recipe.recipe import Recipe
    from zooctl.schema.recipe.sources import Source

app = typer.Typer(
    help="Find, download and compare the data of recipes.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("fetch")
def fetch(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a model.")],
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            callback=list_names,
            help="Also download from this host; several by commas or repetition.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find or download every source of a recipe, check it, and print its path.

    Sources are looked up in recipes/data, in the folder ZOOCTL_DATA_MIRROR, in the cache, and at
    the recipe's addresses. Files of ENCODE are also compared with the portal's present record:
    status, assembly, assay, target, output type, digest.
    """
    from zooctl.catalog.data import locate
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json, print_table, size_text
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
            rows.append((source.id, found.origin, found.path.stat().st_size, str(found.path)))
            try:
                portal.check(source)
            except ZooError as error:
                errors += error.errors if isinstance(error, ManyErrors) else [error]
    headers = ("source", "origin", "size", "path")
    if as_json:
        echo_json([dict(zip(headers, row, strict=True)) for row in rows])
    elif rows:
        texts = [(name, origin, size_text(size), path) for name, origin, size, path in rows]
        print_table(headers, texts)
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)


@app.command("resolve")
def resolve(
    name: Annotated[str, typer.Argument(help="Accession of ENCODE, or a file's name.")],
    index: Annotated[
        Path | None, typer.Option(help="Index of an archive's files, as of Blueprint: TSV.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Address that the paths of the index stand below.")
    ] = None,
    assembly: Annotated[str | None, typer.Option(help="Of the files of the index.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Downloaded copy: compared with the archive, gives sha256.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a source of a recipe from an accession or a file's name.

    ENCODE is asked for its record; names of Roadmap (E071-H3K36me3.pval.signal.bigwig) tell their
    address; other archives are looked up in their --index.
    """
    from zooctl.catalog.origin.archives import resolve_source
    from zooctl.cli.ui.tables import echo_json
    from zooctl.files.download.transfer import Policy
    from zooctl.schema.strict_yaml import dumps

    found = resolve_source(
        name, policy=Policy(), index=index, base_url=base_url, assembly=assembly, copy=file
    )
    if as_json:
        echo_json(found)
    else:
        typer.echo(dumps({"sources": [found]}), nl=False)
    if empty := [field for field, value in found.items() if value is None]:
        say(f"not known: {', '.join(empty)}" + "; --file computes sha256" * ("sha256" in empty))


@app.command("correlate")
def correlate(
    tracks: Annotated[list[Path], typer.Argument(metavar="TRACK.bw…", help="Two bigWigs or more.")],
    region: RegionStrings = None,
    bed: Annotated[Path | None, typer.Option(help="Regions as a BED file.")] = None,
    bin_size: Annotated[
        int, typer.Option("--bin", min=1, max=LONGEST, help="Bases to a bin.")
    ] = 1000,
    bound: Annotated[
        float, typer.Option("--below", min=-1, max=1, help="Correlation that two chosen may have.")
    ] = 0.75,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Matrix as a tab-separated table.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture of the matrix: png, pdf, svg.")] = None,
    as_json: AsJson = False,
    force: Force = False,
) -> None:
    """Correlate tracks with each other, and choose those that are not alike.

    Bins without signal in any track are left out. While two tracks reach --below, the one of the
    most correlated pair leaves that is more like the others.
    """
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json, print_table
    from zooctl.errors import need
    from zooctl.evaluation.track_correlation import correlate_tracks, write_matrix
    from zooctl.files.intervals.regions import read_regions

    if plot is not None:
        need("matplotlib", "a picture")
    regions = read_regions(bed, region or ()) if bed or region else None
    found = correlate_tracks(tracks, regions, bin_size=bin_size, bound=bound, progress=progress)
    if output is not None:
        write_matrix(found, output, force)
    if plot is not None:
        from zooctl.interpret.pictures.matrix_plot import draw_matrix

        title = f"Pearson in {found.n_bins:,} bins of {bin_size:,} bp; * chosen, below {bound:g}"
        marked = set(found.chosen)
        draw_matrix(plot, found.names, found.pearson, chosen=marked, title=title, force=force)
    if as_json:
        echo_json(found.to_json())
        return
    rows = [
        (name, *(f"{r:.3f}" for r in row), "yes" if index in found.chosen else "no")
        for index, (name, row) in enumerate(zip(found.names, found.pearson, strict=True))
    ]
    print_table(("track", *found.names, "chosen"), rows)


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
