"""Reports of a study's models: of the zoo's, or of networks that the study trains."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zooctl.catalog import registry
from zooctl.catalog.data import locate, mirrored
from zooctl.catalog.root import model_names
from zooctl.errors import InputError, need
from zooctl.evaluation.data.evaluation_data import open_genome
from zooctl.evaluation.heldout.options import EvaluationOptions
from zooctl.evaluation.heldout.run import evaluate_model
from zooctl.evaluation.variants.run import evaluate_variants
from zooctl.files.disk.atomic import atomic_output
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import Device, EffectOptions, SessionOptions
from zooctl.inference.variants.shift_robust_statistics import MEAN_TRACK
from zooctl.interpret.filters.first_layer import first_layer_of
from zooctl.interpret.filters.read_filters import (
    align_and_match,
    random_windows,
    read_filters,
)
from zooctl.interpret.interventions.marginalise import marginalise
from zooctl.interpret.options import FilterOptions, MarginaliseOptions
from zooctl.progress import Progress, Say
from zooctl.schema.recipe.recipe import load_recipe
from zooctl.schema.study import (
    FilterMotifs,
    Measure,
    PatternEffect,
    PinnedFile,
    RecipeSource,
    VariantEvaluation,
)

REPORT = "report.json"


@dataclass(frozen=True)
class MeasureOptions:
    """Machine and displays of a measurement.

    Attributes:
        device: ``auto``, ``cpu`` or ``cuda``.
        threads: CPU threads.
        fasta: Genome; by default chosen by assembly.
        say: Takes a line for the user.
        progress: Opens the progress displays.
    """

    device: Device
    threads: int | None
    fasta: Path | None
    say: Say
    progress: Progress


def measure(model: str, how: Measure, options: MeasureOptions) -> dict[str, Any]:
    """Return the report of a model, as `--json` prints it.

    Args:
        model: Name of the zoo, or folder of a run.
        how: The command and its options.
        options: Machine and displays.

    Raises:
        InputError: A file of the study is not here.
    """
    if how.key == "evaluate_variants":
        return _variants(model, how, options)
    if how.key == "marginalise":
        return _pattern_effect(model, how, options)
    if how.key == "filters":
        return _filter_motifs(model, how, options)
    return evaluate_model(
        model,
        against=() if how.against is None else (_source(how.against),),
        regions=how.regions,
        fasta=options.fasta,
        options=EvaluationOptions(
            resolutions=how.resolutions,
            thresholds=how.thresholds,
            n_draws=how.bootstrap,
            n_shifts=how.shifts,
        ),
        device=options.device,
        threads=options.threads,
        say=options.say,
        progress=options.progress,
    ).to_json()


def _variants(model: str, how: VariantEvaluation, options: MeasureOptions) -> dict[str, Any]:
    session = SessionOptions(device=options.device, threads=options.threads)
    chosen = EffectOptions(
        constructs=how.constructs,
        tracks=() if how.track is None else (how.track,),
        mean_track=how.track is None,
        n_shifts=how.shifts,
        max_shift=how.max_shift,
        fasta=None if how.constructs else options.fasta,
        n_draws=0,
    )
    opened = OpenModel(registry.entry(model), session)
    found = evaluate_variants(
        opened, _located(how.table), chosen, say=options.say, progress=options.progress
    )
    names = {one.track for one in found.reports}
    track = MEAN_TRACK if MEAN_TRACK in names else next(iter(names))
    # The mean over elements is left out: it is taken of a study's figures again.
    elements = [
        one.to_json() for one in found.reports if one.element != "mean" and one.track == track
    ]
    return {**found.settings, "elements": elements}


def _pattern_effect(model: str, how: PatternEffect, options: MeasureOptions) -> dict[str, Any]:
    session = SessionOptions(device=options.device, threads=options.threads)
    chosen = MarginaliseOptions(
        n=how.n,
        second=how.second,
        spacing=f"{how.distance}:{how.distance}",
        fasta=options.fasta,
    )
    opened = OpenModel(registry.entry(model), session)
    return marginalise(
        opened, how.pattern, chosen, say=options.say, progress=options.progress
    ).to_json()


def _filter_motifs(model: str, how: FilterMotifs, options: MeasureOptions) -> dict[str, Any]:
    chosen = FilterOptions(motifs=how.motifs, n=how.n, fasta=options.fasta)
    if model in model_names():
        session = SessionOptions(device=options.device, threads=options.threads)
        return read_filters(
            OpenModel(registry.entry(model), session),
            chosen,
            say=options.say,
            progress=options.progress,
        ).to_json()
    from zooctl.training.data.prepare import open_dataset
    from zooctl.training.export.run_graph import graph_of_run

    run = Path(model)
    recipe = load_recipe(run / "recipe.yaml")
    graph = graph_of_run(run, recipe, open_dataset(recipe, options.fasta))
    with open_genome(recipe.genome.assembly, options.fasta, options.say) as genome:
        windows = random_windows(
            genome, recipe.split.test, recipe.window.geometry.input_length, chosen
        )
    layer = first_layer_of(graph, recipe.unknown_base, run.name)
    return align_and_match(
        run.name, layer, windows, chosen, say=options.say, progress=options.progress
    ).to_json()


def _source(named: RecipeSource) -> Path:
    return locate(registry.entry(named.recipe).recipe().source(named.source)).path


def _located(pinned: PinnedFile) -> Path:
    path = mirrored(pinned.file, sha256=pinned.sha256, size=pinned.size)
    if path is None:
        raise InputError(
            "a file of the study is not here",
            got=pinned.file,
            hint="set ZOOCTL_DATA_MIRROR to a folder that has it",
        )
    return path


def train_and_measure(
    recipe: str,
    changes: list[str],
    run: Path,
    how: Measure,
    options: MeasureOptions,
) -> tuple[dict[str, Any], float]:
    """Train a recipe with values replaced and return the run's report and its minutes.

    A run that was measured before is not repeated; an interrupted one is resumed.

    Args:
        recipe: Of the zoo.
        changes: Values replaced, each ``field=value``.
        run: Folder of the run.
        how: The command that measures it, and its options.
        options: Machine and displays.
    """
    from zooctl.catalog.recipes import recipe_as_run

    chosen, text = recipe_as_run(recipe, changes)
    kept = run / REPORT
    if kept.is_file() and (run / "recipe.yaml").read_text(encoding="utf-8") == text:
        document = json.loads(kept.read_text(encoding="utf-8"))
        if document["measure"] == how.model_dump(mode="json"):
            return document["report"], document["minutes"]
    need("torch", "training")
    from zooctl.reproduction.environment.run_record import record_run
    from zooctl.training.data.prepare import open_dataset
    from zooctl.training.data.windows import choose_windows
    from zooctl.training.loop.fit import fit
    from zooctl.training.loop.run_folder import open_run

    began = time.monotonic()
    device = "cuda" if options.device == "cuda" else "cpu"
    with open_run(run, chosen, text, resume=True):
        record_run(run, chosen, device, say=options.say)
        data = open_dataset(chosen, options.fasta)
        windows = choose_windows(chosen, data)
        total = chosen.schedule.max_epochs * windows.n_epoch(chosen)
        label = f"{run.parent.name}, seed {chosen.seed}"
        with options.progress(total, "windows", label) as advance:
            fit(chosen, data, windows, run, device=device, say=options.say, advance=advance)
        report = measure(str(run), how, options)
        minutes = (time.monotonic() - began) / 60
        document = {
            "measure": how.model_dump(mode="json"),
            "minutes": minutes,
            "report": report,
        }
        with atomic_output(kept, force=True) as temporary:
            temporary.write_text(json.dumps(document, allow_nan=False), encoding="utf-8")
    return report, minutes
