"""Reading VCF: records, and every fault a file can have."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.errors import InputError, ManyErrors
from zooctl.files.disk.bgzf import END, compress
from zooctl.files.vcf import records as module
from zooctl.files.vcf.records import Record, VcfReader, parse_record

HEADER = (
    "##fileformat=VCFv4.3\n"
    "##contig=<ID=chr21,length=48129895>\n"
    '##contig=<ID=chrUn,assembly="hg19, GRCh37">\n'
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency, ID=x">\n'
)
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
LINES = [
    "chr21\t9411239\trs1\tG\tA\t29.50\tPASS\tAF=0.10",
    "chr21\t9411245\t.\tC\tA,*,<DEL>\t.\t.\t.",
    "chrUn\t0\t.\tn\tG]chr21:198982]\t.\t.\tDB",
    "chrUn\t7\t.\tacgt\t.\t.\tq10\tXX=1;YY",
]
TEXT = HEADER + COLUMNS + "".join(f"{line}\n" for line in LINES)


def bgzip(text: str) -> bytes:
    packed = io.BytesIO()
    compress(io.BytesIO(text.encode()), packed)
    return packed.getvalue()


def bcf(text: str, folder: Path) -> bytes:
    (folder / "in.vcf").write_text(text)
    with (
        pysam.VariantFile(str(folder / "in.vcf")) as source,
        pysam.VariantFile(str(folder / "out.bcf"), "wb", header=source.header) as target,
    ):
        for record in source:
            target.write(record)
    return (folder / "out.bcf").read_bytes()


def read(path: Path | str) -> list[Record]:
    with VcfReader(str(path)) as reader:
        return list(reader)


Write = Callable[[bytes | str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def call(content: bytes | str) -> Path:
        path = tmp_path / "a file.vcf"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return call


@pytest.fixture
def refused(write: Write) -> Callable[[bytes | str], str]:
    """Message of the error that a file's content raises; the path is left out of it."""

    def call(content: bytes | str) -> str:
        path = write(content)
        with pytest.raises(InputError) as caught:
            read(path)
        message = str(caught.value)
        assert message.startswith(str(path))
        return message.removeprefix(str(path))

    return call


# What is read.


def test_records(write: Write) -> None:
    with VcfReader(str(write(TEXT))) as reader:
        records = list(reader)
        assert reader.header.contigs == {"chr21": 48129895, "chrUn": None}
        assert reader.header.meta == tuple(HEADER.encode().splitlines())
        assert (reader.header.n_columns, reader.header.n_samples) == (8, 0)
        assert reader.notes == []
    assert [record.line.decode() for record in records] == LINES
    assert [record.number for record in records] == [6, 7, 8, 9]
    assert [record[2:] for record in records] == [
        ("chr21", 9411238, "G", ("A",)),
        ("chr21", 9411244, "C", ("A", "*", "<DEL>")),
        ("chrUn", -1, "n", ("G]chr21:198982]",)),
        ("chrUn", 6, "acgt", (".",)),
    ]
    assert records[3].interval == ("chrUn", 6, 10)


def test_all_ways_to_pack_read_the_same(write: Write, tmp_path: Path) -> None:
    expected = read(write(TEXT))
    plain_gzip, two_members = gzip.compress(TEXT.encode()), TEXT.encode()
    two_members = gzip.compress(two_members[:99]) + gzip.compress(two_members[99:])
    for content in (bgzip(TEXT), plain_gzip, two_members, TEXT[:-1].encode()):
        assert read(write(content)) == expected


def test_bcf(write: Write, tmp_path: Path) -> None:
    text = TEXT.replace("\tDB\n", "\t.\n").replace("q10\tXX=1;YY", "PASS\t.")
    text = text.replace(",<DEL>", "")  # pysam would add an END that the header lacks
    packed = bcf(text, tmp_path)
    unpacked = gzip.decompress(packed)
    assert unpacked.startswith(b"BCF\x02")
    for content in (packed, unpacked):
        records = read(write(content))
        # htslib writes numbers in its own way; that is what other tools show, too.
        shown = LINES[0].replace("29.50", "29.5").replace("0.10", "0.1")
        assert records[0].line.decode() == shown
        assert [record[2:] for record in records] == [one[2:] for one in read(write(text))]


@pytest.mark.parametrize("how", ["plain", "gzip", "bgzip", "bcf"])
@pytest.mark.parametrize("pipe", ["fifo", "stdin"])
def test_pipes(tmp_path: Path, how: str, pipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HEADER + COLUMNS + "".join(f"chr21\t{n}\t.\tA\tC\t.\t.\t.\n" for n in range(1, 30_000))
    packed = {
        "plain": text.encode(),
        "gzip": gzip.compress(text.encode()),
        "bgzip": bgzip(text),
        "bcf": bcf(text, tmp_path) if how == "bcf" else b"",
    }[how]
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # Opening blocks until both sides are there.
    writer = threading.Thread(target=fifo.write_bytes, args=(packed,))
    writer.start()
    if pipe == "fifo":
        records = read(fifo)
    else:
        with fifo.open("rb") as stream:
            monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stream))
            records = read("-")
    writer.join()
    assert [record.start for record in records] == list(range(29_999))


def test_byte_order_mark_and_carriage_returns(write: Write) -> None:
    with VcfReader(str(write(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()))) as reader:
        assert [record.line.decode() for record in reader] == LINES
        assert reader.header.columns == COLUMNS.strip().encode()
        assert len(reader.notes) == 2


def test_header_alone(write: Write) -> None:
    assert read(write(HEADER + COLUMNS)) == []
    assert read(write((HEADER + COLUMNS)[:-1])) == []


def test_samples(write: Write) -> None:
    samples = "\t".join(f"S{n}" for n in range(2500))
    calls = "\t".join(["0|1:3"] * 2500)
    text = f"{HEADER}{COLUMNS[:-1]}\tFORMAT\t{samples}\n{LINES[0]}\tGT:DP\t{calls}\n"
    with VcfReader(str(write(text))) as reader:
        assert reader.header.n_samples == 2500
        assert [record.line.decode() for record in reader] == [f"{LINES[0]}\tGT:DP\t{calls}"]


def test_huge_info(write: Write) -> None:
    """One line of many pieces."""
    long = f"{LINES[0]};CSQ=" + "x" * 3_000_000
    assert read(write(HEADER + COLUMNS + long + "\n" + LINES[1]))[0].line.decode() == long


def test_unsorted_and_twice_is_fine(write: Write) -> None:
    text = HEADER + COLUMNS + "\n".join([LINES[1], LINES[0], LINES[0], ""])
    assert [record.start for record in read(write(text))] == [9411244, 9411238, 9411238]


@pytest.mark.parametrize("allele", [".", "*", "A1!", "X", "-A", "<DEL", "\u00c4", "A]\u00e9:5]"])
def test_texts_that_are_no_alleles_are_read(write: Write, allele: str) -> None:
    """They get a status each; the records around them are scored."""
    text = HEADER + COLUMNS + f"chr21\t5\t.\t{allele}\tC,{allele}\t.\t.\t.\n"
    (record,) = read(write(text))
    assert (record.ref, record.alts) == (allele, ("C", allele))


def test_alleles_that_are_no_utf8(write: Write) -> None:
    (record,) = read(write((HEADER + COLUMNS).encode() + b"chr21\t5\t.\tA\t<D\xe9>\t.\t.\t.\n"))
    assert record.alts == ("<D\\xe9>",)


def test_blank_lines_behind_the_last_record(write: Write) -> None:
    for end in ("\n\n", " \n\t\n", "\r\n\r\n", "\n  "):
        with VcfReader(str(write(TEXT + end))) as reader:
            assert len(list(reader)) == len(LINES)
        assert reader.notes[-1] == "blank lines behind the last record were left out: 2"


def test_lengths_that_are_none(write: Write) -> None:
    lengths = {"a": "0", "b": "2147483647", "c": "9" * 5000, "d": "2147483646"}
    lines = "".join(f"##contig=<ID={name},length={one}>\n" for name, one in lengths.items())
    with VcfReader(str(write(HEADER + lines + COLUMNS))) as reader:
        found = reader.header.contigs
    assert [found[name] for name in "abcd"] == [None, None, None, 2147483646]


def test_many_samples_and_long_info_are_legal(write: Write) -> None:
    names = "\t".join(f"S{number}" for number in range(10_000))
    columns = COLUMNS.rstrip("\n") + f"\tFORMAT\t{names}\n"
    genotypes = "\t".join(["0|1:35,12:99"] * 10_000)
    row = f"chr21\t5\t.\tA\tC\t.\t.\tX={'x' * 1_000_000}\tGT:AD:GQ\t{genotypes}\n"
    records = read(write(gzip.compress((HEADER + columns + row * 3).encode())))
    assert [len(record.line) for record in records] == [len(row) - 1] * 3


# What is wrong with files.


def test_a_line_without_end(refused: Callable[[bytes | str], str], tmp_path: Path) -> None:
    """Memory is bounded by the longest line that is taken."""
    with gzip.open(tmp_path / "long.gz", "wb", compresslevel=1) as file:
        file.write((HEADER + COLUMNS).encode() + b"chr21\t5\t.\tA\tC\t.\t.\t")
        for _ in range(65):
            file.write(b"x" * (1 << 21))
    message = refused((tmp_path / "long.gz").read_bytes())
    assert message.startswith(":6: line is too long (got over 134,217,728 bytes")
    with pytest.raises(InputError, match=r"/dev/zero:1: line is too long"):
        read(Path("/dev/zero"))


def test_a_header_without_end(
    refused: Callable[[bytes | str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_HEADER", 1 << 20)
    for line in ("##\n", f"##x={'y' * 1000}\n"):
        message = refused(gzip.compress((HEADER + line * 20_000 + COLUMNS).encode()))
        assert "header is too long (expected at most 1 MiB)" in message


def test_empty_file(refused: Callable[[bytes | str], str]) -> None:
    for content in (b"", gzip.compress(b""), END):
        assert refused(content) == ": file is empty, not VCF"


@pytest.mark.parametrize(
    "text",
    [
        TEXT.removeprefix(HEADER),
        "".join(f"{line}\n" for line in LINES),
        TEXT.replace("##fileformat=VCFv4.3\n", ""),
        ">chr21\nACGT\n",
        "\n",
        "\x00\x01\x02",
    ],
)
def test_no_header(refused: Callable[[bytes | str], str], text: str) -> None:
    message = refused(text)
    assert message.startswith(":1: not a VCF, or its header is missing (got ")
    assert message.endswith("expected ##fileformat=VCFv4.x)")


def test_no_column_names(refused: Callable[[bytes | str], str]) -> None:
    assert refused(HEADER) == (
        ":4: VCF ends before the line of column names (expected #CHROM, POS, ID, …)"
    )
    assert refused(TEXT.replace(COLUMNS, "")).startswith(":5: not the line of column names (got ")
    assert "Hint: columns are separated by tabs" in refused(
        HEADER + COLUMNS.replace("\t", " ") + LINES[0]
    )
    message = refused(HEADER + COLUMNS[:-1] + "\tFORMAT\tA\tA\n")
    assert "got two samples of one name" in message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "line is empty (expected 8, as in the header)"),
        (
            "chr21\t5\t.\tA\tC\t.\t.",
            "wrong number of columns (got 7; expected 8, as in the header)",
        ),
        (
            "chr21 5 . A C . . .",
            "wrong number of columns (got 1; expected 8, as in the header). "
            "Hint: columns are separated by tabs, not spaces",
        ),
        (
            f"{LINES[0]}\tGT\t0/1",
            "wrong number of columns (got 10; expected 8, as in the header)",
        ),
        ("chr21\t1e3\t.\tA\tC\t.\t.\t.", "POS is wrong (got '1e3'; expected a whole number)"),
        ("chr21\t-5\t.\tA\tC\t.\t.\t.", "POS is wrong (got '-5'; expected a whole number)"),
        ("chr21\t1_0\t.\tA\tC\t.\t.\t.", "POS is wrong (got '1_0'; expected a whole number)"),
        ("chr21\t٣\t.\tA\tC\t.\t.\t.", "POS is wrong (got '٣'; expected a whole number)"),
        ("chr21\t\t.\tA\tC\t.\t.\t.", "POS is wrong (got ''; expected a whole number)"),
        ("chr21\t5\t.\t\tC\t.\t.\t.", "REF is wrong (got ''; expected bases)"),
        (
            "chr21\t5\t.\tA\tC,,T\t.\t.\t.",
            "ALT is wrong (got 'C,,T'; expected bases, *, ., <ID> or a breakend)",
        ),
        ("chr21\t5\t.\tA G\tC\t.\t.\t.", "REF is wrong (got 'A G'; expected bases)"),
        (
            "chr21\t5\t.\tA\tC\x1b[31m\t.\t.\t.",
            "ALT is wrong (got 'C\\x1b[31m'; expected bases, *, ., <ID> or a breakend)",
        ),
        (f"chr21\t{'9' * 5000}\t.\tA\tC\t.\t.\t.", "POS is wrong (got '"),
        (
            "\t5\t.\tA\tC\t.\t.\t.",
            "CHROM is wrong (got ''; expected a name of UTF-8 text without spaces)",
        ),
        (
            "chr 1\t5\t.\tA\tC\t.\t.\t.",
            "CHROM is wrong (got 'chr 1'; expected a name of UTF-8 text without spaces)",
        ),
        (
            "chr\x00\t5\t.\tA\tC\t.\t.\t.",
            "CHROM is wrong (got 'chr\\x00'; expected a name of UTF-8 text without spaces)",
        ),
    ],
)
def test_bad_line(refused: Callable[[bytes | str], str], line: str, message: str) -> None:
    found = refused(f"{HEADER}{COLUMNS}{LINES[0]}\n{line}\n{LINES[1]}\n")
    assert found.startswith(f":7: {message}")
    assert len(found) < 200


def test_all_bad_lines_are_said_at_once(write: Write) -> None:
    bad = "chr21\tx\t.\tA\tC\t.\t.\t.\n"
    path = write(HEADER + COLUMNS + f"{LINES[0]}\n" + f"{bad}{LINES[1]}\n" * 3)
    with VcfReader(str(path)) as reader:
        records = iter(reader)
        assert next(records).number == 6
        with pytest.raises(ManyErrors) as raised:
            next(records)
    assert [error.line for error in raised.value.errors] == [7, 9, 11]


def test_so_many_bad_lines_and_no_more(write: Write) -> None:
    path = write(HEADER + COLUMNS + "chr21\tx\n" * 100_000)
    with pytest.raises(ManyErrors) as raised:
        read(path)
    assert len(raised.value.errors) == 20


def test_bad_line_in_a_file_cut_short(write: Write) -> None:
    bad = MANY + "chr21\tx\t.\tA\tC\t.\t.\t.\n" + MANY.replace("#", "")[-400_000:]
    packed = gzip.compress(bad.encode())
    with pytest.raises(ManyErrors) as raised:
        read(write(packed[: len(packed) - 9]))
    assert "POS is wrong" in str(raised.value)
    assert "cut short" in str(raised.value)


def test_name_that_is_no_text(refused: Callable[[bytes | str], str]) -> None:
    line = b"chr\xff\t5\t.\tA\tC\t.\t.\t."
    assert refused((HEADER + COLUMNS).encode() + line).startswith(":6: CHROM is wrong (got ")


@pytest.mark.parametrize(
    "alt",
    ["A.", ".A", "]chr2:1]A", "A[<ctg1>:7[", ".[chr13:123457[", "<*>", "<NON_REF>", "<DUP:TANDEM>"],
)
def test_all_forms_of_alt_are_read(alt: str) -> None:
    line = f"chr21\t5\t.\tA\tC,{alt}\t.\t.\t."
    assert parse_record(line.encode(), 8, "a.vcf", 1).alts == ("C", alt)


MANY = HEADER + COLUMNS + "".join(f"chr21\t{n}\t.\tA\tC\t.\t.\t.\n" for n in range(1, 30_000))


def test_bgzip_without_its_end(refused: Callable[[bytes | str], str]) -> None:
    """htslib warns, and reads on as if nothing were missing."""
    packed = bgzip(MANY)
    message = refused(packed.removesuffix(END))
    assert message.startswith(": bgzipped file is cut short (got no empty block")
    first_block = int.from_bytes(packed[16:18], "little") + 1
    assert len(packed) > 2 * first_block
    assert "cut short" in refused(packed[:first_block])


def test_bgzip_cut_within_a_block(refused: Callable[[bytes | str], str]) -> None:
    packed = bgzip(MANY)
    for size in (len(packed) // 2, 10_000, 40, 20):
        assert "cut short" in refused(packed[:size]), size
    # As when two halves were joined: the end is there.
    assert "cut short" in refused(packed[: len(packed) // 2] + END)
    assert "no block at byte" in refused(packed.removesuffix(END) + b"\x00" * 40 + END)


def test_pipe_of_bgzip_cut_between_blocks(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    content = bgzip(MANY).removesuffix(END)
    writer = threading.Thread(target=fifo.write_bytes, args=(content,))
    writer.start()
    with pytest.raises(InputError, match="cut short"):
        read(fifo)
    writer.join()


def test_flipped_bit(refused: Callable[[bytes | str], str], tmp_path: Path) -> None:
    for packed in (bgzip(MANY), bcf(MANY, tmp_path)):
        broken = bytearray(packed)
        broken[len(broken) // 2] ^= 4
        assert "damaged in the block at byte" in refused(bytes(broken))
    # Plain gzip has its checksum at the end; here it is the checksum that is wrong.
    broken = bytearray(gzip.compress(MANY.encode()))
    broken[-6] ^= 4
    assert "CRC" in refused(bytes(broken))


def test_gzip_cut_short(refused: Callable[[bytes | str], str]) -> None:
    packed = gzip.compress(MANY.encode())
    assert "cut short" in refused(packed[: len(packed) // 2])
    assert "cut short" in refused(packed[:-4])


def test_bcf_cut_short(refused: Callable[[bytes | str], str], tmp_path: Path) -> None:
    packed = bcf(MANY, tmp_path)
    assert "no empty block at its end" in refused(packed[: len(packed) // 2])
    # Blocks are whole and the end is there; only the records end early.
    unpacked = gzip.decompress(packed)
    cut = io.BytesIO()
    compress(io.BytesIO(unpacked[: len(unpacked) // 2]), cut)
    assert "BCF is cut short" in refused(cut.getvalue())
    assert "BCF is cut short (got 29,998 whole records)" in refused(unpacked[:-1])
    assert "BCF is cut short" in refused(unpacked[:20])


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read(tmp_path / "missing.vcf")
    with pytest.raises(InputError, match="Is a directory"):
        read(tmp_path)


def test_closed_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputError, match=r"stdin is closed\. Hint: name a file"):
        read("-")
    (tmp_path / "a.vcf").write_text(HEADER + COLUMNS)
    read(tmp_path / "a.vcf")


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=80)
    | st.from_regex(rb"chr1\t[0-9]+\t\.\t[ACGT*<>.,\[\]]*\t.*", fullmatch=True)
)
def test_any_line_is_read_or_refused(line: bytes) -> None:
    with contextlib.suppress(InputError):
        record = parse_record(line, 8, "a.vcf", 3)
        assert record.line == line
        assert record.start >= -1
        assert all(record.alts)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_file_is_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.vcf"
        path.write_bytes(content)
        with pytest.raises(InputError):
            read(path)
