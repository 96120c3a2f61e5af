"""Formats of intervals: regions, peaks, genes, reads, chains, names of contigs, effects."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from collections.abc import Callable
from typing import Any

import toy_training
from fuzz import oracles
from fuzz.formats import Command, Format
from fuzz.genome import base, genome
from fuzz.genomic import evaluate, json_is_finite, score
from fuzz.mutate import gzipped
from fuzz.place import ONE, Place, Work

Rows = list[list[object]]
_SPLIT = {
    "train": [{"chrom": "chr1", "start": 0, "end": 2_000}],
    "validation": [{"chrom": "chr1", "start": 2_000, "end": 3_000}],
    "test": ["chr21"],
}


def _text(rows: Rows, head: str = "") -> bytes:
    return (head + "".join("\t".join(map(str, row)) + "\n" for row in rows)).encode()


def _places(n: int, width: int, seed: int = 3) -> Rows:
    """Return intervals of all contigs, sorted."""
    draw = random.Random(seed)
    found: Rows = []
    for chrom, text in genome().items():
        starts = sorted(draw.sample(range(0, len(text) - width), n))
        found += [[chrom, start, start + width] for start in starts]
    return found


def _bed_seeds(place: Place) -> list[bytes]:
    rows = _places(4, 60)
    strands = itertools.cycle("+-")
    six = [[*row, f"r{at}", at, next(strands)] for at, row in enumerate(rows)]
    return [
        _text(rows),
        _text(six, 'browser position chr1:1-2\ntrack name="x" description="y z"\n# remark\n'),
        _text([[*row, row[1], row[2], "255,0,0", 1, "60,", "0,"] for row in six]),
        _text([["chr1", 5, 5], *rows]).replace(b"\t", b" "),
        _text(rows).replace(b"\n", b"\r\n"),
    ]


def _bed(suffix: str) -> Command:
    def command(place: Place, work: Work) -> list[str]:
        more = work.draw.choice(([], [], ["--clip"], ["--chrom-map", "auto"], ["--dry-run"]))
        name = work.write(f"in.{suffix}")
        model = ["--model", "toy", "--track", "plus", *ONE]
        return [
            "predict",
            *model,
            "--bed",
            name,
            "--fasta",
            str(place.fasta),
            "-o",
            "out.bw",
            *more,
        ]

    return command


def _bases_have_values(place: Place, work: Work) -> str | None:
    """Ask that every base of every interval has a value, where the genome is known around it."""
    path = work.folder / "out.bw"
    try:
        known = {"chr1", "chr21"}
        return (
            oracles.uncovered(path, work.content, genome(), known) or None
            if path.exists()
            else None
        )
    except oracles.DamagedError as error:
        return f"the input is damaged ({error}), and was read"


def _peak_seeds(width: int) -> Callable[[Place], list[bytes]]:
    def seeds(place: Place) -> list[bytes]:
        rows = [[*row, f"p{at}", at * 10, "."] for at, row in enumerate(_places(6, 90))]
        narrow: list[object] = [30]
        signals = [[*row, 2.5 + at, 4, -1, *narrow[: width - 9]] for at, row in enumerate(rows)]
        none = [[*row, 0, -1, -1, *[-1][: width - 9]] for row in rows]
        return [_text(signals), _text(none, "track type=narrowPeak\n"), _text(signals[::-1])]

    return seeds


def _peaks(suffix: str) -> Command:
    def command(place: Place, work: Work) -> list[str]:
        if work.draw.random() < 0.6:
            return evaluate(place, work.write(f"in.{suffix}"))
        signal = {"key": work.draw.choice(("peaks", "peak_values"))}
        return _audit(place, work, f"in.{suffix}", signal)

    return command


def _audit(
    place: Place, work: Work, name: str, signal: dict[str, object], **changes: Any
) -> list[str]:
    """Write a recipe that pins the file and return the arguments that audit it."""
    import os

    work.write(name)
    document = _recipe(work.content, name, signal) | changes
    (work.folder / "recipe.yaml").write_text(json.dumps(document))
    os.environ["ZOOCTL_DATA_MIRROR"] = str(work.folder)
    return ["audit", "recipe.yaml", "--fasta", str(place.fasta), "--json"]


def source(content: bytes, file: str, name: str, assembly: str = "toy") -> dict[str, Any]:
    """Return a source of a recipe, pinned as it is."""
    pinned = {"sha256": hashlib.sha256(content).hexdigest(), "size": max(1, len(content))}
    described = {"licence": "MIT", "citation": "made up", "assembly": assembly}
    return {"id": name, "file": file, "accession": None, "url": None, **pinned, **described}


def _recipe(content: bytes, file: str, signal: dict[str, object]) -> dict[str, Any]:
    """Return a recipe whose one target is a signal of a file; labels take another network."""
    document = toy_training.recipe().model_dump(mode="json", exclude_defaults=True)
    target = {"track": "toy", "signal": {**signal, "source": "signal"}}
    labels = {
        "network": {"key": "deepbind"},
        "loss": {"key": "binary_cross_entropy"},
        "window": {"input_length": 64, "output_length": 32, "bin_size": 32, "core_length": 32},
    }
    return {
        **document,
        "sources": [source(content, file, "signal")],
        "split": _SPLIT,
        "targets": [target],
        "controls": [],
        "windows": {"key": "tiling", "stride": 32},
        "loss": {"key": "mse"},
        **(labels if signal["key"] == "peaks" else {}),
    }


def _gtf_seeds(place: Place) -> list[bytes]:
    rows: Rows = []
    for at, (chrom, start, end) in enumerate(_places(4, 200)):
        first = int(str(start)) + 1
        gene = f'gene_id "G{at}"; gene_name "N {at}"; level 2;'
        rows.append([chrom, "havana", "gene", first, end, ".", "+-"[at % 2], ".", gene])
        exon = f'gene_id "G{at}"; transcript_id "T{at}"; exon_number 1;'
        rows.append([chrom, "havana", "exon", first, end, 0.5, "+", at % 3, exon])
    exons = [row for row in rows if row[2] == "exon"]
    return [_text(rows, "##description: made up\n"), _text(exons), _text(rows).replace(b"; ", b";")]


def _gff_seeds(place: Place) -> list[bytes]:
    rows: Rows = []
    for at, (chrom, start, end) in enumerate(_places(4, 200)):
        first = int(str(start)) + 1
        kind = ("gene", "mRNA", "exon")[at % 3]
        rows.append([chrom, ".", kind, first, end, ".", "+", ".", f"ID=g{at};Name=a%20b;Parent=x"])
    head = "##gff-version 3\n##sequence-region chr1 1 3000\n"
    return [_text(rows, head), _text(rows, head) + b"###\n", _text(rows[:1] * 3)]


def _genes(suffix: str) -> Command:
    """Audit a recipe with an annotation; its data are a track that is there, or are not."""

    def command(place: Place, work: Work) -> list[str]:
        name = work.write(f"in.{suffix}")
        signal = (place.folder / "sound.bw").read_bytes()
        document = _recipe(signal, "sound.bw", {"key": "bigwig"})
        if work.draw.random() < 0.5:
            document["sources"][0] |= {"file": "absent.bw"}
        (work.folder / "recipe.yaml").write_text(json.dumps(document))
        return ["audit", "recipe.yaml", "--fasta", str(place.fasta), "--json", "--genes", name]

    return command


def _read_seeds(place: Place) -> list[bytes]:
    rows = [[*row, f"r{at}", 60, "+-"[at % 2]] for at, row in enumerate(_places(40, 36))]
    return [_text(rows), _text([[*row[:3], ".", ".", row[5]] for row in rows], "# reads\n")]


def _reads(suffix: str) -> Command:
    def command(place: Place, work: Work) -> list[str]:
        signal: dict[str, object] = {"key": "reads"}
        if work.draw.random() < 0.5:
            signal["extend"] = work.draw.choice((1, 150, 4_000))
        if work.draw.random() < 0.3:
            signal["depth"] = 20
        return _audit(place, work, f"in.{suffix}", signal)

    return command


def _fragment_seeds(place: Place) -> list[bytes]:
    rows = _places(30, 120)
    pairs = [[c, s, int(str(s)) + 30, c, int(str(e)) - 30, e, "x", 1, "+", "-"] for c, s, e in rows]
    return [_text(rows), _text([[*row, "cell", 2] for row in rows]), _text(pairs)]


def _fragments(place: Place, work: Work) -> list[str]:
    signal: dict[str, object] = {"key": "fragments"}
    if work.draw.random() < 0.5:
        signal["count"] = "cut_sites"
    return _audit(place, work, "in.bed", signal)


def _chain_seeds(place: Place) -> list[bytes]:
    head = "chain 1000 {0} {1} + 0 {1} {0} {1} + 0 {1} {2}\n"
    whole = "".join(
        head.format(name, len(text), at) + f"{len(text)}\n\n"
        for at, (name, text) in enumerate(genome().items(), 1)
    )
    gaps = "chain 500 chr1 3000 + 100 2895 chr1 3000 + 110 2900 7\n1000\t10\t0\n790\t0\t5\n995\n\n"
    turned = "chain 9 chr21 2000 + 0 500 chr21 2000 - 0 500 8\n500\n\n"
    return [whole.encode(), (gaps + turned).encode(), f"#a remark\n{gaps}".encode()]


def _chain(place: Place, work: Work) -> list[str]:
    """Lift sound reads, or sound peaks, by the case's chain file."""
    import os

    reads = _read_seeds(place)[0]
    name = work.write("in.chain")
    (work.folder / "reads.bed").write_bytes(reads)
    document = _recipe(reads, "reads.bed", {"key": work.draw.choice(("reads", "peaks"))})
    document["sources"][0] |= {"assembly": "older", "lift": "chain"}
    document["sources"].append(source(work.content, name, "chain", "older"))
    (work.folder / "recipe.yaml").write_text(json.dumps(document))
    os.environ["ZOOCTL_DATA_MIRROR"] = str(work.folder)
    return ["audit", "recipe.yaml", "--fasta", str(place.fasta), "--json"]


def _chrom_map(place: Place, work: Work) -> list[str]:
    """Score SNVs whose contigs are named otherwise."""
    other = place.vcf.read_bytes().replace(b"\nchr", b"\n")
    (work.folder / "in.vcf").write_bytes(other)
    return score(place, "in.vcf", "out.tsv", "--chrom-map", work.write("in.txt"))


def _all_are_written(place: Place, work: Work) -> str | None:
    rows = (work.folder / "out.tsv").read_bytes().split(b"\n")[1:-1]
    n_alleles = len(oracles.vcf_lines(place.vcf.read_bytes()))
    return None if len(rows) == 2 * n_alleles else f"{n_alleles} alleles in, {len(rows)} rows out"


def _effect_seeds(place: Place) -> list[bytes]:
    rows, kircher = [], []
    for at, pos in enumerate(range(300, 420, 3)):
        ref = base(pos)
        for alt in "ACGT":
            if alt != ref:
                value = ("ACGT".index(alt) - "ACGT".index(ref)) / 3 + at / 100
                rows.append(["chr1", pos, ref, alt, value, 10 + at, ("left", "right")[at % 2]])
                kircher.append(["1", pos, ref, alt, 20, 5, 9, value, 0.01, "F9", "GRCh37"])
    names = "chrom\tpos\tref\talt\tvalue\tn\telement\n"
    theirs = "Chrom\tPos\tRef\tAlt\tBarcodes\tDNA\tRNA\tCoefficient\tpValue\tElement\tRelease\n"
    return [_text(rows, names), _text(kircher, theirs), _text(rows, names).replace(b"chr1", b"1")]


def _effects(place: Place, work: Work) -> list[str]:
    quick = ["--bootstrap", "0", "--shifts", "2", "--max-shift", "2", "--track", "plus", "--json"]
    name = work.write(work.draw.choice(("in.tsv", "in.csv")))
    return ["evaluate-variants", "toy", name, "--fasta", str(place.fasta), *quick, *ONE]


def _names(place: Place) -> list[bytes]:
    return [b"1\tchr1\n2\tchr2\n21\tchr21\n", b"# names\n1 chr1\n\n21 chr21\n2 chr2\n"]


# The recipes are small, and severe findings stand, where their data could be read.
_AUDITED = {"check": json_is_finite, "sound": frozenset({0, 3})}
_NOTED = {**_AUDITED, "refuses": False}
FORMATS = (
    Format("bed", _bed_seeds, _bed("bed"), suffixes=(".bed",), check=_bases_have_values),
    Format("bed.gz", _bed_seeds, _bed("bed.gz"), pack=gzipped, check=_bases_have_values),
    Format(
        *("narrowpeak", _peak_seeds(10), _peaks("narrowPeak")),
        suffixes=(".narrowPeak",),
        **_AUDITED,
    ),
    Format("broadpeak", _peak_seeds(9), _peaks("broadPeak"), **_AUDITED),
    Format("gtf", _gtf_seeds, _genes("gtf"), suffixes=(".gtf",), **_AUDITED),
    Format("gff3", _gff_seeds, _genes("gff3"), suffixes=(".gff",), **_AUDITED),
    Format("reads", _read_seeds, _reads("bed"), suffixes=(".bed",), **_NOTED),
    Format("reads.gz", _read_seeds, _reads("bed.gz"), pack=gzipped, **_NOTED),
    Format("fragments", _fragment_seeds, _fragments, **_NOTED),
    Format("chain", _chain_seeds, _chain, suffixes=(".chain",), **_AUDITED),
    Format("chrom-map", _names, _chrom_map, check=_all_are_written),
    Format("effects", _effect_seeds, _effects, check=json_is_finite),
)
