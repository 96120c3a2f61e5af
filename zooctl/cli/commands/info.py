"""`zooctl info`: the card, files and pictures of one model."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import AllowUntrusted, AsJson
from zooctl.cli.ui.tables import echo, echo_json, is_terminal

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.schema.card import Card, Metric


def command(
    model: Annotated[str, typer.Argument(help="A name that `zooctl list` shows.")],
    as_json: AsJson = False,
    plot: Annotated[
        bool,
        typer.Option(
            "--plot", help="Open the model's pictures, where there is a screen; print their paths."
        ),
    ] = False,
    engine: Annotated[
        bool,
        typer.Option(
            "--engine", help="Print only what a prediction reads, and what windows can share."
        ),
    ] = False,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Show a model's card: tracks, window, training data, metrics and limits."""
    from zooctl.catalog import registry
    from zooctl.errors import InputError

    if as_json and plot:
        raise InputError("--json and --plot exclude each other", hint="--json names the pictures")
    if engine and (as_json or plot):
        raise InputError("--engine excludes --json and --plot")
    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    if engine:
        _print_engine(entry)
        return
    if plot:
        _print_pictures(entry)
        return
    card = entry.card()
    if as_json:
        manifest = None if entry.folder is None else entry.manifest().model_dump(mode="json")
        known = {
            "card": card.model_dump(mode="json"),
            "manifest": manifest,
            "weights_at": entry.weights_at(card),
            "pictures": [str(path) for path in entry.pictures()],
        }
        echo_json(known)
    else:
        _print(entry, card)


def _print_pictures(entry: Entry) -> None:
    from zooctl.errors import InputError

    pictures = entry.pictures()
    if not pictures:
        raise InputError("model has no picture", got=entry.name)
    for path in pictures:
        echo(path)
        if is_terminal() and _has_screen():
            typer.launch(str(path))


def _has_screen() -> bool:
    """Say whether pictures can be shown: elsewhere `xdg-open` opens a browser in the terminal."""
    own = sys.platform in ("darwin", "win32")
    return own or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _print_engine(entry: Entry) -> None:
    from zooctl.cli.ui.tables import print_fields
    from zooctl.inference.describe_engine import describe_engine
    from zooctl.inference.model import OpenModel
    from zooctl.inference.options.predict_and_score import SessionOptions

    # Nothing is predicted, so nothing is asked of a GPU.
    print_fields(describe_engine(OpenModel(entry, SessionOptions(device="cpu"))))


def _print(entry: Entry, card: Card) -> None:
    from zooctl.cli.ui.tables import plain, print_fields

    typer.echo(plain(f"{card.name} {card.version}: {card.title}"))
    for remark in card.remarks:
        typer.echo(plain(remark))
    typer.echo()
    print_fields(
        [
            ("licence", card.licence),
            ("citation", _known(card, "citation")),
            ("authors", ", ".join(card.authors)),
            ("assembly", card.assembly),
            *([("trained on", card.trained_on)] if card.trained_on else []),
            ("window", window_text(card)),
            ("output", f"scale {card.output_scale}, target transform {card.output_transform}"),
            ("split", _split(card)),
            ("seed", _known(card, "seed")),
            ("environment", _known(card, "environment")),
            ("robustness", _known(card, "robustness")),
            ("weights", _weights(entry, card)),
            ("recipe", _recipe(entry, card)),
            *(("picture", str(path)) for path in entry.pictures()),
            ("intended use", card.intended_use),
            *(("limit", limit) for limit in card.limits),
        ]
    )
    _print_tables(card)


def _print_tables(card: Card) -> None:
    from zooctl.cli.ui.tables import print_table, size_text

    typer.echo()
    print_table(
        ("track", "assay", "target", "biosample", "ontology", "unit", "strand"),
        [
            [
                t.name,
                t.assay,
                t.target or "-",
                t.biosample,
                t.biosample_ontology or "-",
                t.unit,
                t.strand,
            ]
            for t in card.tracks
        ],
    )
    typer.echo()
    print_table(
        ("metric", "track", "value", "seeds", "split", "baseline", "baseline value", "definition"),
        [
            [
                m.name,
                m.track or "all",
                _number(m.value),
                _seeds(m),
                m.split,
                m.baseline or "-",
                _number(m.baseline_value),
                m.definition or "-",
            ]
            for m in card.metrics
        ],
    )
    if card.legend is not None:
        echo(card.legend)
    typer.echo()
    print_table(
        ("data", "accession", "size", "licence", "sha256", "url"),
        [
            [
                d.id,
                d.accession or "-",
                "-" if d.size is None else size_text(d.size),
                d.licence,
                d.sha256 or "-",
                d.url or "-",
            ]
            for d in card.training_data
        ],
    )
    if card.unknown:
        typer.echo()
        print_table(("not known", "reason"), [list(item) for item in card.unknown.items()])


def _known(card: Card, field: str) -> str:
    value = getattr(card, field)
    return f"not known: {card.unknown[field]}" if value is None else str(value)


def window_text(card: Card) -> str:
    """Return the lengths of a model's window in words."""
    return (
        f"reads {card.input_length:,} bp, predicts the {card.output_length:,} bp in its middle "
        f"in bins of {card.bin_size} bp, keeps {card.core_length:,} bp"
    )


def _split(card: Card) -> str:
    split = card.split
    if split is None:
        return _known(card, "split")
    weak = " (parts of one chromosome: weaker than whole chromosomes)" if split.weak else ""
    parts = [
        f"{part} {', '.join(str(region) for region in getattr(split, part)) or '-'}"
        for part in ("train", "validation", "test")
    ]
    return "; ".join(parts) + weak


def _recipe(entry: Entry, card: Card) -> str:
    if entry.recipe_path is not None:
        return str(entry.recipe_path)
    other = card.evaluated_on
    return "none" if other is None else f"none; evaluated by that of {other}"


def _seeds(metric: Metric) -> str:
    if metric.n_seeds is None:
        return "-"
    return f"{_number(metric.mean)} ± {_number(metric.sd)} ({metric.n_seeds})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _weights(entry: Entry, card: Card) -> str:
    from zooctl.cli.ui.tables import size_text

    where = entry.weights_at(card)
    if card.weights is None:
        return f"{where}: {card.unknown['weights']}"
    lines: list[str] = [where]
    if card.weights.hub is not None:
        lines.append(f"hub {card.weights.hub.repo} at {card.weights.hub.revision}")
    if (origin := card.weights.origin) is not None:
        lines.append(f"{origin.url} {size_text(origin.size)} sha256 {origin.sha256}")
    lines += [f"{f.path} {size_text(f.size)} sha256 {f.sha256}" for f in card.weights.files]
    return "\n".join(lines)
