"""Formats of variants, genomes, tracks and motifs."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pyBigWig
from fuzz import oracles
from fuzz.formats import Format
from fuzz.genome import REPO, fasta_text, genome
from fuzz.mutate import BINARY, bgzip, gzipped
from fuzz.place import ONE, Place, Work
from fuzz.vcf_corpus import passing
from onnx import numpy_helper

_SCORE = ("--model", "toy", "--shifts", "2", "--max-shift", "2", "--max-skipped", "1", *ONE)
_CTCF = REPO / "recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw"


def score(place: Place, vcf: str, output: str, *more: str) -> list[str]:
    """Return the arguments that score a VCF on the shared genome."""
    fasta = () if "--fasta" in more else ("--fasta", str(place.fasta))
    return ["score-variants", vcf, *_SCORE, *fasta, "-o", output, *more]


@cache
def vcf_seeds() -> tuple[bytes, ...]:
    """Return the corpus of sound files, those with header and many features first."""
    return tuple(one.content for one in passing())


def _vcf(suffix: str):
    def command(place: Place, work: Work) -> list[str]:
        output = work.draw.choice(("vcf", "vcf", "vcf.gz", "tsv", "bcf"))
        return score(place, work.write(f"in.{suffix}"), f"out.{output}")

    return command


def _records_are_kept(place: Place, work: Work) -> str | None:
    """Count and compare records by a reader that shares nothing with zooctl."""
    try:
        given = oracles.vcf_lines(work.content)
    except oracles.DamagedError as error:
        return f"the input is damaged ({error}), and was scored"
    for name in ("out.vcf", "out.vcf.gz"):
        if (path := work.folder / name).exists():
            return oracles.differing_record(given, oracles.vcf_lines(path.read_bytes()))
    if (path := work.folder / "out.bcf").exists():
        found = oracles.bcf_records(path.read_bytes())
        return None if found == len(given) else f"{len(given)} records in, {found} in the BCF"
    n_alleles = sum(line.split(b"\t")[4].count(b",") + 1 for line in given)
    rows = (work.folder / "out.tsv").read_bytes().split(b"\n")[1:-1]
    # The toy has two tracks.
    return None if len(rows) == 2 * n_alleles else f"{n_alleles} alleles in, {len(rows)} rows out"


def _bcf_seeds(place: Place) -> list[bytes]:
    """Return uncompressed BCFs of those sound files that htslib takes without a complaint."""
    import pysam

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(vcf_seeds()[::7]):
            source, target = Path(folder) / f"{number}.vcf", Path(folder) / f"{number}.bcf"
            source.write_bytes(content)
            try:
                with (
                    pysam.VariantFile(str(source)) as records,
                    pysam.VariantFile(str(target), "wb", header=records.header) as written,
                ):
                    for record in records:
                        written.write(record)
            except (OSError, ValueError):
                continue
            found.append(gzip.decompress(target.read_bytes()))
    return found


def _bcf_records_are_kept(place: Place, work: Work) -> str | None:
    try:
        given = oracles.bcf_records(work.content)
    except oracles.DamagedError as error:
        return f"the input is damaged ({error}), and was scored"
    if (path := work.folder / "out.bcf").exists():
        found = oracles.bcf_records(path.read_bytes())
    elif (path := work.folder / "out.tsv").exists():
        rows = path.read_bytes().split(b"\n")[1:-1]
        found = given if bool(rows) == bool(given) else len(rows)
    else:
        path = next(work.folder.glob("out.vcf*"))
        found = len(oracles.vcf_lines(path.read_bytes()))
    return None if found == given else f"{given} records in, {found} out"


def _fasta_seeds(place: Place) -> list[bytes]:
    sequences = genome()
    small = {name: text.lower() for name, text in sequences.items()}
    named = {f"{name} dna:chromosome x": text for name, text in sequences.items()}
    return [
        fasta_text(),
        fasta_text(small, width=60),
        fasta_text(named, width=5_000),
        fasta_text().replace(b"\n", b"\r\n"),
        fasta_text({"chr1": sequences["chr1"]}).rstrip(b"\n"),
        fasta_text() + b">empty\n>last\nACGT",
    ]


def _fasta(suffix: str):
    def command(place: Place, work: Work) -> list[str]:
        return score(place, str(place.vcf), "out.tsv", "--fasta", work.write(f"in.{suffix}"))

    return command


def _reference_is_held(place: Place, work: Work) -> str | None:
    try:
        sequences = oracles.fasta(work.content)
    except oracles.DamagedError as error:
        return f"the input is damaged ({error}), and was read"
    rows = (work.folder / "out.tsv").read_bytes().split(b"\n")[1:-1]
    return oracles.wrong_reference(place.vcf.read_bytes(), sequences, rows)


def _index_seeds(place: Place) -> list[bytes]:
    """Return the texts of indexes as zooctl keeps them, made by a run of its own."""
    found = sorted((place.folder / "index-home").glob("fasta-*/*"))
    return [path.read_bytes() for path in found if path.is_file()]


def _index(place: Place, work: Work) -> list[str]:
    """Put a changed file into the cache of a genome, and read the genome through it."""
    import os

    kept = place.folder / "index-home"
    home = Path(shutil.copytree(kept, work.folder.parent / "home"))
    home.chmod(0o700)
    files = sorted(path for path in home.glob("fasta-*/*") if path.is_file())
    work.draw.choice(files).write_bytes(work.content)
    os.environ["ZOOCTL_HOME"] = str(home)
    fasta = work.draw.choice(("genome.fa", "genome.fa.gz"))
    return score(place, str(place.vcf), "out.tsv", "--fasta", str(place.folder / fasta))


def _as_without_a_cache(place: Place, work: Work) -> str | None:
    sound = (place.folder / "index-expected.tsv").read_bytes()
    same = (work.folder / "out.tsv").read_bytes() == sound
    return None if same else "other scores than without the cached index"


def _bigwig_seeds(place: Place) -> list[bytes]:
    """Return tracks of one base and of wider steps, and a piece of a real one."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for number, step in enumerate((1, 32)):
            path = Path(folder) / f"{number}.bw"
            with pyBigWig.open(str(path), "w") as file:
                file.addHeader([(name, len(text)) for name, text in genome().items()])
                for name, text in sorted(genome().items()):
                    values = np.arange(len(text) // step, dtype=np.float64) % 17
                    file.addEntries(name, 0, values=values, span=step, step=step)
            found.append(path.read_bytes())
        with pyBigWig.open(str(_CTCF)) as real, pyBigWig.open(f"{folder}/real.bw", "w") as file:
            values = np.nan_to_num(np.array(real.values("chr21", 33_000_000, 33_002_000)))
            file.addHeader([("chr1", 3_000), ("chr21", 2_000)])
            starts = np.arange(0, 2_000)
            file.addEntries(["chr21"] * 2_000, starts, ends=starts + 1, values=values)
        return [*found, (Path(folder) / "real.bw").read_bytes()]


def _bigwig(place: Place, work: Work) -> list[str]:
    name = work.write("in.bw")
    kind = work.draw.randrange(8)
    if kind == 0:
        return ["plot", name, "--region", "chr1:101-900", "-o", "out.png"]
    if kind < 3:
        return evaluate(place, name)
    sound = str(place.folder / "sound.bw")
    pair = work.draw.choice(((name, sound), (sound, name)))
    return ["compare", *pair, "--resolution", work.draw.choice(("32", "8,200")), "--json"]


def evaluate(place: Place, name: str) -> list[str]:
    """Return the arguments that judge the toy's first track by a file."""
    place_of = ["--fasta", str(place.fasta), "--region", "chr1:1-2,000"]
    quick = ["--bootstrap", "0", "--shifts", "0", "--json", *ONE]
    return ["evaluate", "toy", "--track", "plus", "--against", name, *place_of, *quick]


def json_is_finite(place: Place, work: Work) -> str | None:
    """Ask that what was printed is one JSON document, all numbers of which are numbers."""
    said = (work.folder.parent / "stdout").read_text()
    if not said.startswith("{"):
        return None
    try:
        json.loads(said, parse_constant=lambda name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        return "what was printed is no JSON of numbers"
    return None


def _motif_seeds(place: Place) -> list[bytes]:
    return [
        b"MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\n"
        b"A 0.25 C 0.25 G 0.25 T 0.25\n\nMOTIF M1 box\nletter-probability matrix: alength= 4 w= 3 "
        b"nsites= 20 E= 1e-5\n 0.1 0.2 0.3 0.4\n 1.0 0.0 0.0 0.0\n 0.25 0.25 0.25 0.25\n\nURL x\n"
        b"\nMOTIF M2\nletter-probability matrix: alength= 4 w= 1 nsites= 5\n0.7 0.1 0.1 0.1\n",
        b">M1 CTCF\nA [ 87 167 281 56 ]\nC [ 291 145 49 800 ]\nG [ 76 414 449 21 ]\n"
        b"T [ 459 187 134 36 ]\n",
        b">M1 other\n87 167 281\n291 145 49\n76 414 449\n459 187 134\n",
        b">M1\n12.5 3 4 0.5\n0 20 0 0\n1 1 1 17\n3 3 3 11\n5 5 5 5\n>M2\n1 2 3 4\n",
        b">M1\tname\t7.5\t-10\t0\tT:1.0(1)\n0.1\t0.2\t0.3\t0.4\n0.97\t0.01\t0.01\t0.01\n",
        b"# a comment\n>M1\n1 0 0 0\n0 1 0 0\n",
    ]


def _motif(place: Place, work: Work) -> list[str]:
    work.own_zoo(place)
    suffix = work.draw.choice(("meme", "jaspar", "motif", "pfm", "txt"))
    named = ["--motif", "M1", "--name", "mine", "--licence", "MIT", "--assembly", "hg19"]
    size = ["--output-length", "64", "--bin-size", "32"]
    return ["adopt", "pwm", work.write(f"in.{suffix}"), *named, *size]


def adopted(place: Place, work: Work) -> str | None:
    """Ask that an adopted graph has finite weights, is pinned as it is, and scores."""
    import hashlib

    from zooctl.cli.main import run

    root = work.folder / "own"
    manifest = json.loads((root / "zoo/mine/manifest.json").read_text())
    for name, pinned in manifest["files"].items():
        if hashlib.sha256((root / name).read_bytes()).hexdigest() != pinned["sha256"]:
            return f"{name} is not as pinned"
    graph = onnx.load(root / "zoo/mine/model.onnx")
    for tensor in graph.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            return f"weights {tensor.name} are not finite"
    arguments = ["score-variants", str(place.vcf), "--model", "mine", "--fasta", str(place.fasta)]
    code = run([*arguments, "--shifts", "1", "--max-shift", "0", "-o", "out.tsv", *ONE])
    return None if code in (0, 2, 3) else f"what was adopted leaves scoring with exit {code}"


def prepare(place: Place) -> None:
    """Make what the formats of this module read beside a case's file; run in a child."""
    import os

    from zooctl.cli.main import run

    (place.folder / "sound.bw").write_bytes(_bigwig_seeds(place)[0])
    (place.folder / "genome.fa.gz").write_bytes(bgzip(fasta_text()))
    os.environ["ZOOCTL_HOME"] = str(place.folder / "index-home")
    (place.folder / "index-home").mkdir(mode=0o700)
    for fasta in ("genome.fa", "genome.fa.gz"):
        output = place.folder / "index-expected.tsv"
        output.unlink(missing_ok=True)
        options = ("--fasta", str(place.folder / fasta))
        assert run(score(place, str(place.vcf), str(output), *options)) == 0


def _vcf_seeds(place: Place) -> Sequence[bytes]:
    return vcf_seeds()


VCF = {"seeds": _vcf_seeds, "check": _records_are_kept}
FORMATS = (
    Format("vcf", command=_vcf("vcf"), suffixes=(".vcf",), **VCF),
    Format("vcf.gz", command=_vcf("vcf.gz"), pack=gzipped, **VCF),
    Format("vcf.bgz", command=_vcf("vcf.gz"), pack=bgzip, **VCF),
    Format(
        *("bcf", _bcf_seeds, _vcf("bcf")),
        mutations=BINARY,
        pack=bgzip,
        check=_bcf_records_are_kept,
    ),
    Format("fasta", _fasta_seeds, _fasta("fa"), suffixes=(".fa",), check=_reference_is_held),
    Format("fasta.gz", _fasta_seeds, _fasta("fa.gz"), pack=bgzip, check=_reference_is_held),
    Format("fasta-index", _index_seeds, _index, check=_as_without_a_cache, refuses=False),
    Format(
        *("bigwig", _bigwig_seeds, _bigwig, BINARY),
        suffixes=(".bw",),
        check=json_is_finite,
    ),
    Format(
        *("motifs", _motif_seeds, _motif),
        suffixes=(".meme", ".motif", ".pfm", ".jaspar"),
        check=adopted,
        outputs=("out*", "own"),
    ),
)
