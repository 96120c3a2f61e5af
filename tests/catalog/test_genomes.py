"""Genomes: found in the documented order, fetched whole and verified or not at all."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from http_server import FailingServer, failing_server

from zooctl.catalog.genomes import PUBLISHED, PublishedGenome, download_genome, find_genome
from zooctl.errors import InputError, IntegrityError, NetworkError
from zooctl.files.disk.cache import cache_folder
from zooctl.files.download.transfer import Policy
from zooctl.files.fasta.reader import Fasta

OTHER_GENOME = r"archived genome differs|archive of the genome is damaged"

FASTA = b">chrI\nACGTACGTAC\nGTN\n>chrII some words\nTTTT\n" + b">chrIII\n" + b"ACGT\n" * 5_000
ARCHIVE = gzip.compress(FASTA, mtime=0)
FAST = Policy(read=0.5, tries=2, first_wait=0.02, longest_wait=0.05, loopback=True)


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZOOCTL_GENOMES", raising=False)
    monkeypatch.delenv("ZOOCTL_DATA_MIRROR", raising=False)


@pytest.fixture
def server() -> Iterator[FailingServer]:
    with failing_server(ARCHIVE) as running:
        yield running


def published(server: FailingServer, mode: str = "normal") -> PublishedGenome:
    return PublishedGenome(
        urls=(server.url(mode, "tiny.fa.gz"),),
        archive_size=len(ARCHIVE),
        archive_sha256=hashlib.sha256(ARCHIVE).hexdigest(),
        size=len(FASTA),
        sha256=hashlib.sha256(FASTA).hexdigest(),
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repo: Path) -> None:
    paths, said = find_genome("hg19")
    embedded = repo / "recipes/data/hg19_chr20_chr21"
    assert paths == [embedded / "hg19.chr20.fa.gz", embedded / "hg19.chr21.fa.gz"]
    assert said.startswith("hg19, in part: ")
    assert said.endswith("(hg19.chr20.fa.gz, hg19.chr21.fa.gz), embedded in recipes/data")
    with Fasta(*paths) as fasta:
        assert fasta.contigs == {"chr20": 63_025_520, "chr21": 48_129_895}

    cached = cache_folder() / "genomes/hg19/hg19.fa"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(FASTA)
    assert find_genome("hg19") == ([cached], f"hg19: {cached}, from the cache")

    own = tmp_path / "my genomes"
    own.mkdir()
    monkeypatch.setenv("ZOOCTL_GENOMES", str(own))
    assert find_genome("hg19")[0] == [cached]
    (own / "hg19.fa.gz").write_bytes(b"")
    assert find_genome("hg19") == (
        [own / "hg19.fa.gz"],
        f"hg19: {own / 'hg19.fa.gz'}, from ZOOCTL_GENOMES",
    )
    # The unpacked one is read faster.
    (own / "hg19.fa").write_bytes(b"")
    assert find_genome("hg19")[0] == [own / "hg19.fa"]

    assert find_genome("hg19", Path("x.fa")) == ([Path("x.fa")], "x.fa")


def test_a_folder_of_chromosomes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_GENOMES", str(tmp_path))
    folder = tmp_path / "hg38"
    folder.mkdir()
    for name in ("chr10.fa", "chr2.fa", "chr1.fa", "chrX.fa.gz", "README", "chr1.fa.fai", ".x.fa"):
        (folder / name).touch()
    paths, said = find_genome("hg38")
    assert [path.name for path in paths] == ["chr1.fa", "chr2.fa", "chr10.fa", "chrX.fa.gz"]
    assert said == f"hg38: {folder} (chr1.fa, chr2.fa, chr10.fa, …), from ZOOCTL_GENOMES"
    (folder / "hg38.fasta").touch()
    assert [path.name for path in find_genome("hg38")[0]] == ["hg38.fasta"]


def test_what_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"nothing in ZOOCTL_GENOMES \(not set\), .*home/genomes"):
        find_genome("hg38")
    with pytest.raises(InputError, match="Hint: zooctl genome fetch hg38, or name its FASTA"):
        find_genome("hg38")
    with pytest.raises(InputError, match="Hint: name its FASTA file with --fasta"):
        find_genome("mm10")
    for name in ("../x", "", "a/b", ".hidden", "*"):
        with pytest.raises(InputError, match="not the name of an assembly"):
            find_genome(name)
    monkeypatch.setenv("ZOOCTL_GENOMES", str(tmp_path / "none"))
    with pytest.raises(InputError, match="no such folder"):
        find_genome("hg19")


def test_fetch(server: FailingServer) -> None:
    bars: list[tuple[float | None, str, str]] = []
    moved: dict[str, int] = {}

    @contextmanager
    def bar(total: float | None, unit: str, label: str) -> Iterator[Callable[[int], None]]:
        bars.append((total, unit, label))
        moved[label] = 0

        def advance(done: int) -> None:
            moved[label] += done

        yield advance

    path = download_genome("tiny", published=published(server), policy=FAST, progress=bar)
    assert path == cache_folder() / "genomes/tiny/tiny.fa"
    assert path.read_bytes() == FASTA
    assert names(path.parent) == ["tiny.fa"]
    assert bars == [(len(ARCHIVE), "B", "downloading tiny"), (len(FASTA), "B", "unpacking tiny")]
    assert moved == {"downloading tiny": len(ARCHIVE), "unpacking tiny": len(FASTA)}
    assert find_genome("tiny") == ([path], f"tiny: {path}, from the cache")
    with Fasta(path) as fasta:
        assert fasta.contigs == {"chrI": 13, "chrII": 4, "chrIII": 20_000}

    # What is there and right is left alone; what is damaged is fetched again.
    download_genome("tiny", published=published(server), policy=FAST)
    assert server.asked["normal"] == 1
    path.write_bytes(FASTA.replace(b"N", b"A"))
    assert download_genome("tiny", published=published(server), policy=FAST).read_bytes() == FASTA
    assert server.asked["normal"] == 2


def test_archive_in_the_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = PublishedGenome(
        urls=("https://nowhere.invalid/tiny.fa.gz",),
        archive_size=len(ARCHIVE),
        archive_sha256=hashlib.sha256(ARCHIVE).hexdigest(),
        size=len(FASTA),
        sha256=hashlib.sha256(FASTA).hexdigest(),
    )
    monkeypatch.setitem(PUBLISHED, "tiny", pins)
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    mirror = tmp_path / "mirror"
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    archive = mirror / "yeast" / "tiny.fa.gz"
    archive.parent.mkdir(parents=True)

    # Other bytes under the name are passed over.
    archive.write_bytes(ARCHIVE + b" ")
    with pytest.raises(InputError, match="genome tiny is not here"):
        find_genome("tiny")
    archive.write_bytes(ARCHIVE)
    paths, said = find_genome("tiny")
    assert paths == [cache_folder() / "genomes/tiny/tiny.fa"]
    assert said == f"tiny: {paths[0]}, unpacked from the mirror"
    assert paths[0].read_bytes() == FASTA
    assert find_genome("tiny")[1].endswith(", from the cache")
    assert archive.read_bytes() == ARCHIVE

    # An archive that holds something else leaves nothing, and stays where it is.
    paths[0].unlink()
    monkeypatch.setitem(PUBLISHED, "tiny", replace(pins, sha256="0" * 64))
    with pytest.raises(IntegrityError, match=OTHER_GENOME):
        find_genome("tiny")
    assert archive.read_bytes() == ARCHIVE
    assert names(cache_folder() / "genomes/tiny") == []


def test_fetch_over_a_bad_network(server: FailingServer) -> None:
    with pytest.raises(NetworkError):
        download_genome("tiny", published=published(server, "503"), policy=FAST)
    with pytest.raises(IntegrityError):
        download_genome("tiny", published=published(server, "wrong_bytes"), policy=FAST)
    assert names(cache_folder() / "genomes/tiny") == []
    with pytest.raises(NetworkError):
        download_genome(
            "tiny", published=published(server, "drop_once"), policy=replace(FAST, tries=1)
        )
    assert download_genome("tiny", published=published(server, "drop_once"), policy=FAST).exists()
    assert len(server.ranges) == 1


def test_md5_of_the_archive_and_sha256_of_the_genome(server: FailingServer) -> None:
    """As for hg19, whose archive has a published MD5 only."""
    md5 = hashlib.md5(ARCHIVE).hexdigest()
    pins = replace(published(server), archive_sha256=None, archive_md5=md5)
    assert download_genome("tiny", published=pins, policy=FAST).read_bytes() == FASTA


@pytest.mark.parametrize(
    "changes", [{"sha256": "0" * 64}, {"size": len(FASTA) - 1}, {"size": len(FASTA) + 1}]
)
def test_another_genome_in_the_archive(server: FailingServer, changes: dict[str, object]) -> None:
    pins = replace(published(server), **changes)
    with pytest.raises(IntegrityError, match=OTHER_GENOME):
        download_genome("tiny", published=pins, policy=FAST)
    assert names(cache_folder() / "genomes/tiny") == []


def test_archive_that_is_no_archive() -> None:
    for content in (FASTA, ARCHIVE[:-5], ARCHIVE[:50] + bytes(20) + ARCHIVE[70:]):
        with failing_server(content) as server:
            pins = replace(
                published(server),
                archive_size=len(content),
                archive_sha256=hashlib.sha256(content).hexdigest(),
            )
            with pytest.raises(IntegrityError, match=OTHER_GENOME):
                download_genome("tiny", published=pins, policy=FAST)
            assert names(cache_folder() / "genomes/tiny") == []


def test_no_room(server: FailingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder on another disk is what ZOOCTL_HOME then names."""
    usage = shutil.disk_usage(tmp_path)

    def full(folder: Path) -> object:
        return usage._replace(free=0) if "home/" in f"{folder}/" else usage

    monkeypatch.setattr(shutil, "disk_usage", full)
    with pytest.raises(InputError, match=r"no space left for the genome.* or set ZOOCTL_HOME"):
        download_genome("tiny", published=published(server), policy=FAST)
    assert server.asked == {}
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "disk"))
    assert download_genome("tiny", published=published(server), policy=FAST).read_bytes() == FASTA


def test_only_published_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no published digest is known for mm10") as caught:
        download_genome("mm10")
    assert str(caught.value.hint).endswith("name it with --fasta or in ZOOCTL_GENOMES")
    (tmp_path / "mm10.fa").write_bytes(FASTA)
    monkeypatch.setenv("ZOOCTL_GENOMES", str(tmp_path))
    assert find_genome("mm10")[0] == [tmp_path / "mm10.fa"]
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    for assembly in PUBLISHED:
        with pytest.raises((NetworkError, InputError), match=r"network is switched off|no space"):
            download_genome(assembly)


def test_cache_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(InputError, match=r"cannot be written .*set ZOOCTL_HOME to a folder of y"):
        download_genome("sacCer3")
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    with pytest.raises(NetworkError, match="network is switched off"):
        download_genome("sacCer3")


def test_pins_of_sacCer3_hold_for_the_real_file(mirror: Path, tmp_path: Path) -> None:
    pins = PUBLISHED["sacCer3"]
    real = mirror / "yeast_atac_sacCer3/sacCer3.fa.gz"
    assert real.stat().st_size == pins.archive_size
    assert hashlib.sha256(real.read_bytes()).hexdigest() == pins.archive_sha256
    with failing_server(real.read_bytes()) as server:
        path = download_genome(
            "sacCer3", published=replace(pins, urls=(server.url(),)), policy=FAST
        )
    with Fasta(path) as fasta:
        assert len(fasta.contigs) == 17
        assert sum(fasta.contigs.values()) == 12_157_105


def test_pins_are_whole() -> None:
    for assembly, pins in PUBLISHED.items():
        assert pins.urls[0].startswith("https://hgdownload.soe.ucsc.edu/")
        assert pins.urls[0].endswith(f"/{assembly}.fa.gz")
        assert len(pins.sha256) == 64
        assert pins.archive_sha256 or pins.archive_md5
