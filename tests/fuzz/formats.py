"""Every format that zooctl reads, its seeds, the command that reads it, and what must hold then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fuzz.mutate import TEXT, Mutation
from fuzz.place import Place, Work

FINE = 0
CODES = frozenset({FINE, 2, 3, 5, 6})
# Documents may name addresses, and there is no network.
OFFLINE_CODES = CODES | {4}


Command = Callable[[Place, Work], list[str]]


def nothing(place: Place, work: Work) -> str | None:
    """Ask nothing more of a command that is content."""
    return None


@dataclass(frozen=True)
class Format:
    """A format of input.

    Attributes:
        name: What the command line of the fuzzer calls it.
        seeds: Sound contents.
        command: Writes the case's file and returns the arguments of zooctl.
        mutations: What is done to a content.
        pack: Compresses a content, or makes its sums right; what is packed is mutated as well.
        suffixes: Files of others with these are seeds, too.
        codes: Exit codes that are right.
        sound: Exit codes of a sound file.
        check: Returns what is wrong with the outputs of a command that left with 0.
        outputs: Names that a command may leave behind where it leaves with 0.
        refuses: Whether mutations may end the command. An audit notes data that cannot be read and
            goes on, and a cached index that is no index is made again.
    """

    name: str
    seeds: Callable[[Place], Sequence[bytes]]
    command: Command
    mutations: Sequence[Mutation] = TEXT
    pack: Callable[[bytes], bytes] | None = None
    suffixes: tuple[str, ...] = ()
    codes: frozenset[int] = CODES
    sound: frozenset[int] = frozenset({FINE})
    check: Callable[[Place, Work], str | None] = nothing
    outputs: tuple[str, ...] = ("out*",)
    refuses: bool = True


def all_formats() -> dict[str, Format]:
    """Return the formats by name, those that need torch last."""
    from fuzz import documents, entries, genomic, intervals

    tables = (genomic.FORMATS, intervals.FORMATS, entries.FORMATS, documents.FORMATS)
    return {one.name: one for table in tables for one in table}
