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


HEADER = "chain 9 chr1 99 + 0 50 chrA 99 + 10 60"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n50\n",  # without an id, as some T2T chains
        f"{HEADER} 1\n50 0 0\n0\n\n",  # a last block of no base
        f"# a comment\n\n{HEADER} 1\n20 0 0\n\n30\n",
        f"{HEADER} 1\r\n50\r\n",
        "chain 9.5e1 chr1 99 + 0 50 chrA 99 + 10 60 1\n50\t0\t0\n0",
    ],
)
def test_odd_files_that_ucsc_liftover_reads(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.chain"
    path.write_bytes(text.encode())
    assert Chain(path).lift(Interval("chr1", 5, 50)) == Interval("chrA", 15, 60)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "empty", None),
        ("\n# none\n", "empty", None),
        ("chr1\t0\t40\n", "not a chain file", 1),
        ("chain 1000 chr1\n", "not a chain file", 1),
        (CHAIN[:56], "cut short", 2),
        (f"{HEADER} 1\n20 0 0\n", "cut short", 2),
        (f"{HEADER} 1\n20 0 0\n\n{HEADER} 2\n", "a block", 4),
        ("chain " + "x " * 12 + "\nten\n", "not a chain file", 1),
        ("chain 1 chr1 100 + 0 x chr1 100 + 0 10 1\n10\n", "start < end", 1),
        ("chain 1 chr1 100 + 0 ² chr1 100 + 0 10 1\n10\n", "start < end", 1),
        (f"chain 1 chr1 {'9' * 5000} + 0 1 chr1 100 + 0 10 1\n10\n", "start < end", 1),
        ("chain 1 chr1 9 + 0 50 chrA 99 + 10 60 1\n50\n", "start < end", 1),
        ("chain 1 chr1 99 - 0 50 chrA 99 + 10 60 1\n50\n", "strand", 1),
        ("chain 1 chr1 99 x 0 50 chrA 99 + 10 60 1\n50\n", "strand", 1),
        (f"{HEADER} 1 2\n50\n", "not a chain file", 1),
        (f"{HEADER} 1\n-50\n", "a block", 2),
        (f"{HEADER} 1\n50 0\n", "a block", 2),
        (f"{HEADER} 1\n49\n", "chr1 do not add up .*got 49; expected 50", 2),
        (f"{HEADER} 1\n20 0 1\n30\n", "chrA do not add up .*got 61; expected 60", 3),
    ],
)
def test_not_a_chain_file(tmp_path: Path, text: str, message: str, line: int | None) -> None:
    path = tmp_path / "bad.chain"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        Chain(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_bases_lift_as_by_another_library(mirror: Path) -> None:
    """Both ends of thousands of blocks, and their neighbours, by the library ``liftover``."""
    library = pytest.importorskip("liftover")
    path = mirror / "chains/hg19ToHg38.over.chain.gz"
    ours, theirs = Chain(path), library.ChainFile(str(path), one_based=False)
    n = 0
    for chrom, segments in ours._segments.items():
        for edge in [*segments.starts[:300], *segments.ends[-300:]]:
            for position in range(max(0, edge - 1), edge + 2):
                found = theirs.query(chrom, position)
                once = len(found) == 1 and found[0][2] == "+"
                assert ours._base(chrom, position) == (tuple(found[0][:2]) if once else None)
                n += once
    assert n > 1_000


def test_a_file_of_another_assembly(tmp_path: Path, chain: Chain) -> None:
    (tmp_path / "a.bed").write_text("chrX\t0\t40\n")
    with pytest.raises(InputError, match=r"can be lifted.*is toy\.over\.chain of another assembly"):
        read_table(tmp_path / "a.bed", chain)
    own = tmp_path / "own.over.chain"
    own.write_text(CHAIN.replace("chr1", "chrX"))
    lifted = read_table(tmp_path / "a.bed", Chain(own))
    assert lifted.intervals == [Interval("chrA", 10, 50)]


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
