"""The steps that a recipe asks for, in their order, and which part of the split each one reads.

A step is *fitted* if what it does to an example depends on other examples: weights, a bias, a draw
out of all reads, centres moved by neighbouring peaks. A fitted step that training depends on must
not read validation or test. What only chooses (the epoch, the learning rate) may read validation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import AnySignal, sources_of

Kind = Literal["fixed", "outside", "fitted", "chosen", "judged"]
Part = Literal["train", "validation", "test"]

_ALL: tuple[Part, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class PipelineStep:
    """One step.

    Attributes:
        name: What is done, to what.
        kind: ``fixed`` by values of the recipe; ``outside``, fitted before the recipe begins;
            ``fitted`` to examples; ``chosen`` by them; ``judged`` on them.
        after: Names of the steps whose results it takes.
        reads: Parts of the split whose examples it sees.
    """

    name: str
    kind: Kind
    after: tuple[str, ...]
    reads: tuple[Part, ...]

    def to_json(self) -> dict[str, object]:
        """Return it under its names."""
        return asdict(self)


def steps(recipe: Recipe) -> tuple[PipelineStep, ...]:
    """Return the steps of a recipe; each comes behind those that it takes from."""
    return tuple(_steps(recipe))


def _steps(recipe: Recipe) -> Iterator[PipelineStep]:
    for source in recipe.sources:
        yield PipelineStep(f"read {source.id}", "fixed", (), _ALL)
    for source in recipe.sources:
        if source.lift is not None:
            after = (f"read {source.id}", f"read {source.lift}")
            yield PipelineStep(f"lift {source.id}", "fixed", after, _ALL)
    ready = {}
    for target in recipe.targets:
        yield from _signal(recipe, f"track {target.track}", target.signal)
        ready[f"track {target.track}"] = "target"
    for control in recipe.controls:
        yield from _signal(recipe, f"control {control.name}", control.signal)
        ready[f"control {control.name}"] = "control"
    for found in recipe.inputs:
        yield from _signal(recipe, f"input {found.name}", found.signal)
        ready[f"input {found.name}"] = "input"
    yield PipelineStep("split by region", "fixed", tuple(ready), _ALL)
    yield from _windows(recipe)
    yield from _fit(recipe, tuple(ready))


def _read(recipe: Recipe, source: str) -> str:
    return f"{'lift' if recipe.source(source).lift is not None else 'read'} {source}"


def _signal(recipe: Recipe, name: str, signal: AnySignal) -> Iterator[PipelineStep]:
    """Yield how bases of a signal come about, up to its bins."""
    named = set(sources_of(signal).values())
    named |= {
        sample.sources[name] for sample in recipe.samples for name in named & set(sample.sources)
    }
    after = tuple(_read(recipe, source) for source in sorted(named))
    if signal.key in ("peaks", "peak_values"):
        # Whoever called the peaks set one threshold over the whole genome.
        yield PipelineStep(f"call the peaks of {name}", "outside", after, _ALL)
        after = (f"call the peaks of {name}",)
    depth = getattr(signal, "depth", None)
    if depth is not None:
        yield PipelineStep(f"draw {depth:,} reads for {name}", "fitted", after, _ALL)
        after = (f"draw {depth:,} reads for {name}",)
    yield PipelineStep(name, "fixed", after, _ALL)


def _windows(recipe: Recipe) -> Iterator[PipelineStep]:
    windows = recipe.windows
    after = ["split by region"]
    if windows.key == "peak_centred":
        for source in windows.sources:
            name = f"call the peaks of {source}"
            yield PipelineStep(name, "outside", (_read(recipe, source),), _ALL)
            after.append(name)
        yield PipelineStep("merge the centres of peaks", "fitted", tuple(after), _merged(recipe))
        after = ["merge the centres of peaks"]
    yield PipelineStep("choose training windows", "fixed", tuple(after), ("train",))
    if getattr(windows, "matching", "random") == "gc":
        yield PipelineStep("steps of GC content", "fixed", ("choose training windows",), ("train",))
        yield PipelineStep(
            "draw negatives like positives", "fitted", ("steps of GC content",), ("train",)
        )
    elif windows.negatives:
        yield PipelineStep("draw negatives", "fixed", ("choose training windows",), ("train",))
    yield PipelineStep("tile validation windows", "fixed", ("split by region",), ("validation",))


def _merged(recipe: Recipe) -> tuple[Part, ...]:
    """Return the parts on the chromosomes of training, whose peaks are merged together."""
    chroms = {region.chrom for region in recipe.split.train}
    return tuple(
        part for part in _ALL if chroms & {region.chrom for region in getattr(recipe.split, part)}
    )


def _fit(recipe: Recipe, ready: tuple[str, ...]) -> Iterator[PipelineStep]:
    bias = "start the output at the mean"
    yield PipelineStep(bias, "fitted", ("split by region", *ready), ("train",))
    after = ["choose training windows", bias]
    if getattr(recipe.windows, "matching", "random") == "gc":
        after.append("draw negatives like positives")
    elif recipe.windows.negatives:
        after.append("draw negatives")
    if recipe.init_from is not None:
        where = recipe.init_from.model or recipe.init_from.file
        yield PipelineStep(f"take weights of {where}", "outside", (), ("train",))
        after.append(f"take weights of {where}")
    yield PipelineStep("fit the weights", "fitted", tuple(after), ("train",))
    chosen = ("fit the weights", "tile validation windows")
    yield PipelineStep("choose the epoch and the learning rate", "chosen", chosen, ("validation",))
    if recipe.split.test:
        after_fit = ("choose the epoch and the learning rate",)
        yield PipelineStep("judge the model", "judged", after_fit, ("test",))
