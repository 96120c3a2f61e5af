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
