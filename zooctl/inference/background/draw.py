"""Alleles without a selected effect: at random places of a genome, or in shuffled sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np

from zooctl.errors import InputError
from zooctl.inference.background.spectrum import substitution_weights
from zooctl.inference.genome import Genome
from zooctl.sequence.alleles import Allele
from zooctl.sequence.kinds import Kind, lengths_of
from zooctl.sequence.onehot import BASES, Codes, N, decode
from zooctl.sequence.shuffle import shuffle_dinucleotides
from zooctl.sequence.windows import Integers, gather

# Places looked at for one SNV that is kept: enough for CpG, which is rare and mutates often.
_LOOKED_AT = 40
# Contigs below this share of the longest one are left out, mitochondria and patches among them.
_SHORTEST = 0.02
# Times that as many places are drawn as stretches are wanted.
_MOST_ROUNDS = 100


def random_snvs(
    genome: Genome, n: int, rng: np.random.Generator, *, human: bool
) -> Iterator[Allele]:
    """Yield SNVs at random places, with the substitutions that common variants have there.

    Args:
        genome: The genome.
        n: Number of places to look at for each round; SNVs are yielded without end.
        rng: Source of chance.
        human: Substitutions as in ``spectrum``, else all alike.
    """
    weights = substitution_weights(human)
    while True:
        chroms, starts = random_places(genome.contigs, _LOOKED_AT * n, rng)
        codes = np.empty((len(starts), 3), dtype=np.uint8)
        # In the order of the genome: a bgzipped file is then read from front to end, once.
        for at in np.lexsort((starts, np.array(chroms))).tolist():
            start = int(starts[at])
            codes[at] = genome.padded_codes(chroms[at], start - 1, start + 2)
        known = np.flatnonzero((codes != N).all(axis=1))
        contexts = codes[known] @ np.array([16, 4, 1])
        found = np.bincount(contexts, minlength=64)
        chance = (weights.sum(axis=1) / np.maximum(found, 1))[contexts]
        if not chance.sum():
            raise InputError("genome has no known bases to draw from")
        size = min(n, int(np.count_nonzero(chance)))
        for at in rng.choice(len(known), size, replace=False, p=chance / chance.sum()):
            row, shares = known[at], weights[contexts[at]]
            alt = rng.choice(4, p=shares / shares.sum())
            yield Allele(chroms[row], int(starts[row]), BASES[codes[row, 1]], BASES[int(alt)])


def random_indels(
    genome: Genome, kind: Kind, longest: int, rng: np.random.Generator
) -> Iterator[Allele]:
    """Yield insertions or deletions of one kind at random places, without end.

    Lengths are drawn alike within the kind. Inserted sequence is that of another random place.

    Args:
        genome: The genome.
        kind: An insertion or deletion.
        longest: The longest change, in bp.
        rng: Source of chance.
    """
    low, high = lengths_of(kind, longest)
    while True:
        chroms, starts = random_places(genome.contigs, 2, rng)
        length = int(rng.integers(low, high + 1))
        here = int(starts[0])
        read = genome.padded_codes
        first = decode(read(chroms[0], here, here + 1))
        if kind.startswith("ins"):
            other = int(starts[1])
            inserted = decode(read(chroms[1], other, other + length))
            yield Allele(chroms[0], here, first, first + inserted)
        else:
            yield Allele(chroms[0], here, decode(read(chroms[0], here, here + length + 1)), first)


def random_places(
    contigs: Mapping[str, int], n: int, rng: np.random.Generator
) -> tuple[list[str], Integers]:
    """Return n places, each base of the large contigs with the same chance: contigs and bases."""
    longest = max(contigs.values())
    names = [name for name, length in contigs.items() if length >= _SHORTEST * longest]
    ends = np.cumsum([contigs[name] for name in names])
    drawn = rng.integers(0, ends[-1], n)
    numbers = np.searchsorted(ends, drawn, side="right")
    starts = drawn - np.concatenate(([0], ends))[numbers]
    return [names[number] for number in numbers.tolist()], starts


class ShuffledGenome:
    """Stretches of a genome with their dinucleotides shuffled, each a contig; a ``Genome``.

    Args:
        genome: The genome.
        n: Number of stretches.
        length: Their length in bp.
        seed: Seed of the places and of each shuffle.

    Attributes:
        contigs: Length of each.

    Raises:
        InputError: The genome has hardly any such stretch.
    """

    def __init__(self, genome: Genome, n: int, length: int, seed: int) -> None:
        self._genome, self._length, self._seed = genome, length, seed
        rng = np.random.default_rng(seed)
        self._places: list[tuple[str, int]] = []
        rounds = 0
        while len(self._places) < n:
            if rounds == _MOST_ROUNDS:
                raise InputError(
                    "the genome has too few stretches without unknown bases",
                    got=f"{len(self._places):,} in {rounds * n:,} draws",
                    expected=f"{n:,} of {length:,} bp",
                )
            rounds += 1
            chroms, starts = random_places(genome.contigs, n, rng)
            for chrom, start in zip(chroms, starts.tolist(), strict=True):
                codes = genome.padded_codes(chrom, start, start + length)
                if not (codes == N).any():
                    self._places.append((chrom, start))
        self.contigs = {f"shuffled_{number}": length for number in range(n)}
        self._shuffled = lru_cache(maxsize=8)(self._shuffle)

    def _shuffle(self, name: str) -> Codes:
        number = int(name.removeprefix("shuffled_"))
        chrom, start = self._places[number]
        codes = self._genome.padded_codes(chrom, start, start + self._length)
        return shuffle_dinucleotides(codes, np.random.default_rng([self._seed, number]))

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        """Return the codes of ``[start, end)`` of a stretch, N outside of it."""
        codes: Codes = gather(self._shuffled(chrom), np.array([start]), end - start)[0]
        return codes

    def snvs(self, *, human: bool) -> Iterator[Allele]:
        """Yield an SNV in the middle of each stretch, with the substitutions of common variants."""
        weights = substitution_weights(human)
        rng = np.random.default_rng([self._seed, len(self._places)])
        for name in self.contigs:
            middle = self._length // 2
            codes = self.padded_codes(name, middle - 1, middle + 2)
            shares = weights[int(codes @ np.array([16, 4, 1]))]
            alt = rng.choice(4, p=shares / shares.sum())
            yield Allele(name, middle, BASES[codes[1]], BASES[int(alt)])
