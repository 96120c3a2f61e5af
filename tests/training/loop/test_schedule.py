"""Decisions at the end of an epoch, loss by loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.schema.recipe.training import EarlyStopping, PlateauDecay, Schedule
from zooctl.training.loop.checkpoint import RunState
from zooctl.training.loop.schedule import end_epoch, epoch_line


def after(losses: list[float], schedule: Schedule) -> RunState:
    progress = RunState(lr=1.0)
    for loss in losses:
        assert not progress.finished
        progress.step, progress.loss_sum = 7, 3.0
        end_epoch(schedule, progress, 0.5, loss)
        assert (progress.step, progress.loss_sum) == (0, 0.0)
    return progress


def keras_rate(losses: list[float], patience: int) -> float:
    """Rate after Keras's ReduceLROnPlateau, from its documented rule, with a min_delta of 0."""
    best, wait, rate = float("inf"), 0, 1.0
    for loss in losses:
        if loss < best:
            best, wait = loss, 0
            continue
        wait += 1
        if wait >= patience:
            rate, wait = rate * 0.1, 0
    return rate


def test_the_rate_falls_after_as_many_epochs_without_gain_as_patience() -> None:
    schedule = Schedule(max_epochs=99, plateau_decay=PlateauDecay(factor=0.1, patience=2))
    assert after([5, 5], schedule).lr == 1.0
    assert after([5, 5, 5], schedule).lr == pytest.approx(0.1)
    assert after([5, 5, 4, 4], schedule).lr == 1.0
    assert after([5, 5, 5, 5], schedule).lr == pytest.approx(0.1), "it counts anew"
    assert after([5, 5, 5, 5, 5], schedule).lr == pytest.approx(0.01)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.integers(0, 4))
def test_epochs_are_counted_as_keras_does(losses: list[float], patience: int) -> None:
    decay = PlateauDecay(factor=0.1, patience=patience)
    found = after(losses, Schedule(max_epochs=99, plateau_decay=decay)).lr
    assert found == pytest.approx(keras_rate(losses, patience))


def test_the_rate_has_a_floor() -> None:
    decay = PlateauDecay(factor=0.1, patience=0, min_lr=0.05)
    assert after([1] * 9, Schedule(max_epochs=99, plateau_decay=decay)).lr == 0.05


def test_it_stops_early_or_at_the_end() -> None:
    schedule = Schedule(max_epochs=4, early_stopping=EarlyStopping(patience=2))
    assert not after([3, 4], schedule).finished
    assert after([3, 4, 3], schedule).finished
    assert after([3, 4, 2, 1], schedule).finished


def test_the_first_of_equal_epochs_is_kept() -> None:
    done = after([3, 2, 2, 4], Schedule(max_epochs=9))
    assert (done.best_epoch, done.best_loss, done.since_best) == (1, 2, 2)
    assert [epoch["epoch"] for epoch in done.history] == [0, 1, 2, 3]
    assert epoch_line(done) == "epoch 3: train 0.50000 validation 4.00000 lr 1.0e+00 (best was 1)"
