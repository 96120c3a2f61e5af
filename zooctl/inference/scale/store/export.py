"""Stored scores as one file: bgzipped TSV with a tabix index, or Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.files.fasta.reader import Fasta
from zooctl.files.score_store.parts import LAST
from zooctl.files.score_store.rows import found_rows
from zooctl.files.score_store.spaces import Contig
from zooctl.files.score_store.tables import Column, table_file
from zooctl.files.vcf.index import IndexFaultError, write_index
from zooctl.inference.scale.store.choose import StoredScores
from zooctl.inference.variants.shift_robust_statistics import NO_PLACE
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.contigs import natural
from zooctl.sequence.intervals import merge, parse_region

_KEY = ("chrom", "pos", "ref", "alt")


def export(
    chosen: StoredScores,
    output: Path,
    regions: Sequence[str] = (),
    *,
    genome: Fasta | None = None,
    force: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> tuple[int, list[Path]]:
    """Write a row for each stored allele, by contig and position.

    Columns are ``chrom``, ``pos`` (from 1), ``ref``, ``alt`` (as a VCF writes them, left-aligned),
    ``status``, with ``gene`` where scores are in genes, and of each track and score
    ``<track>_<SCORE>``, ``…_SD``, ``…_REF``, ``…_ALT`` and, where it has a place, ``…_POS``.

    Args:
        chosen: The scores.
        output: A .tsv.gz, which gets a tabix index, or a .parquet.
        regions: Region strings, on the contigs of the store; empty for all.
        genome: Export scores on this genome; needed where the store has those on several.
        force: Replace existing files.
        say: Told where a file cannot be indexed.
        progress: Opens the progress display.

    Returns:
        Number of rows, and the files.

    Raises:
        InputError: The output is of another kind, or exists; or scores are on several genomes.
    """
    packed = file_named(output, (".tsv.gz", ".parquet")).name.lower().endswith(".gz")
    index = output.with_name(f"{output.name}.tbi")
    for path in (output, index) if packed else (output,):
        check_output(path, force)
    names = _names(chosen)
    options = {"comment": "#"} if packed else {"metadata": {"settings": chosen.space.digest}}
    n_rows, files = 0, [output]
    with atomic_output(output, force=force) as temporary:
        with (
            table_file(temporary, "tsv.gz" if packed else "parquet", names, **options) as table,
            progress(chosen.n_rows if not regions else None, "alleles", chosen.model) as tell,
        ):
            for columns, n in _pieces(chosen, _contigs(chosen, genome), regions):
                table.write(columns, n)
                n_rows += n
                tell(n)
        made = _index(temporary, say) if packed else None
    if made is not None:
        with atomic_output(index, force=force) as beside:
            made.replace(beside)
        files.append(index)
    return n_rows, files


def _index(path: Path, say: Say) -> Path | None:
    try:
        return write_index(path, ".tbi", table=True)
    except IndexFaultError as fault:
        say(f"note: no index: {fault}")
        return None


def _contigs(chosen: StoredScores, genome: Fasta | None) -> list[Contig]:
    """Return the contigs of one genome, in their natural order."""
    found = chosen.space.contigs()
    if genome is not None:
        known = {Contig(name, genome.sha256(name)) for name in genome.contigs}
        found = [contig for contig in found if contig in known]
    names = [contig.name for contig in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(
            "the store has scores on several genomes",
            path=chosen.space.folder,
            got=f"two {twice[0]}",
            hint="name one with --fasta",
        )
    return sorted(found, key=lambda contig: natural(contig.name))


def _pieces(
    chosen: StoredScores, contigs: Sequence[Contig], regions: Sequence[str]
) -> Iterator[tuple[dict[str, Column], int]]:
    """Yield the columns of some rows after others, and their number."""
    lengths = dict.fromkeys((contig.name for contig in contigs), LAST)
    wanted = [parse_region(text, lengths, "the store") for text in regions]
    for contig in contigs:
        own = [one for one in wanted if one.chrom == contig.name]
        # Of overlapping regions each row once.
        bounds = merge(*(np.array([one[end] for one in own], np.int64) for end in (1, 2)))
        parts = chosen.space.parts(contig)
        for first, end in np.transpose(bounds).tolist() if regions else [(0, LAST)]:
            for batch in () if parts is None else parts.in_order(first, end - 1):
                if len(batch):
                    yield _columns(chosen, contig, batch), len(batch)


def _labels(chosen: StoredScores) -> Iterator[tuple[str, int, int, int | None]]:
    """Yield each value's column, score, track and number; None for its place."""
    for track, (name, _) in enumerate(chosen.tracks):
        for at, of in enumerate(chosen.measures):
            for number, end in enumerate(("", "_SD", "_REF", "_ALT")):
                yield f"{name}_{of.key}{end}", at, track, number
            if of.has_place:
                yield f"{name}_{of.key}_POS", at, track, None


def _names(chosen: StoredScores) -> list[str]:
    genes = ["gene"] if chosen.in_genes else []
    return [*_KEY, "status", *genes, *(label[0] for label in _labels(chosen))]


def _columns(chosen: StoredScores, contig: Contig, batch: Any) -> dict[str, Column]:
    n_scores, n_tracks = len(chosen.measures), len(chosen.tracks)
    rows = found_rows(batch, "start")
    found: dict[str, Column] = {
        "chrom": contig.name,
        "pos": rows.n + 1,
        "ref": batch["ref"].to_pylist(),
        "alt": batch["alt"].to_pylist(),
        "status": rows.status,
        "gene": rows.gene,
    }
    values = rows.values.reshape(-1, n_scores, 4, n_tracks)
    for name, at, track, number in _labels(chosen):
        if number is not None:
            found[name] = values[:, at, number, track]
        else:
            places = rows.places.reshape(-1, n_scores, n_tracks)[:, at, track]
            found[name] = np.where(places == NO_PLACE, NO_PLACE, places + 1)
    return found
