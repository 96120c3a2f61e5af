"""BCF: nothing is written that differs from its VCF, and htslib's crashes stay outside."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import cyvcf2
import pytest

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import END, bgzip_blocks
from zooctl.files.vcf import htslib_child
from zooctl.files.vcf.bcf import check_binary, count_records, write_binary
from zooctl.files.vcf.bcf_compare import changed
from zooctl.files.vcf.records import VcfReader

HEADER = b"""##fileformat=VCFv4.2
##contig=<ID=chr21,length=48129895>
##INFO=<ID=AC,Number=A,Type=Integer,Description="Count">
##INFO=<ID=AF,Number=A,Type=Float,Description="Share">
##INFO=<ID=DB,Number=0,Type=Flag,Description="Known">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set">
##FORMAT=<ID=GP,Number=G,Type=Float,Description="Probabilities">
"""
COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
SITES = HEADER + COLUMNS + b"\n"
SAMPLES = HEADER + COLUMNS + b"\tFORMAT\tS1\tS2\n"
GOOD = b"chr21\t39731913\t.\tA\tC\t.\tPASS\t."


def site(
    position: bytes = b"7", qual: bytes = b".", filters: bytes = b"PASS", info: bytes = b"."
) -> bytes:
    return b"\t".join([b"chr21", position, b".", b"A", b"C", qual, filters, info])


def numbered(*lines: bytes, first: int = 10) -> Callable[[], Iterator[tuple[int, bytes]]]:
    return lambda: iter(list(enumerate(lines, first)))


LEGAL = [
    site(),
    site(b"0"),
    site(b"0007", b"29.50", b"q10;s50", b"AC=1;AF=0.10;DB"),
    site(info=b"NEW=text:c.*104_*107del%3D;ALSO;X=1,2,.;AF=1e-60"),
    site(info=b";AC=1;;DB;"),
    site(info=b"AF=.;AC="),
    site(info=b"DB=yes"),
    site(info=b"AF=16777217,nan;T=caf\xe9"),
    b"chrUn_new\t5\trs1;rs2\tN\t<D\xc3\x89L>\t1e3\t.\t.",
    b"chr21\t5\t.\tA\tA]chr\xc3\xa9:5]\t-0\t.\t.",
]


@pytest.mark.parametrize("line", LEGAL)
def test_legal_records_are_taken(line: bytes, tmp_path: Path) -> None:
    check_binary(SITES, numbered(GOOD, line, GOOD), "a.vcf")
    write_binary(SITES, numbered(GOOD, line, GOOD), tmp_path / "a.bcf", "a.bcf")
    with gzip.open(tmp_path / "a.bcf") as file:
        assert count_records(iter([file.read()]), "a.bcf") == 3


@pytest.mark.parametrize(
    "samples",
    [
        b"GT\t0/1\t./.",
        b"GT:PS:GP\t0|1:5:0.1,0.90,1e-9\t.",
        b"GT:PS:GP\t0|1\t.:.:.",
        b"GT:XX\t0:text\t1/2/3:.",
    ],
)
def test_legal_samples_are_taken(samples: bytes) -> None:
    check_binary(SAMPLES, numbered(site() + b"\t" + samples), "a.vcf")


BAD_SITES = [
    (site(qual=b"abc"), "QUAL is abc, would become 0"),
    (site(filters=b"<"), "FILTER '<'"),
    (site(info=b"AC=1.5"), "INFO AC is 1.5, would become 1"),
    (site(info=b"AC=NA"), "AC"),
    (site(info=b"AC=9999999999"), "AC"),
    (site(info=b"ENST0001:c.*104_*107delTGTT,ENST2:c.*1G>A;;X=1;"), "ENST0001"),
    (site(info=b"X=a\x00b"), "X"),
    (site(position=b"2147483648"), "64-bit values not representable"),
    (site(position=b"3000000000"), "64-bit values not representable"),
]
BAD_SAMPLES = [
    (b"GT:PS\t0|1:PAT1\t0/0:5", "Invalid character 'P' in 'PS' FORMAT field"),
    (b"GT\tA/G\t0/0", "Couldn't read GT data"),
    (b"GT\tNA\t0/0", "Couldn't read GT data"),
    (b"GT\t\x00\t0/0", "GT"),
    (b"GT\t0/1\t\x00", "GT"),
]


@pytest.mark.parametrize(
    ("head", "line", "reason"),
    [(SITES, *case) for case in BAD_SITES]
    + [(SAMPLES, site() + b"\t" + samples, reason) for samples, reason in BAD_SAMPLES],
)
def test_what_bcf_cannot_hold_is_named(
    head: bytes, line: bytes, reason: str, tmp_path: Path
) -> None:
    good = GOOD if head is SITES else GOOD + b"\tGT\t0/0\t0/0"
    records = numbered(good, line, good)
    for call in (
        lambda: check_binary(head, records, "a.vcf"),
        lambda: write_binary(head, records, tmp_path / "a.bcf", "a.vcf"),
    ):
        with pytest.raises(InputError) as caught:
            call()
        message = str(caught.value)
        assert message.startswith("a.vcf:11: record cannot be written as BCF (got ")
        assert reason in message
        assert message.endswith("Hint: a .vcf.gz output takes it as it is")


def test_samples_that_a_nul_ends() -> None:
    """htslib takes the record, and its BCF would lack it."""
    line = site(info=b"X=\x00") + b"\tGT\t0/1\t0/1"
    with pytest.raises(InputError, match=r"a.vcf:10: record cannot be written as BCF"):
        check_binary(SAMPLES, numbered(line, GOOD + b"\tGT\t0/1\t0/1"), "a.vcf")


def test_format_without_samples() -> None:
    with pytest.raises(InputError, match=r"FORMAT is missing or .* takes it as it is"):
        check_binary(HEADER + COLUMNS + b"\tFORMAT\n", numbered(GOOD + b"\tGT"), "a.vcf")


def test_header_that_is_no_utf8() -> None:
    head = SITES.replace(b"##INFO", b"##name=caf\xe9\n##INFO", 1)
    with pytest.raises(InputError, match=r"a.vcf:3: header cannot .*byte 0xe9; expected UTF-8"):
        check_binary(head, numbered(GOOD), "a.vcf")


def test_a_crash_of_htslib_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crash = tmp_path / "crash.py"
    crash.write_text("import os, sys\nsys.stdin.read()\nos.kill(os.getpid(), 11)\n")
    monkeypatch.setattr(htslib_child, "__file__", str(crash))
    with pytest.raises(InputError, match="got htslib was ended by SIGSEGV"):
        check_binary(SITES, numbered(GOOD), "a.vcf")


def test_faults_of_the_source_are_its_own() -> None:
    """The thread that feeds the child passes on what the reader raises."""

    def records() -> Iterator[tuple[int, bytes]]:
        yield 10, GOOD
        raise InputError("POS is wrong", path="a.vcf", line=11)

    with pytest.raises(InputError, match=r"a.vcf:11: POS is wrong"):
        check_binary(SITES, records, "a.vcf")


def test_long_files_pass_through_the_pipes(tmp_path: Path) -> None:
    lines = [site(b"%d" % number, info=b"AF=0.%d" % number) for number in range(1, 60_000)]
    check_binary(SITES, numbered(*lines), "a.vcf")
    lines[50_000] = site(b"50001", b"abc")
    with pytest.raises(InputError, match=r"a.vcf:50010: .*QUAL is abc"):
        check_binary(SITES, numbered(*lines), "a.vcf")


def test_reason_steers_no_terminal() -> None:
    line = site() + b"\tGT\t\x1b[31m\t0/0"
    with pytest.raises(InputError) as caught:
        check_binary(SAMPLES, numbered(line), "a.vcf")
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("genotypes", [(b"/0|1", b"|0/1"), (b"0|1", b"0/1")])
def test_phasing_prefix_of_version_4_4(genotypes: tuple[bytes, bytes], tmp_path: Path) -> None:
    head = SAMPLES.replace(b"VCFv4.2", b"VCFv4.4")
    line = site() + b"\tGT\t" + b"\t".join(genotypes)
    target = tmp_path / "a.bcf"
    write_binary(head, numbered(line), target, "a.bcf")
    with VcfReader(str(target)) as reader:
        assert [record.line for record in reader] == [line]


def mutants(content: bytes, n: int) -> Iterator[bytes]:
    draw = random.Random(7)
    for _ in range(n):
        broken = bytearray(content)
        for _ in range(draw.randint(1, 4)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        yield bytes(broken)


def test_damaged_bcf_is_read_or_refused(tmp_path: Path) -> None:
    line = site(info=b"AC=1;AF=0.5;DB") + b"\tGT:PS\t0|1:5\t0/0:7"
    write_binary(SAMPLES, numbered(line, line), tmp_path / "a.bcf", "a.bcf")
    unpacked = gzip.decompress((tmp_path / "a.bcf").read_bytes())
    for number, broken in enumerate(mutants(unpacked, 25)):
        path = tmp_path / f"{number}.bcf"
        path.write_bytes(bgzip_blocks(broken) + END)
        try:
            with VcfReader(str(path)) as reader:
                list(reader)
        except InputError:
            continue


@pytest.mark.parametrize("size", [2**32 - 1, 2**28 + 1])
def test_sizes_that_no_record_has(size: int) -> None:
    header = b"BCF\x02\x02" + (5).to_bytes(4, "little") + b"##\n#\x00"
    record = size.to_bytes(4, "little") + bytes(4)
    with pytest.raises(InputError, match="impossible size of a record"):
        count_records(iter([header + record]), "a.bcf")
    with pytest.raises(InputError, match="impossible size of a header"):
        count_records(iter([b"BCF\x02\x02" + size.to_bytes(4, "little")]), "a.bcf")


def test_other_readers_agree(tmp_path: Path) -> None:
    write_binary(SITES, numbered(*LEGAL[:4]), tmp_path / "a.bcf", "a.bcf")
    theirs = [str(record).split("\t")[1] for record in cyvcf2.VCF(str(tmp_path / "a.bcf"))]
    assert theirs == ["7", "0", "7", "7"]


@pytest.mark.parametrize(
    ("one", "other", "fault"),
    [
        (b"AF=0.1", b"AF=0.10000", None),
        (b"AF=0.1", b"AF=0.2", "INFO AF is 0.1, would become 0.2"),
        (b"A;B", b"A", "INFO is B, would become empty"),
        (b"A=1,2", b"A=1", "INFO A is 1,2, would become 1"),
        (b"A=1,.", b"A=1", None),
        (b"A=b", b"A=B", "INFO A is b, would become B"),
    ],
)
def test_changes(one: bytes, other: bytes, fault: str | None) -> None:
    assert changed(site(info=one), site(info=other)) == fault


def test_columns_that_are_lost() -> None:
    assert changed(site() + b"\tGT\t0/1", site()) == "10 columns, would become 8"
    fault = changed(site() + b"\tGT:PS\t0/1:5", site() + b"\tGT:PS\t0/1:6")
    assert fault == "FORMAT PS is 5, would become 6"
