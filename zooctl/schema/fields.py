"""The strict model and the field types shared by cards, recipes and manifests.

Documents distinguish two kinds of empty fields. A required field that may be ``null`` is *not
known*, and the document gives the reason under ``unknown``. A field that may be left out does not
apply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from zooctl.errors import InputError
from zooctl.schema.explain import nearest
from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry

T = TypeVar("T")

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"

# A list in the file, a tuple in the program: documents are frozen at every depth.
Items = Annotated[tuple[T, ...], Field(strict=False)]

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
# Also assemblies: names that keep their capitals.
TrackName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
StrandPairs = Annotated[
    tuple[Annotated[tuple[TrackName, TrackName], Field(strict=False)], ...], Field(strict=False)
]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]
Line = Annotated[str, Field(pattern=r"^[^\r\n]+$", max_length=300)]
Chrom = Annotated[str, Field(pattern=r"^[!-~]{1,255}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Md5 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Revision = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Url = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?/[!-~]*$", max_length=2_000)]
# Relative, no `..`, no hidden part, nothing that a shell or a file system reads in its own way.
FilePath = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*$", max_length=255
    ),
]

# SPDX identifiers met in this field; LicenseRef- is SPDX's own form for terms without one.
Licence = Literal[
    "Apache-2.0",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "ISC",
    "LGPL-3.0-or-later",
    "MIT",
    "ODbL-1.0",
    "Unlicense",
    "LicenseRef-ENCODE-open",
    "LicenseRef-free-for-academic-use",
    "LicenseRef-free-with-citation",
    "LicenseRef-none-stated",
    "LicenseRef-public-domain",
]


class Problem(NamedTuple):
    """One disagreement between the fields of a document.

    Attributes:
        field: Dotted path below the model that reports it; empty for the model as a whole.
        what: One sentence without a full stop.
        got: The value, as text.
        expected: The right value, as text.
        hint: Advice.
    """

    field: str
    what: str
    got: str | None = None
    expected: str | None = None
    hint: str | None = None


def no_such(kind: str, field: str, name: str, known: Iterable[str]) -> Problem:
    """Return the problem of a name that is none of the known ones, with the nearest as a hint.

    >>> no_such("track", "metrics.0.track", "ctfc", ["CTCF", "Input"]).hint
    "did you mean 'CTCF'?"
    """
    names = list(known)
    return Problem(field, f"no such {kind}", name, ", ".join(names), nearest(name, names))


class Values(BaseModel):
    """A strict, frozen set of values: no unknown field, no guessing of types, no NaN."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, protected_namespaces=()
    )

    def problems(self) -> Iterator[Problem]:
        """Yield disagreements between fields that are each valid by themselves."""
        yield from ()

    @model_validator(mode="after")
    def _agree(self) -> Values:
        # One pydantic error carries all problems; ``explain`` yields them one by one.
        if found := list(self.problems()):
            text = "; ".join(f"{problem.field}: {problem.what}" for problem in found)
            # Braces are pydantic's placeholders.
            text = text.replace("{", "(").replace("}", ")")
            raise PydanticCustomError("disagree", text, {"problems": found})
        return self


class Region(Values):
    """A chromosome, or a part of one: 0-based, half-open, as in BED.

    In YAML it is a name, or ``{chrom: chr20, start: 0, end: 53000000}``.

    >>> Region(chrom="chr21").overlaps(Region(chrom="chr21", start=5, end=9))
    True
    """

    chrom: Chrom
    start: int | None = Field(default=None, ge=0)
    end: int | None = Field(default=None, ge=1)

    def problems(self) -> Iterator[Problem]:
        if (self.start is None) != (self.end is None):
            yield Problem("", "a range needs both start and end, a chromosome neither")
        elif self.start is not None and self.end is not None and self.start >= self.end:
            yield Problem("end", "range is empty", str(self.end), f"more than {self.start}")

    def overlaps(self, other: Region) -> bool:
        """Say whether two regions share a base."""
        if self.chrom != other.chrom:
            return False
        if self.start is None or self.end is None or other.start is None or other.end is None:
            return True
        return self.start < other.end and other.start < self.end

    def interval(self, contig_length: int) -> Interval:
        """Return the region as an interval; a chromosome without a range is taken whole.

        >>> Region(chrom="chr21").interval(48_129_895).end
        48129895
        """
        end = contig_length if self.end is None else self.end
        return Interval(self.chrom, self.start or 0, end)

    def __str__(self) -> str:
        """Return the region as ``--region`` takes it: 1-based, inclusive.

        >>> str(Region(chrom="chr20", start=0, end=53_000_000))
        'chr20:1-53,000,000'
        """
        return self.chrom if self.start is None else f"{self.chrom}:{self.start + 1:,}-{self.end:,}"


def _region(value: object) -> object:
    if isinstance(value, str):
        return {"chrom": value}
    if not isinstance(value, (dict, Region)):
        raise ValueError("a chromosome name as text, or {chrom, start, end}")
    return value


RegionField = Annotated[Region, BeforeValidator(_region, json_schema_input_type=str | Region)]


# Few enough to compare each with each.
Regions = Annotated[Items[RegionField], Field(max_length=1_000)]


class Split(Values):
    """Regions for training, for validation (the choice among epochs and models), and for testing.

    All three are empty for a model without training, as a motif scan.
    """

    train: Regions
    validation: Regions
    test: Regions

    def problems(self) -> Iterator[Problem]:
        parts = {part: getattr(self, part) for part in ("train", "validation", "test")}
        placed = [(part, index, r) for part, rs in parts.items() for index, r in enumerate(rs)]
        for number, (part, index, region) in enumerate(placed):
            for other_part, _, other in placed[:number]:
                if region.overlaps(other):
                    yield Problem(
                        f"{part}.{index}", f"{region} shares bases with {other_part} {other}"
                    )

    @property
    def weak(self) -> bool:
        """Whether two parts share a chromosome, a weaker separation than whole chromosomes."""
        parts = [
            {region.chrom for region in part} for part in (self.train, self.validation, self.test)
        ]
        return len(set().union(*parts)) < sum(len(part) for part in parts)


def repeated(values: list[str]) -> list[str]:
    """Return the values that occur more than once, sorted."""
    return sorted(value for value, times in Counter(values).items() if times > 1)


def swapped_order(names: Sequence[str], pairs: Iterable[tuple[str, str]]) -> tuple[int, ...]:
    """Return the index of the name that takes each one's place where pairs change places.

    A pair of other names changes nothing.

    >>> swapped_order(["plus", "minus", "both"], [("plus", "minus"), ("up", "down")])
    (1, 0, 2)
    """
    index = {name: number for number, name in enumerate(names)}
    order = list(range(len(names)))
    for first, second in pairs:
        if first in index and second in index:
            order[index[first]], order[index[second]] = index[second], index[first]
    return tuple(order)


def geometry_problems(
    input_length: int, output_length: int, bin_size: int, core_length: int
) -> Iterator[Problem]:
    """Yield the disagreements among the four lengths (bp) of a window."""
    try:
        Geometry(input_length, output_length, bin_size, core_length)
    except InputError as error:
        field = error.field or ""
        got = {
            "input_length": input_length,
            "output_length": output_length,
            "bin_size": bin_size,
            "core_length": core_length,
        }.get(field)
        yield Problem(
            field, error.what, str(got), None if error.expected is None else str(error.expected)
        )


def unknown_problems(document: Values, unknown: Mapping[str, str]) -> Iterator[Problem]:
    """Yield each ``null`` without a reason, and each reason without a ``null``.

    Args:
        document: A card or recipe.
        unknown: Dotted field path, with ``*`` for any index, to the reason.
    """
    empty = dict(_nulls(document, ()))
    explained = set()
    for path, wild in empty.items():
        hits = {path, wild} & unknown.keys()
        explained |= hits
        if not hits:
            yield Problem(path, "null without a reason", "null", f"a reason under unknown: {wild}")
    for path in unknown.keys() - explained:
        yield Problem(f"unknown.{path}", "a reason for a field that is not null")


def _nulls(model: BaseModel, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield ``(path, path with * for indices)`` of each required field that is null."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        here = (*path, name)
        if value is None and info.is_required():
            text = ".".join(here)
            yield text, ".".join("*" if part.isdigit() else part for part in here)
        elif isinstance(value, BaseModel):
            yield from _nulls(value, here)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from _nulls(item, (*here, str(index)))
