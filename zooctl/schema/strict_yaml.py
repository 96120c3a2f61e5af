"""Strict YAML: plain data with the line of every field, and errors that name both.

Tags, anchors, aliases, merges and repeated keys are refused; ``no``, ``012`` and ``1:30`` are text.
Numbers are decimal; ``true``, ``false`` and ``null`` are the only words with a meaning. Only dict,
list and scalars are ever constructed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.schema.explain import explain

FieldPath: TypeAlias = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

MAX_BYTES = 4_000_000
MAX_DEPTH = 30
MAX_VALUES = 100_000
MAX_ERRORS = 100

_WORDS: Mapping[str, bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """A YAML file as data.

    Attributes:
        path: The file.
        data: Its top-level mapping.
        lines: Field path to line, counted from 1.
    """

    path: Path
    data: dict[str, Any]
    lines: dict[FieldPath, int]

    def line(self, field: FieldPath) -> int:
        """Return the line of a field, or of the nearest field above that exists."""
        while field and field not in self.lines:
            field = field[:-1]
        return self.lines.get(field, 1)


def load(path: Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises:
        InputError: The file is unreadable, or its YAML is refused (ManyErrors for several faults).
    """
    return loads(_text(path), path)


def loads(text: str, path: Path) -> Document:
    """Read YAML text.

    >>> loads("assembly: hg19\\nchroms: [no, 012, 1:30, 12]", Path("a.yaml")).data
    {'assembly': 'hg19', 'chroms': ['no', '012', '1:30', 12]}
    """
    reader = _Reader(path)
    try:
        data = reader.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        raise InputError("not YAML", path=path, line=line, got=error.problem) from None
    except yaml.YAMLError as error:
        raise InputError("not YAML", path=path, got=str(error).splitlines()[0]) from None
    if reader.errors:
        raise reader.errors[0] if len(reader.errors) == 1 else ManyErrors(reader.errors)
    if not isinstance(data, dict):
        raise InputError("top level is no mapping", path=path, line=1, expected="field: value")
    return Document(path, data, reader.lines)


def dumps(data: Mapping[str, Any]) -> str:
    """Return data as YAML in the given order, which ``loads`` reads back as the same data.

    >>> print(dumps({"assembly": "hg19", "chroms": ["012", "no", 12]}), end="")
    assembly: hg19
    chroms:
    - '012'
    - 'no'
    - 12
    """
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=96)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes text that would be read as another type, and repeats instead of aliasing."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def quotes(text: str) -> str | None:
    """Return the quotes without which a text would be read as something else, None if none.

    >>> quotes("1e5"), quotes("hg19"), quotes("a\\x85b")
    ("'", None, '"')
    """
    if not text.replace("\n", "").isprintable():
        return '"'  # the only style that keeps every line break apart
    return "'" if not isinstance(_scalar(text), str) or text == "<<" else None


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # PyYAML alone quotes for YAML 1.1, where 1e5 is text; here it is a number.
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=quotes(text))


_Dumper.add_representer(str, _represent_text)


def parse(model: type[Model], document: Document) -> Model:
    """Validate a document as a card, recipe or other model.

    Raises:
        InputError: A value is wrong; with line, field and nearest valid value (ManyErrors for
            several values).
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        errors: list[ZooError] = []
        for fault in islice(explain(error, model, document.data), MAX_ERRORS):
            field = ".".join(str(part) for part in fault.field)
            errors.append(
                InputError(
                    fault.what,
                    path=document.path,
                    line=document.line(fault.field),
                    field=field or None,
                    got=fault.got,
                    expected=fault.expected,
                    hint=fault.hint,
                )
            )
        raise (errors[0] if len(errors) == 1 else ManyErrors(errors)) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError("cannot be read", path=path, got=error.strerror) from None
    if len(content) > MAX_BYTES:
        raise InputError("too large for a document", path=path, expected=f"up to {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError("not UTF-8 text", path=path, line=line) from None


class _Reader:
    """Builds data from parser events, and collects the lines of fields and the errors."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[FieldPath, int] = {}
        self.errors: list[ZooError] = []
        self.n_values = 0

    def document(self, events: Iterator[Any]) -> object:
        """Return the value of the first document, and refuse a second one."""
        data: object = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse("a second document in the file", event, ())
                    break
                data = self._value(next(events), events, ())
        return data

    def _value(self, event: Any, events: Iterator[Any], field: FieldPath) -> object:
        self.lines.setdefault(field, event.start_mark.line + 1)
        line = event.start_mark.line + 1
        if len(field) > MAX_DEPTH:
            raise InputError("nested too deeply", path=self.path, line=line)
        self.n_values += 1
        if self.n_values > MAX_VALUES:
            raise InputError("too many values", path=self.path, line=line, expected=MAX_VALUES)
        if isinstance(event, yaml.AliasEvent):
            self._refuse("aliases are not accepted", event, field, got=f"*{event.anchor}")
            return None
        if event.anchor is not None:
            self._refuse("anchors are not accepted", event, field, got=f"&{event.anchor}")
        if event.tag is not None:
            self._refuse("tags are not accepted", event, field, got=event.tag)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, field)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, field)
        return _scalar(event.value) if not event.style else event.value

    def _mapping(self, events: Iterator[Any], field: FieldPath) -> dict[str, object]:
        data: dict[str, object] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            merge = key == "<<" and not event.style
            if key is None or event.anchor is not None or event.tag is not None or merge:
                self._refuse("a key is not plain text", event, field, got=key)
                if key is None:
                    self._value(event, events, (*field, "?"))
                key = "?"
            here = (*field, key)
            line = event.start_mark.line + 1
            if key in data:
                first = self.lines[here]
                self._refuse("field is given twice", event, here, got=f"first on line {first}")
            self.lines.setdefault(here, line)
            data[key] = self._value(next(events), events, here)
        return data

    def _sequence(self, events: Iterator[Any], field: FieldPath) -> list[object]:
        data: list[object] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            data.append(self._value(event, events, (*field, len(data))))
        return data

    def _refuse(self, what: str, event: Any, field: FieldPath, *, got: str | None = None) -> None:
        name = ".".join(str(part) for part in field) or None
        line = event.start_mark.line + 1
        self.errors.append(InputError(what, path=self.path, line=line, field=name, got=got))
        if len(self.errors) == MAX_ERRORS:
            raise ManyErrors(self.errors)


def _scalar(text: str) -> object:
    """Return the value of an unquoted scalar.

    >>> [_scalar(text) for text in ("12", "012", "1e-3", "1_000", "yes", "true", ".5", "-")]
    [12, '012', 0.001, '1_000', 'yes', True, 0.5, '-']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 30:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
