"""The motif that a network has learnt, and its alignment with the known one."""

from __future__ import annotations

from dataclasses import dataclass

from zooctl.files.motifs import Motif
from zooctl.interpret.motif_recovery.motif_match import MotifMatch


@dataclass(frozen=True, eq=False)
class RecoveredMotif:
    """A motif recovered from a network's highest predictions.

    Attributes:
        motif: As recovered.
        known: Known motif of the assay's target, where there is one.
        match: Alignment of the two.
        rank: Place of the known one among all of its collection by similarity, from 1.
        n_known: Profiles of the collection; 0 where it was not read.
    """

    motif: Motif
    known: Motif | None
    match: MotifMatch | None
    rank: int = 0
    n_known: int = 0

    @property
    def p(self) -> float:
        """Chance of a place as good among the collection, had it no part in the motif."""
        return self.rank / self.n_known if self.n_known else float("nan")

    @property
    def oriented(self) -> Motif:
        """The motif on the strand of the known one."""
        return self.motif if self.match is None else self.match.motif

    def to_json(self) -> dict[str, object]:
        """Return consensus, information, number of sites and similarity to the known motif."""
        match = self.match
        return {
            "consensus": self.oriented.consensus,
            "bits": float(self.motif.information().sum()),
            "sites": int(self.motif.counts.sum(axis=1).max()),
            "known": None
            if match is None
            else {
                "name": match.known,
                "similarity": match.similarity,
                "offset": match.offset,
                "overlap": match.overlap,
                **({"rank": self.rank, "of": self.n_known, "p": self.p} if self.n_known else {}),
            },
        }

    def __str__(self) -> str:
        """Return the motif in a line."""
        text = f"{self.oriented.consensus}, {self.motif.information().sum():.1f} bits"
        if self.match is None:
            return text
        return (
            f"{text}; similarity {self.match.similarity:.3f} to {self.match.known} "
            f"over {self.match.overlap} columns"
            + f"; place {self.rank} of {self.n_known}, p {self.p:.2g}"
            * bool(self.n_known)
        )
