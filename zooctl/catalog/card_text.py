"""Cards as YAML text: edited in place and written anew.

A card is a person's document. An edit keeps its comments, quotes and order, through ruamel.yaml;
the strict reader (``schema.strict_yaml``) reads the result again before it goes to disk.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import ScalarString
from ruamel.yaml.tokens import CommentToken

from zooctl.errors import InputError
from zooctl.schema.card import Card
from zooctl.schema.card_weights import CardWeights
from zooctl.schema.manifest import FileDigest
from zooctl.schema.strict_yaml import quotes

TO_WRITE = "TO BE WRITTEN"
"""Placeholder for a text that a person has still to write."""

Key = str | int


class CardText:
    """A card's text, open for edits.

    >>> card = CardText("# Of seeds 1 to 3.\\nseed: null\\nunknown:\\n  seed: not trained\\n")
    >>> card.set("seed", 3)
    >>> str(card)
    '# Of seeds 1 to 3.\\nseed: 3\\n'
    """

    def __init__(self, text: str) -> None:
        self._data: CommentedMap = _yaml().load(text)

    def __str__(self) -> str:
        return _dump(self._data)

    def get(self, *path: Key) -> Any:
        """Return the value at a path of keys and indices, None if there is none."""
        value: Any = self._data
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def set(self, *path_and_value: Any, order: Sequence[str] = tuple(Card.model_fields)) -> None:
        """Set the value at a path, and drop the reason under ``unknown`` for its absence.

        Args:
            path_and_value: Keys and indices of an existing mapping or list, its key, and the value.
            order: Fields of the mapping in order; a new field goes behind those before it.
        """
        *path, key, value = path_and_value
        parent = self.get(*path)
        if isinstance(parent, CommentedMap) and key not in parent:
            _insert(parent, key, value, order)
        elif parent[key] != value or type(value) is bool:
            tail = _pop_tail(parent, key)
            old = parent[key]
            kept = isinstance(old, ScalarString) and isinstance(value, str)
            parent[key] = type(old)(value) if kept else _commented(value)
            if (tokens := parent.ca.items.get(key)) and len(tokens) > 3:
                tokens[3] = None  # a comment above the first item of the old value
            _push_tail(parent, key, tail)
        if value is not None:
            self._forget_reason((*path, key))

    def remove(self, *path: Key) -> None:
        """Remove the field at a path, if it is there; the comment below it stays."""
        *above, key = path
        parent = self.get(*above)
        if not isinstance(parent, CommentedMap) or key not in parent:
            return
        tail = _pop_tail(parent, key)
        # Above a key stands the comment that follows a collection in brackets.
        tokens = [*((parent.ca.items.pop(key, None) or [None, None])[1] or ()), tail]
        text = "".join(token.value for token in tokens if token is not None)
        keys = list(parent)
        place = keys.index(key)
        del parent[key]
        if place and text:
            lead = "" if text.startswith("\n") else "\n"
            _push_tail(parent, keys[place - 1], CommentToken(lead + text, CommentMark(0), None))
        elif text and len(keys) > 1:
            lines = [line.strip().removeprefix("#").strip() for line in text.splitlines()]
            column = parent.lc.col
            parent.yaml_set_comment_before_after_key(
                keys[1], "\n".join(filter(None, lines)), column
            )

    def _forget_reason(self, path: Sequence[Key]) -> None:
        """Drop the reasons for a value that is no longer null."""
        exact = ".".join(map(str, path))
        self._drop_reason(exact)
        wild = ["*" if isinstance(key, int) else key for key in path]
        if all(value is not None for value in _values(self._data, wild)):
            self._drop_reason(".".join(map(str, wild)))

    def _drop_reason(self, field: str) -> None:
        reasons = self._data.get("unknown") or {}
        if field in reasons:
            self.remove("unknown", field)
            if not reasons:
                self.remove("unknown")


def write_card(fields: Mapping[str, Any]) -> str:
    """Return a card of data, in the order of the schema and the layout of the zoo.

    >>> print(write_card({"tracks": [{"name": "CTCF", "unit": "1e5"}], "name": "toy"}), end="")
    name: toy
    tracks:
      - name: CTCF
        unit: '1e5'
    """
    return _dump({name: fields[name] for name in Card.model_fields if name in fields})


def weight_fields(files: Mapping[str, FileDigest]) -> dict[str, Any]:
    """Return the ``weights`` of a card for files below the entry's folder."""
    return {
        "files": [
            {"path": path, "sha256": file.sha256, "size": file.size} for path, file in files.items()
        ]
    }


def with_weights(text: str, *, environment: str, seed: int, files: Mapping[str, FileDigest]) -> str:
    """Return a card's text for newly trained weights, which lie nowhere but here.

    Args:
        text: The card.
        environment: Digest of the software of the training.
        seed: Seed of the training.
        files: Name below the entry's folder to digest.
    """
    card, weights = CardText(text), weight_fields(files)
    card.set("seed", seed)
    card.set("environment", environment)
    known = card.get("weights", "files") or ()
    if [file["path"] for file in known] != list(files):
        card.set("weights", weights)
        return str(card)
    for field in ("hub", "mirrors", "origin", "origins"):
        card.remove("weights", field)
    for number, file in enumerate(weights["files"]):
        card.remove("weights", "files", number, "url")
        for field, value in file.items():
            card.set("weights", "files", number, field, value)
    return str(card)


def with_hub(text: str, repo: str, revision: str) -> str:
    """Return a card's text with the commit that holds its weights.

    Raises:
        InputError: The card names no weights.

    >>> print(with_hub("weights:\\n  files: []\\n", "org/x", "0" * 40), end="")
    weights:
      files: []
      hub: {repo: org/x, revision: '0000000000000000000000000000000000000000'}
    """
    card = CardText(text)
    if not isinstance(card.get("weights"), dict):
        raise InputError("the card has no block of weights")
    hub = CommentedMap(repo=repo, revision=revision)
    hub.fa.set_flow_style()
    card.set("weights", "hub", hub, order=tuple(CardWeights.model_fields))
    return str(card)


class _Representer(RoundTripRepresenter):
    """Writes null as ``null``, no alias, and quotes only where the strict reader needs them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_null(self, data: None) -> ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:null", "null")

    def represent_text(self, text: str) -> ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=quotes(text))


_Representer.add_representer(type(None), _Representer.represent_null)
_Representer.add_representer(str, _Representer.represent_text)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 1 << 30
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dump(data: Mapping[str, Any]) -> str:
    stream = io.StringIO()
    _yaml().dump(data, stream)
    return stream.getvalue()


def _commented(value: Any) -> Any:
    """Return data in ruamel's containers, which carry comments."""
    if isinstance(value, (CommentedMap, CommentedSeq)):
        return value
    if isinstance(value, dict):
        return CommentedMap((key, _commented(inner)) for key, inner in value.items())
    return CommentedSeq(map(_commented, value)) if isinstance(value, (list, tuple)) else value


def _values(value: Any, path: Sequence[Key]) -> Iterator[Any]:
    """Yield the values at a path in which ``*`` is any index."""
    if not path:
        yield value
    elif path[0] == "*":
        for inner in value if isinstance(value, list) else ():
            yield from _values(inner, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _insert(parent: CommentedMap, key: str, value: Any, order: Sequence[str]) -> None:
    """Put a new field into a mapping behind the fields that precede it in an order."""
    before = set(order[: order.index(key)]) if key in order else set(parent)
    keys = list(parent)
    place = max((number for number, known in enumerate(keys, 1) if known in before), default=0)
    tail = _pop_tail(parent, keys[-1]) if place and place == len(keys) else None
    parent.insert(place, key, _commented(value))
    _push_tail(parent, key, tail)


# ruamel keeps the comment below a value with its last scalar, or with a collection in brackets.


def _owner(parent: Any, key: Key) -> tuple[Any, Key]:
    """Return the container and key of the last scalar or bracketed collection of a value."""
    value = parent[key]
    while isinstance(value, (CommentedMap, CommentedSeq)) and value and not value.fa.flow_style():
        parent, key = value, list(value)[-1] if isinstance(value, dict) else len(value) - 1
        value = parent[key]
    return parent, key


def _pop_tail(parent: Any, key: Key) -> CommentToken | None:
    """Take the comment beside and below a value off it."""
    owner, last = _owner(parent, key)
    value, listed = owner[last], isinstance(owner, CommentedSeq)
    slot = 0 if listed else 2
    token: CommentToken | None = None
    if isinstance(value, (CommentedMap, CommentedSeq)) and value.ca.comment:
        token, value.ca.comment[0] = value.ca.comment[0], None
    elif listed and owner.ca.end:
        token = owner.ca.end[0]
        owner.ca.end = []
    elif tokens := owner.ca.items.get(last):
        token, tokens[slot] = tokens[slot], None
    return token


def _push_tail(parent: Any, key: Key, token: CommentToken | None) -> None:
    """Put a comment below a value, behind the one that is there."""
    if token is None:
        return
    present = _pop_tail(parent, key)
    if present is not None:
        token = CommentToken(present.value + token.value.lstrip("\n"), present.start_mark, None)
    owner, last = _owner(parent, key)
    tokens = owner.ca.items.setdefault(last, [None, None, None, None])
    tokens[0 if isinstance(owner, CommentedSeq) else 2] = token
