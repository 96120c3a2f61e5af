"""The files that a network's other inputs are read from, as the user names them.

A recipe says which inputs its network reads. Each is a file of the user, or the recipe's own file
of one of its samples, so that a cell type that training never saw takes no more than its tracks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.data import locate
from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.intervals.peaks import read_peaks
from zooctl.files.intervals.text_table import TextTable, read_text_table
from zooctl.inference.options.predict_and_score import InputOptions
from zooctl.schema.explain import nearest
from zooctl.schema.recipe.inputs import Input, Sample, in_sample, measured_inputs
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.pileup import covered
from zooctl.sequence.windows import Integers

Values = NDArray[np.float32]

_BIGWIG = (".bw", ".bigwig")

ALTERNATIVE = "alternative"
"""Name of the input with the alternative allele of a variant, one-hot."""


@dataclass(frozen=True)
class GivenTrack:
    """The file of one input.

    Attributes:
        name: The input, as the recipe names it.
        path: bigWig, whose bases without an entry are 0; or peaks, 1 inside and 0 outside.
        transform: Of its bases.
    """

    name: str
    path: Path
    transform: Transform = "none"

    def windows(self, chrom: str, starts: Integers, length: int) -> Values:
        """Return the values of windows, ``(n, length)``; bases beyond the contig are 0.

        Raises:
            InputError: The file lacks the contig.
        """
        bases = _bigwig if self.path.suffix.lower() in _BIGWIG else _peaks
        values = bases(self.path, chrom, starts, length)
        if self.transform == "arcsinh":
            return np.arcsinh(values)
        return np.log1p(values) if self.transform == "log1p" else values


@dataclass(frozen=True)
class GivenInputs:
    """Everything that a network reads beside the sequence.

    Attributes:
        tracks: Signals per base, in the order of the recipe.
        features: Values of the sample, ``(n_features,)``; None for none.
        alternative: The alternative allele of a variant, as a siamese network does.
    """

    tracks: tuple[GivenTrack, ...] = ()
    features: Values | None = field(default=None, compare=False)
    alternative: bool = False

    @property
    def names(self) -> list[str]:
        """Names of the graph's inputs beside the sequence, in order."""
        if self.alternative:
            return [ALTERNATIVE]
        return ["signals"] * bool(self.tracks) + ["features"] * (self.features is not None)

    def values(self, chrom: str, starts: Integers, length: int) -> dict[str, Values]:
        """Return the graph's inputs of windows of a contig, by name.

        Raises:
            InputError: The network reads an alternative allele, which a place does not have.
        """
        if self.alternative:
            raise InputError(
                "the model reads the two alleles of a variant, and predicts no places",
                expected="zooctl score-variants",
            )
        found: dict[str, Values] = {}
        if self.tracks:
            rows = [track.windows(chrom, starts, length) for track in self.tracks]
            found["signals"] = np.stack(rows, axis=1)
        if self.features is not None:
            found["features"] = np.tile(self.features, (len(starts), 1))
        return found


def n_features_of(recipe: Recipe) -> int:
    """Return the number of values of a sample that a recipe's network reads."""
    return int(getattr(recipe.network, "n_features", 0))


def reads_more(recipe: Recipe) -> bool:
    """Say whether a recipe's network reads more than the sequence."""
    return bool(other_input_names(recipe))


def other_input_names(recipe: Recipe) -> list[str]:
    """Return the names of the graph's inputs beside the sequence, in order."""
    if recipe.windows.key == "variants":
        return [ALTERNATIVE]
    return ["signals"] * bool(measured_inputs(recipe.inputs)) + ["features"] * bool(
        n_features_of(recipe)
    )


def given_inputs(recipe: Recipe, options: InputOptions) -> GivenInputs:
    """Find the file of each input of a recipe's network.

    Args:
        recipe: Of the network.
        options: Files of inputs, table of values, and sample, as the user gave them.

    Raises:
        InputError: An input is not given, which the message names, or is given and not read.
        NetworkError, IntegrityError: A file of the recipe is not here, or was changed.
    """
    if recipe.windows.key == "variants" and not options.any:
        return GivenInputs(alternative=True)
    inputs = measured_inputs(recipe.inputs)
    files = _named_files(options.inputs, [one.name for one in inputs])
    n_features = n_features_of(recipe)
    if not reads_more(recipe) and (options.features or options.sample):
        option = "--features" if options.features else "--sample"
        raise InputError("the model reads the sequence alone", field=option, got=recipe.name)
    sample = next((one for _, one in recipe.all_samples() if one.name == options.sample), None)
    tracks = tuple(
        GivenTrack(
            one.name, files.get(one.name) or _own_file(recipe, one, sample), one.signal.transform
        )
        for one in inputs
    )
    features = _features(recipe, options, sample, n_features) if n_features else None
    if not n_features and options.features:
        what = "the model reads no values of a sample"
        raise InputError(what, field="--features", got=recipe.name)
    return GivenInputs(tracks, features)


def _named_files(given: Sequence[str], names: Sequence[str]) -> dict[str, Path]:
    """Return the file of each input from texts ``NAME=FILE``."""
    files: dict[str, Path] = {}
    for text in given:
        name, _, path = text.partition("=")
        if not path:
            what = "an input needs a name and a file"
            raise InputError(what, field="--input", got=repr(text), expected="NAME=FILE.bw")
        if name not in names:
            raise InputError(
                "the model reads no such input",
                field="--input",
                got=name,
                expected=", ".join(names) or "none: it reads no signals per base",
                hint=nearest(name, names),
            )
        if name in files:
            raise InputError("an input is given twice", field="--input", got=name)
        if not Path(path).is_file():
            raise InputError("no such file", path=path, field="--input", got=name)
        files[name] = Path(path)
    return files


def _own_file(recipe: Recipe, one: Input, sample: Sample | None) -> Path:
    """Return the recipe's file of an input: of a sample, or of a recipe without samples."""
    signal = one.signal if sample is None else in_sample(one.signal, sample)
    known = signal.key in ("bigwig", "peaks") and recipe.source(signal.source).lift is None
    if (recipe.samples and sample is None) or not known:
        samples = ", ".join(other.name for _, other in recipe.all_samples())
        raise InputError(
            f"the model reads {one.name}, which is not given",
            field="--input",
            got=recipe.name,
            expected=f"--input {one.name}=FILE.bw",
            hint=f"or --sample with one of its recipe: {samples}" if samples else None,
        )
    return locate(recipe.source(signal.source)).path


def _features(
    recipe: Recipe, options: InputOptions, sample: Sample | None, n_features: int
) -> Values:
    """Return the values of the sample, from the user's table, else from the recipe."""
    chosen = recipe.features
    transform: Transform = "none" if chosen is None else chosen.transform
    if options.features is not None:
        if options.sample is None:
            what = "a table of values needs the name of a sample"
            raise InputError(what, field="--sample", expected="a column of --features")
        table = read_text_table(Path(options.features))
        values = _column(table, options.sample, None if chosen is None else chosen.names)
        if len(values) != n_features:
            raise InputError(
                "table gives other values than the model reads",
                path=table.path,
                got=len(values),
                expected=n_features,
            )
    elif sample is None:
        samples = ", ".join(other.name for _, other in recipe.all_samples())
        raise InputError(
            "the model reads values of a sample, which are not given",
            field="--features",
            got=recipe.name,
            expected="--features TABLE.tsv --sample COLUMN",
            hint=f"or --sample with one of its recipe: {samples}" if samples else None,
        )
    elif chosen is None:
        values = np.array(sample.features, np.float32)
    else:
        table = read_text_table(locate(recipe.source(chosen.source)).path)
        values = _column(table, sample.name, chosen.names)
    if transform == "arcsinh":
        return np.arcsinh(values)
    return np.log1p(values) if transform == "log1p" else values


def _column(table: TextTable, sample: str, names: Sequence[str] | None) -> Values:
    """Return a column of a table, all its lines or those of some names."""
    column = table.column(sample)
    lines: Mapping[str, int] = {cells[0]: row for row, (_, cells) in enumerate(table.rows)}
    chosen = list(lines) if names is None else list(names)
    for name in chosen:
        if name not in lines:
            raise InputError(
                "table has no such line",
                path=table.path,
                got=name,
                hint=nearest(name, list(lines)),
            )
    return np.array([table.number(lines[name], column) for name in chosen], np.float32)


@cache
def _opened(path: Path) -> BigWig:
    return BigWig(path)


def _bigwig(path: Path, chrom: str, starts: Integers, length: int) -> Values:
    track = _opened(path)
    if chrom not in track.contigs:
        raise InputError("the input has no such contig", path=path, got=chrom)
    end, found = track.contigs[chrom], np.zeros((len(starts), length), np.float32)
    for row, start in zip(found, starts.tolist(), strict=True):
        low, high = max(start, 0), min(start + length, end)
        if low < high:
            values = track.values(chrom, low, high)
            row[low - start : high - start] = np.nan_to_num(values, nan=0.0)
    return found


@cache
def _intervals(path: Path, chrom: str) -> tuple[Integers, Integers]:
    here = read_peaks(path).on(chrom)
    return here.start, here.end


def _peaks(path: Path, chrom: str, starts: Integers, length: int) -> Values:
    low, high = _intervals(path, chrom)
    rows = [
        covered(np.clip(low - start, 0, length), np.clip(high - start, 0, length), length)
        for start in starts.tolist()
    ]
    return np.stack(rows).astype(np.float32)
