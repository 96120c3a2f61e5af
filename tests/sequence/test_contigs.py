from __future__ import annotations

import pytest

from zooctl.sequence.contigs import other_style, unknown_contig


@pytest.mark.parametrize("chrom", ["1", "21", "X", "MT", "GL000191.1"])
def test_other_style_twice_is_the_same(chrom: str) -> None:
    assert other_style(other_style(chrom)) == chrom


def test_message_names_some_contigs_and_counts_all() -> None:
    contigs = [f"chr{number}" for number in range(1, 23)]
    message = str(unknown_contig("scaffold_7", contigs))
    assert "chr1, chr2, chr3, chr4, chr5, … (22 in all)" in message
    assert "Hint" not in message


def test_typing_error_is_guessed() -> None:
    assert unknown_contig("chrom21", ["chr20", "chr21"]).hint == "did you mean chr21?"


@pytest.mark.parametrize("chrom", ["chr22", "chrX", "chrM", "chr2"])
def test_another_chromosome_is_no_typing_error(chrom: str) -> None:
    """A part of a genome lacks it; its neighbour is not meant."""
    assert unknown_contig(chrom, ["chr20", "chr21"]).hint is None


def test_the_guess_is_a_contig() -> None:
    """Following the hint succeeds."""
    contigs = ["chr20", "chr21", "scaffold_12"]
    for typed in ("chrom21", "chr_21", "Scaffold_12"):
        hint = str(unknown_contig(typed, contigs).hint)
        assert hint.removeprefix("did you mean ").removesuffix("?") in contigs
