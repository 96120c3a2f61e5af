"""`import zooctl`: light, silent, and the same values as the commands and as onnxruntime alone."""

from __future__ import annotations

import csv
import dataclasses
import importlib.resources
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pyBigWig
import pytest
from numpy.typing import NDArray

import zooctl
from zooctl.cli.main import run

MODEL = "ctcf_gm12878"
REGION = "chr21:39,725,001-39,735,000"
# REF, the other alleles, an insertion, a deletion, and a base that the genome lacks.
VARIANTS = [
    "chr21:39731913 A>C",
    "chr21:39731913 A>G",
    "chr21:39731920 A>ATC",
    "chr21:39731906 AGG>A",
    "chr21:39731913 T>C",
]


@pytest.fixture(scope="module")
def model() -> zooctl.Model:
    return zooctl.load(MODEL, device="cpu", threads=1)


@pytest.fixture
def vcf(tmp_path: Path) -> Path:
    lines = ["##fileformat=VCFv4.2", "##contig=<ID=chr21>"]
    lines += ["\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"])]
    for text in VARIANTS:
        chrom, position, ref, alt = re.split("[: >]", text)
        lines.append("\t".join([chrom, position, ".", ref, alt, ".", "PASS", "."]))
    path = tmp_path / "in.vcf"
    path.write_text("\n".join(lines) + "\n")
    return path


def naive(repo: Path, sequences: list[str]) -> NDArray[np.float32]:
    """The published graph on one-hot made by a loop over letters."""
    session = onnxruntime.InferenceSession(str(repo / f"zoo/{MODEL}/model.onnx"))
    results = []
    for sequence in sequences:
        onehot = np.zeros((1, 4, len(sequence)), dtype=np.float32)
        for place, letter in enumerate(sequence.upper()):
            if letter in "ACGT":
                onehot[0, "ACGT".index(letter), place] = 1
        results.append(session.run(None, {session.get_inputs()[0].name: onehot})[0][0])
    return np.stack(results)


def test_import_is_light() -> None:
    code = (
        "import sys, zooctl; assert set(zooctl.__all__) <= set(dir(zooctl)); "
        "heavy = {'numpy', 'onnxruntime', 'onnx', 'pydantic', 'typer', 'torch', 'yaml'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'pridict'"):
        zooctl.pridict  # noqa: B018


def test_the_package_is_typed() -> None:
    assert (importlib.resources.files("zooctl") / "py.typed").is_file()


def test_python_m_zooctl() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zooctl", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"zooctl {zooctl.__version__}\n"


def test_models_are_those_of_list(capsys: pytest.CaptureFixture[str]) -> None:
    names = [card.name for card in zooctl.models()]
    assert run(["list", "--experimental", "--json"]) == 0
    assert names == [one["name"] for one in json.loads(capsys.readouterr().out)]


def test_predict_as_onnxruntime_alone(model: zooctl.Model, repo: Path) -> None:
    rng = np.random.default_rng(7)
    sequences = ["".join(rng.choice(list("ACGTacgtN"), 2048)) for _ in range(3)]
    assert model.card.unknown_base == 0
    assert model.card.output_transform == "none"
    expected = naive(repo, sequences)
    found = model.predict(sequences)
    assert (found.shape, found.dtype) == ((3, 1, 64), np.float32)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    codes = np.array([["ACGT".find(letter.upper()) for letter in text] for text in sequences])
    again = model.predict(np.where(codes < 0, 4, codes).astype(np.uint8))
    np.testing.assert_array_equal(again, found)


def test_predict_over_both_strands(model: zooctl.Model) -> None:
    text = "".join(np.random.default_rng(8).choice(list("ACGT"), 2048))
    other = text[::-1].translate(str.maketrans("ACGT", "TGCA"))
    forward, backward = model.predict([text, other])
    mean = (forward + backward[:, ::-1]) / 2
    np.testing.assert_allclose(model.predict([text], rc=True)[0], mean, rtol=1e-6)


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        (["ACGT"], "sequence 0 has another length than the model reads"),
        ("ACGT", "a list of sequences"),
        (np.zeros((1, 7), np.uint8), "each row has another length"),
        (np.zeros((1, 2048), np.float32), "not of genome codes"),
        (np.full((1, 2048), 9, np.uint8), "no genome code"),
    ],
)
def test_predict_refuses(model: zooctl.Model, sequences: object, message: str) -> None:
    with pytest.raises(zooctl.ZooError, match=message):
        model.predict(sequences)  # type: ignore[arg-type]


def test_a_region_is_what_the_command_writes(model: zooctl.Model, tmp_path: Path) -> None:
    written = tmp_path / "command.bw"
    options = ["--device", "cpu", "--threads", "1", "-o", str(written)]
    assert run(["predict", "--model", MODEL, "--region", REGION, *options]) == 0
    found = model.predict_region(REGION)
    assert (found.region.start, found.region.end, found.bin_size) == (39_725_000, 39_735_000, 32)
    assert found.starts[0] <= 39_725_000 < found.starts[1]
    assert found.starts[-1] < 39_735_000 <= found.starts[-1] + 32
    with pyBigWig.open(str(written)) as bigwig:
        entries = bigwig.intervals("chr21")
    bases = {start + base: value for start, end, value in entries for base in range(end - start)}
    assert [bases[start] for start in found.starts.tolist()] == found.values[0].tolist()
    assert found.tracks == ("CTCF",)


def test_bigwig_has_the_bytes_of_the_command(model: zooctl.Model, tmp_path: Path) -> None:
    bed = tmp_path / "regions.bed"
    bed.write_text("chr21\t39725000\t39730000\n")
    first = model.predict_bigwig(bed, tmp_path / "api.bw")
    options = ["--bed", str(bed), "--device", "cpu", "--threads", "1"]
    assert run(["predict", "--model", MODEL, *options, "-o", str(tmp_path / "cli.bw")]) == 0
    assert first.paths == {"CTCF": tmp_path / "api.bw"}
    assert (tmp_path / "api.bw").read_bytes() == (tmp_path / "cli.bw").read_bytes()
    with pytest.raises(zooctl.ZooError, match="exists"):
        model.predict_bigwig(bed, tmp_path / "api.bw")
    model.predict_bigwig(["chr21:39,725,001-39,726,000"], tmp_path / "api.bw", force=True, rc=True)
    with pytest.raises(TypeError, match="forse"):
        model.predict_bigwig(bed, tmp_path / "api.bw", forse=True)  # type: ignore[call-arg]


def test_scores_are_those_of_the_command(model: zooctl.Model, vcf: Path, tmp_path: Path) -> None:
    table = tmp_path / "scores.tsv"
    options = ["--device", "cpu", "--threads", "1", "--shifts", "5", "-o", str(table)]
    assert run(["score-variants", str(vcf), "--model", MODEL, *options]) == 0
    with table.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = model.score(VARIANTS, n_shifts=5)
    assert len(found) == len(rows) == len(VARIANTS)
    for row, one in zip(rows, found, strict=True):
        assert (int(row["pos"]) - 1, row["status"]) == (one.start, one.status)
        for name, value in (("score", one.score), ("sd", one.sd)):
            assert np.float32(row[name] or "nan") == pytest.approx(value, nan_ok=True)
    assert found[-1].status == "REF_MISMATCH"
    assert model.score(VARIANTS[0], n_shifts=5)[0] == found[0]


def test_vcf_has_the_bytes_of_the_command(model: zooctl.Model, vcf: Path, tmp_path: Path) -> None:
    options = ["--device", "cpu", "--threads", "1", "--shifts", "3", "-o"]
    command = ["score-variants", str(vcf), "--model", MODEL, *options]
    assert run([*command, str(tmp_path / "cli.vcf")]) == 0
    result = model.score_vcf(vcf, tmp_path / "api.vcf", n_shifts=3)
    assert result.output.read_bytes() == (tmp_path / "cli.vcf").read_bytes()
    assert (result.tally.alleles, result.tally.scored) == (5, 4)


@pytest.mark.parametrize("text", ["chr21", "chr21:0 A>C", "chr21:5 A", "chr21:x A>C"])
def test_no_variant(model: zooctl.Model, text: str) -> None:
    with pytest.raises(zooctl.ZooError, match="not a variant"):
        model.score(text)


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("21:1-100", "--chrom-map auto"),
        ("chr21:48,129,000-49,000,000", "goes beyond"),
    ],
)
def test_regions_are_checked(model: zooctl.Model, region: str, message: str) -> None:
    with pytest.raises(zooctl.ZooError, match=message):
        model.predict_region(region)


def test_nothing_is_printed(
    model: zooctl.Model, vcf: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model.predict(["A" * 2048])
    model.predict_region("chr21:39,731,001-39,732,000")
    model.score(VARIANTS[0], n_shifts=2)
    model.score_vcf(vcf, tmp_path / "out.tsv", n_shifts=2)
    assert model.reproduce().coverage == "verify"
    assert capfd.readouterr() == ("", "")


def test_callbacks_are_told(tmp_path: Path) -> None:
    lines: list[str] = []
    loud = zooctl.load(MODEL, device="cpu", threads=1, say=lines.append)
    loud.predict_bigwig(["chr21:39,731,001-39,732,000"], tmp_path / "a.bw")
    assert lines[0].startswith("genome: hg19")
    assert "device: cpu, 1 thread" in lines


def test_frames(model: zooctl.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = model.score(VARIANTS[:2], n_shifts=2)
    region = model.predict_region("chr21:39,731,001-39,731,100")
    here = {"polars", "pandas"}
    for module in ("zooctl.errors", "zooctl.inference.tracks.data_frames"):
        monkeypatch.setattr(f"{module}.is_installed", lambda library: library in here)
    # pandas comes first where both are installed.
    for library in ("pandas", "polars"):
        frame = scores.to_frame()
        assert type(frame).__module__.split(".")[0] == library
        assert list(frame["start"]) == [39_731_912] * 2
        frame = region.to_frame()
        assert list(frame.columns) == ["chrom", "start", "end", "CTCF"]
        assert frame["end"][0] - frame["start"][0] == 32
        here.remove(library)
    with pytest.raises(zooctl.ZooError, match="a data frame needs pandas"):
        scores.to_frame()


def test_evaluate_and_its_errors(model: zooctl.Model) -> None:
    with pytest.raises(zooctl.ZooError, match="trained or chosen on"):
        model.evaluate(regions=["chr20:1-5,000,000"])
    with pytest.raises(zooctl.ZooError, match="no such track"):
        model.evaluate(tracks=["H3K27ac"])


def test_training_needs_a_process_of_its_variables(
    model: zooctl.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MKL_CBWR", raising=False)
    with pytest.raises(zooctl.ZooError, match="variables of a portable run") as caught:
        model.reproduce("smoke")
    assert str(caught.value.hint).startswith("set them before Python starts; `zooctl reproduce`")
    variables = dict(pair.split("=") for pair in shlex.split(str(caught.value.expected)))
    code = (
        "from zooctl.training.determinism import portable; import zooctl; "
        "portable.check_begun_portable(zooctl.load('ctcf_gm12878')._model.entry.recipe())"
    )
    for more, ended in (({}, 1), (variables, 0)):
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **more})
        assert done.returncode == ended


def test_signatures_name_the_options() -> None:
    parameters = inspect.signature(zooctl.Model.score_vcf).parameters
    assert list(parameters)[:3] == ["self", "vcf", "output"]
    assert parameters["max_skipped"].default == zooctl.ScoreOptions().max_skipped == 0.5


def test_the_page_lists_the_interface(repo: Path) -> None:
    """Headings of docs/api.md: the names of ``__all__``, and below Model its public methods."""
    assert all(getattr(zooctl, name).__name__ == name for name in zooctl.__all__)
    page = (repo / "docs/api.md").read_text()
    names = re.findall(r"^## `(?:zooctl\.)?(\w+)", page, re.MULTILINE)
    assert sorted(names) == sorted(zooctl.__all__)
    members = re.findall(r"^### `Model\.(\w+)", page, re.MULTILINE)
    public = [
        name
        for part in zooctl.Model.__mro__[:-1]
        for name in vars(part)
        if not name.startswith("_")
    ]
    assert members == public
    for record in (zooctl.PredictOptions, zooctl.ScoreOptions):
        (line,) = re.findall(rf"^## `zooctl.{record.__name__}`\n\n([^#]+)", page, re.MULTILINE)
        fields = [field.name for field in dataclasses.fields(record)]
        assert re.findall(r"`(\w+)`", line)[1:] == fields
