"""Training: it learns, twice to the same bits, and resumed to the same bits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_training as toy
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_torch

from zooctl.errors import InputError, VerificationError
from zooctl.sequence.onehot import reverse_complement
from zooctl.training.data.dataset import Dataset, Swaps
from zooctl.training.data.windows import choose_windows
from zooctl.training.export.export import torch_predictions, trained_network
from zooctl.training.loop import fit as fit_module
from zooctl.training.loop.checkpoint import RunState
from zooctl.training.loop.fit import fit

DATA = toy.dataset()


def silent(_: Any) -> None:
    pass


def train(run: Path, advance: Any = silent, **changes: Any) -> RunState:
    recipe = toy.recipe(**changes)
    windows = choose_windows(recipe, DATA)
    return fit(recipe, DATA, windows, run, device="cpu", say=silent, advance=advance)


def weights(run: Path) -> dict[str, bytes]:
    return {k: v.tobytes() for k, v in load_file(run / "best.safetensors").items()}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    train(run)
    return run


def history(run: Path) -> list[dict[str, float]]:
    newest = sorted((run / "checkpoints").iterdir())[-1]
    return list(json.loads((newest / "state.json").read_text())["progress"]["history"])


def test_the_loss_falls_and_the_best_epoch_is_kept(uninterrupted: Path) -> None:
    losses = [epoch["validation_loss"] for epoch in history(uninterrupted)]
    assert len(losses) == 3
    assert min(losses[1:]) < losses[0]
    lines = (uninterrupted / "metrics.csv").read_text().splitlines()
    assert lines[0] == "epoch,lr,train_loss,validation_loss"
    assert len(lines) == 4


def test_it_learns_what_there_is_to_learn(tmp_path: Path) -> None:
    done = train(tmp_path, schedule={"max_epochs": 12})
    # The validation loss of a rate that is the mean everywhere, by hand.
    target = DATA.target["chr1"][0, 25_000:30_000]
    flat = target.mean() - target.mean() * np.log(target.mean())
    assert done.best_loss is not None
    assert done.best_loss < flat - 1.0


def test_twice_is_the_same_bits(uninterrupted: Path, tmp_path: Path) -> None:
    train(tmp_path)
    assert weights(tmp_path) == weights(uninterrupted)
    assert history(tmp_path) == history(uninterrupted)


def test_another_seed_is_another_model(uninterrupted: Path, tmp_path: Path) -> None:
    train(tmp_path, seed=12)
    assert weights(tmp_path) != weights(uninterrupted)


def test_interrupted_and_resumed_is_the_same_bits(
    uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_module, "CHECKPOINT_STEPS", 3)
    rng = np.random.default_rng(1)

    class Killed(Exception):
        pass

    for _ in range(4):
        left = int(rng.integers(5, 12))

        def count(done: float) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        with pytest.raises(Killed):
            train(tmp_path, advance=count)
    train(tmp_path)
    assert weights(tmp_path) == weights(uninterrupted)
    assert history(tmp_path) == history(uninterrupted)


def test_a_finished_run_is_left_alone(uninterrupted: Path) -> None:
    before = (uninterrupted / "best.safetensors").stat().st_mtime_ns
    assert train(uninterrupted).finished
    assert (uninterrupted / "best.safetensors").stat().st_mtime_ns == before


def test_plateau_decays_and_stops(tmp_path: Path) -> None:
    schedule = {
        "max_epochs": 50,
        "plateau_decay": {"factor": 0.1, "patience": 0},
        "early_stopping": {"patience": 2},
    }
    # A step this small changes no float32 weight, so no epoch is better than the first.
    done = train(tmp_path, schedule=schedule, optimiser={"key": "adam", "lr": 1e-30})
    assert done.best_epoch == 0
    assert [epoch["lr"] for epoch in done.history] == pytest.approx([1e-30, 1e-30, 1e-31])


def test_the_best_epoch_is_kept_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tmp_path / "two", schedule={"max_epochs": 2})
    losses = iter([3.0, 1.0, 2.0, 1.0])
    monkeypatch.setattr(fit_module, "validate", lambda *_: next(losses))
    done = train(tmp_path / "four", schedule={"max_epochs": 4})
    assert (done.best_epoch, done.best_loss) == (1, 1.0)
    assert weights(tmp_path / "four") == weights(tmp_path / "two")


def test_clipping_holds_the_gradient_and_the_norm_is_that_before(tmp_path: Path) -> None:
    adam = {"key": "adam", "lr": 0.02}
    short = {"max_epochs": 1}
    rows = {}
    for name, clip in (("none", None), ("loose", 1e9), ("tight", 1e-3)):
        train(tmp_path / name, optimiser=adam | {"clip_norm": clip}, schedule=short)
        lines = (tmp_path / name / "steps.csv").read_text().splitlines()[1:]
        rows[name] = [float(line.split(",")[4]) for line in lines]
    assert rows["none"] == rows["loose"]
    assert rows["tight"][0] == rows["none"][0] > 1e-3
    assert weights(tmp_path / "none") == weights(tmp_path / "loose")
    assert weights(tmp_path / "none") != weights(tmp_path / "tight")


def test_mixed_precision_learns_resumes_and_keeps_float32(
    uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tmp_path / "whole", precision="bf16-mixed")
    losses = [epoch["validation_loss"] for epoch in history(tmp_path / "whole")]
    assert losses[-1] < losses[0] / 2
    assert weights(tmp_path / "whole") != weights(uninterrupted)
    tensors = load_file(tmp_path / "whole/best.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(np.float32)}

    monkeypatch.setattr(fit_module, "CHECKPOINT_STEPS", 3)
    stop = iter([None] * 10)
    with pytest.raises(StopIteration):
        train(tmp_path / "resumed", advance=lambda _: next(stop), precision="bf16-mixed")
    train(tmp_path / "resumed", precision="bf16-mixed")
    assert weights(tmp_path / "resumed") == weights(tmp_path / "whole")


@pytest.mark.parametrize("ahead", [0, 1, 7])
def test_batches_made_ahead_are_the_same(uninterrupted: Path, tmp_path: Path, ahead: int) -> None:
    recipe = toy.recipe()
    windows = choose_windows(recipe, DATA)
    settings = {"device": "cpu", "say": silent, "advance": silent}
    fit(recipe, DATA, windows, tmp_path, ahead=ahead, **settings)
    assert weights(tmp_path) == weights(uninterrupted)
    assert (tmp_path / "steps.csv").read_bytes() == (uninterrupted / "steps.csv").read_bytes()


def test_an_error_in_the_loader_surfaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = fit_module.cut

    def failing(recipe: Any, dataset: Any, epoch: Any, step: int, share: Any) -> Any:
        if step == 4:
            raise InputError("file vanished")
        return cut(recipe, dataset, epoch, step, share)

    monkeypatch.setattr(fit_module, "cut", failing)
    with pytest.raises(InputError, match="file vanished"):
        train(tmp_path)


def test_an_unreachable_threshold_is_said() -> None:
    windows = {"key": "coverage_threshold", "threshold": 99, "stride": 32, "negatives": 1.0}
    with pytest.raises(InputError, match="no training window reaches the threshold"):
        choose_windows(toy.recipe(windows=windows), DATA)


def test_a_diverged_run_stops_before_it_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_module, "CHECKPOINT_STEPS", 1)
    with pytest.raises(
        VerificationError, match=r"number.*lower optimiser\.lr or optimiser\.clip_n"
    ):
        train(tmp_path, optimiser={"key": "adam", "lr": 1e30})
    for folder in (tmp_path / "checkpoints").iterdir():
        tensors = load_file(folder / "state.safetensors")
        assert all(np.isfinite(tensor).all() for tensor in tensors.values())


def test_a_validation_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    data = toy.dataset()
    data.target["chr1"][0, 25_000:30_000] = np.inf
    recipe = toy.recipe()
    windows = choose_windows(recipe, data)
    with pytest.raises(VerificationError, match="validation loss is not a number"):
        fit(recipe, data, windows, tmp_path, device="cpu", say=silent, advance=silent)


def stranded() -> Dataset:
    """Reads of the plus strand at every TGA, of the minus strand at every TCA."""
    codes = DATA.codes["chr1"]
    rows = np.zeros((2, toy.LENGTH), np.float32)
    for row, middle in ((0, 2), (1, 1)):
        hits = (codes[:-2] == 3) & (codes[1:-1] == middle) & (codes[2:] == 0)
        for start in np.flatnonzero(hits):
            rows[row, start : start + 8] = 10
    # On the minus strand a read lies to the left of its TGA.
    rows[1] = np.roll(rows[1], -5)
    return replace(DATA, target={"chr1": rows}, control={"chr1": DATA.control["chr1"][:0]})


@pytest.mark.parametrize("paired", [True, False])
def test_the_plus_track_becomes_the_minus_track(tmp_path: Path, paired: bool) -> None:
    """A network that is turned half of the time learns strands only where tracks change places."""
    signal = {"key": "bigwig", "source": "signal"}
    pairs = [["plus", "minus"]] if paired else []
    recipe = toy.recipe(
        sources=[toy.recipe().model_dump(mode="json")["sources"][0]],
        targets=[{"track": name, "signal": signal} for name in ("plus", "minus")],
        controls=[],
        strand_pairs=pairs,
        augmentation={"reverse_complement": True, "max_shift": 4},
        schedule={"max_epochs": 12},
    )
    order = (1, 0) if paired else (0, 1)
    data = replace(stranded(), swaps=Swaps(targets=order))
    windows = choose_windows(recipe, data)
    fit(recipe, data, windows, tmp_path, device="cpu", say=silent, advance=silent)
    net = trained_network(recipe, data, load_torch(tmp_path / "best.safetensors"))
    # TGA at base 30 of the plus strand; the reverse complement has TCA at 31.
    codes = np.random.default_rng(1).integers(0, 2, (1, 64)).astype(np.uint8)
    codes[0, 30:33] = 3, 2, 0
    plus, minus = torch_predictions(net, codes, 0.0)[0]
    assert plus[4] > 2 * plus[0], "there is something to see"
    turned_plus, turned_minus = torch_predictions(net, reverse_complement(codes), 0.0)[0]
    if paired:
        assert plus[4] > 3 * minus.max()
        assert turned_minus[3] > 3 * turned_plus.max()
    else:
        assert plus[4] < 2 * minus.max(), "strands are mixed"
