from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pysam
import pytest

from zooctl.errors import InputError
from zooctl.files.disk import bgzf
from zooctl.files.disk.cache import cache_folder
from zooctl.files.fasta import index as fasta_index
from zooctl.files.fasta.reader import Fasta
from zooctl.sequence.onehot import N, decode, encode

RANDOM = random.Random(20)
LETTERS = "".join(RANDOM.choices("ACGTNacgtnRYSWKMBDHV", k=200_003))


def wrapped(names: dict[str, str], *, width: int = 60, end: str = "\n") -> bytes:
    records = (
        f">{name}{end}"
        + "".join(f"{letters[at : at + width]}{end}" for at in range(0, len(letters), width))
        for name, letters in names.items()
    )
    return "".join(records).encode()


def bgzipped(text: bytes) -> bytes:
    packed = io.BytesIO()
    bgzf.compress(io.BytesIO(text), packed)
    return packed.getvalue()


def regions(length: int, n: int = 200) -> list[tuple[int, int]]:
    """Random regions, and those at the edges of the contig, of lines and of blocks."""
    edges = [0, 1, 59, 60, 61, 65_279, 65_280, 65_535, 65_536, 65_537, length - 1, length]
    inside = [at for at in edges if 0 <= at <= length]
    pairs = [(low, high) for low in inside for high in inside if low < high < low + 200_000]
    pairs.append((0, length))
    for _ in range(n):
        start = RANDOM.randrange(length)
        pairs.append((start, min(start + RANDOM.randrange(1, 5_000), length)))
    return pairs


def assert_equals_samtools(ours: Fasta, theirs: pysam.FastaFile, chrom: str, n: int = 200) -> None:
    for start, end in regions(theirs.get_reference_length(chrom), n):
        expected = encode(theirs.fetch(chrom, start, end).encode())
        assert np.array_equal(ours.codes(chrom, start, end), expected), (chrom, start, end)


@pytest.fixture
def genome(repo: Path) -> list[Path]:
    folder = repo / "recipes" / "data" / "hg19_chr20_chr21"
    return [folder / "hg19.chr20.fa.gz", folder / "hg19.chr21.fa.gz"]


def test_two_files_are_one_genome(genome: list[Path]) -> None:
    with Fasta(*genome) as fasta:
        assert list(fasta.contigs.items()) == [("chr20", 63_025_520), ("chr21", 48_129_895)]
        assert fasta.paths == tuple(genome)


def test_real_chromosome_equals_samtools(genome: list[Path]) -> None:
    with Fasta(*genome) as fasta, pysam.FastaFile(str(genome[1])) as theirs:
        assert_equals_samtools(fasta, theirs, "chr21", n=300)


def test_first_known_base_of_chr21(genome: list[Path]) -> None:
    with Fasta(genome[1]) as fasta:
        assert set(fasta.codes("chr21", 0, 9_411_193)) == {N}
        assert N not in fasta.codes("chr21", 9_411_193, 9_411_293)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("width", [60, 1_000_000])
def test_made_files_equal_samtools(tmp_path: Path, end: str, packed: bool, width: int) -> None:
    text = wrapped({"a": LETTERS, "b c": LETTERS[:61]}, width=width, end=end)
    plain = tmp_path / "plain.fa"
    plain.write_bytes(text)
    ours = tmp_path / ("ours.fa.gz" if packed else "ours.fa")
    ours.write_bytes(bgzipped(text) if packed else text)
    with Fasta(ours) as fasta, pysam.FastaFile(str(plain)) as theirs:
        assert fasta.contigs == {"a": len(LETTERS), "b": 61}
        assert_equals_samtools(fasta, theirs, "a")
        assert_equals_samtools(fasta, theirs, "b", n=20)


def test_blocks_of_64_kib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Biopython writes such blocks; pyfaidx by itself fails at their edges."""
    monkeypatch.setattr(bgzf, "_MEMBER_TEXT", 1 << 16)
    path = tmp_path / "a.fa.gz"
    path.write_bytes(bgzipped(wrapped({"a": LETTERS})))
    codes, length = encode(LETTERS.encode()), 66_000  # more than is kept in memory
    with Fasta(path) as fasta:
        for start in range(64_300, 64_600):  # the edge lies at base 64,459
            assert np.array_equal(
                fasta.codes("a", start, start + length), codes[start : start + length]
            )


def test_suffix_does_not_matter(tmp_path: Path) -> None:
    text = wrapped({"a": "ACGT"})
    (tmp_path / "plain.gz").write_bytes(text)
    (tmp_path / "packed").write_bytes(bgzipped(text))
    for name in ("plain.gz", "packed"):
        with Fasta(tmp_path / name) as fasta:
            assert decode(fasta.codes("a", 0, 4)) == "ACGT"


def test_large_and_small_reads_agree(genome: list[Path]) -> None:
    with Fasta(genome[1]) as fasta:
        large = fasta.codes("chr21", 30_000_000, 33_000_000)
        for start in range(0, 2_990_000, 99_991):
            small = fasta.codes("chr21", 30_000_000 + start, 30_000_000 + start + 2_048)
            assert np.array_equal(small, large[start : start + 2_048])


def test_padding_outside_of_the_contig(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_bytes(wrapped({"a": "ACGT"}))
    with Fasta(tmp_path / "a.fa") as fasta:
        assert decode(fasta.padded_codes("a", -2, 6)) == "NNACGTNN"
        assert decode(fasta.padded_codes("a", 1, 3)) == "CG"
        assert decode(fasta.padded_codes("a", 4, 6)) == "NN"
        assert decode(fasta.padded_codes("a", -9, -7)) == "NN"


def test_codes_may_be_written_without_harm(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_bytes(wrapped({"a": "ACGT"}))
    with Fasta(tmp_path / "a.fa") as fasta:
        fasta.codes("a", 0, 4)[:] = N
        assert decode(fasta.codes("a", 0, 4)) == "ACGT"
        assert fasta.codes("a", 2, 2).shape == (0,)


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (0, 5), (3, 2)])
def test_bases_outside_are_refused(tmp_path: Path, start: int, end: int) -> None:
    (tmp_path / "a.fa").write_bytes(wrapped({"a": "ACGT"}))
    with Fasta(tmp_path / "a.fa") as fasta, pytest.raises(InputError, match="outside of a"):
        fasta.codes("a", start, end)


def test_unknown_contig(genome: list[Path]) -> None:
    with Fasta(genome[1]) as fasta:
        for fetch in (fasta.codes, fasta.padded_codes):
            with pytest.raises(InputError, match=r"'21'.*--chrom-map"):
                fetch("21", 0, 1)


# --- the index ---


def test_stale_index_beside_the_file_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    path.write_bytes(wrapped({"old": "ACGT" * 10}, width=7))
    pysam.faidx(str(path))
    stale = (tmp_path / "a.fa.fai").read_bytes()
    path.write_bytes(wrapped({"a longer name": "TTTTTGGGGG"}, width=5))
    os.utime(tmp_path / "a.fa.fai", (2e9, 2e9))
    with Fasta(path) as fasta:
        assert fasta.contigs == {"a": 10}
        assert decode(fasta.codes("a", 0, 10)) == "TTTTTGGGGG"
    assert (tmp_path / "a.fa.fai").read_bytes() == stale


@pytest.mark.parametrize("packed", [False, True])
def test_changed_content_of_same_size_and_time(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "a.fa"
    pack = bgzipped if packed else bytes
    path.write_bytes(pack(wrapped({"a": "ACGTACGT", "b": "AC"}, width=4)))
    time.sleep(2.1)  # so that the file is remembered by its stamp
    with Fasta(path):
        pass
    before = path.stat()
    other = pack(wrapped({"a": "ACGTAC", "bcd": "AC"}, width=4))
    path.write_bytes(other.ljust(before.st_size, b"\n") if not packed else other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with Fasta(path) as fasta:
        assert fasta.contigs == {"a": 6, "bcd": 2}


def test_change_within_a_clock_tick(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    for name in "abcdefgh":
        path.write_bytes(wrapped({name: "ACGT"}))
        with Fasta(path) as fasta:
            assert fasta.contigs == {name: 4}


def test_no_index_appears_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.fa.gz"
    path.write_bytes(bgzipped(wrapped({"a": LETTERS})))
    with Fasta(path) as fasta:
        fasta.codes("a", 0, 10)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.fa.gz"]


def test_known_file_is_not_scanned_again(genome: list[Path]) -> None:
    with Fasta(*genome):
        pass
    read: list[int] = []
    started = time.perf_counter()
    with Fasta(*genome, progress=read.append) as fasta:
        assert fasta.contigs["chr21"] == 48_129_895
    assert read == []
    assert time.perf_counter() - started < 0.5  # a scan takes longer


def test_copy_of_a_known_file_is_not_scanned_again(tmp_path: Path) -> None:
    text = bgzipped(wrapped({"a": LETTERS[:150_000]}))
    read: list[int] = []
    for name in ("one.fa.gz", "two.fa.gz"):
        (tmp_path / name).write_bytes(text)
        with Fasta(tmp_path / name, progress=read.append) as fasta:
            assert np.array_equal(fasta.codes("a", 0, 100_000), encode(LETTERS[:100_000].encode()))
    assert sum(read) == len(text) - len(bgzf.END)


@pytest.mark.parametrize("damage", ["fai", "gzi", "json"])
def test_damaged_index_in_the_cache_is_made_anew(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.fa.gz"
    path.write_bytes(bgzipped(wrapped({"damage": LETTERS[: 100_000 + len(damage)]})))
    with Fasta(path):
        pass
    for kept in (cache_folder() / "fasta-2").glob(f"*.{damage}"):
        kept.write_bytes(b"\x00half of")
    with Fasta(path) as fasta:
        assert decode(fasta.codes("damage", 99_000, 99_050)) == decode(
            encode(LETTERS[99_000:99_050].encode())
        )


@pytest.mark.parametrize("home", ["/proc/none/zoo", "/dev/null/zoo"])
def test_cache_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("ZOOCTL_HOME", home)
    (tmp_path / "a.fa").write_bytes(wrapped({"a": "ACGT"}))
    with Fasta(tmp_path / "a.fa") as fasta:
        assert decode(fasta.codes("a", 0, 4)) == "ACGT"


def test_processes_that_index_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.fa.gz"
    path.write_bytes(bgzipped(wrapped({"a": LETTERS * 20})))
    code = (
        "import sys; from zooctl.files.fasta.reader import Fasta; print(Fasta(sys.argv[1]).contigs)"
    )
    env = {**os.environ, "ZOOCTL_HOME": str(tmp_path / "home")}
    workers = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, env=env)
        for _ in range(4)
    ]
    assert {worker.communicate()[0] for worker in workers} == {
        f"{{'a': {20 * len(LETTERS)}}}\n".encode()
    }
    kept = {entry.suffix for entry in (tmp_path / "home" / "fasta-2").iterdir()}
    assert kept <= {".fai", ".gzi", ".json"}


def test_index_files_are_those_of_samtools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    plain, packed = tmp_path / "a.fa", tmp_path / "a.fa.gz"
    plain.write_bytes(wrapped({"a": LETTERS, "b": "ACGT"}))
    pysam.tabix_compress(str(plain), str(packed))
    pysam.faidx(str(packed))
    with Fasta(packed):
        pass
    (fai,) = (tmp_path / "home" / "fasta-2").glob("*.fai")
    seal, _, text = fai.read_text().partition("\n")
    assert seal.startswith("zooctl-derived-1 ")
    assert text == (tmp_path / "a.fa.gz.fai").read_text()
    _, _, ours = fai.with_suffix(".gzi").read_bytes().partition(b"\n")
    theirs = (tmp_path / "a.fa.gz.gzi").read_bytes()
    assert theirs[8:].startswith(ours[8:])  # htslib lists the empty block at the end too


# --- faults ---


def test_plain_gzip_says_how_to_bgzip(tmp_path: Path) -> None:
    path = tmp_path / "my genome.fa.gz"
    path.write_bytes(gzip.compress(wrapped({"a": "ACGT"})))
    with pytest.raises(InputError, match=r"gunzip -c '.*my genome\.fa\.gz' \| bgzip > '.*'"):
        Fasta(path)


def test_cut_bgzip(tmp_path: Path) -> None:
    path = tmp_path / "a.fa.gz"
    path.write_bytes(bgzipped(wrapped({"a": LETTERS}))[: -len(bgzf.END)])
    with pytest.raises(InputError, match="cut short"):
        Fasta(path)


def test_missing_file_folder_and_device(tmp_path: Path) -> None:
    for path in (tmp_path / "none.fa", tmp_path):
        with pytest.raises(InputError, match="cannot be opened"):
            Fasta(path)
    with pytest.raises(InputError, match="not a regular file"):
        Fasta("/dev/null")


@pytest.mark.parametrize(
    ("text", "line"), [(b"", None), (b">a\nACGU\n", 2), (b">a\nAC\n>a\nAC\n", 3)]
)
def test_unsound_file_is_refused_every_time(tmp_path: Path, text: bytes, line: int | None) -> None:
    path = tmp_path / "a.fa"
    path.write_bytes(text)
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            Fasta(path)
        assert caught.value.path == str(path)
        assert caught.value.line == line


def test_one_name_in_two_files(tmp_path: Path) -> None:
    for name in ("one.fa", "two.fa"):
        (tmp_path / name).write_bytes(wrapped({"a": "ACGT"}))
    with pytest.raises(InputError, match=r"two\.fa: sequence 'a' occurs .*one\.fa"):
        Fasta(tmp_path / "one.fa", tmp_path / "two.fa")


def test_file_that_changes_during_the_scan(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    path.write_bytes(wrapped({"a": LETTERS}))

    def append(read: int) -> None:
        path.write_bytes(wrapped({"a": LETTERS[:-1]}))

    with pytest.raises(InputError, match="changed while it was read"):
        Fasta(path, progress=append)


def test_scan_of_a_chromosome_is_fast(genome: list[Path]) -> None:
    with genome[0].open("rb") as stream:
        started = time.perf_counter()
        index = fasta_index._scan(stream, True, None)
    assert index.fai.startswith("chr20\t63025520\t")
    assert time.perf_counter() - started < 6  # 0.6 s on an idle core
