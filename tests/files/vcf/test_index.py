"""Whether records are sorted, and indexes of files that are."""

from __future__ import annotations

import io
from pathlib import Path

import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.files.disk.bgzf import END, bgzip_blocks, compress
from zooctl.files.vcf.index import IndexFaultError, SortOrder, index_suffix, write_index
from zooctl.files.vcf.records import Record, parse_record


def record(chrom: str, pos: int, number: int = 1) -> Record:
    return parse_record(f"{chrom}\t{pos}\t.\tA\tC\t.\t.\t.".encode(), 8, "a.vcf", number)


def order_of(*places: tuple[str, int]) -> SortOrder:
    order = SortOrder()
    for number, (chrom, pos) in enumerate(places, 5):
        order.add(record(chrom, pos, number))
    return order


def test_order() -> None:
    sorted_places = [("chr2", 1), ("chr2", 1), ("chr2", 9), ("chr1", 0), ("chr1", 7)]
    assert order_of(*sorted_places).broken is None
    assert order_of(*sorted_places).end == 9
    assert order_of().broken is None
    back = order_of(("chr1", 1_000), ("chr1", 999), ("chr1", 5))
    assert back.broken == ("chr1:1,000", "chr1:999 (line 6)")
    torn = order_of(("chr1", 1), ("chr2", 1), ("chr1", 9))
    assert torn.broken == ("chr2:1", "chr1:9 (line 7)")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=6))
def test_sorted_is_what_sorting_leaves_alone(places: list[tuple[str, int]]) -> None:
    contigs = list(dict.fromkeys(chrom for chrom, _ in places))
    expected = sorted(places, key=lambda place: (contigs.index(place[0]), place[1]))
    assert (order_of(*places).broken is None) == (places == expected)


def test_tbi_as_far_as_it_goes(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for last, suffix in ((1 << 29, ".tbi"), ((1 << 29) + 1, ".csi")):
        path = tmp_path / f"{last}.vcf.gz"
        text = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        rows = [record("chr1", pos).line.decode() for pos in (0, 5, last)]
        with path.open("wb") as file:
            compress(io.BytesIO((text + "\n".join(rows) + "\n").encode()), file)
        assert index_suffix(path, last) == suffix
        assert write_index(path, suffix) == Path(f"{path}{suffix}")
        with pysam.TabixFile(str(path), index=f"{path}{suffix}") as table:
            assert list(table.fetch("chr1", last - 1, last)) == rows[2:]
    # htslib warns of POS 0, which is a telomere.
    assert capfd.readouterr().err == ""


def test_records_that_no_index_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf.gz"
    row = "chr1\t5\t.\tA\t<DEL>\t.\t.\tEND=99999999999999999999\n"
    text = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + row
    path.write_bytes(bgzip_blocks(text.encode()) + END)
    for suffix in (".tbi", ".csi"):
        with pytest.raises(IndexFaultError, match="cannot be stored in a"):
            write_index(path, suffix)
    assert [one.name for one in tmp_path.iterdir()] == ["a.vcf.gz"]
