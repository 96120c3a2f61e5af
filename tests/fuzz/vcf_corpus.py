"""VCF 4.1 to 4.5: records of every feature of the specification, and files that break its rules.

Of the same kinds as the files that the specification's authors test validators with (hts-specs,
``test/vcf``), written here for the toy's genome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fuzz.genome import base, genome, other

VERSIONS = ("4.1", "4.2", "4.3", "4.4", "4.5")
COLUMNS = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]


class Passing(NamedTuple):
    """A file that the specification allows."""

    name: str
    content: bytes


class Failing(NamedTuple):
    """A file that breaks a rule on a line, counted from 1.

    Attributes:
        refused: Whether it can't be scored; any other may pass with all its records unchanged.
    """

    name: str
    content: bytes
    line: int
    refused: bool


def row(pos: int, **columns: str) -> list[str]:
    """Return the columns of a SNV of chr1, changed as named."""
    ref = columns.get("REF", base(pos))
    alt = other(ref[0]) if ref[:1] in tuple("ACGT") else "A"
    found = dict(zip(COLUMNS, ["chr1", str(pos), ".", ref, alt, "50", "PASS", "."], strict=True))
    found["#CHROM"] = columns.pop("CHROM", "chr1")
    return list((found | columns).values())


def document(
    version: str,
    rows: Sequence[Sequence[str]],
    meta: Sequence[str] = (),
    samples: Sequence[str] = (),
    end: str = "\n",
) -> bytes:
    """Return a VCF of these header lines and records."""
    head = [f"##fileformat=VCFv{version}", *meta]
    head += [f"##contig=<ID={name},length={len(text)}>" for name, text in genome().items()]
    columns = [*COLUMNS, *(["FORMAT", *samples] if samples else [])]
    return end.join([*head, *("\t".join(one) for one in [columns, *rows]), ""]).encode()


INFO = [
    *(f'##INFO=<ID=I{n},Number={n},Type=Integer,Description="n {n}">' for n in "012AGR."),
    *(
        f'##INFO=<ID={kind[:4]},Number=1,Type={kind},Description="a {kind}">'
        for kind in ("Float", "String", "Character")
    ),
    '##INFO=<ID=DB,Number=0,Type=Flag,Description="dbSNP">',
    '##INFO=<ID=END,Number=1,Type=Integer,Description="End">',
    '##INFO=<ID=SVTYPE,Number=1,Type=String,Description="Type">',
    '##INFO=<ID=ANN,Number=.,Type=String,Description="say \\"this\\", \\\\ and <that>, x=y">',
]
FORMAT = [
    f'##FORMAT=<ID={key},Number={number},Type={kind},Description="{key}">'
    for key, number, kind in (
        *(("GT", "1", "String"), ("DP", "1", "Integer"), ("AD", "R", "Integer")),
        *(("GL", "G", "Float"), ("PL", "G", "Integer"), ("GQ", "1", "Integer")),
        *(("PS", "1", "Integer"), ("HQ", "2", "Integer"), ("FT", "1", "String")),
    )
]
META = [
    "##fileDate=20260101",
    "##source=made by hand",
    '##FILTER=<ID=q10,Description="Quality below 10">',
    '##FILTER=<ID=s50,Description="Less than half, 50% of them">',
    '##ALT=<ID=DEL,Description="Deletion">',
    '##ALT=<ID=INS:ME:ALU,Description="Insertion of ALU element">',
    "##assembly=ftp://ftp.example.org/assembly.fasta",
    '##contig=<ID=chrX,length=155270560,assembly=hg19,md5=7e0e2e580297b7764e31dbc80c2540dd,species="Homo sapiens",taxonomy=x>',
    "##contig=<ID=HLA-A*01:01:01:01,URL=https://example.org/a>",
    "##pedigreeDB=<https://example.org/pedigree>",
    "##SAMPLE=<ID=Blood,Genomes=Germline,Mixture=1.,Description=Patient>",
    "##PEDIGREE=<Derived=Tumour,Original=Germline>",
    "##key=a free text with <angles>, \"quotes\" and 'é'",
]
META_43 = [
    "##META=<ID=Assay,Type=String,Number=.,Values=[WholeGenome, Exome]>",
    '##SAMPLE=<ID=Sample1,Assay=WholeGenome,Ethnicity=AFR,Description="one, two">',
    "##PEDIGREE=<ID=Child,Mother=M,Father=F>",
    "##pedigreeDB=https://example.org/pedigree",
]
GT = ["0/1", "1|0", "./.", ".", "1", "0/1/1", ".|1", "0|0|1|1"]


def _alleles() -> Iterator[tuple[str, list[list[str]]]]:
    """Yield records by what their alleles are."""
    a, long = base(100), base(200, 30)
    yield "snv", [row(pos) for pos in range(60, 120, 7)]
    yield "several", [row(100, ALT=",".join(one for one in "ACGT" if one != a))]
    yield "insertion", [row(130, ALT=base(130) + "ACGTTT"), row(130, ALT=base(130) + "A")]
    yield "deletion", [row(200, REF=long, ALT=long[0]), row(700, REF=base(700, 3), ALT=base(700))]
    yield "long deletion", [row(900, REF=base(900, 400), ALT=base(900))]
    yield (
        "replacement",
        [row(300, REF=base(300, 3), ALT="TTTT"), row(400, REF=base(400, 2), ALT="GA")],
    )
    yield "none", [row(110, ALT=".")]
    yield "star", [row(120, ALT="*"), row(121, ALT=f"{other(base(121))},*")]
    yield "small letters", [row(140, REF=base(140).lower(), ALT=other(base(140)).lower())]
    yield "unknown bases", [row(520, CHROM="chr2", REF="N", ALT="A"), row(150, ALT="N")]
    symbols = [
        "<DEL>",
        "<INS>",
        "<DUP>",
        "<INV>",
        "<CNV>",
        "<DUP:TANDEM>",
        "<INS:ME:ALU>",
        "<DEL:ME>",
    ]
    info = "SVTYPE=DEL;END=260"
    yield "symbols", [row(240 + at, ALT=one, INFO=info) for at, one in enumerate(symbols)]
    ends = [
        "G]chr2:300]",
        "]chr2:300]G",
        "G[chr21:40[",
        "[chr21:40[GACT",
        "G]<ctg1>:7]",
        "G[13 : 1[",
    ]
    yield "breakends", [row(160, REF="G", ALT=one, INFO="SVTYPE=BND") for one in ends[:5]]
    yield "single breakends", [row(170, ALT=f"{base(170)}."), row(171, ALT=f".{base(171)}")]
    yield "telomere", [row(0, REF="N", ALT="]chr2:300]N"), row(3001, REF="N", ALT="N[chr2:5[")]
    yield "edges", [row(1), row(2), row(3000)]
    yield "mixed", [row(180, ALT=f"{other(base(180))},<DEL>,*,{base(180)}TT,{base(180)}[chr2:9[")]
    yield "same place", [row(190)] * 3
    yield (
        "contigs",
        [row(60), row(60, CHROM="chr2", REF=base(60, 1, "chr2")), row(5, CHROM="chrX", REF="A")],
    )


def _columns() -> Iterator[tuple[str, list[list[str]]]]:
    """Yield records by what else they say."""
    yield "ids", [row(60, ID="rs1"), row(61, ID="rs2;rs3;COSM4"), row(62, ID="esv1_a-b.c")]
    quals = [".", "0", "1", "29.5", "1e-3", "3.4E+5", "100000000", "0.00001"]
    yield "quality", [row(60 + at, QUAL=one) for at, one in enumerate(quals)]
    filters = [".", "PASS", "q10", "q10;s50"]
    yield "filters", [row(60 + at, FILTER=one) for at, one in enumerate(filters)]
    infos = [".", "DB", "I1=3;DB", "I2=1,2;IA=5;IR=1,2", "Floa=1e-5", "I1=.", "Stri=a|b|c(d)[e]"]
    infos += ["ANN=x|y|,z|%3Btail", "Char=q", "I.=1,2,3,.", "Floa=-0.5;ANN=" + "a" * 5_000]
    yield "info", [row(60 + at, INFO=one) for at, one in enumerate(infos)]


def _genotypes() -> Iterator[tuple[str, list[list[str]], list[str]]]:
    """Yield records with samples."""
    yield "genotypes", [[*row(60 + at), "GT", one] for at, one in enumerate(GT)], ["S1"]
    keys = "GT:DP:AD:GL:PL:GQ:PS:HQ:FT"
    full = "0|1:7:3,4:-1.5,-0.1,-9:10,0,90:33:60:51,51:PASS"
    yield "values", [[*row(60), keys, full], [*row(61), keys, "0/1"], [*row(62), "DP", "9"]], ["S1"]
    names = [f"NA{n:05}" for n in range(60)]
    yield "many", [[*row(60), "GT:DP", *(f"{GT[n % 8]}:{n}" for n in range(60))]], names
    yield "names", [[*row(60), "GT", "0/1", "1/1", "."]], ["a b", "é", "x-1_2.3"]
    yield "missing", [[*row(60), "GT:DP:AD", ".", "./.:.:.", "0/1:.:.,."]], ["a", "b", "c"]


def passing() -> Iterator[Passing]:
    """Yield a file for each feature and version that has it."""
    for version in VERSIONS:
        late = version >= "4.3"
        meta = [*INFO, *FORMAT, *META, *(META_43 if late else [])]
        for name, rows in (*_alleles(), *_columns()):
            yield Passing(f"{version} {name}", document(version, rows, meta))
        for name, rows, samples in _genotypes():
            yield Passing(f"{version} {name}", document(version, rows, meta, samples))
        snv = [row(60), row(70)]
        yield Passing(f"{version} header alone", document(version, [], meta))
        yield Passing(f"{version} no record", document(version, [], [], ["S1"]))
        yield Passing(f"{version} short header", document(version, snv))
        yield Passing(f"{version} CR LF", document(version, snv, end="\r\n"))
        yield Passing(f"{version} no last line end", document(version, snv).rstrip(b"\n"))
        yield Passing(f"{version} byte order mark", b"\xef\xbb\xbf" + document(version, snv))
    yield from _late()


def _late() -> Iterator[Passing]:
    """Yield what later versions brought."""
    for version in ("4.3", "4.4", "4.5"):
        yield Passing(
            f"{version} percent", document(version, [row(60, INFO="Stri=a%3Bb%25%0Ac")], INFO)
        )
        reference = [row(60, ALT="<*>", INFO="END=90"), row(95, ALT=f"{other(base(95))},<NON_REF>")]
        yield Passing(f"{version} reference blocks", document(version, reference, INFO))
    for version in ("4.4", "4.5"):
        meta = [
            '##INFO=<ID=SVLEN,Number=A,Type=Integer,Description="Length">',
            '##INFO=<ID=SVCLAIM,Number=A,Type=String,Description="D, J or DJ">',
            '##INFO=<ID=EVENT,Number=A,Type=String,Description="Event">',
            '##INFO=<ID=CN,Number=A,Type=Float,Description="Copies">',
            *FORMAT,
        ]
        info = "SVLEN=20;SVCLAIM=DJ;EVENT=e1;CN=1.5"
        rows = [[*row(60, ALT="<CNV:TR>", INFO=info), "GT", one] for one in ("/0/1", "|0|1", "|1")]
        yield Passing(f"{version} structural", document(version, rows, meta, ["S1"]))
    meta = [
        f'##{kind}=<ID={key},Number={number},Type={type_},Description="{key}">'
        for kind, key, number, type_ in (
            *(("FORMAT", "LAA", ".", "Integer"), ("FORMAT", "LGT", "1", "String")),
            *(("FORMAT", "LAD", "LR", "Integer"), ("FORMAT", "LPL", "LG", "Integer")),
            *(("FORMAT", "PSL", "P", "String"), ("FORMAT", "MM", "M", "Float")),
            *(("INFO", "RN", "A", "Integer"), ("INFO", "RUS", ".", "String")),
        )
    ]
    keys, value = "LAA:LGT:LAD:LPL:PSL", "2:0/1:3,4:0,1,2:a,b"
    rows = [[*row(60, ALT=f"{other(base(60))},<*>", INFO="RN=1,.;RUS=CA"), keys, value]]
    yield Passing("4.5 local alleles", document("4.5", rows, [*meta, *FORMAT], ["S1"]))


def _line_of(content: bytes, part: str) -> int:
    return content[: content.index(part.encode())].count(b"\n") + 1


def failing() -> Iterator[Failing]:
    """Yield a file for each rule that it breaks."""
    yield from _broken_records()
    yield from _broken_headers()
    yield from _broken_values()


def _broken_records() -> Iterator[Failing]:
    """Yield files with a line that is no record."""
    first, last, mark = row(60), row(90), "broken"
    for name, changes in {
        **{f"POS {text!r}": {"POS": text} for text in ("", "x", "-5", "1.5", "1e3", "9" * 40, "١")},
        **{f"REF {text!r}": {"REF": text} for text in ("", ".", "<DEL>", "A,C", "AZ", "1", "A C")},
        **{
            f"ALT {text!r}": {"ALT": text} for text in ("", "A,", ",A", "A,,C", "1", "<DEL", "DEL>")
        },
        **{f"ALT {text!r}": {"ALT": text} for text in ("G]chr2", "G]]", "A C", "é", "<a b>", "..")},
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
