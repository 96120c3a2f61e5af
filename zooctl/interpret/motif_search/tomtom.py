"""Known motifs that are like others: Tomtom's p values, by memelite.

Source: Gupta et al. 2007, doi:10.1186/gb-2007-8-2-r24, with complete scores (Tanaka et al. 2011,
doi:10.1093/bioinformatics/btr257).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, need
from zooctl.files.motifs import Motif
from zooctl.progress import Progress, Say, no_progress, silent

Floats = NDArray[np.float64]

HIT_Q = 0.1
"""q value that a match falls below to count as a hit (Koo and Ploenzke 2021)."""

# Below it memelite warns: the known motifs' own columns are the background.
_FEW = 25
# Longer motifs take memory by the fourth power.
_LONGEST = 60
_AT_ONCE = 16


class Match(NamedTuple):
    """A known motif that is like another.

    Attributes:
        known: Its name.
        p_value: Tomtom's: chance of an alignment as good with a random motif.
        q_value: Share of false matches among those of the query at least as good (Benjamini and
            Hochberg 1995).
        strand: ``-`` if it fits reverse-complemented.
    """

    known: str
    p_value: float
    q_value: float
    strand: str


def match_known(
    motifs: Sequence[Motif],
    known: Sequence[Motif],
    n: int = 3,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> list[list[Match]]:
    """Return the known motifs that are most like each motif, best first.

    Args:
        motifs: The queries; at most 60 bp.
        known: The collection.
        n: Matches of each.
        say: Told where p values mean little, and of the first use.
        progress: Opens the progress display.

    Raises:
        InputError: memelite is not installed, or a motif is too long.
    """
    need("memelite", "comparing motifs")
    import memelite

    if too_long := next((one for one in motifs if one.length > _LONGEST), None):
        raise InputError(
            "the motif is too long to be compared",
            field=too_long.name,
            got=f"{too_long.length} bp",
            expected=f"at most {_LONGEST} bp",
        )
    if len(known) < _FEW:
        say(f"warning: p values of Tomtom mean little with {len(known)} known motifs")
    folder = Path(memelite.__file__).parent / "__pycache__"
    if not any(folder.glob("tomtom._tomtom-*.nbi")):
        say("note: Tomtom is compiled where it is used for the first time; that takes a minute")
    targets = [one.probabilities().T for one in known]
    found = []
    with progress(len(motifs), "motifs", "Tomtom") as advance, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="tomtom was given")
        for first in range(0, len(motifs), _AT_ONCE):
            some = motifs[first : first + _AT_ONCE]
            queries = [np.asfortranarray(one.probabilities().T) for one in some]
            p_values, _, _, _, strands = memelite.tomtom(queries, targets)
            found += [_best(p_values[row], strands[row], known, n) for row in range(len(some))]
            advance(len(some))
    return found


def _best(p_values: Floats, strands: Floats, known: Sequence[Motif], n: int) -> list[Match]:
    q_values = q_of(p_values)
    order = np.argsort(p_values, kind="stable")[:n].tolist()
    return [
        Match(known[at].name, float(p_values[at]), float(q_values[at]), "-" if strands[at] else "+")
        for at in order
    ]


def q_of(p_values: Floats) -> Floats:
    """Return the q values of p values by Benjamini and Hochberg's procedure, ``(n,)``.

    >>> q_of(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * len(p_values) / np.arange(1, len(p_values) + 1)
    q_values = np.empty_like(scaled)
    q_values[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q_values
