from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from zooctl.errors import InputError, ManyErrors
from zooctl.files.disk import bgzf
from zooctl.files.intervals.bed import check_intervals, read_bed
from zooctl.sequence.intervals import Interval

HG19 = {"chr20": 63_025_520, "chr21": 48_129_895}
ONE = [Interval("chr21", 100, 200)]


@pytest.fixture
def bed(tmp_path: Path) -> Path:
    return tmp_path / "a.bed"


def bgzipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    bgzf.compress(io.BytesIO(data), packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"chr21\t100\t200\n",
        b"chr21\t100\t200",
        b"chr21\t100\t200\r\n",
        b"\xef\xbb\xbfchr21\t100\t200\n",
        b"chr21 100  200\n",
        b"\n# comment\ntrack name=x\nbrowser position chr7:1-2\nchr21\t100\t200\n\n",
        b"chr21\t100\t200\ta name with spaces\t0\t+\n",
        gzip.compress(b"chr21\t100\t200\n"),
        bgzipped(b"chr21\t100\t200\n"),
    ],
    ids=["tabs", "no newline", "CRLF", "BOM", "spaces", "headers", "BED6", "gzip", "bgzip"],
)
def test_forms_of_one_interval(bed: Path, content: bytes) -> None:
    bed.write_bytes(content)
    assert read_bed(bed) == ONE


def test_order_overlaps_and_duplicates_are_kept_with_their_lines(bed: Path) -> None:
    bed.write_text("#\nchr21\t5\t9\nchr20\t0\t2\nchr21\t5\t9\n")
    found = read_bed(bed)
    assert found == [Interval("chr21", 5, 9), Interval("chr20", 0, 2), Interval("chr21", 5, 9)]
    assert found.lines == [2, 3, 4]


def test_empty_intervals_are_counted(bed: Path) -> None:
    bed.write_text("chr21\t7\t7\nchr21\t100\t200\nchr21\t0\t0\n")
    found = read_bed(bed)
    assert found == ONE
    assert found.lines == [2]
    assert found.n_empty == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chr21\t100", "not a BED line .*2 columns"),
        ("chr21", "not a BED line .*'chr21'"),
        ("chr21\tx\t200", "start is not a position .*'x'"),
        ("chr21\t100\t2e3", "end is not a position .*'2e3'"),
        ("chr21\t100\t2_000", "end is not a position"),
        ("chr21\t100\t2,000", "end is not a position"),
        ("chr21\t100\t٢٠٠", "end is not a position"),
        ("chr21\t100\t" + "9" * 5000, "end is not a position"),
        ("chr21\t\t200", "start is not a position"),
        ("chr21\t-1\t200", "start is negative .*'-1'"),
        ("chr21\t200\t100", "end is before start .*200 to 100"),
        ("\t100\t200", "chromosome is empty"),
        ("chr21\t100\t200\tname", "lines differ in their number of columns .*got 4; expected 3"),
    ],
)
def test_bad_line_is_named(bed: Path, line: str, message: str) -> None:
    bed.write_text(f"chr21\t0\t50\n# fine\n{line}\n")
    with pytest.raises(InputError, match=rf"a\.bed:3: {message}".replace(r"a\.bed", str(bed))):
        read_bed(bed)


def test_first_few_bad_lines_come_together(bed: Path) -> None:
    bed.write_text("".join(f"chr21\t{start}\tx\n" for start in range(20)))
    with pytest.raises(ManyErrors) as caught:
        read_bed(bed)
    assert [error.line for error in caught.value.errors] == [1, 2, 3, 4, 5]
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("content", ["", "# nothing\n", "track name=x\n\n", "chr21\t5\t5\n"])
def test_no_intervals(bed: Path, content: str) -> None:
    bed.write_text(content)
    with pytest.raises(InputError, match="no intervals"):
        read_bed(bed)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"chr21\t100\t200\n" * 99)[:-9],
        gzip.compress(b"chr21\t100\t200\n")[:12] + b"\xff" * 20,
        gzip.compress(b"chr21\t100\t200\n")[:-8] + bytes(8),
        bgzipped(b"chr21\t100\t200\n")[: -len(bgzf.END)],
    ],
    ids=["cut", "flipped", "checksum", "cut between blocks"],
)
def test_damaged_gzip(bed: Path, content: bytes) -> None:
    bed.write_bytes(content)
    with pytest.raises(InputError, match=r"damaged|cut short"):
        read_bed(bed)


def test_binary_file(bed: Path) -> None:
    bed.write_bytes(b"\x26\xfc\x8f\x88\x04\x00")
    with pytest.raises(InputError, match="not text"):
        read_bed(bed)


def test_missing_file_and_folder(bed: Path) -> None:
    for path in (bed, bed.parent):
        with pytest.raises(InputError, match="cannot be opened"):
            read_bed(path)


def test_real_peaks(mirror: Path) -> None:
    path = mirror / "h3k36me3_hg19" / "SKNSH_ENCFF621CZO.lifted_hg19.chr20_21.narrowPeak"
    peaks = read_bed(path)
    assert len(peaks) == len(path.read_text().splitlines())
    assert check_intervals(peaks, HG19) == peaks


def test_end_of_contig_is_inside() -> None:
    last = [Interval("chr21", 48_129_894, 48_129_895)]
    assert check_intervals(last, HG19) == last


def test_beyond_the_contig_is_an_error_with_its_line(bed: Path) -> None:
    bed.write_text("chr21\t0\t1\nchr21\t48129000\t48129896\n")
    with pytest.raises(InputError, match=r"a\.bed:2: interval goes beyond.*--clip") as caught:
        check_intervals(read_bed(bed), HG19)
    assert "assembly" in str(caught.value)


def test_clip_cuts_at_the_end() -> None:
    beyond = [Interval("chr21", 48_129_000, 50_000_000)]
    assert check_intervals(beyond, HG19, clip=True) == [Interval("chr21", 48_129_000, 48_129_895)]


def test_clip_leaves_nothing_of_an_interval_outside() -> None:
    outside = [Interval("chr21", 48_129_895, 50_000_000)]
    with pytest.raises(InputError, match="lies beyond its contig"):
        check_intervals(outside, HG19, clip=True)


def test_hg38_peaks_on_hg19_sizes(mirror: Path) -> None:
    peaks = read_bed(mirror / "h3k36me3_hg38" / "SKNSH_ENCFF621CZO.hg38.bed.gz")
    with pytest.raises((InputError, ManyErrors), match=r"\.bed\.gz:\d+: contig is not in"):
        check_intervals(peaks, HG19)


@pytest.mark.parametrize(
    ("chrom", "contigs"),
    [("21", HG19), ("chr21", {"21": 48_129_895}), ("MT", {"chrM": 16_571})],
)
def test_other_naming_style_hints_at_the_map(chrom: str, contigs: dict[str, int]) -> None:
    with pytest.raises(InputError, match="--chrom-map auto") as caught:
        check_intervals([Interval(chrom, 0, 10)], contigs, path="a.bed", lines=[7])
    assert str(caught.value).startswith("a.bed:7: ")
    assert caught.value.exit_code == 2


def test_each_unknown_contig_is_named_once() -> None:
    intervals = [Interval("chrA", 0, 1)] * 9 + [Interval("chrB", 0, 1)]
    with pytest.raises(ManyErrors) as caught:
        check_intervals(intervals, HG19)
    assert len(caught.value.errors) == 2


def test_further_problems_are_counted() -> None:
    beyond = [Interval("chr21", 0, 50_000_000 + index) for index in range(12)]
    with pytest.raises(ManyErrors, match="7 more such problems"):
        check_intervals(beyond, HG19)


def test_map_renames() -> None:
    intervals = [Interval("21", 1, 2), Interval("chr20", 1, 2)]
    assert check_intervals(intervals, HG19, chrom_map={"21": "chr21"}) == [
        Interval("chr21", 1, 2),
        Interval("chr20", 1, 2),
    ]
