"""Scores of variants as SpliceAI's released program computes them, one window after another.

Jaganathan et al. 2019 (doi:10.1016/j.cell.2018.12.015), ``get_delta_scores``: bases beyond the
gene's ends are unknown; a gene on the minus strand is read there; deleted bases count as 0 in the
alternative, and inserted ones by their largest value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""One-hot ``(1, 4, length)`` to acceptor and donor ``(1, 2, length - context)``."""


class Gene(NamedTuple):
    """A gene by its ends, 1-based and inclusive."""

    name: str
    chrom: str
    strand: str
    start: int
    end: int


def read_genes(path: Path) -> list[Gene]:
    """Read the table of the released program."""
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return [Gene(r[0], r[1], r[2], int(r[3]) + 1, int(r[4])) for r in rows]


def one_hot(sequence: str) -> NDArray[np.float32]:
    codes = np.frombuffer(sequence.upper().encode(), dtype=np.uint8)
    table = np.array([codes == letter for letter in b"ACGT"], dtype=np.float32)
    return table[None]


def deltas(
    run: Run,
    contig: str,
    gene: Gene,
    pos: int,
    ref: str,
    alt: str,
    *,
    distance: int,
    context: int = 10_000,
) -> tuple[list[float], list[int]]:
    """Return acceptor gain and loss, donor gain and loss, and the places of each.

    Args:
        run: The network.
        contig: Sequence of the contig.
        gene: The gene; only its stretch is known.
        pos: Position in VCF, 1-based.
        ref: REF.
        alt: ALT; one of both is one base.
        distance: Largest distance that is compared.
        context: Bases that the network reads beside its output.
    """
    cover = 2 * distance + 1
    wide = context + cover
    half = wide // 2
    sequence = contig[pos - half - 1 : pos + half].upper()
    assert sequence[half : half + len(ref)] == ref
    left, right = max(half + gene.start - pos, 0), max(half - (gene.end - pos), 0)
    known = "N" * left + sequence[left : wide - right] + "N" * right
    changed = known[:half] + alt + known[half + len(ref) :]
    one, other = (_read(run, text, gene.strand) for text in (known, changed))
    at = cover // 2
    if len(ref) > 1:
        gap = np.zeros((len(ref) - 1, 2))
        other = np.concatenate([other[: at + 1], gap, other[at + 1 :]])
    elif len(alt) > 1:
        top = other[at : at + len(alt)].max(0)[None]
        other = np.concatenate([other[:at], top, other[at + len(alt) :]])
    change = other - one
    scores, places = [], []
    for track in (0, 1):
        for sign in (1, -1):
            best = int((sign * change[:, track]).argmax())
            scores.append(float(sign * change[best, track]))
            places.append(best - at)
    return scores, places


def _read(run: Run, text: str, strand: str) -> NDArray[np.float32]:
    x = one_hot(text)
    if strand == "-":
        return run(np.ascontiguousarray(x[:, ::-1, ::-1]))[0].T[::-1]
    return run(x)[0].T


def field(name: str, scores: list[float], places: list[int]) -> str:
    """Return the text of the published field, without its allele."""
    return "|".join([name, *(f"{score:.2f}" for score in scores), *map(str, places)])


def rows(path: Path) -> Iterator[list[str]]:
    """Yield the columns of a VCF's records."""
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            yield line.split("\t")
