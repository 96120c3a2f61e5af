"""Random alleles fit the genome, and have the substitutions that they should."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from scipy.stats import chisquare
from toy_genome import ToyGenome

from zooctl.errors import InputError
from zooctl.inference.background.draw import (
    ShuffledGenome,
    random_indels,
    random_places,
    random_snvs,
)
from zooctl.inference.background.spectrum import COUNTS
from zooctl.sequence.alleles import trim
from zooctl.sequence.kinds import KINDS, kind_of, lengths_of

RNG = np.random.default_rng(0)
LETTERS = "".join(RNG.choice(list("ACGT"), 60_000))
GENOME = ToyGenome(
    {"one": LETTERS[:40_000] + "N" * 5_000, "two": LETTERS[40_000:], "tiny": "ACGT" * 20}
)
OTHER_STRAND = str.maketrans("ACGT", "TGCA")


def test_snvs_have_the_spectrum() -> None:
    n = 6_000
    found: Counter[tuple[str, str]] = Counter()
    for allele in islice(random_snvs(GENOME, 1_000, np.random.default_rng(1), human=True), n):
        letters = GENOME.sequences[allele.chrom]
        assert letters[allele.start] == allele.ref != allele.alt
        around, alt = letters[allele.start - 1 : allele.start + 2], allele.alt
        if allele.ref in "AG":
            around, alt = around.translate(OTHER_STRAND)[::-1], alt.translate(OTHER_STRAND)
        found[around, alt] += 1
    keys = [(name, alt) for name in COUNTS for alt in "ACGT" if alt != name[1]]
    expected = np.array([count for counts in COUNTS.values() for count in counts])
    observed = [found[key] for key in keys]
    assert chisquare(observed, expected / expected.sum() * n).pvalue > 0.01
    assert sum(observed) == n


def test_substitutions_alike() -> None:
    drawn = islice(random_snvs(GENOME, 1_000, np.random.default_rng(1), human=False), 6_000)
    changes = Counter((allele.ref, allele.alt) for allele in drawn)
    assert len(changes) == 12
    assert chisquare(list(changes.values())).pvalue > 0.01


def test_the_genome_is_read_in_its_order() -> None:
    """Places are drawn at random: read as drawn, each would unpack a block of a bgzipped file."""
    read: list[tuple[str, int]] = []

    class Watched(ToyGenome):
        def padded_codes(self, chrom: str, start: int, end: int) -> np.ndarray:
            read.append((chrom, start))
            return super().padded_codes(chrom, start, end)

    watched = Watched(GENOME.sequences)
    drawn = random_snvs(watched, 50, np.random.default_rng(3), human=True)
    found = list(islice(drawn, 50))
    assert len(read) == 2_000
    assert read == sorted(read)
    same = random_snvs(GENOME, 50, np.random.default_rng(3), human=True)
    assert found == list(islice(same, 50))
    assert found != sorted(found)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_indels(kind: str) -> None:
    low, high = lengths_of(kind, 30)  # type: ignore[arg-type]
    lengths = set()
    drawn = random_indels(GENOME, kind, 30, np.random.default_rng(2))  # type: ignore[arg-type]
    for allele in islice(drawn, 200):
        ref = GENOME.padded_codes(allele.chrom, allele.start, allele.start + len(allele.ref))
        assert len(ref) == len(allele.ref)
        change = trim(allele.start, allele.ref, allele.alt)
        # Unknown bases are sorted out later, by their status.
        if "N" not in allele.ref + allele.alt:
            assert kind_of(change) == kind
            lengths.add(abs(change.growth))
    assert lengths == set(range(low, high + 1))


def test_places_are_everywhere_but_on_small_contigs() -> None:
    chroms, starts = random_places(GENOME.contigs, 20_000, np.random.default_rng(3))
    counts = Counter(chroms)
    assert set(counts) == {"one", "two"}
    assert (
        chisquare([counts["one"], counts["two"]], [20_000 * 45 / 65, 20_000 * 20 / 65]).pvalue
        > 0.01
    )
    inside = [
        0 <= start < GENOME.contigs[chrom] for chrom, start in zip(chroms, starts, strict=True)
    ]
    assert all(inside)


def test_shuffled_stretches() -> None:
    shuffled = ShuffledGenome(GENOME, 50, 101, 4)
    assert set(shuffled.contigs.values()) == {101}
    one = shuffled.padded_codes("shuffled_3", 0, 101)
    assert np.array_equal(
        one, ShuffledGenome(GENOME, 50, 101, 4).padded_codes("shuffled_3", 0, 101)
    )
    assert (one < 4).all()
    assert not np.array_equal(one, shuffled.padded_codes("shuffled_4", 0, 101))
    with pytest.raises(InputError, match="too few stretches") as caught:
        ShuffledGenome(GENOME, 50, 40_001, 4)
    assert caught.value.expected == "50 of 40,001 bp"
    alleles = list(shuffled.snvs(human=True))
    assert len(alleles) == 50
    for allele in alleles:
        assert allele.start == 50
        assert "ACGT"[shuffled.padded_codes(allele.chrom, 50, 51)[0]] == allele.ref != allele.alt
