"""`zooctl schema`: the JSON Schema of cards, recipes, manifests and reports."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def command(
    document: Annotated[
        Literal["card", "recipe", "manifest", "report"], typer.Argument(help="Which document.")
    ],
) -> None:
    """Print the JSON Schema of a model card, a recipe, a manifest or a report of reproduce."""
    from pydantic import BaseModel

    from zooctl.cli.ui.tables import echo_json
    from zooctl.reproduction.report import report
    from zooctl.schema.card import Card
    from zooctl.schema.manifest import Manifest
    from zooctl.schema.recipe.recipe import Recipe

    models: dict[str, type[BaseModel]] = {"card": Card, "recipe": Recipe, "manifest": Manifest}
    schema = report.schema() if document == "report" else models[document].model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    echo_json(schema)
