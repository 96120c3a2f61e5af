"""A small genome in memory, and random alleles of all kinds on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.alleles import Allele
from zooctl.sequence.onehot import encode
from zooctl.sequence.windows import gather


class ToyGenome:
    """Contigs as letters; what scores alleles sees a genome.

    Args:
        sequences: Name of a contig to its letters.
    """

    def __init__(self, sequences: dict[str, str]) -> None:
        self.sequences = sequences
        self.contigs = {name: len(text) for name, text in sequences.items()}
        self._codes = {name: encode(text.encode()) for name, text in sequences.items()}

    def padded_codes(self, chrom: str, start: int, end: int) -> NDArray[np.uint8]:
        """Return the codes of ``[start, end)``, N outside of the contig."""
        codes: NDArray[np.uint8] = gather(self._codes[chrom], np.array([start]), end - start)[0]
        return codes


def repetitive(length: int, seed: int) -> str:
    """Return letters made of units of 1 to 8 bases, each one to six times in a row."""
    rng = np.random.default_rng(seed)
    text = ""
    while len(text) < length:
        unit = "".join(rng.choice(list("ACGT"), rng.integers(1, 9)))
        text += unit * int(rng.integers(1, 7))
    return text[:length]


def toy_genome() -> ToyGenome:
    """Two contigs, the second with 60 unknown bases in it."""
    second = repetitive(500, 12)
    return ToyGenome({"one": repetitive(1_200, 11), "two": second[:250] + "N" * 60 + second[250:]})


def random_alleles(genome: ToyGenome, n: int, longest: int, seed: int) -> list[Allele]:
    """Return SNVs, longer replacements, insertions, deletions and both at once, some padded.

    REF is what the genome has, and neither REF nor ALT is empty.
    """
    rng = np.random.default_rng(seed)
    names = list(genome.sequences)
    found: list[Allele] = []
    while len(found) < n:
        chrom = names[0] if rng.random() < 0.8 else names[-1]
        letters = genome.sequences[chrom]
        removed, added = rng.integers(0, rng.choice([1, 3, longest]) + 1, 2).tolist()
        kind = rng.choice(["snv", "mnv", "del", "ins", "both"], p=[0.3, 0.1, 0.2, 0.2, 0.2])
        removed, added = {
            "snv": (1, 1),
            "mnv": (removed, removed),
            "del": (removed, 0),
            "ins": (0, added),
            "both": (removed, added),
        }[kind]
        start = int(rng.integers(0, len(letters) - removed))
        ref = letters[start : start + removed]
        alt = "".join(rng.choice(list("ACGT"), added))
        if not (ref and alt) or rng.random() < 0.2:
            # With bases that do not change, as VCF asks of insertions and deletions.
            before = letters[max(0, start - int(rng.integers(1, 4))) : start]
            after = letters[start + removed :][: int(rng.integers(0, 4))]
            start, ref, alt = start - len(before), before + ref + after, before + alt + after
        if ref and alt and ref != alt and "N" not in ref + alt:
            found.append(Allele(chrom, start, ref, alt))
    return found


def other_ways(genome: ToyGenome, allele: Allele, rng: np.random.Generator) -> list[Allele]:
    """Return the same change written otherwise: padded, and each of them moved right by bases."""
    chrom, start, ref, alt = allele
    letters = genome.sequences[chrom]
    before = letters[max(0, start - int(rng.integers(0, 6))) : start]
    after = letters[start + len(ref) :][: int(rng.integers(0, 6))]
    if "N" in before + after:
        return [allele]
    padded = Allele(chrom, start - len(before), before + ref + after, before + alt + after)
    ways = [allele, padded, Allele(chrom, start, ref.lower(), alt.lower())]
    # An insertion or deletion behind its anchor can move right past an equal base.
    if ref[0] == alt[0] and 1 in (len(ref), len(alt)):
        moved = max(ref, alt, key=len)[1:]
        at = start + len(ref)
        while moved and at < len(letters) and letters[at] == moved[0]:
            moved, at = moved[1:] + moved[0], at + 1
            anchor = letters[at - 1 - (len(moved) if len(ref) > 1 else 0)]
            longer, place = anchor + moved, at - 1 - (len(moved) if len(ref) > 1 else 0)
            pair = (longer, anchor) if len(ref) > 1 else (anchor, longer)
            ways.append(Allele(chrom, place, *pair))
    return ways
