"""Search spaces of hyperparameters: declared ranges, and recipes drawn from them.

A space is a YAML file of dotted recipe fields::

    optimiser.lr: {log_uniform: [1.0e-4, 1.0e-2]}
    network.dropout: {uniform: [0, 0.5]}
    network.filters: {choice: [32, 64, 128]}
    network.dilated_layers: {int: [2, 6]}

The draw of a trial depends on the space, the seed and the trial's number alone.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np
from pydantic import Field, ValidationError

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.schema.explain import Complaint, explain, nearest, show
from zooctl.schema.fields import Items, Problem, Values
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.strict_yaml import Document, load

# Validation losses of trials that differ in these cannot be compared.
_DATA = "trials on other data can't be compared"
_UNIT = "losses of other bins can't be compared"
FIXED = {
    "name": "the winner gets a name of its own",
    "sources": _DATA,
    "genome": _DATA,
    "split": _DATA,
    "targets": _DATA,
    "controls": _DATA,
    "window.bin_size": _UNIT,
    "window.core_length": _UNIT,
    "loss": "one loss can't be compared with another",
    "loggers": "they change no result",
    "unknown": "it changes no result",
}

# Draws of one trial before its space counts as used up.
_DRAWS = 200

# Named here because inside the class ``int`` is a field.
_Number: TypeAlias = Annotated[float, Field()]
_Positive: TypeAlias = Annotated[float, Field(gt=0)]
_Whole: TypeAlias = Annotated[int, Field(ge=-(2**53), le=2**53)]
_Pair = Field(default=None, min_length=2, max_length=2, strict=False)
_KINDS = ("choice", "uniform", "log_uniform", "int")


class Range(Values):
    """Values that a field may take, in exactly one of four forms.

    Attributes:
        choice: One of these values; a value may be a whole mapping, such as a network.
        uniform: Lowest and highest number.
        log_uniform: Lowest and highest number, drawn uniformly in its logarithm.
        int: Lowest and highest whole number, both included.
    """

    choice: Annotated[Items[Any] | None, Field(min_length=1)] = None
    uniform: Annotated[tuple[_Number, ...] | None, _Pair] = None
    log_uniform: Annotated[tuple[_Positive, ...] | None, _Pair] = None
    int: Annotated[tuple[_Whole, ...] | None, _Pair] = None

    def problems(self) -> Iterator[Problem]:
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            yield Problem("", "a range is one of four", ", ".join(given) or None, ", ".join(_KINDS))
        for kind in given:
            ends = getattr(self, kind)
            if kind != "choice" and ends[0] >= ends[1]:
                yield Problem(kind, "range is empty", str(list(ends)), "[lowest, highest]")

    @property
    def kind(self) -> str:
        """The form that is given."""
        return next(kind for kind in _KINDS if getattr(self, kind) is not None)

    def tested(self) -> tuple[object, ...]:
        """Return the values checked on the recipe before any is drawn: choices, or both ends."""
        values: tuple[object, ...] = getattr(self, self.kind)
        return values

    def draw(self, rng: np.random.Generator) -> object:
        """Return one value; numbers are rounded to four digits, so that recipes can be read.

        >>> Range(log_uniform=(1e-4, 1e-2)).draw(np.random.default_rng(1))
        0.001056
        """
        if self.choice is not None:
            return self.choice[rng.integers(len(self.choice))]
        low, high = getattr(self, self.kind)
        if self.kind == "int":
            return low + rng.integers(high - low + 1).item()
        share = rng.random()
        value = low + share * (high - low)
        if self.kind == "log_uniform":
            value = low * (high / low) ** share
        # Rounding must not lead out of the range.
        return float(min(max(float(f"{value:.4g}"), low), high))


@dataclass(frozen=True)
class Candidate:
    """One recipe to try.

    Attributes:
        values: Searched field to its value.
        data: The whole recipe.
    """

    values: dict[str, object]
    data: dict[str, Any]


def load_space(path: Path, recipe: Document) -> dict[str, Range]:
    """Read the ranges to search around a recipe, and check each alone on the recipe.

    Args:
        path: The space.
        recipe: A valid recipe.

    Returns:
        Dotted field to its range, in the order of the file.

    Raises:
        InputError: The file is no space, or a range has a field or value that the recipe can't
            have (ManyErrors for several faults).
    """
    document = load(path)
    base = Recipe.model_validate(recipe.data)
    known = [field for field in _fields(base.model_dump(), "") if not _fixed(field)]
    errors: list[ZooError] = []
    space = {}
    for field, value in document.data.items():
        try:
            found = Range.model_validate(value)
        except ValidationError as error:
            faults = list(explain(error, Range, value))
            errors += [_error(document, field, fault.field, fault) for fault in faults]
            continue
        problem = _wrong_field(field, known)
        faults = [] if problem is None else [problem]
        errors += [_error(document, field, (), fault) for fault in faults]
        if not faults:
            errors += _wrong_values(document, recipe.data, base, field, found)
            space[field] = found
    if not document.data:
        errors.append(InputError("nothing to search", path=path, expected="field: {choice: […]}"))
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    return space


def candidates(
    space: Mapping[str, Range], recipe: Document, n: int, seed: int
) -> tuple[Candidate, ...]:
    """Draw recipes; the first is the recipe unchanged, as the baseline of the search.

    Invalid combinations, and those drawn before, are drawn again. A space with fewer combinations
    gives fewer candidates.

    Args:
        space: As ``load_space`` returns it.
        recipe: The same recipe.
        n: Number of candidates.
        seed: Of the draw; more candidates begin with the same ones.
    """
    base = Recipe.model_validate(recipe.data)
    dump = base.model_dump(mode="json")
    own: dict[str, object] = {field: _get(dump, field) for field in space}
    name = tuned_name(base.name)
    found = [Candidate(own, copy.deepcopy(recipe.data) | {"name": name})]
    while len(found) < n:
        for attempt in range(_DRAWS):
            rng = np.random.default_rng([seed, len(found), attempt])
            values = {field: choices.draw(rng) for field, choices in space.items()}
            if any(values == earlier.values for earlier in found):
                continue
            data = _changed(recipe.data, dump, values) | {"name": name}
            if not _faults(data):
                found.append(Candidate(values, data))
                break
        else:
            break
    return tuple(found)


def tuned_name(name: str) -> str:
    """Return the name of the winning recipe of a search.

    >>> tuned_name("ctcf_gm12878")
    'ctcf_gm12878_tuned'
    """
    return f"{name[:58]}_tuned"


def _wrong_field(field: str, known: list[str]) -> Complaint | None:
    if why := _fixed(field):
        return Complaint((), "field is not searched", None, None, why)
    if field in known:
        return None
    last = field.rpartition(".")[2]
    # A forgotten prefix is the commonest slip: lr for optimiser.lr.
    same = [one for one in known if one.rpartition(".")[2] == last]
    hint = nearest(field, known) if not same else f"did you mean {same[0]!r}?"
    return Complaint((), "recipe has no such field", None, None, hint)


def _fixed(field: str) -> str | None:
    """Return the reason why a field is not searched: its own, or of a field above or below it."""
    here = f"{field}."
    return next(
        (
            why
            for name, why in FIXED.items()
            if here.startswith(f"{name}.") or f"{name}.".startswith(here)
        ),
        None,
    )


def _wrong_values(
    document: Document, data: dict[str, Any], base: Recipe, field: str, found: Range
) -> Iterator[ZooError]:
    dump = base.model_dump(mode="json")
    for index, value in enumerate(found.tested()):
        for fault in _faults(_changed(data, dump, {field: value})):
            place = ".".join(map(str, fault.field))
            if not f"{place}.".startswith(f"{field}."):
                # Another field, which does not go with this value.
                fault = fault._replace(what=f"with {show(value)}: {place}: {fault.what}")
            elif place != field:
                fault = fault._replace(what=f"{place}: {fault.what}")
            yield _error(document, field, (found.kind, index), fault)


def _faults(data: dict[str, Any]) -> list[Complaint]:
    try:
        Recipe.model_validate(data)
    except ValidationError as error:
        return list(explain(error, Recipe, data))
    return []


def _error(
    document: Document, field: str, below: tuple[str | int, ...], fault: Complaint
) -> InputError:
    return InputError(
        fault.what,
        path=document.path,
        line=document.line((field, *below)),
        field=".".join(map(str, (field, *below))),
        got=fault.got,
        expected=fault.expected,
        hint=fault.hint,
    )


def _fields(value: object, above: str) -> Iterator[str]:
    """Yield the dotted path of every field of a document, inner ones too."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, (list, tuple)):
        items = list(enumerate(value))
    for name, inner in items:
        here = f"{above}.{name}" if above else str(name)
        yield here
        yield from _fields(inner, here)


def _get(data: Any, field: str) -> object:
    for name in field.split("."):
        data = data[int(name)] if isinstance(data, list) else data[name]
    value: object = data
    return value


def _changed(
    data: dict[str, Any], full: dict[str, Any], values: Mapping[str, object]
) -> dict[str, Any]:
    """Return a recipe's data with values replaced; fields that it leaves out come from ``full``."""
    changed = copy.deepcopy(data)
    for field, value in values.items():
        *above, last = field.split(".")
        place: Any = changed
        whole: Any = full
        for name in above:
            key: Any = int(name) if isinstance(whole, list) else name
            whole = whole[key]
            inner = place[key] if isinstance(place, list) else place.get(key)
            if not isinstance(inner, (dict, list)):  # left out, or in short form
                place[key] = copy.deepcopy(whole)
            place = place[key]
        place[int(last) if isinstance(place, list) else last] = copy.deepcopy(value)
    return changed
