"""Lifting: intervals keep their order and length, or are dropped."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.intervals.liftover import Chain
from zooctl.files.intervals.table import read_table
from zooctl.sequence.intervals import Interval

# chr1: bases 0 to 100 move by 10; a gap of 5 bases in the old, then 100 bases more.
# chr2 turns onto the other strand.
CHAIN = """\
chain 1000 chr1 1000 + 0 205 chrA 900 + 10 210 1
100 5 0
100

chain 500 chr2 300 + 0 50 chrB 400 - 100 150 2
50
"""


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    path = tmp_path / "toy.over.chain"
    path.write_text(CHAIN)
    return Chain(path)


@pytest.mark.parametrize(
    ("interval", "place"),
    [
        (Interval("chr1", 0, 40), Interval("chrA", 10, 50)),
        (Interval("chr1", 60, 100), Interval("chrA", 70, 110)),
        (Interval("chr1", 105, 205), Interval("chrA", 110, 210)),
        # 200 bases of which 5 are lost: within a twentieth. 40 of which 5 are lost: not.
        (Interval("chr1", 5, 205), Interval("chrA", 15, 210)),
        (Interval("chr1", 80, 120), None),
        (Interval("chr1", 99, 103), None),  # ends in the gap
        (Interval("chr1", 500, 600), None),  # aligned to nothing
        (Interval("chr2", 0, 50), None),  # on the other strand
        (Interval("chr9", 0, 50), None),  # not in the chain file
    ],
)
def test_an_interval_has_a_place_or_none(
    chain: Chain, interval: Interval, place: Interval | None
) -> None:
    assert chain.lift(interval) == place


def test_an_interval_with_two_places_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "two.chain"
    path.write_text(
        "chain 9 chr1 99 + 0 50 chrA 99 + 0 50 1\n50\n\n"
        "chain 9 chr1 99 + 0 50 chrB 99 + 0 50 2\n50\n"
    )
    assert Chain(path).lift(Interval("chr1", 5, 9)) is None


@pytest.mark.parametrize(
    "text",
    ["", "chr1\t0\t40\n", "chain 1000 chr1\n", CHAIN[:56], "chain " + "x " * 12 + "\nten\n"],
)
def test_what_is_no_chain_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.chain"
    path.write_text(text)
    with pytest.raises(InputError, match="chain file"):
        Chain(path)


def test_a_file_of_another_assembly(tmp_path: Path, chain: Chain) -> None:
    (tmp_path / "a.bed").write_text("chrX\t0\t40\n")
    with pytest.raises(InputError, match="no interval can be lifted"):
        read_table(tmp_path / "a.bed", chain)


def test_peaks_of_hg38_lift_to_those_of_hg19(mirror: Path) -> None:
    """All lines of chr20 and chr21, other columns included; 17 of 4,615 have no place."""
    chain = Chain(mirror / "chains/hg38ToHg19.over.chain.gz")
    with gzip.open(mirror / "h3k36me3_hg38/SKNSH_ENCFF621CZO.hg38.bed.gz", "rt") as file:
        lines = [line.split() for line in file if line.startswith(("chr20\t", "chr21\t"))]
    places = [chain.lift(Interval(line[0], int(line[1]), int(line[2]))) for line in lines]
    lifted = [
        [place.chrom, place.start, place.end, *line[3:]]
        for place, line in zip(places, lines, strict=True)
        if place is not None
    ]
    assert (len(lines), places.count(None)) == (4_615, 17)
    golden = (
        mirror / "h3k36me3_hg19/SKNSH_ENCFF621CZO.lifted_hg19.chr20_21.narrowPeak"
    ).read_text()
    ordered = sorted(lifted, key=lambda line: (line[0], line[1]))
    assert "".join("\t".join(map(str, line)) + "\n" for line in ordered) == golden
