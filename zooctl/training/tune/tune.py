"""Search hyperparameters: many runs of the one training loop, the worse ones stopped early.

Ray Tune places trials on this machine or on a cluster and decides with asynchronous successive
halving (ASHA; Li et al. 2020, arXiv:1810.05934) which go on. Everything that is kept lies in run
folders as ``zooctl train`` writes them, so that nothing of Ray's is ever read back: a search that
was killed is taken up by running its trials again, each of which tells the epochs it already has
and goes on from its own checkpoint.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zooctl.errors import InputError, NetworkError, ZooError
from zooctl.files.disk.lock import locked
from zooctl.progress import Say, no_advance
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.windows import choose_windows
from zooctl.training.loop.fit import fit
from zooctl.training.tune.trials import folder_of, has_ended, validation_losses, write_outcome

RECIPE = "recipe.yaml"
EPOCH, LOSS = "epoch", "validation_loss"

# Begins the run of a trial where it runs: notes what it is trained with, gives its data.
Begin = Callable[[Recipe, Path], Dataset]
# Told of an epoch: how many are done, its validation loss, whether an earlier process ran it.
Tell = Callable[[int, float, bool], None]

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told that it runs
    "RAY_AIR_NEW_OUTPUT": "0",  # which draws on stdout however quiet it is told to be
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    # A trial that fails before its first epoch reports nothing.
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
}
_STORAGE = ".ray-"


@dataclass(frozen=True)
class Halving:
    """When trials are stopped.

    Attributes:
        grace_epochs: Epochs that every trial gets.
        reduction: Of so many trials that come to a rung, one goes on; the next rung is so many
            times as far.
    """

    grace_epochs: int = 1
    reduction: int = 3


@dataclass(frozen=True)
class Place:
    """Where trials run.

    Attributes:
        device: ``cpu`` or ``cuda``; on a GPU, one trial has it for itself.
        address: Of a Ray cluster whose nodes see the search's folder under one path; None for
            this machine.
        cpus: That all trials together may use on this machine; None for all it has.
    """

    device: str = "cpu"
    address: str | None = None
    cpus: int | None = None


def need_ray() -> None:
    """Refuse where the ``cluster`` extra is not installed.

    Raises:
        InputError: With the command that installs it.
    """
    _import_tune()


def tune(
    search: Path,
    n: int,
    begin: Begin,
    *,
    place: Place,
    halving: Halving,
    say: Say,
) -> None:
    """Run the trials of a search until each has ended.

    Args:
        search: Folder with ``trials/000/recipe.yaml`` and so on; each becomes a run folder with
            ``outcome.json``.
        n: How many there are.
        begin: Takes a trial's recipe and run folder, gives the data; runs where the trial does.
        place: Where trials run.
        halving: When they are stopped.
        say: Called with one line an epoch, and one for each trial that is stopped or fails.

    Raises:
        InputError: Ray is missing, or no node has the threads or the GPU that a trial needs.
        NetworkError: There is no cluster at the address.
    """
    library = _import_tune()
    search = search.resolve()
    recipes = [load_recipe(folder_of(search, number) / RECIPE) for number in range(n)]
    needs = {"cpu": max(recipe.threads for recipe in recipes), "gpu": int(place.device == "cuda")}

    def trainable(config: dict[str, int]) -> None:
        def tell(epoch: int, loss: float, known: bool) -> None:
            library.say({EPOCH: epoch, LOSS: loss, "known": known})

        run_trial(folder_of(search, config["trial"]), begin, place.device, tell)

    for left in search.glob(f"{_STORAGE}*"):  # by a killed search
        shutil.rmtree(left)
    with (
        tempfile.TemporaryDirectory(prefix=_STORAGE, dir=search, ignore_cleanup_errors=True) as own,
        _cluster(place, needs),
    ):
        library.Tuner(
            library.with_resources(trainable, needs),
            param_space={"trial": library.grid_search(list(range(n)))},
            tune_config=library.TuneConfig(
                scheduler=_scheduler(recipes, halving),
                trial_dirname_creator=lambda trial: folder_of(search, trial.config["trial"]).name,
            ),
            run_config=library.RunConfig(
                name="search",
                storage_path=own,
                verbose=0,
                callbacks=[_watcher(search, recipes, say)],
            ),
        ).fit()


def run_trial(run: Path, begin: Begin, device: str, tell: Tell) -> None:
    """Train one trial, or go on with it; epochs that are already there are told first.

    Args:
        run: Its folder, with ``recipe.yaml``.
        begin: Takes its recipe and folder, gives the data.
        device: ``cpu`` or ``cuda``.
        tell: Called after every epoch; does not return if the trial is to stop.
    """
    told = 0
    known = len(validation_losses(run))

    def catch_up(line: str = "") -> None:
        nonlocal told
        for loss in validation_losses(run)[told:]:
            told += 1
            tell(told, loss, told <= known)

    catch_up()
    # The process of a search that was killed may still be in the middle of a step.
    with locked(run / "trial"):
        if has_ended(run):
            return
        try:
            recipe = load_recipe(run / RECIPE)
            dataset = begin(recipe, run)
            windows = choose_windows(recipe, dataset)
            fit(
                recipe,
                dataset,
                windows,
                run,
                device=device,
                say=catch_up,
                advance=no_advance,
            )
        except ZooError as error:  # such as a loss that is no number: an answer, too
            write_outcome(run, "failed", str(error))
        else:
            write_outcome(run, "finished")


def _import_tune() -> Any:
    """Import Ray Tune, quiet and without telemetry."""
    os.environ.update(_SETTINGS)
    try:
        from ray import tune as library
    except ImportError as error:
        raise InputError(
            "searching needs Ray Tune, which is not installed",
            got=str(error),
            hint="pip install 'zooctl[cluster]', or 'ray[tune]' beside zooctl",
        ) from None
    return library


@contextmanager
def _cluster(place: Place, needs: Mapping[str, int]) -> Iterator[None]:
    """Start Ray on this machine, or join a cluster, while the block runs."""
    import ray

    if place.address is not None:
        _check_address(place.address)
    own = {"num_cpus": place.cpus, "include_dashboard": False} if place.address is None else {}
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=place.address or "local",
            log_to_driver=False,
            logging_level=logging.ERROR,
            **own,
        )
    except (ConnectionError, ValueError) as error:
        raise NetworkError(
            "no Ray cluster lets us in",
            got=f"{place.address or 'this machine'}: {error}",
            hint="export RAY_AUTH_MODE=token if it was started with a token",
        ) from None
    try:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # Ray puts its own in place.
        _check_nodes(ray.nodes(), needs)
        yield
    finally:
        ray.shutdown()


def _check_address(address: str) -> None:
    """Refuse a cluster that is not there, for which Ray would look for minutes.

    Raises:
        NetworkError: Nobody answers.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return  # such as `auto`, which Ray resolves
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise NetworkError(
            "no Ray cluster answers",
            got=f"{address}: {error}",
            hint="ray start --head says its address",
        ) from None


def _check_nodes(nodes: list[dict[str, Any]], needs: Mapping[str, int]) -> None:
    """Refuse what Ray would wait for without end."""
    resources = [node["Resources"] for node in nodes if node["Alive"]]
    for name, needed in needs.items():
        most = max((have.get(name.upper(), 0) for have in resources), default=0)
        if most < needed:
            raise InputError(
                "no machine has what a trial needs",
                got=f"{most:.0f} {name.upper()}",
                expected=f"{needed} {name.upper()}",
                hint="lower the recipe's threads" if name == "cpu" else "--device cpu",
            )


def _scheduler(recipes: list[Recipe], halving: Halving) -> Any:
    """Stop trials by their validation loss, but none for having had all its epochs."""
    from ray.tune.schedulers import ASHAScheduler

    return ASHAScheduler(
        time_attr=EPOCH,
        metric=LOSS,
        mode="min",
        max_t=max(recipe.schedule.max_epochs for recipe in recipes) + 1,
        grace_period=halving.grace_epochs,
        reduction_factor=halving.reduction,
    )


def _watcher(search: Path, recipes: Sequence[Recipe], say: Say) -> Any:
    """Say what happens, and note the ends that trials can't note themselves."""
    from ray.tune import Callback

    class Watcher(Callback):  # type: ignore[misc]
        def on_trial_result(self, trial: Any, result: dict[str, Any], **rest: Any) -> None:
            if LOSS in result and not result["known"]:
                place = f"trial {trial.config['trial']} epoch {result[EPOCH] - 1}"
                say(f"{place}: validation loss {result[LOSS]:.5f}")

        def on_trial_complete(self, trial: Any, **rest: Any) -> None:
            number = trial.config["trial"]
            run = folder_of(search, number)
            if has_ended(run):
                return
            whole = len(validation_losses(run)) >= recipes[number].schedule.max_epochs
            write_outcome(run, "finished" if whole else "stopped")
            if not whole:
                say(f"trial {number}: stopped, others are ahead")

        def on_trial_error(self, trial: Any, **rest: Any) -> None:
            number = trial.config["trial"]
            lines = str(trial.get_error() or "its process died").strip().splitlines()
            say(f"trial {number}: failed: {lines[-1]}")
            write_outcome(folder_of(search, number), "failed", lines[-1])

    return Watcher()
