"""Embeddings of regions, as a file of NumPy, Parquet or AnnData, or as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, need
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.files.intervals.regions import Regions
from zooctl.files.vcf.table import require_parquet, write_columns
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import as_path
from zooctl.inference.tracks.penultimate import penultimate
from zooctl.interpret.embedding.anndata_file import write_anndata
from zooctl.interpret.interventions.backgrounds import centred
from zooctl.interpret.interventions.window_value import WindowValue
from zooctl.interpret.options import PICTURES, EmbedOptions
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Embeddings of the windows around regions.

    Attributes:
        regions: The regions, in order.
        values: float32 ``(n, features)``.
        layer: Name of the tensor in the entry's graph.
    """

    regions: tuple[Interval, ...]
    values: NDArray[np.float32]
    layer: str


def embed_regions(
    model: OpenModel,
    regions: Regions,
    options: EmbedOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Embeddings:
    """Return the embedding of the window around the middle of each region.

    Args:
        model: The model.
        regions: The regions.
        options: Strands, genome and contig names.
        say: Told about the genome.
        progress: Opens the progress display.

    Raises:
        InputError: Regions, genome and model do not fit, or the network has one layer alone.
    """
    return _embed_windows(model, regions, options, say, progress)[0]


def _embed_windows(
    model: OpenModel, regions: Regions, options: EmbedOptions, say: Say, progress: Progress
) -> tuple[Embeddings, Codes]:
    """Return the embeddings with the windows, ``(n, input_length)``."""
    layers = penultimate(model)
    with model.genome(as_path(options.fasta), say, progress) as genome:
        given = regions.within(genome.contigs, chrom_map=options.chrom_map)
        codes = np.stack([centred(genome, one, model.card.input_length) for one in given])
    values = layers.embed(codes, rc=options.rc, progress=progress)
    return Embeddings(tuple(given), values, layers.tensor), codes


def write_embeddings(
    model: OpenModel,
    regions: Regions,
    output: str,
    options: EmbedOptions,
    *,
    force: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> tuple[Embeddings, Path]:
    """Write the embeddings of regions.

    Args:
        model: The model.
        regions: The regions.
        output: A .npz (``embeddings``, ``chrom``, ``start``, ``end``), .parquet (a column a
            feature behind the place) or .h5ad (AnnData); a .png, .pdf or .svg for a picture of
            their first two principal components, coloured by the prediction of a model of one
            track; or a folder, which gets a .npz.
        options: As of ``embed_regions``.
        force: Replace an existing file.
        say: Told about the genome.
        progress: Opens the progress display.

    Raises:
        InputError: As ``embed_regions``; or the output can't be written, or there are fewer than
            three regions for a picture.
    """
    default = f"{regions.stem}.{model.card.name}.npz"
    target = file_named(output, (".npz", ".parquet", ".h5ad", *PICTURES), default=default)
    check_output(target, force)
    if target.suffix.lower() == ".parquet":
        require_parquet()
    elif target.suffix.lower() == ".h5ad":
        need("h5py", "writing AnnData")
    elif target.suffix.lower() in PICTURES:
        need("matplotlib", "a picture of embeddings")
        found, codes = _embed_windows(model, regions, options, say, progress)
        _draw(target, model, found, codes, options, force, progress)
        return found, target
    found = embed_regions(model, regions, options, say=say, progress=progress)
    with atomic_output(target, force=force) as temporary:
        if target.suffix.lower() == ".parquet":
            _write_parquet(temporary, found)
        elif target.suffix.lower() == ".h5ad":
            facts = {"model": model.card.name, "layer": found.layer}
            write_anndata(temporary, found.values, found.regions, facts)
        else:
            with temporary.open("wb") as file:
                np.savez_compressed(
                    file,
                    embeddings=found.values,
                    chrom=np.array([one.chrom for one in found.regions]),
                    start=np.array([one.start for one in found.regions], dtype=np.int64),
                    end=np.array([one.end for one in found.regions], dtype=np.int64),
                )
    return found, target


def _write_parquet(path: Path, found: Embeddings) -> None:
    columns: dict[str, Any] = {
        name: [getattr(one, name) for one in found.regions] for name in ("chrom", "start", "end")
    }
    digits = len(str(found.values.shape[1] - 1))
    for number, values in enumerate(found.values.T):
        columns[f"f{number:0{digits}}"] = values
    write_columns(columns, path)


def _draw(
    target: Path,
    model: OpenModel,
    found: Embeddings,
    codes: Codes,
    options: EmbedOptions,
    force: bool,
    progress: Progress,
) -> None:
    """Draw the first two principal components, with the predictions where there is one track.

    Raises:
        InputError: There are fewer than three regions, or one feature.
    """
    from zooctl.interpret.pictures.components_plot import draw_components, principal_components

    if min(len(found.values), found.values.shape[1] + 1) < 3:
        raise InputError(
            "too little for a picture of principal components",
            got=f"{len(found.values)} regions, {found.values.shape[1]} features",
            expected="three regions and two features",
        )
    numbers, label = None, ""
    if len(model.card.tracks) == 1:
        value = WindowValue(model, rc=options.rc)
        with progress(len(codes), "windows", model.card.name) as advance:
            numbers = value.counting(advance)(codes)
        label = f"{value.track}, {value.unit}"
    draw_components(
        target,
        principal_components(found.values),
        numbers,
        label=label,
        title=f"{model.card.name}: embeddings of {len(found.values):,} regions",
        force=force,
    )
