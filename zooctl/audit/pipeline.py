"""Steps of a recipe's pipeline, in their order, with the parts of the split that each one reads.

A step is *fitted* if its effect on an example depends on other examples: weights, a bias, a draw
out of all reads, centres moved by neighbouring peaks. A fitted step that training depends on must
not read validation or test. A step that only chooses (the epoch, the learning rate) may read
validation.

``STAGES`` ties each step to the functions that run it and to the recipe's fields that control it;
tests trace a training run, and walk the recipe's schema, to prove that both are complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import AnySignal, sources_of

Kind = Literal["fixed", "outside", "fitted", "chosen", "judged"]
Part = Literal["train", "validation", "test"]

_ALL: tuple[Part, ...] = ("train", "validation", "test")


class StageCode(NamedTuple):
    """Code and recipe fields of one kind of step.

    Attributes:
        functions: Dotted names of the functions that run it; none for work outside of the recipe.
        fields: Dotted recipe fields that control it; ``*`` stands for any one name.
    """

    functions: tuple[str, ...]
    fields: tuple[str, ...] = ()


_DATA = "zooctl.training.data"
_LOOP = "zooctl.training.loop"
_SIGNALS = ("key", "source", "sources", "statistic", "transform", "extend", "count")
_LABELS = ("min_overlap", "min_width", "max_width", "ambiguous", "column")
STAGES: dict[str, StageCode] = {
    "read": StageCode(
        ("zooctl.catalog.data.locate",),
        ("sources.file", "sources.url", "sources.mirrors", "sources.sha256", "sources.size"),
    ),
    "lift": StageCode(
        ("zooctl.training.tracks.signals_and_labels.Files.chain",), ("sources.lift",)
    ),
    "call_peaks": StageCode(()),
    "draw_reads": StageCode(
        ("zooctl.training.tracks.signals_and_labels.Files.reads",), ("*.signal.depth",)
    ),
    "signal": StageCode(
        ("zooctl.training.tracks.signals_and_labels.per_base",),
        (
            *(f"*.signal.{name}" for name in (*_SIGNALS, *_LABELS)),
            "samples.sources",
        ),
    ),
    "normalise": StageCode(
        ("zooctl.training.tracks.normalisation.normalised_rules",), ("normalisation.key",)
    ),
    "variants": StageCode(
        (f"{_DATA}.variants.read_variants",),
        ("windows.source", "windows.columns.*", "windows.rows", "windows.chrom_prefix"),
    ),
    "features": StageCode(
        (f"{_DATA}.prepare._features",),
        ("features.source", "features.names", "features.transform", "samples.features"),
    ),
    "split": StageCode(
        (f"{_DATA}.windows.split_regions",),
        ("split.*.chrom", "split.*.start", "split.*.end", "fold.*"),
    ),
    "merge_centres": StageCode(
        (f"{_DATA}.peak_windows.peak_cores",),
        ("windows.sources", "windows.merge_overlap", "windows.centre"),
    ),
    "choose_windows": StageCode(
        (f"{_DATA}.windows.training_windows",),
        (
            "windows.key",
            "windows.threshold",
            "windows.threshold_over",
            "windows.gaps",
            "windows.stride",
            "windows.max_unknown",
            "windows.max_control",
            "windows.stranded",
        ),
    ),
    "exclude": StageCode(
        (f"{_DATA}.exclusion.allowed",),
        ("exclude.regions", "exclude.mappability.*"),
    ),
    "gc_strata": StageCode((f"{_DATA}.windows.gc_strata",), ("windows.matching",)),
    "draw_matched": StageCode(
        (f"{_DATA}.sampling.draw_matched",), ("windows.matching", "windows.negatives")
    ),
    "draw_negatives": StageCode(
        (f"{_DATA}.sampling.epoch_windows",), ("windows.negatives", "windows.closed")
    ),
    "draw_validation": StageCode(
        (f"{_DATA}.windows._like_training",), ("validation_windows.negatives",)
    ),
    "tile_validation": StageCode((f"{_DATA}.windows.select_windows",)),
    "augment": StageCode((f"{_DATA}.sampling.epoch_windows",), ("augmentation.*", "strand_pairs")),
    "output_bias": StageCode((f"{_DATA}.dataset.Dataset.mean",)),
    "motif_filters": StageCode(
        ("zooctl.training.nets.parts.motif_filters.start_as_motifs",), ("motif_filters.*",)
    ),
    "prepare_inputs": StageCode(
        ("zooctl.training.nets.prepared_inputs.with_prepared_inputs",),
        ("inputs.standardise", "features.standardise", "windows.blank.*"),
    ),
    "initial_weights": StageCode(
        (f"{_LOOP}.finetune.initialise",),
        ("init_from.model", "init_from.file", "init_from.sha256", "init_from.new"),
    ),
    "fit": StageCode(
        (f"{_LOOP}.fit.fit", f"{_LOOP}.fit.train_step"),
        (
            "network",
            "loss",
            "optimiser.*",
            "batch_size",
            "frozen",
            "init_from.lr_factor",
            "ensemble",
        ),
    ),
    "choose_epoch": StageCode(
        (f"{_LOOP}.fit.validate", f"{_LOOP}.schedule.end_epoch"),
        ("schedule.max_epochs", "schedule.plateau_decay.*", "schedule.early_stopping.*"),
    ),
    "resample": StageCode(
        ("zooctl.evaluation.baselines.feature_models.resampled",), ("feature_models.resample",)
    ),
    "evaluate": StageCode(
        ("zooctl.evaluation.heldout.evaluate.evaluate",),
        ("evaluation", "feature_models.learners", "feature_models.accessibility"),
    ),
}


@dataclass(frozen=True)
class PipelineStep:
    """One step of a pipeline.

    Attributes:
        name: Work and its object.
        kind: ``fixed`` by values of the recipe; ``outside``, fitted before the recipe begins;
            ``fitted`` to examples; ``chosen`` by them; ``judged`` on them.
        after: Names of the steps whose results it takes.
        reads: Parts of the split whose examples it reads.
        stage: Its kind of work, a key of ``STAGES``.
    """

    name: str
    kind: Kind
    after: tuple[str, ...]
    reads: tuple[Part, ...]
    stage: str

    def to_json(self) -> dict[str, object]:
        """Return name, kind, preceding steps and parts."""
        return {"name": self.name, "kind": self.kind, "after": self.after, "reads": self.reads}


def pipeline_steps(recipe: Recipe) -> tuple[PipelineStep, ...]:
    """Return the steps of a recipe; each follows the steps that it takes from."""
    return tuple(_steps(recipe))


def _steps(recipe: Recipe) -> Iterator[PipelineStep]:
    for source in recipe.sources:
        yield PipelineStep(f"read {source.id}", "fixed", (), _ALL, "read")
    for source in recipe.sources:
        if source.lift is not None:
            pair = (f"read {source.id}", f"read {source.lift}")
            yield PipelineStep(f"lift {source.id}", "fixed", pair, _ALL, "lift")
    signals: list[tuple[str, AnySignal]] = [
        *((f"track {target.track}", target.signal) for target in recipe.targets),
        *((f"control {control.name}", control.signal) for control in recipe.controls),
        *((f"input {given.name}", given.signal) for given in recipe.inputs),
    ]
    for name, signal in signals:
        yield from _signal(recipe, name, signal)
    if recipe.normalisation is not None:
        tracks = tuple(f"track {target.track}" for target in recipe.targets)
        yield PipelineStep("bring targets to one scale", "fitted", tracks, ("train",), "normalise")
    if recipe.features is not None:
        table = (_read(recipe, recipe.features.source),)
        yield PipelineStep("read features of samples", "fixed", table, _ALL, "features")
    names = tuple(name for name, _ in signals)
    yield PipelineStep("split by region", "fixed", names, _ALL, "split")
    yield from _windows(recipe)
    yield from _fit(recipe, names)


def _read(recipe: Recipe, source: str) -> str:
    return f"{'lift' if recipe.source(source).lift is not None else 'read'} {source}"


def _signal(recipe: Recipe, name: str, signal: AnySignal) -> Iterator[PipelineStep]:
    """Yield the steps from the sources of a signal to its bins."""
    named = set(sources_of(signal).values())
    named |= {
        sample.sources[name] for sample in recipe.samples for name in named & set(sample.sources)
    }
    after = tuple(_read(recipe, source) for source in sorted(named))
    if signal.key in ("peaks", "peak_values"):
        # Peak callers set one threshold over the whole genome.
        yield PipelineStep(f"call the peaks of {name}", "outside", after, _ALL, "call_peaks")
        after = (f"call the peaks of {name}",)
    depth = getattr(signal, "depth", None)
    if depth is not None:
        draw = f"draw {depth:,} reads for {name}"
        yield PipelineStep(draw, "fitted", after, _ALL, "draw_reads")
        after = (draw,)
    stage = "variants" if signal.key == "variant_effect" else "signal"
    yield PipelineStep(name, "fixed", after, _ALL, stage)


def _windows(recipe: Recipe) -> Iterator[PipelineStep]:
    windows, split = recipe.windows, "split by region"
    after = [split]
    train: tuple[Part, ...] = ("train",)
    if windows.key == "peak_centred":
        for source in windows.sources:
            name = f"call the peaks of {source}"
            yield PipelineStep(name, "outside", (_read(recipe, source),), _ALL, "call_peaks")
            after.append(name)
        merge = "merge the centres of peaks"
        yield PipelineStep(merge, "fitted", tuple(after), _merged(recipe), "merge_centres")
        after = [merge]
    choose = "choose training windows"
    yield PipelineStep(choose, "fixed", tuple(after), train, "choose_windows")
    if recipe.exclude.regions or recipe.exclude.mappability is not None:
        leave_out = "leave out excluded regions"
        yield PipelineStep(leave_out, "fixed", (split,), _ALL, "exclude")
    if getattr(windows, "matching", "random") == "gc":
        strata = "steps of GC content"
        yield PipelineStep(strata, "fixed", (choose,), train, "gc_strata")
        yield PipelineStep(
            "draw negatives like positives", "fitted", (strata,), train, "draw_matched"
        )
    elif windows.negatives:
        yield PipelineStep("draw negatives", "fixed", (choose,), train, "draw_negatives")
    if recipe.validation_windows is not None:
        draw = "draw validation windows by class"
        yield PipelineStep(draw, "fixed", (split,), ("validation",), "draw_validation")
        split = draw
    yield PipelineStep(
        "tile validation windows", "fixed", (split,), ("validation",), "tile_validation"
    )


def _merged(recipe: Recipe) -> tuple[Part, ...]:
    """Return the parts on the chromosomes of training, whose peaks are merged together."""
    chroms = {region.chrom for region in recipe.split.train}
    return tuple(
        part for part in _ALL if chroms & {region.chrom for region in getattr(recipe.split, part)}
    )


def _fit(recipe: Recipe, signals: tuple[str, ...]) -> Iterator[PipelineStep]:
    after = ["choose training windows"]
    train: tuple[Part, ...] = ("train",)
    # Outputs that predict effects of variants start at 0.
    if recipe.windows.key != "variants":
        after.append("start the output at the mean")
        inputs = ("split by region", *signals)
        yield PipelineStep(after[-1], "fitted", inputs, train, "output_bias")
    if getattr(recipe.windows, "matching", "random") == "gc":
        after.append("draw negatives like positives")
    elif recipe.windows.negatives:
        after.append("draw negatives")
    if recipe.features is not None:
        after.append("read features of samples")
    if recipe.motif_filters is not None:
        after.append("begin filters as motifs")
        source = (_read(recipe, recipe.motif_filters.source),)
        yield PipelineStep(after[-1], "outside", source, train, "motif_filters")
    if _prepares(recipe):
        after.append("bring inputs to zero mean and unit variance, or blank them")
        inputs = ("split by region", *signals)
        yield PipelineStep(after[-1], "fitted", inputs, train, "prepare_inputs")
    augmentation = recipe.augmentation
    if augmentation.reverse_complement or augmentation.reach:
        after.append("augment training windows")
        windows = ("choose training windows",)
        yield PipelineStep(after[-1], "fixed", windows, train, "augment")
    if recipe.init_from is not None:
        after.append(f"take weights of {recipe.init_from.model or recipe.init_from.file}")
        yield PipelineStep(after[-1], "outside", (), train, "initial_weights")
    yield PipelineStep("fit the weights", "fitted", tuple(after), train, "fit")
    choose = "choose the epoch and the learning rate"
    taken = ("fit the weights", "tile validation windows")
    yield PipelineStep(choose, "chosen", taken, ("validation",), "choose_epoch")
    learned = recipe.feature_models
    if learned is not None and learned.resample != "none":
        draw = f"draw new positives for baselines by {learned.resample}"
        yield PipelineStep(draw, "fitted", ("split by region", *signals), train, "resample")
    if recipe.split.test:
        yield PipelineStep("judge the model", "judged", (choose,), ("test",), "evaluate")


def _prepares(recipe: Recipe) -> bool:
    """Return whether the network's inputs are standardised or blanked."""
    standardised = any(one.standardise for one in recipe.inputs)
    standardised |= recipe.features is not None and recipe.features.standardise
    return standardised or recipe.windows.blank is not None
