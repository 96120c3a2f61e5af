"""Score the alleles of a background and sort what is kept of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.options.predict_and_score import Null
from zooctl.inference.variants.scorer import Scorer
from zooctl.progress import Advance
from zooctl.sequence.alleles import Allele, Status
from zooctl.sequence.kinds import Kind, lengths_of

# Alleles that are drawn for one that is kept; a genome of gaps has no more to give.
_MOST_DRAWN = 100


def scorable(alleles: Iterable[Allele], scorer: Scorer, n: int) -> Iterator[Allele]:
    """Yield the first n alleles whose windows are whole and known; fewer where there are fewer.

    Args:
        alleles: Alleles, perhaps without end.
        scorer: A scorer on their genome.
        n: Number of alleles.
    """
    drawn = islice(alleles, _MOST_DRAWN * n)
    yield from islice((one for one in drawn if scorer.check(one) == Status.OK), n)


def collect(
    source: Null, alleles: Iterable[Allele], scorer: Scorer, advance: Advance
) -> dict[str, NDArray[np.float32]]:
    """Return the tensors of alleles, as ``file.ScoreBackground`` names them.

    Args:
        source: Where the alleles come from.
        alleles: Alleles that can be scored; those of no kind are left out.
        scorer: The scorer, with all statistics and, where there are several tracks, their mean.
        advance: Called with the number of alleles done since the last call.
    """
    rows: dict[str, list[NDArray[np.float32]]] = {}
    with contextlib.closing(scorer.score([allele] for allele in alleles)) as scored:
        for (allele,) in scored:
            advance(1)
            if allele.kind is None:
                continue
            for of, found in zip(scorer.measures, allele.measured, strict=True):
                rows.setdefault(f"{source}/{allele.kind}/{of.key}", []).append(np.abs(found.score))
                if allele.kind == "snv":
                    name = f"{source}/activity/{of.stem}"
                    rows.setdefault(name, []).append(np.maximum(found.ref, found.alt))
    tensors = {}
    for name, found_rows in rows.items():
        for track, values in enumerate(np.array(found_rows, dtype=np.float32).T):
            # A score that does not exist is in no distribution; -0 becomes 0, whose order counts.
            tensors[f"{name}/{track}"] = np.sort(values[np.isfinite(values)] + np.float32(0))
    return tensors


def kinds_within(longest: int, kinds: Iterable[Kind]) -> list[Kind]:
    """Return the kinds whose shortest member fits a model.

    >>> kinds_within(3, ["snv", "ins_2_5", "del_6_20"])
    ['snv', 'ins_2_5']
    """
    return [kind for kind in kinds if kind == "snv" or lengths_of(kind)[0] <= longest]
