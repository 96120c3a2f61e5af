"""`zooctl test`: each model against its probe and documents, a line a model."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from zooctl.cli.ui.messages import say
from zooctl.cli.ui.options import AllowUntrusted, AsJson
from zooctl.cli.ui.tables import echo, echo_json

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry


class ModelTest(NamedTuple):
    """The test of one model.

    Attributes:
        model: Its name.
        result: ``ok``, ``failed`` or ``skipped``.
        seconds: Time it took.
        details: What is wrong, or why it was skipped.
    """

    model: str
    result: str
    seconds: float
    details: tuple[str, ...]


def command(
    models: Annotated[
        list[str] | None, typer.Argument(help="Names that `zooctl list` shows.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Test every model of the zoo.")] = False,
    as_json: AsJson = False,
    junit: Annotated[
        Path | None, typer.Option(help="Also write the outcomes as JUnit XML, for CI.")
    ] = None,
    allow_untrusted: AllowUntrusted = False,
) -> None:
    """Predict each model's probe and compare documents and predictions; exit 3 if one fails.

    Weights that are not on this machine are not downloaded: such a model is skipped, and said so.
    """
    from zooctl.catalog import registry
    from zooctl.catalog.root import model_names
    from zooctl.errors import InputError, VerificationError

    if bool(models) == every:
        raise InputError("say which models", expected="names, or --all")
    outcomes = []
    for name in model_names() if every else models or []:
        outcome = _test(registry.entry(name, allow_untrusted=allow_untrusted))
        outcomes.append(outcome)
        if not as_json:
            echo(f"{outcome.result:<8} {outcome.model} ({outcome.seconds:.1f} s)")
        for detail in outcome.details:
            say(f"{outcome.model}: {detail}")
    if as_json:
        echo_json([outcome._asdict() for outcome in outcomes])
    if junit is not None:
        _write_junit(junit, outcomes)
    failed = [outcome.model for outcome in outcomes if outcome.result == "failed"]
    if failed:
        raise VerificationError("models failed their tests", got=", ".join(failed))


def _test(entry: Entry) -> ModelTest:
    from zooctl.catalog.weights import onnx_bytes
    from zooctl.errors import IntegrityError, VerificationError, ZooError
    from zooctl.reproduction.verify.consistency import entry_problems

    began = time.monotonic()
    errors = [str(error) for error in entry_problems(entry)]
    result = "failed" if errors else "ok"
    if not errors and entry.folder is None:
        result, errors = "skipped", ["has no weights; documents agree"]
    elif not errors:
        try:
            onnx_bytes(entry, may_download=False)
        except (IntegrityError, VerificationError) as error:
            result, errors = "failed", [str(error)]
        except ZooError as error:
            result, errors = "skipped", [f"weights are not here: {error}"]
    return ModelTest(entry.name, result, round(time.monotonic() - began, 3), tuple(errors))


def _write_junit(path: Path, outcomes: list[ModelTest]) -> None:
    """Write outcomes in the form of JUnit that CI services read."""
    from xml.etree import ElementTree

    from zooctl.files.disk.atomic import atomic_output

    results = [one.result for one in outcomes]
    counts = {"failures": results.count("failed"), "skipped": results.count("skipped")}
    facts = {"name": "zooctl test", "tests": str(len(outcomes))}
    facts |= {key: str(n) for key, n in counts.items()}
    suite = ElementTree.Element("testsuite", facts)
    for one in outcomes:
        facts = {"classname": "zooctl", "name": one.model, "time": f"{one.seconds:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", facts)
        if one.result != "ok":
            kind = "failure" if one.result == "failed" else "skipped"
            ElementTree.SubElement(case, kind, message="; ".join(one.details))
    with atomic_output(path, force=True) as temporary:
        ElementTree.ElementTree(suite).write(temporary, encoding="utf-8", xml_declaration=True)
