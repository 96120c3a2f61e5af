"""`zooctl schema` as typed."""

from __future__ import annotations

import json

import pytest

from zooctl.cli.main import run
from zooctl.reproduction.report.report import ReproductionReport
from zooctl.schema.card import Card
from zooctl.schema.manifest import Manifest
from zooctl.schema.recipe.recipe import Recipe


@pytest.mark.parametrize(
    ("document", "model"), [("card", Card), ("recipe", Recipe), ("manifest", Manifest)]
)
def test_schema(document: str, model: type[Card], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", document]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == set(model.model_fields)
    required = {name for name, info in model.model_fields.items() if info.is_required()}
    assert set(schema["required"]) == required


@pytest.mark.parametrize("document", ["card", "recipe"])
def test_every_field_says_what_it_is(document: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", document]) == 0
    schema = json.loads(capsys.readouterr().out)
    for name, field in schema["properties"].items():
        # A field of one class, or of one of several, is what they say.
        found = [one["$ref"] for one in (field, *field.get("oneOf", ())) if "$ref" in one]
        models = [schema["$defs"][ref.rpartition("/")[2]].get("description") for ref in found]
        assert field.get("description") or (models and all(models)), name


def test_the_schema_of_a_report_has_its_digest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "report"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert (
        set(schema["properties"])
        == {*ReproductionReport.model_fields, "digest"}
        == set(schema["required"])
    )


def test_another_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "crad"]) == 2
    assert "'card', 'recipe', 'manifest'" in capsys.readouterr().err
