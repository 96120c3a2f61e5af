"""Networks that read more than the sequence: prediction and evaluation in known and new cells."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pyBigWig
import pytest
import toy_files
import toy_inputs
import toy_training as toy

import zooctl
from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.schema.recipe.recipe import load_recipe
from zooctl.schema.strict_yaml import dumps
from zooctl.sequence.onehot import Codes

LENGTH = toy.LENGTH
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zoo whose one model reads openness and expression; trained on two cells, a and b."""
    place = tmp_path_factory.mktemp("made")
    for folder in ("data", "zoo/model_cards", "zoo/recipes", "zoo/zoo"):
        (place / folder).mkdir(parents=True)
    recipe = toy_inputs.write_cells(
        place / "data",
        evaluation={"bin_size": 32, "block_length": 1000},
        schedule={"max_epochs": 4},
    )
    (place / "zoo/recipes/toy.yaml").write_text(recipe.read_text())
    (place / "data/new.tsv").write_text("gene\tc\nMYC\t3\nCTCF\t1.5\n")
    half = np.zeros(LENGTH, np.float32)
    half[: LENGTH // 2] = 1
    toy_files.write_bigwig(place / "data/open_c.bw", half)
    with pytest.MonkeyPatch.context() as patch:
        settle(place, patch)
        fasta = ["--fasta", str(place / "data/toy.fa")]
        assert run(["train", str(recipe), "-o", str(place / "first"), *fasta]) == 0
        assert run(["export", str(place / "first"), *fasta]) == 0
        card = place / "zoo/model_cards/toy.yaml"
        card.write_text(card.read_text().replace("TO BE WRITTEN", "A toy, for tests."))
        assert run(["check", "toy", "--stamp"]) == 0
    return place


def settle(place: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("ZOOCTL_ZOO", str(place / "zoo"))
    patch.setenv("ZOOCTL_DATA_MIRROR", str(place / "data"))
    patch.setenv("ZOOCTL_HOME", str(place / "home"))


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settle(made, monkeypatch)
    monkeypatch.chdir(tmp_path)
    return made


def by_hand(place: Path, openness: np.ndarray, features: list[float]) -> np.ndarray:
    """Predictions of the bins of chr1 that lie inside, by onnxruntime alone."""
    codes: Codes = toy.dataset().codes["chr1"]
    session = onnxruntime.InferenceSession(str(place / "zoo/zoo/toy/model.onnx"))
    found = np.full(LENGTH // 32, np.nan, np.float32)
    for index in range(1, LENGTH // 32 - 1):
        low = index * 32 - 16
        window = codes[low : low + 64]
        if (window == 4).mean() > 0.5 or (window[16:48] == 4).sum() > 16:
            continue
        onehot = (window == np.arange(4, dtype=np.uint8)[:, None]).astype(np.float32)
        (found[index],) = session.run(
            None,
            {
                "sequence": onehot[None],
                "signals": openness[None, None, low : low + 64],
                "features": np.log1p(np.array([features], np.float32)),
            },
        )[0].ravel()
    return found


def predicted(path: Path) -> np.ndarray:
    with pyBigWig.open(str(path)) as file:
        values = file.values("chr1", 0, LENGTH // 32 * 32, numpy=True)
    return np.asarray(values.reshape(-1, 32)[:, 0], np.float32)


def test_cells_that_training_saw_and_one_that_it_did_not(place: Path) -> None:
    ones, half = np.ones(LENGTH, np.float32), np.zeros(LENGTH, np.float32)
    half[: LENGTH // 2] = 1
    data = place / "data"
    own = ["--input", f"open={data}/open_c.bw", "--features", f"{data}/new.tsv", "--sample", "c"]
    for name, options, openness, features in (
        ("a", ["--sample", "a"], ones, [3, 1.5]),
        ("b", ["--sample", "b"], 0 * ones, [0, 1.5]),
        # A file of the user in place of the sample's own.
        ("mixed", ["--sample", "b", "--input", f"open={data}/open_a.bw"], ones, [0, 1.5]),
        ("c", own, half, [3, 1.5]),
    ):
        out = f"{name}.bw"
        command = ["predict", "--model", "toy", "--region", "chr1", "-o", out, *options]
        assert run([*command, "--fasta", f"{data}/toy.fa"]) == 0
        expected = by_hand(place, openness, features)
        got = predicted(Path(out))
        inside = slice(1, LENGTH // 32 - 1)
        np.testing.assert_allclose(got[inside], expected[inside], rtol=1e-5, atol=1e-7)


def test_the_python_door_gives_the_same(place: Path) -> None:
    data = place / "data"
    model = zooctl.load(
        "toy",
        device="cpu",
        inputs={"open": data / "open_c.bw"},
        features=data / "new.tsv",
        sample="c",
    )
    found = model.predict_region("chr1:19,201-20,800", fasta=data / "toy.fa").values[0]
    half = np.zeros(LENGTH, np.float32)
    half[: LENGTH // 2] = 1
    expected = by_hand(place, half, [3, 1.5])[600:650]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    with pytest.raises(InputError, match="predicts places of a genome"):
        model.predict(["A" * 64])
    with pytest.raises(InputError, match="the given strand alone"):
        model.predict_region("chr1:19,201-20,800", fasta=data / "toy.fa", rc=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "the model reads open, which is not given (got toy; expected --input open=FILE.bw)"),
        (["--input", "open=open_a.bw"], "values of a sample, which are not given"),
        (["--input", "opened=open_a.bw"], "reads no such input (got opened; expected open)"),
        (["--input", "open"], "needs a name and a file"),
        (["--input", "open=none.bw"], "no such file"),
        ([], "Hint: or --sample with one of its recipe: a, b"),
        (["--sample", "a"], None),
        (["--sample", "a", "--features", "genes.tsv", "--input", "open=a.bed"], None),
        (["--input", "open=open_a.bw", "--features", "genes.tsv"], "needs the name of a sample"),
        (
            ["--input", "open=open_a.bw", "--features", "genes.tsv", "--sample", "z"],
            "no such column",
        ),
    ],
)
def test_what_is_missing_is_named(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    options: list[str],
    message: str | None,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(place / "data")
    command = ["predict", "--model", "toy", "--region", "chr1:1,001-2,000", "--fasta", "toy.fa"]
    code = run([*command, "-o", str(tmp_path / "out.bw"), *options])
    assert code == (0 if message is None else 2)
    assert message is None or message in " ".join(capsys.readouterr().err.split())


def test_a_model_of_sequence_alone_takes_none(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    command = ["predict", "--model", "ctcf_gm12878", "--region", "chr21:20,000,001-20,001,000"]
    assert run([*command, "-o", str(tmp_path / "out.bw"), "--sample", "a"]) == 2
    assert "reads the sequence alone" in capsys.readouterr().err


def test_evaluation_in_a_cell_beside_the_average_over_the_others(
    place: Path, capsys: Captured
) -> None:
    fasta = ["--fasta", f"{place}/data/toy.fa", "--bootstrap", "0", "--json"]
    assert run(["evaluate", "toy", "--sample", "a", *fasta]) == 0
    found = json.loads(capsys.readouterr().out)
    (track,) = found["tracks"]
    rows = {row["name"]: row["metrics"] for row in track["rows"]}
    assert found["robustness"] is None
    # Of b there is one peak, far from the test region: its average tells nothing.
    assert rows["average over the other samples"]["auroc"]["value"] == 0.5
    assert run(["evaluate", str(place / "first"), "--sample", "a", *fasta]) == 0
    of_run = json.loads(capsys.readouterr().out)["tracks"][0]["rows"][0]["metrics"]
    assert of_run["auroc"]["value"] == pytest.approx(rows["toy"]["auroc"]["value"])
    # Labels of a, judged as those of a new cell: the average over both cells holds the answer.
    data = place / "data"
    new = ["--against", f"{data}/a.bed", "--sample", "c", "--features", f"{data}/new.tsv"]
    command = ["evaluate", "toy", *new, "--input", f"open={data}/open_c.bw"]
    assert run([*command, *fasta]) == 0
    (track,) = json.loads(capsys.readouterr().out)["tracks"]
    rows = {row["name"]: row["metrics"] for row in track["rows"]}
    assert rows["average over the other samples"]["auroc"]["value"] > 0.99


def test_a_model_is_judged_in_the_cell_that_it_is_for(
    place: Path, tmp_path: Path, capsys: Captured
) -> None:
    """d is measured as a is, and no sample of training; its average is over both of those."""
    run_folder = tmp_path / "first"
    shutil.copytree(place / "first", run_folder)
    recipe = load_recipe(run_folder / "recipe.yaml").model_dump(mode="json")
    recipe["evaluation"]["unseen"] = {"name": "d"}
    (run_folder / "recipe.yaml").write_text(dumps(recipe))
    fasta = ["--fasta", f"{place}/data/toy.fa", "--bootstrap", "0", "--json"]
    assert run(["evaluate", str(run_folder), *fasta]) == 0
    (track,) = json.loads(capsys.readouterr().out)["tracks"]
    rows = {row["name"]: row["metrics"] for row in track["rows"]}
    assert run(["evaluate", "toy", "--sample", "a", *fasta]) == 0
    (track,) = json.loads(capsys.readouterr().out)["tracks"]
    in_a = {row["name"]: row["metrics"] for row in track["rows"]}
    assert rows["first"]["auroc"]["value"] == pytest.approx(in_a["toy"]["auroc"]["value"])
    assert rows["average over the other samples"]["auroc"]["value"] > 0.99
    assert run(["evaluate", str(run_folder), "--sample", "b", *fasta]) == 0
    assert json.loads(capsys.readouterr().out)["tracks"][0]["rows"][0]["name"] == "first"


def test_a_sample_that_the_recipe_has_not(place: Path, capsys: Captured) -> None:
    data = place / "data"
    given = ["--input", f"open={data}/open_c.bw", "--features", f"{data}/new.tsv"]
    command = ["evaluate", "toy", "--sample", "c", *given, "--fasta", f"{data}/toy.fa"]
    assert run(command) == 2
    said = capsys.readouterr().err
    assert "no such sample" in said
    assert "--against judges a sample that it has not" in said
    assert run([*command, "--against", f"{data}/a.bed", "--bootstrap", "0"]) == 0
