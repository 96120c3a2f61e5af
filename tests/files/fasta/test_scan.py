from __future__ import annotations

import itertools
from pathlib import Path

import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.files.fasta.scan import FastaRecord, Scanner
from zooctl.sequence.onehot import decode


def scan(text: bytes, piece: int = 1 << 20) -> list[FastaRecord]:
    scanner = Scanner("a.fa")
    for start in range(0, len(text), piece):
        scanner.feed(text[start : start + piece])
    return scanner.finish()


@st.composite
def fasta(draw: st.DrawFn) -> bytes:
    """A sound FASTA of records with lines of their own width and line ends of one kind."""
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    text = b""
    for number in range(draw(st.integers(1, 4))):
        width = draw(st.integers(1, 12))
        bases = draw(st.text("ACGTNacgtnRYKM", min_size=1, max_size=40)).encode()
        lines = [bases[at : at + width] for at in range(0, len(bases), width)]
        text += b">c%d a word" % number + end + end.join(lines) + end
        text += end * draw(st.integers(0, 2))
    return text if draw(st.booleans()) else text.rstrip()


@given(text=fasta(), piece=st.integers(1, 50))
def test_pieces_of_any_size_give_one_result(text: bytes, piece: int) -> None:
    assert scan(text, piece) == scan(text)


@given(text=fasta())
def test_offsets_lead_to_the_bases(text: bytes) -> None:
    for record, part in zip(scan(text), text.split(b">")[1:], strict=True):
        bases = b"".join(part.split()[3:])
        assert record.length == len(bases)
        found = bytes(
            text[
                record.offset + at // record.line_bases * record.line_width + at % record.line_bases
            ]
            for at in range(record.length)
        )
        assert found == bases


def test_equals_samtools_faidx(tmp_path: Path) -> None:
    text = b">chr1 x\nACGTAC\nGTACGT\nAC\n>chr2\nNNN\n>chr3\nACGT\nRYKM\n\n>4\nA"
    path = tmp_path / "a.fa"
    path.write_bytes(text)
    pysam.faidx(str(path))
    theirs = [line.split("\t") for line in (tmp_path / "a.fa.fai").read_text().splitlines()]
    for ours, row in zip(scan(text), theirs, strict=True):
        numbers = [ours.length, ours.offset, ours.line_bases, ours.line_width]
        # The width of a last line without a line end differs, and matters to nobody.
        assert [ours.name, *map(str, numbers)][: 4 if ours.name == "4" else 5] == row[
            : 4 if ours.name == "4" else 5
        ]


def test_blanks_before_a_name_and_masking_by_x_are_read_as_samtools_does(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    path.write_bytes(b">  chr1 first\nACGTXXXX\nACx\n>\tchr2\nNN\n")
    with Fasta(path) as ours, pysam.FastaFile(str(path)) as theirs:
        assert list(ours.contigs) == list(theirs.references) == ["chr1", "chr2"]
        assert theirs.fetch("chr1") == "ACGTXXXXACx"
        assert decode(ours.codes("chr1", 0, 11)) == "ACGTNNNNACN"


def test_byte_order_mark_is_skipped() -> None:
    assert scan(b"\xef\xbb\xbf>a\nAC\n")[0].offset == 6


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (b"", None, "empty, not FASTA"),
        (b"ACGT\n", 1, "not FASTA .*'A"),
        (b"; comment\n>a\nA\n", 1, "not FASTA"),
        (b"BZh91AY&SY", 1, "not FASTA"),
        (b">a\nACGT\nAC\nACGT\n", 3, "uneven length .*got 2 bases; expected 4"),
        (b">a\nAC\nACGT\n", 3, "uneven length .*got 4 bases; expected 2"),
        (b">a\nACGT\n\nACGT\n", 3, "uneven length .*got 0 bases"),
        (b">a\n\nACGT\n", 3, "uneven length"),
        (b">a\nACGT\r\nACGT\nACGT\r\n", 3, "uneven length .*line ends"),
        (b">a\nAC\n>b\nAC\n>a\nGT\n", 5, "'a' occurs twice .*line 1"),
        (b">a\nAC\n>b\n>c\nAC\n", 3, "'b' is empty"),
        (b">a\nAC\n>b\n", 3, "'b' is empty"),
        (b">a\nAC\n>b", 3, "'b' is empty"),
        (b">a\n\n\n", 1, "'a' is empty"),
        (b">\nAC\n", 1, "without a name"),
        (b">  \nAC\n", 1, "without a name"),
        (">ä\nAC\n".encode(), 1, "outside ASCII"),
        (b">a\nACGT\nACGU\n", 3, "no DNA .*'U'.*RNA"),
        (b">a\nMKTAYIAKQR\n", 2, "no DNA .*'I'.*protein"),
        (b">a\nACGT\nAC-T\n", 3, "no DNA .*'-'.*alignment"),
        (b">a\nACGT \nACGT\n", 2, "no DNA .*' '"),
        (b">a\rACGT\r", 1, "carriage return inside a header"),
        (b">a\nAC\rGT\n", 2, "carriage return inside a line"),
    ],
)
def test_faults_are_named_with_their_line(text: bytes, line: int | None, message: str) -> None:
    for piece in (1, 3, 1_000):
        with pytest.raises(InputError, match=message) as caught:
            scan(text, piece)
        assert caught.value.path == "a.fa"
        assert caught.value.line == line


def test_a_fault_far_down_has_its_line() -> None:
    lines = [b">a"] + [b"ACGT"] * 5_000 + [b"AC!T"]
    text = b"\n".join(itertools.chain(lines, [b""]))
    with pytest.raises(InputError) as caught:
        scan(text, 4_096)
    assert caught.value.line == 5_002


def test_endless_header_is_refused() -> None:
    with pytest.raises(InputError, match="header line"):
        scan(b">" + b"a" * (3 << 20))
