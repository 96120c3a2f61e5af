"""Findings of a reproduction: claims that do not hold, and gaps that keep criteria from a pass."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from zooctl.catalog.entry import Entry
from zooctl.errors import ZooError
from zooctl.reproduction.report.levels import CriterionId
from zooctl.reproduction.report.rows import ReportFault


@dataclass
class Findings:
    """Everything found on the way to a report.

    Attributes:
        entry: The model.
        errors: Claims that do not hold, each with the criterion that it breaks.
        gaps: Criterion to the first reason that it cannot be met.
        warnings: Notes for the reader.
    """

    entry: Entry
    errors: list[tuple[CriterionId | None, ZooError]] = field(default_factory=list)
    gaps: dict[CriterionId, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def fault(self, criterion: CriterionId | None, error: ZooError) -> None:
        """Keep an error."""
        self.errors.append((criterion, error))

    def gap(self, criterion: CriterionId, reason: str) -> None:
        """Keep the reason that a criterion cannot be met, unless there is one already."""
        self.gaps.setdefault(criterion, reason)

    @property
    def faults(self) -> tuple[ReportFault, ...]:
        """The errors as a report tells them: without places of this machine."""
        return tuple(
            ReportFault(
                criterion=criterion,
                text=plain(error, self.entry.root),
                exit_code=5 if error.exit_code == 5 else 3,
            )
            for criterion, error in self.errors
        )


def plain(error: ZooError, root: Path) -> str:
    """Return an error with file names below the zoo, or bare ones.

    >>> from zooctl.errors import IntegrityError
    >>> plain(IntegrityError("changed", path="/home/me/zoo/recipes/a.yaml"), Path("/home/me/zoo"))
    'recipes/a.yaml: changed'
    """
    path = None if error.path is None else Path(error.path)
    if path is not None:
        path = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    shown = type(error)(
        error.what,
        path=path,
        line=error.line,
        field=error.field,
        got=_without_places(error.got),
        expected=_without_places(error.expected),
    )
    return str(shown)


def _without_places(value: object) -> object:
    """Cut the folders off the paths in a text; addresses stay.

    The end of a folder's name cannot be told in running text, since it may hold spaces: everything
    is cut up to the last slash of a phrase.

    >>> _without_places("/home/me/John Smith/secret project/a.fa, as https://a.org/b/c.fa has")
    'a.fa, as https://a.org/b/c.fa has'
    """
    if value is None:
        return None
    place = r"(\b(?:https?|ftp|s3|hf)://[^\s,;]+)|(?:\bfile:/*)?(?<![\w.])/(?:[^/,;\n]*/)+"
    return re.sub(place, lambda found: found[1] or "", str(value))
