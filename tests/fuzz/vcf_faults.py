"""VCFs that break a rule of the specification, each with the line that does.

Of the same kinds as those that the specification's authors test validators with (hts-specs,
``test/vcf``, failed), written here for the toy's genome.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fuzz.genome import base, other
from fuzz.vcf_corpus import FORMAT, INFO, document, row


class Failing(NamedTuple):
    """A file that breaks a rule on a line, counted from 1.

    Attributes:
        refused: Whether it can't be scored; any other may pass with all its records unchanged.
    """

    name: str
    content: bytes
    line: int
    refused: bool


def _line_of(content: bytes, part: str) -> int:
    return content[: content.index(part.encode())].count(b"\n") + 1


def failing() -> Iterator[Failing]:
    """Yield a file for each rule that it breaks."""
    yield from _broken_records()
    yield from _no_alleles()
    yield from _broken_headers()
    yield from _broken_values()


def _broken_records() -> Iterator[Failing]:
    """Yield files with a line that is no record."""
    first, last, mark = row(60), row(90), "broken"
    for name, changes in {
        **{f"POS {text!r}": {"POS": text} for text in ("", "x", "-5", "1.5", "1e3", "9" * 40, "١")},
        **{f"REF {text!r}": {"REF": text} for text in ("", "A C")},
        **{f"ALT {text!r}": {"ALT": text} for text in ("", "A,", ",A", "A,,C", "A C", "<a b>")},
        **{f"CHROM {text!r}": {"CHROM": text} for text in ("", " chr1", "chr1 ", "ch r1")},
    }.items():
        content = document("4.2", [first, row(70, ID=mark, **changes), last])
        yield Failing(name, content, _line_of(content, mark), True)
    wrong = {
        "a column less": row(70, ID=mark)[:-1],
        "a column more": [*row(70, ID=mark), "GT"],
        "spaces for tabs": [" ".join(row(70, ID=mark))],
        "half a line": row(70, ID=mark)[:4],
        "a comment between": [f"# {mark}"],
        "a header line between": [f"##{mark}=1"],
    }
    for name, columns in wrong.items():
        content = document("4.2", [first, columns, last])
        yield Failing(name, content, _line_of(content, mark), True)
    content = document("4.2", [first, [], last])
    yield Failing(
        "an empty line", content, content[: content.index(b"\n\n") + 1].count(b"\n") + 1, True
    )
    content = document("4.2", [[*first, "GT", "0/1"], [*row(70, ID=mark), "GT"]], FORMAT, ["S1"])
    yield Failing("a sample less", content, _line_of(content, mark), True)
    content = document("4.2", [first, row(70, ID=mark, CHROM="?")]).replace(b"?\t", b"\xff\xfe\t")
    yield Failing("CHROM that is not UTF-8", content, _line_of(content, mark), True)


def _no_alleles() -> Iterator[Failing]:
    """Yield records with a text that is no allele, which gets a status."""
    for column, texts in {
        "REF": (".", "<DEL>", "A,C", "AZ", "1"),
        "ALT": ("1", "<DEL", "DEL>", "G]chr2", "G]]", "é", ".."),
    }.items():
        for text in texts:
            record = row(70, **{"ID": "broken", column: text})
            content = document("4.2", [row(60), record, row(90)])
            yield Failing(f"allele: {column} {text!r}", content, _line_of(content, "broken"), False)


def _broken_headers() -> Iterator[Failing]:
    """Yield files with a wrong header."""
    sound = document("4.2", [row(60)], INFO)
    columns = _line_of(sound, "#CHROM")
    yield Failing("no fileformat", sound.split(b"\n", 1)[1], 1, True)
    yield Failing("fileformat second", b"##source=x\n" + sound, 1, True)
    yield Failing("fileformat of another", sound.replace(b"VCFv4.2", b"BED"), 1, True)
    yield Failing("no column names", sound.replace(b"#CHROM\t", b"##CHROM\t"), columns + 1, True)
    yield Failing("names with spaces", sound.replace(b"#CHROM\t", b"#CHROM "), columns, True)
    yield Failing(
        "names in small letters", sound.replace(b"#CHROM\tPOS", b"#chrom\tpos"), columns, True
    )
    yield Failing("a name missing", sound.replace(b"\tQUAL", b""), columns, True)
    yield Failing("a name more", sound.replace(b"\tINFO\n", b"\tINFO\tS1\n"), columns, True)
    yield Failing("ends in the header", sound[: sound.index(b"#CHROM") - 1], columns - 1, True)
    twice = document("4.2", [[*row(60), "GT", "0/1", "0/1"]], FORMAT, ["S1", "S1"])
    yield Failing("two samples of one name", twice, _line_of(twice, "#CHROM"), True)
    for name, line in {
        "not closed": '##INFO=<ID=X,Number=1,Type=Integer,Description="x"',
        "quote not closed": '##INFO=<ID=X,Number=1,Type=Integer,Description="x>',
        "no ID": '##INFO=<Number=1,Type=Integer,Description="x">',
        "no Number": '##INFO=<ID=X,Type=Integer,Description="x">',
        "no Type": '##INFO=<ID=X,Number=1,Description="x">',
        "no Description": "##INFO=<ID=X,Number=1,Type=Integer>",
        "Number x": '##INFO=<ID=X,Number=x,Type=Integer,Description="x">',
        "Type x": '##INFO=<ID=X,Number=1,Type=x,Description="x">',
        "ID twice": '##INFO=<ID=I1,Number=1,Type=String,Description="x">',
        "nothing": "##",
        "no value": "##INFO",
        "contig without ID": "##contig=<length=5>",
        "contig of length x": "##contig=<ID=chrY,length=x>",
        "contig of 5000 digits": f"##contig=<ID=chrY,length={'9' * 5_000}>",
        "contig twice": "##contig=<ID=chr1,length=3000>",
        "fileformat again": "##fileformat=VCFv4.3",
        "NUL": "##source=a\x00b",
    }.items():
        content = document("4.2", [row(60)], [*INFO, line])
        yield Failing(f"header: {name}", content, len(INFO) + 2, False)


def _broken_values() -> Iterator[Failing]:
    """Yield records with a value that the specification forbids, but that can be passed through."""
    mark = "broken"
    for name, changes in {
        **{f"QUAL {text!r}": {"QUAL": text} for text in ("", "x", "-1", "PASS", "1,2", "1e999")},
        **{
            f"FILTER {text!r}": {"FILTER": text}
            for text in ("", "0", "a b", "q10;", "PASS;q10", "x")
        },
        **{
            f"INFO {text!r}": {"INFO": text}
            for text in ("", ";", "A=1;A=2", "=1", "I1=x", "I1=1,2")
        },
        **{
            f"INFO {text!r}": {"INFO": text}
            for text in ("a b", "I1= 1", "DB=1", "I1", "1x=2", "a\x00b")
        },
        "ID with a space": {"ID": f"{mark} x"},
        "ID twice": {"ID": f"{mark};{mark}"},
        "ALT is REF": {"ALT": base(70)},
        "ALT twice": {"ALT": ",".join([other(base(70))] * 2)},
        "REF of IUPAC": {"REF": "R"},
        "POS beyond the contig": {"POS": "3005"},
        "POS beyond 32 bits": {"POS": "3000000000"},
        "a contig that no line defines": {"CHROM": "chrUn"},
    }.items():
        record = row(70, **{"ID": mark, **changes})
        content = document("4.2", [row(60), record, row(90)], INFO)
        yield Failing(f"value: {name}", content, _line_of(content, mark), False)
    for name, keys, value in (
        *(("GT of letters", "GT", "a/b"), ("GT too high", "GT", "0/9"), ("GT empty", "GT", "")),
        *(("GT not first", "DP:GT", "1:0/1"), ("key twice", "GT:GT", "0/1:0/1")),
        *(("more values than keys", "GT", "0/1:5:6"), ("no key", "", "0/1"), ("x", "XX", "y")),
        *(
            ("DP of letters", "GT:DP", "0/1:x"),
            ("AD of one", "GT:AD", "0/1:1"),
            ("GT 1-0", "GT", "1-0"),
        ),
    ):
        content = document("4.2", [[*row(70, ID=mark), keys, value]], [*INFO, *FORMAT], ["S1"])
        yield Failing(f"sample: {name}", content, _line_of(content, mark), False)
