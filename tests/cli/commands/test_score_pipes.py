"""`zooctl score-variants` in a pipe: stdin, stdout, every format, and records by file."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import pysam
import pytest
from pyarrow import parquet
from toy_variants import HEADER, ONE, base, here, line, vcf

__all__ = ["here"]

FORMS = {
    "vcf": [],
    "vcf.gz": ["-O", "z"],
    "bcf": ["-O", "b"],
    "tsv": ["--format", "tsv"],
    "jsonl": ["--format", "jsonl"],
    "parquet": ["--format", "parquet"],
}


def pipe(folder: Path, *arguments: str, given: bytes | None = None) -> tuple[int, bytes, str]:
    """Run the command as a process of its own: exit code, stdout, stderr."""
    command = [sys.executable, "-m", "zooctl", "score-variants", *arguments]
    options = ["--model", "toy", "--fasta", "genome.fa", "--device", "cpu", "--threads", "1"]
    done = subprocess.run(
        [*command, *options], input=given, capture_output=True, cwd=folder, check=False
    )
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.fixture
def records(here: Path) -> bytes:
    rows = [line("chr1", pos) for pos in range(100, 800, 50)]
    rows[3] = line("chr1", 250, "*,<DEL>", base("chr1", 250))
    text = vcf(*rows, header=HEADER + "##contig=<ID=chr1>\n").encode()
    (here / "in.vcf").write_bytes(text)
    return text


@pytest.mark.parametrize("form", FORMS)
def test_stdout_has_the_bytes_of_a_file(here: Path, records: bytes, form: str) -> None:
    code, out, err = pipe(here, "-", *ONE, *FORMS[form], "-o", "-", given=records)
    assert code == 0, err
    name = f"a.{form}"
    assert pipe(here, "in.vcf", *ONE, "-o", name)[0] == 0
    written = (here / name).read_bytes()
    if form == "vcf.gz":
        assert gzip.decompress(out) == gzip.decompress(written)
    elif form == "parquet":
        assert parquet.read_table(io.BytesIO(out)).equals(parquet.read_table(here / name))
    else:
        assert out == written


def test_uncompressed_bcf(here: Path, records: bytes) -> None:
    code, out, err = pipe(here, "in.vcf", *ONE, "-O", "u", "-o", "-")
    assert code == 0, err
    assert out.startswith(b"BCF\x02")
    (here / "raw.bcf").write_bytes(out)
    with pysam.VariantFile(str(here / "raw.bcf")) as file:
        assert len(list(file)) == 14
        assert "ZOO_toy_plus_SUM_LFC" in file.header.info


def test_from_pipe_to_pipe(here: Path, records: bytes) -> None:
    """BCF out, BCF in, as between bcftools: htslib reads every value."""
    code, raw, err = pipe(here, "-", *ONE, "-O", "u", "-o", "-", given=records)
    assert code == 0, err
    again = ("-", *ONE, "--overwrite-annotations", "-o", "-")
    code, out, err = pipe(here, *again, given=raw)
    assert code == 0, err
    (here / "back.vcf").write_bytes(out)
    with pysam.VariantFile(str(here / "back.vcf")) as file:
        found = [record.info["ZOO_toy_STATUS"] for record in file]
    assert found[0] == ("OK",)
    assert found[3] == ("STAR", "SYMBOLIC")


def test_json_lines(here: Path, records: bytes) -> None:
    _, out, _ = pipe(here, "in.vcf", *ONE, "--format", "jsonl", "-o", "-")
    rows = [json.loads(row) for row in out.splitlines()]
    assert len(rows) == 15 * 2
    assert rows[0]["pos"] == 100
    assert rows[0]["statistic"] == "sum"
    assert isinstance(rows[0]["score"], float)
    star = next(row for row in rows if row["status"] == "STAR")
    assert star["score"] is None


def test_chunks_leave_as_they_come(here: Path, records: bytes) -> None:
    """The first scores are there while the input is still open."""
    command = [sys.executable, "-m", "zooctl", "score-variants", "-", *ONE, "-o", "-"]
    options = ["--model", "toy", "--fasta", "genome.fa", "--device", "cpu", "--threads", "1"]
    many = [line("chr1", 100 + number % 600) for number in range(3_000)]
    with subprocess.Popen(
        [*command, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=here,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(vcf(*many[:1_500]).encode())
        process.stdin.flush()
        n = 0
        for row in process.stdout:
            n += not row.startswith(b"#")
            if n == 1_000:
                break
        assert process.poll() is None
        process.stdin.write("".join(f"{row}\n" for row in many[1_500:]).encode())
        process.stdin.close()
        assert n + sum(1 for _ in process.stdout) == 3_000
        assert process.wait() == 0


def test_a_reader_that_leaves(here: Path, records: bytes) -> None:
    many = vcf(*(line("chr1", 100 + number % 600) for number in range(20_000)))
    (here / "in.vcf").write_text(many)
    words = f"{sys.executable} -m zooctl score-variants in.vcf --model toy --fasta genome.fa -o -"
    command = f"{words} --shifts 1 --max-shift 0 | head -n 5; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, cwd=here, check=False)
    assert done.stdout.count(b"\n") == 5
    assert b"Traceback" not in done.stderr


def test_regions_and_targets(here: Path, records: bytes) -> None:
    deletion = line("chr1", 395, base("chr1", 395), base("chr1", 395, 10))
    rows = [*records.decode().splitlines()[3:], deletion]
    rows.sort(key=lambda row: int(row.split("\t")[1]))
    (here / "in.vcf").write_text(vcf(*rows))
    (here / "places.bed").write_text("chr1\t399\t401\nchr1\t500\t600\n")
    (here / "places.txt").write_text("# chrom\tpos\nchr1\t400\nchr1\t501\t600\n")

    def positions(*options: str) -> list[int]:
        code, out, err = pipe(here, "in.vcf", *ONE, *options, "-o", "-")
        assert code == 0, err
        return [int(row.split(b"\t")[1]) for row in out.splitlines() if row[:1] != b"#"]

    # The deletion begins before the region, and reaches into it.
    assert positions("-R", "places.bed") == [395, 400, 550, 600]
    assert positions("-R", "places.txt") == [395, 400, 550, 600]
    assert positions("-T", "places.bed") == [400, 550, 600]
    assert positions("-T", "places.txt") == [400, 550, 600]
    assert positions("-R", "places.bed", "-T", "places.txt", "--region", "chr1:100-150") == [
        *(400, 550, 600),
    ]
    (here / "wrong.txt").write_text("chr1\t0\n")
    code, _, err = pipe(here, "in.vcf", "-T", "wrong.txt", "-o", "-")
    assert code == 2
    assert "wrong.txt:1: not a region" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "-", "--resume"], "stdout cannot be resumed"),
        (["-o", "a.vcf", "-O", "b"], "the output's name is that of another format"),
        (["-o", "a.tsv", "--format", "jsonl"], "the output's name is that of another format"),
        (["-o", "-", "-O", "z", "--format", "tsv"], "-O is the kind of a VCF"),
    ],
)
def test_options_that_do_not_fit(
    here: Path, records: bytes, options: list[str], message: str
) -> None:
    code, out, err = pipe(here, "in.vcf", *options)
    assert (code, out) == (2, b"")
    assert message in err
