"""VCF 4.1 to 4.5: files with records of every feature of the specification.

Of the same kinds as those that the specification's authors test validators with (hts-specs,
``test/vcf``, passed), written here for the toy's genome.
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
    "##contig=<ID=HLA-B*07:02,assembly=x>",
    "##contig=<ID=chrX,length=155270560,assembly=hg19,md5=7e0e2e580297b7764e31dbc80c2540dd,"
    'species="Homo sapiens",taxonomy=x>',
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
