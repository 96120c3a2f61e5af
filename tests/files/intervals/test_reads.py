"""Reads and fragments come in as they lie in the file, and are drawn exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.intervals.reads import read_fragments, read_reads
from zooctl.files.intervals.table import check_places
from zooctl.sequence.pileup import cut_sites, extended, pile_up

READS = "chr1\t10\t46\t.\t.\t+\nchr2\t5\t41\t.\t.\t-\nchr1\t0\t36\t.\t.\t-\n"


@pytest.fixture
def bed(tmp_path: Path) -> Path:
    path = tmp_path / "reads.bed"
    path.write_text(READS)
    return path


def test_reads(bed: Path) -> None:
    reads = read_reads(bed)
    assert reads.chroms == ("chr1", "chr2")
    assert reads.start.tolist() == [10, 5, 0]
    assert reads.forward.tolist() == [True, False, False]
    assert reads.on("chr1").end.tolist() == [46, 36]
    assert len(reads.on("chr3")) == 0


def test_a_read_needs_a_strand(bed: Path) -> None:
    bed.write_text(READS.replace(".\t-\nchr1", ".\t.\nchr1"))
    with pytest.raises(InputError, match=r"reads\.bed:2: read without a strand"):
        read_reads(bed)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("chr1\t10", "reads.bed:4: not a BED line"),
        ("chr1\t1_0\t46\t.\t.\t+", "reads.bed:4: not a BED line"),
        ("chr1\t-1\t46\t.\t.\t+", "reads.bed:4: not a BED line"),
        ("chr1\t46\t46\t.\t.\t+", "reads.bed:4: end is not after start"),
        (f"chr1\t1\t{'9' * 20}\t.\t.\t+", "reads.bed:4: not a BED line"),
        (f"chr1\t1\t{'9' * 5000}\t.\t.\t+", "reads.bed:4: not a BED line"),
        ("chr1\t1\t²\t.\t.\t+", "reads.bed:4: not a BED line"),
    ],
)
def test_faults(bed: Path, line: str, what: str) -> None:
    bed.write_text(READS + line + "\n")
    with pytest.raises(InputError, match=what):
        read_reads(bed)


def test_comments_are_left_out_and_something_must_be_there(bed: Path) -> None:
    bed.write_text("# reads\ntrack name=x\n\n" + READS)
    assert len(read_reads(bed)) == 3
    bed.write_text("# reads\n")
    with pytest.raises(InputError, match="no reads in the file"):
        read_reads(bed)


def test_reads_must_fit_the_genome(bed: Path) -> None:
    reads = read_reads(bed)
    check_places(reads.ends(), {"chr1": 46}, bed)  # a genome may lack chr2
    with pytest.raises(InputError, match="interval goes beyond its contig"):
        check_places(reads.ends(), {"chr1": 45}, bed)
    with pytest.raises(InputError, match="chr1"):
        check_places(reads.ends(), {"1": 50}, bed)


def test_fragments_of_both_kinds(tmp_path: Path) -> None:
    short, paired = tmp_path / "a.bedpe", tmp_path / "b.bedpe"
    short.write_text("chrI\t0\t72\nchrI\t8\t77\n")
    paired.write_text(
        "chrI\t0\t36\tchrI\t36\t72\tx\t9\t+\t-\nchrI\t41\t77\tchrI\t8\t44\ty\t9\t-\t+\n"
    )
    for path in (short, paired):
        fragments = read_fragments(path)
        assert fragments.start.tolist() == [0, 8]
        assert fragments.end.tolist() == [72, 77]
    paired.write_text("chrI\t0\t36\tchrII\t36\t72\tx\t9\t+\t-\n")
    with pytest.raises(InputError, match=r"mates do not lie on one .*keep proper pairs alone"):
        read_fragments(paired)
    lines = paired.read_text() + "chrI\t0\t36\tchrI\t36\t72\tx\t9\t+\t-\n"
    paired.write_text("".join(line for line in lines.splitlines(True) if "chrII" not in line))
    assert read_fragments(paired).end.tolist() == [72]


def test_a_sample_has_its_exact_size_and_order(tmp_path: Path) -> None:
    path = tmp_path / "many.bed"
    path.write_text("".join(f"chr1\t{i}\t{i + 9}\t.\t.\t+\n" for i in range(500)))
    reads = read_reads(path)
    drawn = reads.sample(200, [7, 1])
    assert len(set(drawn.start.tolist())) == 200
    assert (np.diff(drawn.start) > 0).all()
    assert drawn.start.tolist() == reads.sample(200, [7, 1]).start.tolist()
    assert drawn.start.tolist() != reads.sample(200, [8, 1]).start.tolist()
    assert reads.sample(500, [7, 1]).start.tolist() == reads.start.tolist()
    with pytest.raises(InputError, match="fewer reads"):
        reads.sample(501, [7, 1])


@pytest.mark.parametrize("name", ["CTCF", "Input"])
def test_extended_reads_are_the_published_pile_up(mirror: Path, name: str) -> None:
    """Every base of both chromosomes: the bigWigs were made by extending to 180 bp."""
    folder = mirror / "ctcf_gm12878_hg19"
    reads = read_reads(folder / f"{name}_12878_5M.chr20_21.bed.gz")
    with BigWig(folder / f"GM12878_{name}_5M.hg19.chr20_21.bw") as golden:
        for chrom, length in golden.contigs.items():
            found = reads.on(chrom)
            starts, ends = extended(found.start, found.end, found.forward, 180)
            counts = pile_up(starts, ends, length)
            for low in range(0, length, 1 << 22):
                part = counts[low : low + (1 << 22)]
                expected = np.nan_to_num(golden.values(chrom, low, low + len(part)))
                assert (part == expected).all()


def test_cut_sites_of_fragments_are_the_insertions_of_the_bigwig(mirror: Path) -> None:
    """Not base for base: the bigWig was made of the alignments with MAPQ 10 or more, and the
    fragments carry no MAPQ. But 97 of 100 of its insertions lie where the fragments show one."""
    folder = mirror / "yeast_atac_sacCer3"
    fragments = read_fragments(folder / "yeast_500k_SRR1822137.bedpe.gz")
    explained = {-1: 0.0, 0: 0.0, 1: 0.0}
    total = 0.0
    with BigWig(folder / "SRR1822137_500k.tn5_insertions.sacCer3.bw") as golden:
        for chrom, length in golden.contigs.items():
            expected = np.nan_to_num(golden.values(chrom, 0, length))
            total += expected.sum()
            found = fragments.on(chrom)
            for off in explained:
                sites = cut_sites(found.start + off, found.end + off, length)
                explained[off] += np.minimum(sites, expected).sum()
    assert explained[0] / total > 0.97
    assert explained[-1] / total < 0.7
    assert explained[1] / total < 0.7
