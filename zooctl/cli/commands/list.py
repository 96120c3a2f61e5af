"""`zooctl list`: the models of the zoo."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zooctl.cli.ui.options import AsJson

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.schema.card import Card

_COLUMNS = (
    *("name", "task", "assay", "target", "biosample", "assembly", "licence", "size", "weights"),
    *("status", "headline"),
)
# On a terminal; names and licences are never cut, since a part of one says another thing.
_NARROW = ("name", "task", "biosample", "assembly", "licence")
_CUT = ("task", "biosample")
_SEVERAL = 3


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Words that a model has to hold, in any field.", show_default=False),
    ] = None,
    assay: Annotated[str | None, typer.Option(help="Assay, as ChIP-seq.")] = None,
    target: Annotated[str | None, typer.Option(help="Protein or mark, as CTCF.")] = None,
    biosample: Annotated[str | None, typer.Option(help="Cell line or tissue.")] = None,
    assembly: Annotated[str | None, typer.Option(help="Assembly, as hg38.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence, as MIT.")] = None,
    task: Annotated[str | None, typer.Option(help="Task, as splicing or expression.")] = None,
    experimental: Annotated[
        bool, typer.Option("--experimental", help="List experimental models, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the models: a table on a terminal, tab-separated values with all columns in a pipe.

    Filters look for a part of a value, whatever its case; a model meets all of them. Experimental
    models are counted, and listed where they are asked for.
    """
    from zooctl.catalog import registry
    from zooctl.catalog.root import hidden_names, model_names
    from zooctl.cli.ui.tables import echo_json
    from zooctl.errors import ManyErrors, ZooError

    wanted = registry.ModelFilter(words or (), assay, target, biosample, assembly, licence, task)
    models: list[dict[str, Any]] = []
    remarks: list[str] = []
    errors: list[ZooError] = []
    n_left_out = 0
    for name in model_names():
        try:
            entry = registry.entry(name)
            card = entry.card()
            if wanted.meets(card) and card.experimental and not experimental:
                n_left_out += 1
            elif wanted.meets(card):
                models.append(summary(entry, card))
                remarks += [f"{name}: {remark}" for remark in card.remarks]
        except ZooError as error:
            # One bad card must not hide the others.
            errors += error.errors if isinstance(error, ManyErrors) else [error]
    remarks += [
        f"{name}: the one of ZOOCTL_ZOO; it stands before a packaged model of the same name"
        for name in hidden_names()
    ]
    if n_left_out:
        left_out = "1 model is" if n_left_out == 1 else f"{n_left_out} models are"
        remarks.append(f"{left_out} experimental and left out; --experimental lists all")
    if as_json:
        echo_json(models)
    else:
        _print(models, remarks)
    if errors:
        raise ManyErrors(errors)


def _print(models: list[dict[str, Any]], remarks: list[str]) -> None:
    """Print a table on a terminal, and the remarks below; values in a pipe, remarks beside it."""
    from shutil import get_terminal_size

    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.tables import echo, is_terminal, plain, print_cut, print_tsv

    if not models:
        say("no model is like that")
    if not is_terminal():
        print_tsv(_COLUMNS, [[_text(model[column]) for column in _COLUMNS] for model in models])
        for remark in remarks:
            say(remark)
        return
    rows = [[_brief(model, column) for column in _NARROW] for model in models]
    print_cut(_NARROW, rows, _CUT, get_terminal_size().columns)
    away = [model for model in models if model["weights"] in ("hub", "url")]
    if away:
        names = ", ".join(model["name"] for model in away)
        remarks = [f"weights are downloaded at first use, with the network: {names}", *remarks]
    if remarks:
        typer.echo()
    for remark in remarks:
        echo(plain(remark))


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _brief(model: dict[str, Any], column: str) -> str:
    value = model[column]
    if isinstance(value, list) and len(value) > _SEVERAL:
        return f"{len(value)} of them"
    return _text(value) or "-"


def summary(entry: Entry, card: Card) -> dict[str, Any]:
    """Return the row of a model; ``size`` in bytes, None where it is not known."""
    from zooctl.catalog.registry import task_of

    files = () if card.weights is None else card.weights.files
    marks: list[str] = [card.status] if card.status != "released" else []
    marks += ["experimental"] if card.experimental else []
    return {
        "name": entry.name,
        "title": card.title,
        "task": _distinct(map(task_of, card.tracks)),
        "assay": _distinct(track.assay for track in card.tracks),
        "target": _distinct(track.target for track in card.tracks if track.target),
        "biosample": _distinct(track.biosample for track in card.tracks),
        "assembly": card.assembly,
        "licence": card.licence,
        "size": sum(file.size for file in files) or None,
        "weights": entry.weights_at(card),
        "status": ", ".join(marks) or ("released" if card.weights else "no weights"),
        "headline": headline(card),
        "notice": card.notice,
        "experimental": card.experimental,
    }


def _distinct(values: Iterable[str | None]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]


def headline(card: Card) -> str | None:
    """Return the card's first metric in words, beside its baseline; None if it is not known."""
    if not card.metrics or card.metrics[0].value is None:
        return None
    metric = card.metrics[0]
    beside = "" if metric.baseline_value is None else f", baseline {metric.baseline_value:.3f}"
    return f"{metric.name} {metric.value:.3f} ({metric.split}{beside})"
