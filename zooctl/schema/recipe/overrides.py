"""Values of a recipe set on the command line, checked by the same rules as those in the file."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.schema.strict_yaml import Document, Model, loads, parse


def override(document: Document, settings: Sequence[str], option: str = "--set") -> Document:
    """Return a document with values replaced.

    Args:
        document: Left as it is.
        settings: ``field=value`` each, the field dotted, the value YAML.
        option: Option of the command line that errors name.

    Raises:
        InputError: A setting is not ``field=value``, its value is no YAML, or its field lies below
            a value that has no fields.

    >>> recipe = Document(Path("a.yaml"), {"optimiser": {"key": "adam", "lr": 0.001}}, {})
    >>> override(recipe, ["optimiser.lr=1e-4", "loggers=[tensorboard]"]).data
    {'optimiser': {'key': 'adam', 'lr': 0.0001}, 'loggers': ['tensorboard']}
    """
    data = copy.deepcopy(document.data)
    for setting in settings:
        field, equals, text = setting.partition("=")
        if not equals or not all(field.split(".")):
            raise InputError(
                "not a field and a value",
                field=option,
                got=repr(setting),
                expected="field=value",
                hint=f"{option} optimiser.lr=0.0005",
            )
        _put(data, field, _value(text, Path(f"{option} {field}")), option)
    return Document(document.path, data, document.lines)


def _value(text: str, path: Path) -> object:
    """Read a value as strict YAML, without line numbers in errors."""
    try:
        data = loads(f"value: {text}", path).data
    except ZooError as error:
        for part in error.errors if isinstance(error, ManyErrors) else (error,):
            part.line = None
        raise
    if len(data) > 1:
        raise InputError("more than one value", path=path, got=repr(text))
    return data["value"]


def _put(data: dict[str, Any], field: str, value: object, option: str) -> None:
    *above, last = field.split(".")
    place: Any = data
    for depth, name in enumerate([*above, last]):
        if isinstance(place, list):
            if not name.isdigit() or int(name) >= len(place):
                raise InputError(
                    "no such item of the list",
                    path=f"{option} {field}",
                    got=name,
                    expected=f"0 to {len(place) - 1}",
                )
            key: Any = int(name)
        elif isinstance(place, dict):
            key = name
        else:
            upper = ".".join(above[:depth])
            raise InputError(f"{upper} has no fields", path=f"{option} {field}", got=repr(place))
        if depth == len(above):
            place[key] = value
        elif isinstance(place, dict):
            place = place.setdefault(key, {})
        else:
            place = place[key]


def parse_changed(
    model: type[Model], document: Document, settings: Sequence[str], option: str = "--set"
) -> tuple[Model, Document]:
    """Validate a document with values replaced; errors in these name the setting, not a line.

    Raises:
        InputError: As ``override`` and ``strict_yaml.parse``.
    """
    changed = override(document, settings, option)
    try:
        return parse(model, changed), changed
    except ManyErrors as many:
        raise ManyErrors([_placed(error, settings, option) for error in many.errors]) from None
    except ZooError as error:
        raise _placed(error, settings, option) from None


def _placed(error: ZooError, settings: Sequence[str], option: str) -> ZooError:
    """Name the setting as the place of an error in its value."""
    own = error.field or ""
    for setting in settings:
        field = setting.partition("=")[0]
        # The fault may lie below the field, or above it if the field itself is unknown.
        if f"{own}.".startswith(f"{field}.") or f"{field}.".startswith(f"{own}."):
            error.path, error.line = f"{option} {setting}", None
            return error
    return error
