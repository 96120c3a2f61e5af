"""Variants scored by networks that read signals and values too, or both alleles."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import toy_files
import toy_inputs
import toy_training as toy

import zooctl
from zooctl.cli.main import run

ONE = ["--shifts", "1", "--max-shift", "0"]
CODES = toy.dataset().codes["chr1"]
BASES = "ACGT"
# The middle base of a window lies behind 31 others.
HALF = 31
HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


def made(place: Path, recipe: Path, patch: pytest.MonkeyPatch) -> None:
    """Train a recipe of ``place/data`` and make it the one model of a zoo."""
    for folder in ("zoo/model_cards", "zoo/recipes", "zoo/zoo"):
        (place / folder).mkdir(parents=True)
    (place / "zoo/recipes/toy.yaml").write_text(recipe.read_text())
    settle(place, patch)
    fasta = ["--fasta", str(place / "data/toy.fa")]
    assert run(["train", str(recipe), "-o", str(place / "first"), *fasta]) == 0
    assert run(["export", str(place / "first"), *fasta]) == 0
    card = place / "zoo/model_cards/toy.yaml"
    card.write_text(card.read_text().replace("TO BE WRITTEN", "A toy, for tests."))
    assert run(["check", "toy", "--stamp"]) == 0


def settle(place: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("ZOOCTL_ZOO", str(place / "zoo"))
    patch.setenv("ZOOCTL_DATA_MIRROR", str(place / "data"))
    patch.setenv("ZOOCTL_HOME", str(place / "home"))


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zoo whose one model reads openness and expression."""
    place = tmp_path_factory.mktemp("cells")
    (place / "data").mkdir()
    recipe = toy_inputs.write_cells(place / "data", schedule={"max_epochs": 2})
    ramp = np.linspace(0, 1, toy.LENGTH, dtype=np.float32)
    toy_files.write_bigwig(place / "data/open_c.bw", ramp)
    with pytest.MonkeyPatch.context() as patch:
        made(place, recipe, patch)
    return place


@pytest.fixture(scope="module")
def alleles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zoo whose one model reads both alleles of a substitution."""
    place = tmp_path_factory.mktemp("alleles")
    (place / "data").mkdir()
    recipe = toy_inputs.write_variants(place / "data", schedule={"max_epochs": 2})
    with pytest.MonkeyPatch.context() as patch:
        made(place, recipe, patch)
    return place


def letters(start: int, end: int) -> str:
    return "".join("ACGTN"[code] for code in CODES[start:end])


def onehot(text: str) -> np.ndarray:
    return (np.array(list(text)) == np.array(list(BASES))[:, None]).astype(np.float32)[None]


def write_vcf(path: Path, *records: tuple[int, str, str]) -> None:
    path.write_text(HEAD + "".join(f"chr1\t{s + 1}\t.\t{r}\t{a}\t.\t.\t.\n" for s, r, a in records))


def scored(place: Path, *options: str) -> list[dict[str, str]]:
    command = ["score-variants", "in.vcf", "--model", "toy", "-o", "out.tsv", "--force", *options]
    assert run([*command, *ONE, "--fasta", str(place / "data/toy.fa")]) == 0
    with Path("out.tsv").open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_signals_follow_the_bases(
    cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A substitution, an insertion and a deletion, windows and signals laid by hand."""
    settle(cells, monkeypatch)
    monkeypatch.chdir(tmp_path)
    at = 20_000
    ref = letters(at, at + 1)
    alt = BASES[(BASES.index(ref) + 1) % 4]
    # Letters that differ from their neighbours, so that alignment to the left moves nothing.
    inserted = BASES[(BASES.index(letters(at + 1, at + 2)) + 1) % 4]
    inserted = inserted if inserted != ref else BASES[(BASES.index(inserted) + 1) % 4]
    write_vcf(Path("in.vcf"), (at, ref, alt), (at, ref, ref + inserted))
    open_c = cells / "data/open_c.bw"
    options = ["--input", f"open={open_c}", "--sample", "a", "--statistic", "sum"]
    rows = {(row["alt"], row["kind"]): row for row in scored(cells, *options)}
    ramp = np.linspace(0, 1, toy.LENGTH, dtype=np.float32)
    session = onnxruntime.InferenceSession(str(cells / "zoo/zoo/toy/model.onnx"))

    def predict(text: str, signal: np.ndarray) -> float:
        features = np.log1p(np.array([[3, 1.5]], np.float32))
        inputs = {"sequence": onehot(text), "signals": signal[None, None], "features": features}
        return float(session.run(None, inputs)[0].ravel()[0])

    low = at - HALF
    window, signal = letters(low, low + 80), ramp[low : low + 80]
    expected = predict(window[:64], signal[:64])
    substituted = predict(window[:HALF] + alt + window[HALF + 1 : 64], signal[:64])
    row = rows[alt, "difference"]
    assert float(row["ref_value"]) == pytest.approx(expected, rel=1e-4)
    assert float(row["score"]) == pytest.approx(substituted - expected, abs=1e-6)
    row = rows[ref + inserted, "difference"]
    # The inserted base stands behind `at`, and the window is around the place behind it.
    low += 1
    window, signal = letters(low, low + 80), ramp[low : low + 80]
    longer = window[:HALF] + inserted + window[HALF:]
    signals = np.insert(signal, HALF, signal[HALF - 1])
    assert float(row["ref_value"]) == pytest.approx(predict(window[:64], signal[:64]), rel=1e-4)
    assert float(row["alt_value"]) == pytest.approx(predict(longer[:64], signals[:64]), rel=1e-4)


def test_what_is_missing_is_named(
    cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settle(cells, monkeypatch)
    monkeypatch.chdir(tmp_path)
    write_vcf(Path("in.vcf"), (20_000, letters(20_000, 20_001), "N"))
    command = ["score-variants", "in.vcf", "--model", "toy", "-o", "out.vcf", *ONE]
    command += ["--fasta", str(cells / "data/toy.fa")]
    assert run(command) == 2
    assert "the model reads open, which is not given" in capsys.readouterr().err
    assert run([*command, "--sample", "a", "--rc"]) == 2
    assert "is predicted on one strand" in capsys.readouterr().err
    assert not Path("out.vcf").exists()


def test_both_alleles_in_one_pass(
    alleles: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The effect of a substitution is that of the graph; a deletion has none."""
    settle(alleles, monkeypatch)
    monkeypatch.chdir(tmp_path)
    at = 20_000
    ref = letters(at, at + 1)
    alt = BASES[(BASES.index(ref) + 1) % 4]
    write_vcf(Path("in.vcf"), (at, ref, alt), (at, letters(at, at + 2), ref), (at, alt, ref))
    first, deletion, swapped = scored(alleles, "--check-ref", "swap")
    session = onnxruntime.InferenceSession(str(alleles / "zoo/zoo/toy/model.onnx"))
    window = letters(at - HALF, at - HALF + 64)
    other = window[:HALF] + alt + window[HALF + 1 :]
    inputs = {"sequence": onehot(window), "alternative": onehot(other)}
    effect = float(session.run(None, inputs)[0].ravel()[0])
    assert abs(effect) > 1e-4
    assert (first["statistic"], first["kind"], first["status"]) == ("sum", "difference", "OK")
    assert float(first["score"]) == pytest.approx(effect, rel=1e-4)
    assert (float(first["ref_value"]), float(first["alt_value"])) == pytest.approx(
        (0, effect), rel=1e-4
    )
    assert (deletion["status"], deletion["score"]) == ("TOO_LONG", "")
    assert swapped["status"] == "SWAPPED"
    assert float(swapped["score"]) == pytest.approx(-effect, rel=1e-4)
    model = zooctl.load("toy", device="cpu")
    (row,) = model.score(
        f"chr1:{at + 1}:{ref}>{alt}", fasta=alleles / "data/toy.fa", n_shifts=1, max_shift=0
    )
    assert row.score == pytest.approx(effect, rel=1e-4)
    command = ["predict", "--model", "toy", "--region", "chr1:1-2000", "-o", "a.bw"]
    assert run([*command, "--fasta", str(alleles / "data/toy.fa")]) == 2
    assert "reads the two alleles of a variant" in capsys.readouterr().err
