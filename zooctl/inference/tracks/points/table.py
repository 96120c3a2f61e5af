"""A table of predictions at places in genes."""

from __future__ import annotations

from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import PredictOptions, as_path
from zooctl.inference.tracks.points.places import read_places
from zooctl.inference.tracks.points.predict_points import (
    columns_of,
    point_of,
    predict_points,
    values_of,
)
from zooctl.progress import Progress, Say, no_progress, silent

_COLUMNS = ("chrom", "start", "end", "strand", "gene", "transcript")


def write_points(
    model: OpenModel,
    point: str,
    output: Path,
    options: PredictOptions,
    *,
    genes: Path | None = None,
    bed: Path | None = None,
    say: Say = silent,
    progress: Progress = no_progress,
) -> int:
    """Predict a model at places in genes, write a table, and return the number of its rows.

    A row has the place (0-based, half-open), strand, gene and transcript, then the values.

    Args:
        model: A model of such places.
        point: The places, as the model's card names them.
        output: The table, .tsv.
        options: Genome, names of contigs, and the treatment of an existing file.
        genes: Annotation (GTF).
        bed: BED file with strands, in its place.
        say: Told about the genome.
        progress: Opens the progress display.

    Raises:
        InputError: The model is for other places, or a file does not fit.
        VerificationError: A prediction is not a finite number.
    """
    card = model.card
    if point_of(card) != point:
        expected = f"--at {point_of(card)}"
        raise InputError(f"{card.name} is for other places", got=f"--at {point}", expected=expected)
    file_named(output, (".tsv",))
    check_output(output, options.force, [path for path in (genes, bed) if path is not None])
    with model.genome(as_path(options.fasta), say, progress) as genome:
        places = read_places(card.reads_at.point, genes, bed, genome.contigs, options.chrom_map)  # type: ignore[union-attr]
        with (
            atomic_output(output, force=options.force) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
            progress(len(places), "places", card.name) as advance,
        ):
            file.write("\t".join((*_COLUMNS, *columns_of(card))) + "\n")
            for place, values in predict_points(model, places, genome, advance):
                numbers = (
                    f"{value:.7g}" if isinstance(value, float) else str(value)
                    for value in values_of(card, place, values)
                )
                file.write("\t".join((*map(str, place), *numbers)) + "\n")
    return len(places)
