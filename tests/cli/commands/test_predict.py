"""`zooctl predict` as typed: values, names, messages, and every fault it can meet."""

from __future__ import annotations

import gzip
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import pybigtools
import pyBigWig
import pysam
import pytest

from zooctl.cli.main import run
from zooctl.files.bigwig.reader import BigWig
from zooctl.schema.manifest import write_manifest

# The toy of conftest: 64 bp in, the middle 32 bp out in bins of 8 bp, of which 16 bp are kept; a
# bin is the mean of these weights over its bases, and N is a quarter of each base.
PLUS = {"A": 1.0, "C": 2.0, "G": 3.0, "T": 4.0}
MINUS = {"A": 4.0, "C": 3.0, "G": 2.0, "T": 1.0}
Runner = Callable[..., tuple[int, str, str]]


def letters(n: int, seed: int, alphabet: str = "ACGTacgt") -> str:
    return "".join(random.Random(seed).choices(alphabet, k=n))


# 40 N in front and an end that is no multiple of 16: windows 0, 1 and 96 are more than half N.
GENOME = {
    "chr2": "N" * 40 + letters(1500, 1),
    "chr1": letters(803, 2, "ACGT" * 3 + "acgtRYKMn"),
    "chrM": letters(100, 3),
}
WRAPPED = 50


def fasta_text(genome: dict[str, str], end: str = "\n") -> str:
    lines = []
    for name, sequence in genome.items():
        lines.append(f">{name} description")
        lines += [sequence[i : i + WRAPPED] for i in range(0, len(sequence), WRAPPED)]
    return end.join([*lines, ""])


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with genome.fa and regions.bed; the zoo holds the toy."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "genome.fa").write_text(fasta_text(GENOME))
    (folder / "regions.bed").write_text("chr1\t100\t300\nchr2\t0\t1540\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def embedded(toy_zoo: Path, repo: Path) -> None:
    """The toy's zoo has the real genome that the checkout embeds: chr20 and chr21 of hg19."""
    (toy_zoo / "recipes/data").symlink_to(repo / "recipes/data")


@pytest.fixture
def predict(here: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Run the command in this process: exit code, stdout, stderr."""

    def call(*arguments: str, fasta: str = "genome.fa", model: str = "toy") -> tuple[int, str, str]:
        given = ["predict", "--model", model, "--fasta", fasta, *arguments]
        code = run(given)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def by_hand(chrom: str, start: int, weights: dict[str, float]) -> float | None:
    """Value of the bin at ``start``, from the definitions."""
    sequence = GENOME[chrom].upper()
    low = start // 16 * 16 - 24
    window = [sequence[i] if 0 <= i < len(sequence) else "N" for i in range(low, low + 64)]
    if sum(letter not in "ACGT" for letter in window) > 32:
        return None
    inside = window[start - low : start - low + 8]
    if sum(letter not in "ACGT" for letter in inside) > 4:
        return None
    return sum(weights.get(letter, 2.5) for letter in inside) / 8


def assert_track(
    path: Path, regions: Sequence[tuple[str, int, int]], weights: dict[str, float]
) -> None:
    """The bigWig holds the bins of the regions, with their values, and nothing else."""
    with BigWig(path) as track:
        assert list(track.contigs.items()) == [(name, len(GENOME[name])) for name in GENOME]
        for chrom, length in track.contigs.items():
            found = track.values(chrom, 0, length)
            for start in range(0, length, 8):
                wanted = any(
                    name == chrom and start < last and start + 8 > first
                    for name, first, last in regions
                )
                value = by_hand(chrom, start, weights) if wanted else None
                expected = np.full(min(8, length - start), np.nan if value is None else value)
                np.testing.assert_allclose(found[start : start + 8], expected, rtol=1e-5)


REGIONS = [("chr1", 100, 300), ("chr2", 0, 1540)]


# Values, names and messages.


def test_bed_to_one_bigwig_a_track(predict: Runner, here: Path) -> None:
    code, out, err = predict("--bed", "regions.bed")
    assert code == 0, err
    assert out.splitlines() == ["regions.toy.plus.bw", "regions.toy.minus.bw"]
    assert_track(here / "regions.toy.plus.bw", REGIONS, PLUS)
    assert_track(here / "regions.toy.minus.bw", REGIONS, MINUS)
    lines = err.splitlines()
    assert [line for line in lines if line.startswith("genome: ") and "genome.fa" in line]
    assert [line for line in lines if line.startswith("device: c")]
    assert "note: toy: preview: A toy; its predictions mean nothing." in lines
    assert "left out: 3 of 110 windows of toy, more than half N" in lines
    other = "warning: toy: the genome is no hg19: chr2 has 1,540 bp, in hg19 243,199,373 bp"
    assert lines.count(other) == 1
    assert len(lines) == 5


def test_others_read_the_same(predict: Runner, here: Path) -> None:
    assert predict("--bed", "regions.bed", "--track", "plus", "-o", "a.bw")[0] == 0
    with BigWig(here / "a.bw") as track:
        values = track.values("chr2", 0, 1540)
    with pyBigWig.open("a.bw") as other:
        assert other.header()["nLevels"] > 0
        assert np.array_equal(other.values("chr2", 0, 1540, numpy=True), values, equal_nan=True)
    with pybigtools.open("a.bw") as other:
        assert dict(other.chroms()) == {name: len(GENOME[name]) for name in GENOME}
        assert np.array_equal(other.values("chr2", 0, 1540, fillna=None), values, equal_nan=True)


@pytest.mark.parametrize(
    ("regions", "stem"),
    [
        (["chr1:101-300"], "chr1_101-300"),
        (["chr2:1,001-1,500"], "chr2_1001-1500"),
        (["chrM"], "chrM"),
        (["chr1:101-300", "chrM:1-8"], "regions"),
    ],
)
def test_regions(predict: Runner, here: Path, regions: list[str], stem: str) -> None:
    options = [word for text in regions for word in ("--region", text)]
    code, out, err = predict(*options)
    assert code == 0, err
    assert out.splitlines() == [f"{stem}.toy.plus.bw", f"{stem}.toy.minus.bw"]


def test_region_is_one_based_and_inclusive(predict: Runner, here: Path) -> None:
    assert predict("--region", "chr1:105-112", "-o", "a.bw", "--track", "plus")[0] == 0
    assert_track(here / "a.bw", [("chr1", 104, 112)], PLUS)
    assert predict("--region", "chr1:105-113", "-o", "a.bw", "--track", "plus", "--force")[0] == 0
    assert_track(here / "a.bw", [("chr1", 104, 120)], PLUS)


def second_model(root: Path) -> None:
    """The toy once more under another name, and without its notice."""
    shutil.copytree(root / "zoo/toy", root / "zoo/second")
    text = (root / "model_cards/toy.yaml").read_text()
    text = text.replace("name: toy", "name: second", 1).replace("preview", "released", 1)
    notice = "notice: A toy; its predictions mean nothing.\n"
    (root / "model_cards/second.yaml").write_text(text.replace(notice, ""))
    (root / "zoo/second/manifest.json").unlink()
    write_manifest(
        root, "second", tensor_digest=f"sha256:{'0' * 64}", opset=20, exporter={"onnx": "1"}
    )


OUTPUTS = [
    ([], "regions.toy.plus.bw regions.toy.minus.bw"),
    (["--track", "plus"], "regions.toy.plus.bw"),
    (["-o", "x.bw"], "x.plus.bw x.minus.bw"),
    (["-o", "x.bw", "--track", "minus"], "x.bw"),
    (["-o", "x.bigWig"], "x.plus.bigWig x.minus.bigWig"),
    (["-o", "x.bw", "--model", "toy"], "x.plus.bw x.minus.bw"),
    (["-o", "x.bw", "--model", "second", "--track", "plus"], "x.toy.bw x.second.bw"),
    (
        ["-o", "x.bw", "--model", "second"],
        "x.toy.plus.bw x.toy.minus.bw x.second.plus.bw x.second.minus.bw",
    ),
    (
        ["--model", "second", "--track", "plus", "--track", "minus"],
        "regions.toy.plus.bw regions.toy.minus.bw regions.second.plus.bw regions.second.minus.bw",
    ),
]


@pytest.mark.parametrize(("options", "expected"), OUTPUTS)
def test_names_of_outputs(
    predict: Runner, here: Path, toy_zoo: Path, options: list[str], expected: str
) -> None:
    second_model(toy_zoo)
    code, out, err = predict("--bed", "regions.bed", *options)
    assert code == 0, err
    assert out.split() == expected.split()
    assert files(here) == {"genome.fa", "regions.bed", *expected.split()}
    for name in expected.split():
        minus = "minus" in name or name == "x.bw"
        assert_track(here / name, REGIONS, MINUS if minus else PLUS)


def test_both_strands(predict: Runner, here: Path) -> None:
    """Tracks swap under reverse complement; unswapped, every value would be 2.5."""
    code, _, err = predict("--bed", "regions.bed", "--rc")
    assert code == 0, err
    assert_track(here / "regions.toy.plus.bw", REGIONS, PLUS)
    assert_track(here / "regions.toy.minus.bw", REGIONS, MINUS)


def test_dry_run_writes_nothing(predict: Runner, here: Path) -> None:
    before = files(here)
    code, out, err = predict("--bed", "regions.bed", "--dry-run")
    assert code == 0, err
    assert files(here) == before
    fields = [line.split(maxsplit=1) for line in out.splitlines()]
    assert fields[0] == ["model", "toy"]
    assert fields[1] == ["windows", "110 of 64 bp"]
    assert fields[2][0] == "time"
    assert "windows/s" in fields[2][1]
    # 26 + 193 bins of about 5 bytes.
    assert fields[3:] == [
        ["output", "regions.toy.plus.bw, about 1.2 kB"],
        ["output", "regions.toy.minus.bw, about 1.2 kB"],
    ]


def test_dry_run_where_nothing_has_a_value(predict: Runner, here: Path) -> None:
    code, out, _ = predict("--region", "chr2:1-8", "--dry-run")
    assert code == 0
    assert "windows  1 of 64 bp" in out


def test_regions_without_a_value_make_an_empty_track(predict: Runner, here: Path) -> None:
    code, _, err = predict("--region", "chr2:1-8", "-o", "a.bw", "--track", "plus")
    assert code == 0
    assert "left out: 1 of 1 windows of toy, more than half N" in err
    warning = "warning: no value was written: every window of toy is more than half N"
    assert warning in err.splitlines()
    assert_track(here / "a.bw", [], PLUS)
    code, _, err = predict(
        *("--region", "chr2:1-8", "-o", "b.bw", "--track", "plus", "--workers", "1")
    )
    assert (code, warning in err.splitlines()) == (0, True), err
    code, _, err = predict("--region", "chr1:1-640", "-o", "c.bw", "--track", "plus")
    assert (code, "no value was written" in err) == (0, False), err


@pytest.mark.parametrize(
    "options", [["--batch-size", "3"], ["--threads", "1"], ["--device", "cpu"]]
)
def test_options_leave_values_alone(predict: Runner, here: Path, options: list[str]) -> None:
    code, _, err = predict("--bed", "regions.bed", *options)
    assert code == 0, err
    assert_track(here / "regions.toy.plus.bw", REGIONS, PLUS)


@pytest.mark.usefixtures("embedded")
def test_genome_of_the_card_by_default(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["predict", "--model", "toy", "--region", "chr21:33,000,001-33,001,000"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    assert "genome: hg19, in part: " in captured.err
    with BigWig("chr21_33000001-33001000.toy.plus.bw") as track:
        assert track.contigs == {"chr20": 63_025_520, "chr21": 48_129_895}
        assert np.isfinite(track.values("chr21", 33_000_000, 33_001_000)).all()


# Wrong use.

USES = [
    ([], "say which regions"),
    (["--bed", "regions.bed", "--region", "chr1"], "say which regions"),
    (["--bed", "regions.bed", "--track", "plsu"], "toy has no such track (got plsu"),
    (["--bed", "regions.bed", "--model", "tov"], "no such model (got 'tov'"),
    (["--bed", "regions.bed", "--batch-size", "0"], "--batch-size"),
    (["--bed", "regions.bed", "--device", "tpu"], "--device"),
    (["--region", "chr1:9-5"], "ends before it starts"),
    (["--region", "chr1:0-5"], "starts at 0"),
    (["--region", "chr1:1-900"], "beyond the end of its contig"),
    (["--region", "chr9:1-5"], "contig is not in the genome"),
    (["--region", "1:1-5"], "--chrom-map auto"),
]


@pytest.mark.parametrize(("options", "words"), USES)
def test_wrong_use(predict: Runner, here: Path, options: list[str], words: str) -> None:
    assert_refused(predict, here, *options, words=words)


def assert_refused(
    predict: Runner, here: Path, *options: str, words: str, code: int = 2, **more: str
) -> None:
    """The command fails as it should, says why without a traceback, and leaves no file."""
    before = files(here)
    found, out, err = predict(*options, **more)
    assert found == code, err
    assert words in err
    assert [line for line in err.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in err
    assert out == ""
    assert files(here) == before


def test_cuda_without_a_gpu(predict: Runner, here: Path) -> None:
    code, _, err = predict("--bed", "regions.bed", "--device", "cuda")
    if code == 0:
        assert "device: cuda" in err  # There is one.
    else:
        assert code == 2
        assert "no working CUDA device" in err
        assert files(here) == {"genome.fa", "regions.bed"}


# Models that are not sound.


def replace_graph(root: Path, change: Callable[[onnx.ModelProto], None], pin: bool = True) -> None:
    path = root / "zoo/toy/model.onnx"
    model = onnx.load_from_string(path.read_bytes())
    change(model)
    path.write_bytes(model.SerializeToString())
    if pin:
        write_manifest(
            root, "toy", tensor_digest=f"sha256:{'0' * 64}", opset=20, exporter={"onnx": "1"}
        )


def test_weights_that_changed(predict: Runner, here: Path, toy_zoo: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        model.graph.doc_string = "other"

    replace_graph(toy_zoo, change, pin=False)
    assert_refused(
        predict, here, "--bed", "regions.bed", words="differs from the pinned bytes", code=5
    )


def test_graph_that_is_refused(predict: Runner, here: Path, toy_zoo: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        model.graph.node[0].domain = "com.microsoft"

    replace_graph(toy_zoo, change)
    assert_refused(predict, here, "--bed", "regions.bed", words="outside of the ONNX", code=6)


def test_prediction_that_is_no_number(predict: Runner, here: Path, toy_zoo: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        weights = np.array([[1, 2, 3, np.nan], [4, 3, 2, 1]], dtype=np.float32)
        model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(weights, "weights"))

    replace_graph(toy_zoo, change)
    words = "prediction for window chr2:33-48 is not a finite number"
    assert_refused(predict, here, "--bed", "regions.bed", words=words, code=3)


# Faults of BED files; the numbers are those of the list of faults that the plan keeps.

BAD_BEDS = [
    ("chr1\t100\n", "a.bed:1: not a BED line"),
    ("chr1\t100\t300\nchr1\tone\t300\n", "a.bed:2: start is not a position"),
    ("chr1\t100\t3e2\n", "a.bed:1: end is not a position"),
    ("chr1\t-5\t300\n", "a.bed:1: start is negative"),
    ("chr1\t300\t100\n", "a.bed:1: end is before start"),
    ("chr1\t100\t804\n", "a.bed:1: interval goes beyond its contig"),
    ("chr1\t100\t804\n", "--clip"),
    ("chr1\t900\t904\n", "a.bed:1: interval lies beyond its contig"),
    ("chr1\t100\t300\tname\nchr1\t400\t500\n", "a.bed:2: lines differ in their number of columns"),
    ("", "no intervals in the BED file"),
    ("# only\ntrack name=x\n\n", "no intervals in the BED file"),
    ("chr1\t5\t5\n", "no intervals in the BED file"),
    ("1\t100\t300\n", "--chrom-map auto"),
    ("chr9\t100\t300\n", "a.bed:1: contig is not in the genome"),
]


@pytest.mark.parametrize(("text", "words"), BAD_BEDS)
def test_bad_bed(predict: Runner, here: Path, text: str, words: str) -> None:
    (here / "a.bed").write_text(text)
    assert_refused(predict, here, "--bed", "a.bed", words=words)


def test_bed_that_is_not_there_or_no_text(predict: Runner, here: Path) -> None:
    assert_refused(predict, here, "--bed", "b.bed", words="b.bed: file cannot be opened")
    assert_refused(predict, here, "--bed", ".", words="cannot be opened")
    (here / "b.bed").write_bytes(bytes(range(256)))
    assert_refused(predict, here, "--bed", "b.bed", words="b.bed:")


@pytest.mark.usefixtures("embedded")
def test_bed_of_another_assembly(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last bases of hg38's chr20, which is longer than hg19's."""
    (here / "hg38.bed").write_text("chr20\t1000000\t1001000\nchr20\t64300000\t64301000\n")
    assert run(["predict", "--model", "toy", "--bed", "hg38.bed"]) == 2
    err = capsys.readouterr().err
    assert "hg38.bed:2: interval lies beyond its contig" in err
    assert "63,025,520, the length of chr20" in err
    assert "is the file of another assembly?" in err
    assert files(here) == {"genome.fa", "regions.bed", "hg38.bed"}


GOOD_BEDS = [
    "track name=x\nbrowser position chr1\n# comment\n\nchr1\t100\t300\nchr2\t0\t1540\n",
    "chr1\t100\t300\r\nchr2\t0\t1540\r\n",
    "\ufeffchr1\t100\t300\nchr2\t0\t1540",
    "chr1 100 300\nchr2   0 1540\n",
    "chr1\t100\t300\tname\t0\t+\nchr2\t0\t1540\tname\t0\t-\n",
    "chr2\t700\t1540\nchr1\t200\t300\nchr2\t0\t900\nchr1\t100\t250\nchr1\t100\t250\n",
    "chr1\t100\t300\nchr1\t7\t7\nchr2\t0\t1540\n",
]


@pytest.mark.parametrize("text", GOOD_BEDS)
def test_forms_order_and_overlaps_do_not_matter(predict: Runner, here: Path, text: str) -> None:
    (here / "a.bed").write_text(text)
    assert predict("--bed", "regions.bed", "-o", "a.bw", "--track", "plus")[0] == 0
    code, _, err = predict("--bed", "a.bed", "-o", "b.bw", "--track", "plus")
    assert code == 0, err
    assert (here / "a.bw").read_bytes() == (here / "b.bw").read_bytes()
    assert ("left out: 1 empty interval of a.bed" in err) == ("7\t7" in text)


def test_gzipped_beds(predict: Runner, here: Path) -> None:
    text = (here / "regions.bed").read_bytes()
    (here / "a.bed.gz").write_bytes(gzip.compress(text))
    with pysam.BGZFile("b.bed.gz", "w") as file:
        file.write(text)
    for name in ("a", "b"):
        code, out, err = predict("--bed", f"{name}.bed.gz", "--track", "plus")
        assert code == 0, err
        assert out == f"{name}.toy.plus.bw\n"
        assert_track(here / f"{name}.toy.plus.bw", REGIONS, PLUS)


def test_clip(predict: Runner, here: Path) -> None:
    (here / "a.bed").write_text("chr1\t700\t5000\n")
    code, _, err = predict("--bed", "a.bed", "--clip", "-o", "a.bw", "--track", "plus")
    assert code == 0, err
    assert_track(here / "a.bw", [("chr1", 700, 803)], PLUS)


def test_names_in_another_style(predict: Runner, here: Path) -> None:
    (here / "a.bed").write_text("1\t100\t300\n2\t0\t1540\n")
    (here / "names.txt").write_text("one\tchr1\n2\tchr2\n1\tchr1\n")
    plus = ("--track", "plus")
    for choice in ("auto", "names.txt"):
        name = f"{choice}.bw"
        code, _, err = predict("--bed", "a.bed", "--chrom-map", choice, "-o", name, *plus)
        assert code == 0, err
        assert_track(here / name, REGIONS, PLUS)
    for choice, region in (("auto", "1:101-300"), ("names.txt", "one:101-300")):
        name = f"{choice}.region.bw"
        code, _, err = predict("--region", region, "--chrom-map", choice, "-o", name, *plus)
        assert code == 0, err
        assert_track(here / name, [("chr1", 100, 300)], PLUS)


# Faults of FASTA files.


def test_stale_index_is_not_believed(predict: Runner, here: Path) -> None:
    # As of another file: pyfaidx and samtools would return other bases.
    (here / "genome.fa.fai").write_text("chr2\t1540\t3\t60\t61\nchr1\t803\t2000\t60\t61\n")
    code, _, err = predict("--bed", "regions.bed", "--track", "plus")
    assert code == 0, err
    assert_track(here / "regions.toy.plus.bw", REGIONS, PLUS)
    assert "chr2\t1540\t3" in (here / "genome.fa.fai").read_text()


def test_nothing_is_written_beside_the_genome(predict: Runner, here: Path) -> None:
    assert predict("--bed", "regions.bed", "--track", "plus", "-o", "a.bw")[0] == 0
    assert files(here) == {"genome.fa", "regions.bed", "a.bw"}


BAD_FASTAS = {
    "ragged": (fasta_text(GENOME).replace("N" * 40, "N" * 30), ".fa:"),
    "two of a name": (fasta_text(GENOME).replace(">chrM", ">chr1"), "chr1"),
    "empty": ("", ".fa"),
    "protein": (">chr1\nMKVLEIFQPWX\n", ".fa:2"),
    "RNA": (">chr1\nACGUACGU\n", ".fa:2"),
    "no header": ("ACGT\n", ".fa:1"),
}


@pytest.mark.parametrize("case", BAD_FASTAS)
def test_bad_fasta(predict: Runner, here: Path, case: str) -> None:
    text, words = BAD_FASTAS[case]
    (here / "bad.fa").write_text(text)
    assert_refused(predict, here, "--bed", "regions.bed", words=words, fasta="bad.fa")


def test_fasta_that_is_not_there(predict: Runner, here: Path) -> None:
    assert_refused(predict, here, "--bed", "regions.bed", words="no.fa", fasta="no.fa")


def test_plain_gzip_fasta_says_how_to_bgzip(predict: Runner, here: Path) -> None:
    (here / "g.fa.gz").write_bytes(gzip.compress((here / "genome.fa").read_bytes()))
    assert_refused(predict, here, "--bed", "regions.bed", words="bgzip", fasta="g.fa.gz")


def test_forms_of_fasta_do_not_matter(predict: Runner, here: Path) -> None:
    (here / "crlf.fa").write_bytes(fasta_text(GENOME, "\r\n").encode())
    (here / "upper.fa").write_text(
        fasta_text({name: sequence.upper() for name, sequence in GENOME.items()})
    )
    with pysam.BGZFile("bgzip.fa.gz", "w") as file:
        file.write((here / "genome.fa").read_bytes())
    for name in ("crlf.fa", "upper.fa", "bgzip.fa.gz"):
        code, _, err = predict(
            "--bed", "regions.bed", "--track", "plus", "--force", "-o", "a.bw", fasta=name
        )
        assert code == 0, err
        assert_track(here / "a.bw", REGIONS, PLUS)


# Faults of outputs.


def test_existing_output_needs_force(predict: Runner, here: Path) -> None:
    (here / "a.bw").write_text("precious")
    plus = ("--bed", "regions.bed", "--track", "plus", "-o", "a.bw")
    assert_refused(predict, here, *plus, words="--force")
    assert (here / "a.bw").read_text() == "precious"
    assert predict(*plus, "--force")[0] == 0
    assert_track(here / "a.bw", REGIONS, PLUS)


def test_every_output_is_checked_first(predict: Runner, here: Path) -> None:
    (here / "regions.toy.minus.bw").write_text("precious")
    assert_refused(predict, here, "--bed", "regions.bed", words="regions.toy.minus.bw")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("no/such/a.bw", "the output's folder does not exist"),
        ("genome.fa/a.bw", "genome.fa"),
        ("x" * 256 + ".bw", "cannot be written"),
    ],
)
def test_impossible_outputs(predict: Runner, here: Path, output: str, words: str) -> None:
    for more in ([], ["--force"], ["--dry-run"]):
        options = ["--bed", "regions.bed", "--track", "plus", "-o", output, *more]
        assert_refused(predict, here, *options, words=words)


@pytest.mark.parametrize("source", ["genome.bw", "regions.bw", "names.bw", "./regions.bw"])
def test_output_that_is_an_input(predict: Runner, here: Path, source: str) -> None:
    (here / "names.bw").write_text("one chr1\n")
    (here / "regions.bed").rename(here / "regions.bw")
    (here / "genome.fa").rename(here / "genome.bw")
    content = (here / source).read_bytes()
    options = ["--bed", "regions.bw", "--chrom-map", "names.bw", "--track", "plus", "--force"]
    options += ["--fasta", "genome.bw", "-o", source]
    assert_refused(predict, here, *options, words="output is also an input")
    assert (here / source).read_bytes() == content


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_is_not_writable(predict: Runner, here: Path) -> None:
    (here / "closed").mkdir(0o555)
    options = ["--bed", "regions.bed", "--track", "plus", "-o", "closed/a.bw"]
    assert_refused(predict, here, *options, words="not writable")


# Whole processes: streams, names, signals, full disks.

PROGRAM = [sys.executable, "-c", "from zooctl.cli.main import main; main()", "predict"]
USUAL = ["--model", "toy", "--fasta", "genome.fa", "--bed", "regions.bed"]


def process(arguments: Sequence[str], **options: object) -> subprocess.CompletedProcess[bytes]:
    given = {"capture_output": True, "timeout": 60, "check": False, **options}
    return subprocess.run([*PROGRAM, *arguments], **given)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("name", ["a b", "a\nb", "Größe-日本", "-dash", "x" * 240, "--force"])
def test_names_of_files(here: Path, name: str) -> None:
    folder = here / name if len(name) < 200 else here
    folder.mkdir(exist_ok=True)
    shutil.copy("genome.fa", folder / f"{name}.fa")
    shutil.copy("regions.bed", folder / f"{name}.bed")
    done = process(
        ["--model=toy", f"--fasta={name}.fa", f"--bed={name}.bed", "--track=plus"], cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode() == f"{name}.toy.plus.bw\n"
    assert_track(folder / f"{name}.toy.plus.bw", REGIONS, PLUS)


def test_output_through_a_link(here: Path) -> None:
    (here / "elsewhere").mkdir()
    (here / "link.bw").symlink_to("elsewhere/real.bw")
    done = process([*USUAL, "--track", "plus", "-o", "link.bw"])
    assert done.returncode == 0, done.stderr
    assert (here / "link.bw").is_symlink()
    assert_track(here / "elsewhere/real.bw", REGIONS, PLUS)


ENVIRONMENTS = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"},
    {"PYTHONHASHSEED": "1", "NO_COLOR": "1", "TERM": "dumb"},
    {"PYTHONHASHSEED": "2", "COLUMNS": "1"},
]


def test_surroundings_do_not_change_the_bytes(here: Path) -> None:
    written = set()
    for number, changes in enumerate(ENVIRONMENTS):
        name = f"{number}é.bw"
        done = process([*USUAL, "--track", "plus", "-o", name], env={**os.environ, **changes})
        assert done.returncode == 0, done.stderr
        written.add((here / name).read_bytes())
    assert len(written) == 1


def test_closed_streams(here: Path) -> None:
    for number, closing in enumerate([">&-", "2>&-", "<&-", "<&- >&- 2>&-"]):
        program = ["bash", "-c", f'"$@" {closing}', "-", *PROGRAM]
        arguments = [*USUAL, "--track", "plus", "-o", f"{number}.bw"]
        done = subprocess.run([*program, *arguments], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert_track(here / f"{number}.bw", REGIONS, PLUS)


def test_reader_that_is_gone(here: Path) -> None:
    """As ``zooctl predict … | true``: quiet, and what was written stays."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        options = {"capture_output": False, "stdout": stdout, "stderr": subprocess.PIPE}
        done = process([*USUAL, "--track", "plus"], **options)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr
    assert_track(here / "regions.toy.plus.bw", REGIONS, PLUS)


@pytest.mark.parametrize("size", [50, 100, 600, 1000])
def test_no_space(here: Path, size: int) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    # The genome's index is in the cache already: that it finds no space is another test's.
    assert process([*USUAL, "--track", "plus", "-o", "first.bw"]).returncode == 0
    assert (here / "first.bw").stat().st_size > 1000
    done = process([*USUAL, "--track", "plus", "-o", "a.bw"], preexec_fn=limit)
    assert done.returncode == 2, done.stderr
    assert b"no space left" in done.stderr
    assert b"Traceback" not in done.stderr
    assert files(here) == {"genome.fa", "regions.bed", "first.bw"}


LONG = 3_000_000


@pytest.fixture
def long_run(here: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start a prediction that takes many seconds."""
    (here / "genome.fa").write_text(fasta_text({"chr1": letters(LONG, 5)}))
    (here / "regions.bed").write_text(f"chr1\t0\t{LONG}\n")
    assert process([*USUAL, "--region", "x"]).returncode == 2
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        arguments = [*USUAL, "--batch-size", "1", "--threads", "1"]
        running = subprocess.Popen(
            [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        started.append(running)
        return running

    yield start
    for running in started:
        running.kill()
        running.communicate()


def wait_for_temporary(folder: Path, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while not list(folder.glob(".zooctl-*.bw")):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_signals(
    here: Path, long_run: Callable[[], subprocess.Popen[bytes]], number: int, code: int
) -> None:
    running = long_run()
    wait_for_temporary(here, running)
    time.sleep(0.5)
    start = time.monotonic()
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert time.monotonic() - start < 5
    assert running.returncode == code, err
    assert out == b""
    assert b"Traceback" not in err
    assert files(here) == {"genome.fa", "regions.bed"}


def test_killed_at_any_moment(here: Path, long_run: Callable[[], subprocess.Popen[bytes]]) -> None:
    draw = random.Random(7)
    for _ in range(6):
        running = long_run()
        time.sleep(draw.uniform(0.2, 2.5))
        running.kill()
        running.communicate()
        names = files(here)
        assert not {name for name in names if name.endswith(".bw") and not name.startswith(".")}
    # The writer of a bigWig notices that its parent is gone; a later run removes the rest.
    shutil.copy("regions.bed", "all.bed")
    (here / "regions.bed").write_text("chr1\t0\t1000\n")
    done = process(USUAL)
    assert done.returncode == 0, done.stderr
    bigwigs = {"regions.toy.plus.bw", "regions.toy.minus.bw"}
    deadline = time.monotonic() + 10
    expected = {"genome.fa", "regions.bed", "all.bed", *bigwigs}
    while files(here) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert files(here) == expected


def test_memory_does_not_grow_with_the_regions(here: Path) -> None:
    """Peak memory over 100 kb and over 3 Mb, both tracks, is about the same."""
    code = (
        "import resource, sys; from zooctl.cli.main import run; code = run(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
    )
    (here / "genome.fa").write_text(fasta_text({"chr1": letters(LONG, 5)}))
    peaks = []
    for region in ("chr1:1-1000000", "chr1"):
        arguments = ["predict", "--model", "toy", "--fasta", "genome.fa", "--region", region]
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, timeout=120, check=True
        )
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    assert peaks[1] < peaks[0] + 60
