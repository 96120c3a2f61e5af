"""Published sets as they are read: rows, signs, distances, digests."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.evaluation.variants.effect_sets import open_set
from zooctl.evaluation.variants.pairs import Pairs
from zooctl.evaluation.variants.score_set import motif_change
from zooctl.files.fasta.reader import Fasta
from zooctl.files.motifs import Motif
from zooctl.sequence.alleles import Allele
from zooctl.sequence.onehot import decode, encode


@pytest.fixture(autouse=True)
def _mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))


def test_bases_are_those_of_the_genome(repo: Path) -> None:
    folder = repo / "recipes/data/hg19_chr20_chr21"
    files = [folder / f"hg19.chr{n}.fa.gz" for n in (20, 21)]
    with Fasta(*files) as genome:
        for name, n in (("mfass", 982), ("h3k27ac_qtl", 83)):
            effects = open_set(name, "hg19").effects
            found = [decode(genome.codes(e.chrom, e.start, e.start + 1)) for e in effects]
            assert len(found) == n
            assert found == [e.ref for e in effects]


def test_exons(mirror: Path) -> None:
    """The first row of the file, by hand: 27 bp beyond the lower end of its exon."""
    found = open_set("mfass", "hg19")
    with (mirror / "mfass_hg19/MFASS.chr20_21.tsv").open() as file:
        rows = list(csv.reader(file, delimiter="\t"))
    assert found.distances is not None
    assert (found.effects[0].start, found.distances[0]) == (476_335, 476_363 - 476_336)
    assert [e.value for e in found.effects] == [float(row[9]) for row in rows]
    assert found.positive_at is not None
    assert sum(e.value <= found.positive_at for e in found.effects) == 46
    # Disruptive variants lie at the ends of exons.
    positive = np.array([e.value <= found.positive_at for e in found.effects])
    assert np.median(found.distances[positive]) < np.median(found.distances[~positive]) / 2


def test_pairs_lie_between_flanks_that_all_share(mirror: Path) -> None:
    found = open_set("allele_specific_ctcf", "hg19", flank=50)
    assert isinstance(found.genome, Pairs)
    pairs = found.genome
    assert set(pairs.contigs.values()) == {200}
    one, other = (pairs.padded_codes(name, 0, 200) for name in ("3307", "3321"))
    assert (one[:50] == other[:50]).all()
    assert (one[150:] == other[150:]).all()
    # The second file's sequence; its base 50 is C, and T in the first file.
    assert decode(one[50:150]).startswith("CCTCACGGCCCTTGACCTC")
    assert found.alleles is not None
    assert found.alleles[0] == Allele("3307", 99, "C", "T")
    assert decode(pairs.padded_codes("3307", -1, 1))[0] == "N"


def test_files_that_are_no_pairs(tmp_path: Path) -> None:
    texts = {"a": ">1\nACGT\n", "b": ">1\nACGA\n", "c": ">1\nTCGA\n", "d": ">2\nACGA\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert len(Pairs(tmp_path / "a", tmp_path / "b", 3).effects) == 1
    with pytest.raises(InputError, match=r"does not differ in one base .*got 2 bases"):
        Pairs(tmp_path / "a", tmp_path / "c", 3)
    with pytest.raises(InputError, match="are no pairs"):
        Pairs(tmp_path / "a", tmp_path / "d", 3)


def test_refusals() -> None:
    with pytest.raises(InputError, match="lies on another assembly"):
        open_set("mfass", "hg38")
    with pytest.raises(InputError, match="has no constructs"):
        open_set("h3k27ac_qtl", "hg19", constructs=True)


def test_motif_change_is_that_of_every_window_over_the_variant() -> None:
    rng = np.random.default_rng(1)
    motif = Motif("m", rng.integers(1, 30, (5, 4)).astype(float))
    sequence = "".join(rng.choice(list("ACGT"), 40))

    class Genome:
        contigs: ClassVar[dict[str, int]] = {"chr1": 40}

        def padded_codes(self, chrom: str, start: int, end: int) -> np.ndarray:
            padded = "N" * 20 + sequence + "N" * 20
            return encode(padded[start + 20 : end + 20].encode())

    weights = motif.log_odds()
    complement = {"A": "T", "C": "G", "G": "C", "T": "A"}

    def best(letters: str) -> float:
        reverse = "".join(complement[letter] for letter in reversed(letters))
        return max(
            sum(weights[i, "ACGT".index(word[i])] for i in range(5))
            for strand in (letters, reverse)
            for word in (strand[n : n + 5] for n in range(len(strand) - 4))
        )

    place, alt = 17, complement[sequence[17]]
    around = sequence[13:22]
    changed = around[:4] + alt + around[5:]
    alleles = [Allele("chr1", place, sequence[place], alt), Allele("chr9", 3, "A", "C")]
    found = motif_change(motif, Genome(), alleles)  # type: ignore[arg-type]
    assert found.tolist() == pytest.approx([best(changed) - best(around), 0.0], abs=1e-5)
