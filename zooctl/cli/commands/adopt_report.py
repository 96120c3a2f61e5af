"""Options and reports that the commands of `zooctl adopt` have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zooctl.cli.ui.messages import say
from zooctl.cli.ui.tables import echo_files

if TYPE_CHECKING:
    from zooctl.inference.adopt.adopt import Adopted

Assembly = Annotated[str, typer.Option(help="Assembly of its genome, by UCSC's name, as hg38.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an entry, its card included.")]
Name = Annotated[str, typer.Option(help="Name of the entry, in small letters.")]
Licence = Annotated[str, typer.Option(help="Licence of the weights, as SPDX writes it: MIT.")]
UnknownBase = Annotated[
    Literal["0", "0.25"], typer.Option(help="One-hot value of N that the model expects.")
]
Scale = Annotated[
    Literal["signal", "log", "logit", "probability"],
    typer.Option(help="Scale of predicted values."),
]


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Let errors without a place name the file that is adopted.

    An error in a field of the card is not the file's fault.
    """
    from zooctl.errors import ManyErrors, ZooError

    try:
        yield
    except ZooError as error:
        if error.field is None and error.path is None and not isinstance(error, ManyErrors):
            error.path = str(file)
        raise


def report(adopted: Adopted, as_json: bool) -> None:
    """Print the files of a new entry, and name the fields that a person has to write."""
    from zooctl.catalog import registry
    from zooctl.catalog.check import unwritten
    from zooctl.catalog.genomes import PUBLISHED
    from zooctl.catalog.root import hidden_names
    from zooctl.cli.commands.info import window_text

    card = adopted.card
    entry = registry.entry(card.name)
    say(window_text(card))
    if card.assembly not in PUBLISHED:
        say(
            f"zooctl has no pinned genome {card.assembly} (only {', '.join(PUBLISHED)}): users "
            "must name its file with --fasta, or keep it in ZOOCTL_GENOMES"
        )
    if card.name in hidden_names():
        say(f"{card.name} stands before the packaged model of the same name from now on")
    if card.output_scale == "signal" and (least := adopted.expected.min()) < 0:
        say(
            f"warning: on the scale signal, variants are scored by the log2 ratio of predictions, "
            f"and some of the probe are below 0 (the least is {least:.4g}): such alleles get "
            "no score. output_scale log, logit or probability on the card scores differences"
        )
    fields = unwritten(entry)
    if fields:
        say(f"to be written in the card: {', '.join(fields)}")
        say(f"then: zooctl check --stamp {card.name}")
    files = (entry.card_path, entry.folder)
    echo_files(files, as_json, model=card.name, to_be_written=fields)
