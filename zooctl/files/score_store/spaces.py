"""The folders of a store: one for each model and settings, with one for each contig of a genome.

Each folder is named by the digest of a small file of facts in it. A folder whose facts are not
those of its name is stale or damaged, and never read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.pinned import digest_of
from zooctl.files.score_store.parts import PartFolder
from zooctl.files.score_store.queries import Queries
from zooctl.progress import Say, silent

_FACTS = "facts.json"
_NAME = re.compile(r".+-([0-9a-f]{16})")

Facts = Mapping[str, Any]


class Contig(NamedTuple):
    """A contig of a genome: its name, and the sha256 of the FASTA file that holds it."""

    name: str
    genome: str


@dataclass
class Space:
    """The scores of one model by one way of computing.

    Attributes:
        folder: Its folder.
        facts: Model, weights, and all settings that a score depends on.
        queries: Answers questions.
        say: Told about damaged parts.
    """

    folder: Path
    facts: Facts
    queries: Queries
    say: Say = silent
    _parts: dict[Contig, PartFolder] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Digest of the facts."""
        return _digest(self.facts)

    def parts(self, contig: Contig, *, create: bool = False) -> PartFolder | None:
        """Return the parts of a contig; None where there are none.

        Args:
            contig: The contig.
            create: Make the folder where it is missing.

        Raises:
            InputError: It cannot be made.
        """
        if create:
            _describe(self.folder, self.facts)
        if contig not in self._parts:
            facts = {"contig": contig.name, "genome": contig.genome}
            folder = self.folder / _folder_name(contig.name, facts)
            if create:
                _describe(folder, facts)
            elif _facts_of(folder) is None:
                return None
            self._parts[contig] = PartFolder(folder, self.queries, self.say)
        return self._parts[contig]

    def contigs(self) -> list[Contig]:
        """Return the contigs that have parts."""
        found = []
        for folder in sorted(self.folder.iterdir()):
            if (facts := _facts_of(folder)) is not None:
                found.append(Contig(facts["contig"], facts["genome"]))
        return found


class Store:
    """A store; it is made where it is missing, once something is added.

    Args:
        root: Its folder.
        say: Told about damaged parts and stale folders.

    Raises:
        InputError: duckdb or pyarrow is not installed, or the folder is a file.
    """

    def __init__(self, root: Path, say: Say = silent) -> None:
        if root.exists() and not root.is_dir():
            raise InputError("the store is a folder", path=root, got="a file")
        self.root = root
        self._queries = Queries()
        self._say = say

    def space(self, facts: Facts) -> Space:
        """Return the folder of some facts, which need not be there yet."""
        folder = self.root / _folder_name(str(facts["model"]), facts)
        return Space(folder, facts, self._queries, self._say)

    def spaces(self, model: str | None = None) -> list[Space]:
        """Return all folders with sound facts, or those of a model."""
        found = []
        for folder in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            facts = _facts_of(folder)
            if facts is None:
                if _NAME.fullmatch(folder.name):
                    self._say(f"store: a folder without its facts is not read: {folder}")
            elif model in (None, facts.get("model")):
                found.append(Space(folder, facts, self._queries, self._say))
        return found


def _folder_name(name: str, facts: Facts) -> str:
    """Return a name for people, and the digest of the facts.

    >>> _folder_name("HLA-A*01:01", {"contig": "HLA-A*01:01"})
    'HLA-A_01_01-5daee56a8772413d'
    """
    return f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)[:100]}-{_digest(facts)[:16]}"


def _digest(facts: Facts) -> str:
    return digest_of(_text(facts))


def _text(facts: Facts) -> bytes:
    return (json.dumps(facts, sort_keys=True, indent=1) + "\n").encode()


def _describe(folder: Path, facts: Facts) -> None:
    """Make a folder with its facts."""
    if _facts_of(folder) is not None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("the store cannot be written", path=folder, got=error.strerror) from None
    with atomic_output(folder / _FACTS, force=True) as temporary:
        temporary.write_bytes(_text(facts))


def _facts_of(folder: Path) -> dict[str, Any] | None:
    """Return the facts of a folder; None where they are missing, or not those of its name."""
    name = _NAME.fullmatch(folder.name)
    with suppress(OSError, ValueError):
        facts = json.loads((folder / _FACTS).read_bytes())
        if name and isinstance(facts, dict) and _digest(facts).startswith(name[1]):
            return facts
    return None
