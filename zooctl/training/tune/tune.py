"""Search hyperparameters: many runs of the one training loop, the worse ones stopped early.

Ray Tune places trials on this machine or on a cluster and stops some by asynchronous successive
halving (ASHA; Li et al. 2020, arXiv:1810.05934). All results are in run folders as
``zooctl train`` writes them, and no file of Ray's is ever read back: a killed search is resumed by
running its trials again, each of which reports its earlier epochs and resumes from its checkpoint.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zooctl.errors import InputError, ZooError, install_hint
from zooctl.files.disk.lock import locked
from zooctl.inference.scale.engines.ray_cluster import join_cluster
from zooctl.progress import Say, no_advance
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.windows import choose_windows
from zooctl.training.loop.fit import fit
from zooctl.training.tune.trials import folder_of, has_ended, validation_losses, write_outcome

RECIPE = "recipe.yaml"
EPOCH, LOSS = "epoch", "validation_loss"

# Called in the process of a trial: records its environment and returns its data.
OpenTrial = Callable[[Recipe, Path], Dataset]
# Takes the epochs done, the last one's validation loss, and whether an earlier process ran it.
ReportEpoch = Callable[[int, float, bool], None]

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no telemetry, from the first import on
    "RAY_AIR_NEW_OUTPUT": "0",  # it draws on stdout even when told to be quiet
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    # A trial that fails before its first epoch reports nothing.
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
}
_STORAGE = ".ray-"


@dataclass(frozen=True)
class Halving:
    """Successive halving of trials.

    Attributes:
        grace_epochs: Epochs that every trial gets.
        reduction: One in so many trials continues beyond a rung; each rung has so many times the
            epochs of the one before.
    """

    grace_epochs: int = 1
    reduction: int = 3


@dataclass(frozen=True)
class Resources:
    """Machine and device of trials.

    Attributes:
        device: ``cpu`` or ``cuda``; on a GPU, one trial has it for itself.
        address: Of a Ray cluster whose nodes see the search's folder under one path; None for
            this machine.
        cpus: Most CPUs of all trials together on this machine; None for all.
    """

    device: str = "cpu"
    address: str | None = None
    cpus: int | None = None


def need_ray() -> None:
    """Check that the ``cluster`` extra is installed.

    Raises:
        InputError: It is not; with the command that installs it.
    """
    _import_tune()


def tune(
    search: Path,
    n: int,
    open_trial: OpenTrial,
    *,
    resources: Resources,
    halving: Halving,
    say: Say,
) -> None:
    """Run the trials of a search until each has ended.

    Args:
        search: Folder with ``trials/000/recipe.yaml`` and so on; each becomes a run folder with
            ``outcome.json``.
        n: Number of trials.
        open_trial: Takes a trial's recipe and run folder and returns its data, in its process.
        resources: Machine and device of trials.
        halving: Rule by which they are stopped.
        say: Takes a line an epoch, and one for each trial that is stopped or fails.

    Raises:
        InputError: Ray is missing, or no node has the threads or the GPU that a trial needs.
        NetworkError: There is no cluster at the address.
    """
    library = _import_tune()
    search = search.resolve()
    recipes = [load_recipe(folder_of(search, number) / RECIPE) for number in range(n)]
    needs = {
        "cpu": max(recipe.threads for recipe in recipes),
        "gpu": int(resources.device == "cuda"),
    }

    def trainable(config: dict[str, int]) -> None:
        def report(epoch: int, loss: float, known: bool) -> None:
            library.report({EPOCH: epoch, LOSS: loss, "known": known})

        run_trial(folder_of(search, config["trial"]), open_trial, resources.device, report)

    for rest in search.glob(f"{_STORAGE}*"):  # of a killed search
        shutil.rmtree(rest)
    with (
        tempfile.TemporaryDirectory(prefix=_STORAGE, dir=search, ignore_cleanup_errors=True) as own,
        _cluster(resources, needs),
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


def run_trial(run: Path, open_trial: OpenTrial, device: str, report: ReportEpoch) -> None:
    """Train one trial, or resume it; its earlier epochs are reported first.

    Args:
        run: Its folder, with ``recipe.yaml``.
        open_trial: Takes its recipe and folder, returns the data.
        device: ``cpu`` or ``cuda``.
        report: Called after every epoch; does not return if the trial is to stop.
    """
    reported = 0
    known = len(validation_losses(run))

    def catch_up(line: str = "") -> None:
        nonlocal reported
        for loss in validation_losses(run)[reported:]:
            reported += 1
            report(reported, loss, reported <= known)

    catch_up()
    # The process of a killed search may still be in the middle of a step.
    with locked(run / "trial"):
        if has_ended(run):
            return
        try:
            recipe = load_recipe(run / RECIPE)
            dataset = open_trial(recipe, run)
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
        except ZooError as error:  # such as a loss that is not a number
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
            hint=install_hint("ray"),
        ) from None
    return library


@contextmanager
def _cluster(resources: Resources, needs: Mapping[str, int]) -> Iterator[None]:
    """Start Ray on this machine, or join a cluster, while the block runs."""
    import ray

    with join_cluster(resources.address, resources.cpus):
        _check_nodes(ray.nodes(), needs)
        yield


def _check_nodes(nodes: list[dict[str, Any]], needs: Mapping[str, int]) -> None:
    """Refuse needs that no node has, for which Ray would wait without end."""
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
    """Return the scheduler that stops trials by their validation loss."""
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
    """Return a callback that reports epochs and writes the outcome of stopped and failed trials."""
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
