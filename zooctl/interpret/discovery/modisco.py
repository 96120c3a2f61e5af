"""Patterns that recur among important stretches: TF-MoDISco, by modisco-lite.

Source: Shrikumar et al. 2018, arXiv:1811.00416.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.motifs import Motif
from zooctl.sequence.onehot import BASES, Codes

Floats = NDArray[np.float64]

# Positions of a pattern below this share of its largest contribution are its background.
_TRIM = 0.3


@dataclass(frozen=True, eq=False)
class FoundPattern:
    """A pattern of TF-MoDISco.

    Attributes:
        name: ``pos_patterns.pattern_0`` and so on, as in its own files.
        n_seqlets: Stretches that it was made of.
        frequencies: Frequency of each base, ``(width, 4)``.
        contributions: Mean contribution of each base, ``(width, 4)``: its CWM.
    """

    name: str
    n_seqlets: int
    frequencies: Floats
    contributions: Floats

    @property
    def core(self) -> slice:
        """Positions from the first to the last of 30 % of the largest contribution."""
        size = np.abs(self.contributions).sum(axis=1)
        strong = np.flatnonzero(size >= _TRIM * size.max())
        return slice(int(strong[0]), int(strong[-1]) + 1)

    @property
    def motif(self) -> Motif:
        """The core as counts."""
        return Motif(self.name, self.frequencies[self.core] * self.n_seqlets)


@dataclass(frozen=True, eq=False)
class FoundPatterns:
    """Patterns of TF-MoDISco.

    Attributes:
        patterns: Those that raise the prediction, most seqlets first, then those that lower it.
        raw: Its own objects, by the sign of the contribution.
        window: Bases of a sequence that it read.
    """

    patterns: tuple[FoundPattern, ...]
    raw: tuple[list[Any] | None, list[Any] | None]
    window: int

    def write_h5(self, target: Path, *, force: bool = False) -> None:
        """Write the patterns in modisco-lite's own form, which its reports read.

        Raises:
            InputError: The target cannot be written.
        """
        from modiscolite.io import save_hdf5

        with atomic_output(target, force=force) as temporary:
            save_hdf5(str(temporary), *self.raw, self.window)


def find_patterns(
    codes: Codes, hypothetical: NDArray[np.float32], *, most_seqlets: int, runs: int
) -> FoundPatterns:
    """Return the patterns in the importance of bases.

    Args:
        codes: Bases, ``(n, length)``.
        hypothetical: Contribution of each base that could stand there, ``(n, 4, length)``.
        most_seqlets: Stretches of each sign at most.
        runs: Runs of Leiden's clustering, of which the best counts.

    Raises:
        InputError: modisco-lite is not installed.
    """
    need("modiscolite", "finding patterns")
    from modiscolite.tfmodisco import TFMoDISco

    onehot = (codes[:, :, None] == np.arange(len(BASES))).astype(np.float32)
    raw = TFMoDISco(
        one_hot=onehot,
        hypothetical_contribs=np.ascontiguousarray(hypothetical.transpose(0, 2, 1)),
        max_seqlets_per_metacluster=most_seqlets,
        n_leiden_runs=runs,
    )
    found = []
    for sign, patterns in zip(("pos", "neg"), raw, strict=True):
        for number, one in enumerate(patterns or []):
            found.append(
                FoundPattern(
                    f"{sign}_patterns.pattern_{number}",
                    len(one.seqlets),
                    np.asarray(one.sequence, dtype=np.float64),
                    np.asarray(one.contrib_scores, dtype=np.float64),
                )
            )
    return FoundPatterns(tuple(found), raw, codes.shape[1])
