"""`zooctl list`: the models of the zoo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.schema.card import Card


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the models with their assay, assembly, source of weights and first metric."""
    import json

    from zooctl.catalog import registry
    from zooctl.catalog.root import hidden_names, model_names
    from zooctl.cli.ui.tables import plain, print_table, size_text
    from zooctl.errors import ManyErrors, ZooError

    models = []
    remarks: list[str] = []
    errors: list[ZooError] = []
    for name in model_names():
        try:
            entry = registry.entry(name)
            card = entry.card()
            models.append(summary(entry, card))
            remarks += [f"{name}: {remark}" for remark in card.remarks]
        except ZooError as error:
            # One bad card must not hide the others.
            errors += error.errors if isinstance(error, ManyErrors) else [error]
    remarks += [
        f"{name}: the one of ZOOCTL_ZOO; it stands before a packaged model of the same name"
        for name in hidden_names()
    ]
    if as_json:
        typer.echo(json.dumps(models, indent=2))
    else:
        columns = ("name", "assay", "biosample", "assembly", "size", "weights", "headline")
        for model in models:
            model["size"] = size_text(model["size"]) if isinstance(model["size"], int) else None
        rows = [[str(model[column] or "-") for column in columns] for model in models]
        print_table(columns, rows)
        if remarks:
            typer.echo()
        for remark in remarks:
            typer.echo(plain(remark))
    if errors:
        raise ManyErrors(errors)


def summary(entry: Entry, card: Card) -> dict[str, str | int | None]:
    """Return the row of a model; ``size`` in bytes, None where it is not known."""
    assays = [" ".join(filter(None, (track.target, track.assay))) for track in card.tracks]
    files = () if card.weights is None else card.weights.files
    marks: list[str] = [card.status] if card.status != "released" else []
    marks += ["experimental"] if card.experimental else []
    status = f" ({', '.join(marks)})" if marks else ""
    return {
        "name": entry.name,
        "title": card.title,
        "status": card.status,
        "notice": card.notice,
        "experimental": card.experimental,
        "assay": ", ".join(dict.fromkeys(assays)),
        "biosample": ", ".join(dict.fromkeys(track.biosample for track in card.tracks)),
        "assembly": card.assembly,
        "size": sum(file.size for file in files) or None,
        "weights": entry.weights_at(card),
        "headline": (headline(card) or "-") + status,
    }


def headline(card: Card) -> str | None:
    """Return the card's first metric in words, beside its baseline; None if it is not known."""
    if not card.metrics or card.metrics[0].value is None:
        return None
    metric = card.metrics[0]
    beside = "" if metric.baseline_value is None else f", baseline {metric.baseline_value:.3f}"
    return f"{metric.name} {metric.value:.3f} ({metric.split}{beside})"
