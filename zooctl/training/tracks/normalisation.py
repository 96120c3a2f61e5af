"""Normalisation of targets against each other, fitted on the training regions alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.progress import Say
from zooctl.schema.recipe.inputs import in_sample
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import AnySignal
from zooctl.training.tracks.bin_values_and_labels import Binning, Signal, binning_of

# Of a quantile's curve; its ends are the least and the highest value.
N_QUANTILES = 1_001

Levels = NDArray[np.float64]


def normalised_rules(
    recipe: Recipe, bases: Callable[[AnySignal], Mapping[str, Signal]], say: Say
) -> dict[AnySignal, Binning]:
    """Return the binning of each target in each sample, with its factor or curve.

    Args:
        recipe: Says how to normalise; nothing is returned if it does not.
        bases: Reads a signal: contig to its bases ``(length,)``.
        say: Takes a line with the factors.

    Raises:
        InputError: A track has no signal in the training regions.
    """
    if recipe.normalisation is None:
        return {}
    signals = targets_of_samples(recipe)
    rules = [binning_of(signal) for signal in signals]
    rows = np.stack(
        [_training_bins(recipe, bases(s), r) for s, r in zip(signals, rules, strict=True)]
    )
    if recipe.normalisation.key == "quantile":
        curves = quantile_curves(rows)
        return {
            signal: replace(rule, curve=curve)
            for signal, rule, curve in zip(signals, rules, curves, strict=True)
        }
    factors = scale_factors(rows)
    shown = zip(signals, factors.tolist(), strict=True)
    say("scale factors: " + ", ".join(f"{signal.source} {factor:.3f}" for signal, factor in shown))
    return {
        signal: replace(rule, scale=float(factor))
        for signal, rule, factor in zip(signals, rules, factors, strict=True)
    }


def targets_of_samples(recipe: Recipe) -> list[AnySignal]:
    """Return each signal that is a target, in any sample, once."""
    signals = [target.signal for target in recipe.targets]
    if recipe.samples:
        signals = [in_sample(signal, one) for one in recipe.samples for signal in signals]
    return list(dict.fromkeys(signals))


def _training_bins(recipe: Recipe, signal: Mapping[str, Signal], rule: Binning) -> Levels:
    """Return the values of all whole bins of the training regions, untransformed, ``(n,)``."""
    size, plain = recipe.window.bin_size, replace(rule, transform="none")
    parts = []
    for region in recipe.split.train:
        values = signal[region.chrom]
        _, start, end = region.interval(len(values))
        start, end = -(-start // size) * size, end // size * size
        parts.append(plain.apply(values[start:end], size).astype(np.float64))
    return np.concatenate(parts)


def scale_factors(rows: Levels) -> Levels:
    """Return the factor of each row ``(n_rows, n)`` that brings it to the depth of the others.

    One over the median ratio to the geometric mean of all rows, over the bins where all have
    signal (Anders and Huber 2010, doi:10.1186/gb-2010-11-10-r106); their geometric mean is 1.

    Raises:
        InputError: There is no such bin.

    >>> scale_factors(np.array([[1.0, 2, 4, 0], [2, 4, 8, 5]])).round(3).tolist()
    [1.414, 0.707]
    """
    shared = (rows > 0).all(axis=0)
    if not shared.any():
        raise InputError("no bin has signal in every track", field="normalisation")
    logs = np.log(rows[:, shared])
    shift = np.median(logs - logs.mean(axis=0), axis=1)
    factors: Levels = np.exp(shift.mean() - shift)
    return factors


def quantile_curves(rows: Levels) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Return for each row ``(n_rows, n)`` the curve to the mean distribution of all rows.

    A curve is increasing own values and the mean of all rows' values at the same ranks; equal
    values share the mean of their ranks (Bolstad et al. 2003, doi:10.1093/bioinformatics/19.2.185).

    >>> curve, _ = quantile_curves(np.array([[0.0, 1, 2], [0, 3, 6]]))
    >>> curve[0][-1], curve[1][-1]
    (2.0, 4.0)
    """
    levels = np.linspace(0, 1, N_QUANTILES)
    own = np.quantile(rows, levels, axis=1).T
    mean = own.mean(axis=0)
    curves = []
    for values in own:
        unique, group = np.unique(values, return_inverse=True)
        shared = np.bincount(group, weights=mean) / np.bincount(group)
        curves.append((tuple(unique.tolist()), tuple(shared.tolist())))
    return curves


def rules_of(
    signals: Sequence[AnySignal], rules: Mapping[AnySignal, Binning]
) -> tuple[Binning, ...]:
    """Return the rule of each signal: normalised, or as the recipe states it."""
    return tuple(rules.get(signal) or binning_of(signal) for signal in signals)
