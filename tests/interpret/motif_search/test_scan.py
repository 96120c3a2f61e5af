"""Sites of motifs in regions: each once, whatever the regions are, and as BED."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.bed import read_bed
from zooctl.files.intervals.regions import read_regions, regions_of
from zooctl.files.motifs import Motif, to_meme
from zooctl.interpret.motif_search import scan
from zooctl.interpret.motif_search.fimo import find_hits
from zooctl.interpret.motif_search.scan import ScanOptions, scan_file, scan_regions
from zooctl.sequence.intervals import Interval

BOX = Motif("box", np.eye(4)[[0, 1, 2, 3, 3, 2, 1, 1]] * 9 + 0.25)


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    """Two contigs: 3 kb by chance with three boxes, one of them reversed; and one box alone."""
    letters = np.random.default_rng(3).choice(list("ACGT"), 3000)
    for start, box in ((100, "ACGTTGCC"), (1496, "ACGTTGCC"), (2000, "GGCAACGT")):
        letters[start : start + 8] = list(box)
    path = tmp_path / "toy.fa"
    path.write_text(f">chr1\n{''.join(letters)}\n>chr2\nTTACGTTGCCTT\n")
    return path


def test_each_site_once_however_regions_are_cut(
    genome: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Fasta(genome) as opened:
        whole = scan_regions([BOX], [Interval("chr1", 0, 3000)], opened, threshold=1e-4)
        found = find_hits([BOX], opened.codes("chr1", 0, 3000), 1e-4)
        cut = [Interval("chr1", 1000, 3000), Interval("chr1", 0, 1500), Interval("chr1", 10, 2500)]
        assert scan_regions([BOX], cut, opened, threshold=1e-4).sites == whole.sites
        # Pieces end within a site.
        monkeypatch.setattr(scan, "_AT_ONCE", 102)
        assert scan_regions([BOX], cut, opened, threshold=1e-4).sites == whole.sites
    assert [site.start for site in whole.sites] == found.start.tolist()
    assert {100, 1496, 2000} <= {site.start for site in whole.sites}
    assert [site.strand for site in whole.sites if site.start == 2000] == ["-"]
    assert whole.n_bases == 3000


def test_a_site_lies_in_one_region_with_all_its_bases(genome: Path) -> None:
    apart = [Interval("chr1", 90, 104), Interval("chr1", 105, 120), Interval("chr2", 0, 12)]
    with Fasta(genome) as opened:
        found = scan_regions([BOX], apart, opened, threshold=1e-4)
    assert [(site.chrom, site.start) for site in found.sites] == [("chr2", 2)]


@pytest.mark.parametrize("name", ["sites.bed", "sites.bed.gz"])
def test_the_file_is_bed(genome: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "box.meme").write_text(to_meme([BOX]))
    output = tmp_path / name
    options = ScanOptions(fasta=genome, threshold=1e-4)
    found = scan_file(str(tmp_path / "box.meme"), regions_of(["chr1", "chr2"]), output, options)
    raw = output.read_bytes()
    lines = (gzip.decompress(raw) if name.endswith("gz") else raw).decode().splitlines()
    assert lines[0] == "#chrom\tstart\tend\tname\tscore\tstrand\tlog_odds\tp_value"
    # 8 positions of 2 bits, and a chance of 4^-8 on a strand.
    assert f"chr1\t100\t108\tbox\t{round(80 * np.log10(4))}\t+\t" in lines[1]
    assert float(lines[1].split("\t")[7]) == pytest.approx(4**-8, rel=0.01)
    assert [(one.chrom, one.start) for one in read_bed(output)] == [
        (site.chrom, site.start) for site in found.sites
    ]
    assert found.to_json()["sites_by_motif"] == {"box": len(lines) - 1}


def test_refused(genome: Path, tmp_path: Path) -> None:
    (tmp_path / "box.meme").write_text(to_meme([BOX]))
    regions, motifs = regions_of(["chr1"]), str(tmp_path / "box.meme")
    with pytest.raises(InputError, match="say which genome"):
        scan_file(motifs, regions, tmp_path / "a.bed", ScanOptions())
    with pytest.raises(InputError, match="no motif named"):
        scan_file(motifs, regions, tmp_path / "a.bed", ScanOptions(("fox",), fasta=genome))
    (tmp_path / "in.bed").write_text("chr1\t0\t100\n")
    same = read_regions(tmp_path / "in.bed", ())
    with pytest.raises(InputError, match="also an input"):
        scan_file(motifs, same, tmp_path / "in.bed", ScanOptions(fasta=genome, force=True))
    assert not (tmp_path / "a.bed").exists()


def test_a_site_of_ctcf(mirror: Path, tmp_path: Path) -> None:
    """The middle of the highest peak that is held out holds a site of the known motif."""
    options = ScanOptions(("CTCF_HUMAN.H11MO.0.A",), assembly="hg19")
    region = regions_of(["chr21:39,731,801-39,732,000"])
    found = scan_file("hocomoco", region, tmp_path / "a.bed", options)
    (site,) = found.sites
    assert (site.start, site.end, site.strand) == (39_731_897, 39_731_916, "+")
    assert site.p_value < 2e-5
