"""Agreement of a recipe's sections: inputs with the network, samples with sources, windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zooctl.schema.fields import Problem, repeated
from zooctl.schema.recipe.signals import PeakLabels, sources_of

if TYPE_CHECKING:
    from zooctl.schema.recipe.recipe import Recipe


def input_problems(recipe: Recipe) -> Iterator[Problem]:
    """Yield inputs that the network does not read, and inputs that it lacks."""
    network, key = recipe.network, recipe.network.key
    reads_bases = getattr(network, "reads_bases", False)
    if recipe.inputs and not reads_bases:
        yield Problem("inputs", f"network {key} reads no signals per base", str(len(recipe.inputs)))
    if recipe.controls and reads_bases:
        what = f"network {key} reads signals per base, and controls are binned"
        yield Problem("controls", what, str(len(recipe.controls)), "inputs")
    for name in repeated([one.name for one in recipe.inputs]):
        yield Problem("inputs", "two inputs have one name", name)
    for index, one in enumerate(recipe.inputs):
        if isinstance(one.signal, PeakLabels) and one.signal.ambiguous is not None:
            what = "an input is known at every base"
            yield Problem(f"inputs.{index}.signal.ambiguous", what, one.signal.ambiguous)
    for field, signal in recipe.signals():
        if signal.key == "kmer_values" and not field.startswith("inputs."):
            yield Problem(f"{field}.key", "values of k-mers are inputs", signal.key, "inputs")
    yield from _sample_problems(recipe)
    yield from _variant_problems(recipe)
    yield from _training_problems(recipe)
    if recipe.network.key == "trunk_head":
        yield from _trunk_problems(recipe)


def _sample_problems(recipe: Recipe) -> Iterator[Problem]:
    samples = list(recipe.all_samples())
    for name in repeated([sample.name for _, sample in samples]):
        yield Problem("samples", "two samples have one name", name)
    used = {name for _, signal in recipe.signals() for name in sources_of(signal).values()}
    expected = getattr(recipe.network, "n_features", 0)
    given = 0 if recipe.features is None else len(recipe.features.names)
    if recipe.features is not None and not recipe.samples:
        yield Problem("samples", "no sample has the features of the table", "[]")
    if recipe.evaluation.unseen is not None and not recipe.samples:
        what = "a sample is unseen where training has samples"
        yield Problem("evaluation.unseen", what, recipe.evaluation.unseen.name, "samples")
    for place, sample in samples:
        for name in sorted(set(sample.sources) - used):
            what = "no target, control or input reads this source"
            yield Problem(f"{place}.sources", what, name, ", ".join(sorted(used)))
        if recipe.features is not None and sample.features:
            what = "features are in the table and here"
            yield Problem(f"{place}.features", what, str(list(sample.features)))
        elif recipe.features is None and len(sample.features) != expected:
            what = "sample has other features than the network reads"
            got = str(len(sample.features))
            yield Problem(f"{place}.features", what, got, f"{expected}, as n_features says")
    if recipe.features is not None and given != expected:
        what = "table gives other features than the network reads"
        yield Problem("features.names", what, str(given), f"{expected}, as n_features says")
    if expected and not recipe.samples:
        what = "network reads values of a sample, and there is no sample"
        yield Problem("network.n_features", what, str(expected), "samples with features, or 0")


def _variant_problems(recipe: Recipe) -> Iterator[Problem]:
    """Yield disagreements of variant effects, their windows and the siamese network."""
    variants = recipe.windows.key == "variants"
    if variants != (recipe.network.key == "siamese"):
        what = "windows of variants and network siamese need each other"
        yield Problem("windows.key", what, recipe.windows.key, "variants with network siamese")
    for index, target in enumerate(recipe.targets):
        here = f"targets.{index}.signal"
        if (target.signal.key == "variant_effect") != variants:
            expected = "variant_effect" if variants else "a signal along the genome"
            what = "does not go with the windows"
            yield Problem(f"{here}.key", what, target.signal.key, expected)
        elif recipe.windows.key == "variants" and target.signal.source != recipe.windows.source:
            what = "effects are in another table than the variants"
            yield Problem(f"{here}.source", what, target.signal.source, recipe.windows.source)
    for field, signal in recipe.signals():
        if not field.startswith("targets") and signal.key == "variant_effect":
            what = "effects of variants are no signal along the genome"
            yield Problem(f"{field}.key", what, signal.key)
    if not variants:
        return
    if recipe.window.output_length != recipe.window.bin_size:
        what = "an effect is one bin to a window"
        expected = f"{recipe.window.bin_size}, the bin_size"
        yield Problem("window.output_length", what, str(recipe.window.output_length), expected)
    if recipe.augmentation.flanking:
        what = "a variant has no neighbours"
        yield Problem("augmentation.flanking", what, str(recipe.augmentation.flanking), "0")
    if recipe.samples:
        yield Problem("samples", "effects of variants are of one sample", str(len(recipe.samples)))


def _training_problems(recipe: Recipe) -> Iterator[Problem]:
    """Yield choices of training that exclude each other."""
    if recipe.portable and recipe.optimiser.key == "rmsprop":
        what = "portable bits need a step without square roots of the library"
        yield Problem("optimiser.key", what, "rmsprop", "adam, adamw or sgd")
    blank = recipe.windows.blank
    if blank is not None and blank.end > recipe.window.input_length:
        what = "blanked stretch goes beyond the input"
        yield Problem("windows.blank.end", what, str(blank.end), str(recipe.window.input_length))
    if recipe.validation_windows is not None:
        if recipe.windows.key in ("tiling", "variants"):
            what = "these windows are neither positive nor negative"
            yield Problem("validation_windows", what, recipe.windows.key)
    elif getattr(recipe.windows, "stranded", False):
        what = "stranded windows are validated on windows of their kind"
        yield Problem("validation_windows", what, "null", "negatives for each positive")
    if getattr(recipe.windows, "stranded", False) and recipe.augmentation.reverse_complement:
        what = "a stranded window is read on its own strand"
        yield Problem("augmentation.reverse_complement", what, "true", "false")
    for seed in repeated([str(one) for one in (recipe.seed, *recipe.ensemble)]):
        yield Problem("ensemble", "two networks have one seed", seed)
    yield from _normalisation_problems(recipe)


def _trunk_problems(recipe: Recipe) -> Iterator[Problem]:
    """Yield what does not go with activations that are computed once a window."""
    init = recipe.init_from
    if init is None or init.model is None:
        what = "the head reads the activations of a model, and none is named"
        yield Problem("init_from.model", what, "null", "a model of the zoo")
    elif init.new or init.lr_factor != 1:
        yield Problem("init_from", "the trunk is not trained", "new or lr_factor", "model alone")
    if recipe.augmentation.max_shift:
        what = "activations are computed once a window, at one place"
        yield Problem("augmentation.max_shift", what, str(recipe.augmentation.max_shift), "0")
    if recipe.windows.blank is not None:
        yield Problem("windows.blank", "the trunk reads whole windows", expected="null")
    if recipe.portable:
        what = "activations by onnxruntime differ between processors in their last bits"
        yield Problem("portable", what, "true", "false")


def _normalisation_problems(recipe: Recipe) -> Iterator[Problem]:
    if recipe.normalisation is None:
        return
    coverage = ("bigwig", "reads", "fragments", "peak_values")
    for index, target in enumerate(recipe.targets):
        if target.signal.key not in coverage:
            expected = ", ".join(coverage)
            what = "only coverage has a depth"
            yield Problem(f"targets.{index}.signal.key", what, target.signal.key, expected)
    if len(recipe.targets) * max(1, len(recipe.samples)) < 2:
        yield Problem("normalisation", "one track is not compared with any", "1 track")
