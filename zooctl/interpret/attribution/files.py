"""Importances as files that others read: bigWig, NumPy and HDF5 for TF-MoDISco, a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.files.bigwig.writer import BigWigWriter
from zooctl.files.disk.atomic import atomic_output
from zooctl.inference.device.session import one_hot
from zooctl.interpret.attribution.regions import RegionAttributions
from zooctl.sequence.intervals import Interval


def write_bigwig(target: Path, given: RegionAttributions, *, force: bool = False) -> None:
    """Write the importance of the base that stands at each position; of overlaps the mean.

    Args:
        target: The bigWig.
        given: The importances.
        force: Replace an existing file.

    Raises:
        InputError: The target can't be written.
    """
    with BigWigWriter(target, given.contigs, force=force) as writer:
        for chrom in given.contigs:
            rows = [row for row, span in enumerate(given.spans) if span.chrom == chrom]
            rows.sort(key=lambda row: given.spans[row])
            for group in _overlapping(given.spans, rows):
                start, values = _merged(given, group, given.contigs[chrom])
                writer.add_bins(chrom, start, values, 1)


def _overlapping(spans: Sequence[Interval], rows: Sequence[int]) -> list[list[int]]:
    """Return rows in groups whose spans overlap, by place."""
    groups: list[list[int]] = []
    end = -1
    for row in rows:
        if not groups or spans[row].start >= end:
            groups.append([])
            end = spans[row].end
        groups[-1].append(row)
        end = max(end, spans[row].end)
    return groups


def _merged(
    given: RegionAttributions, rows: Sequence[int], length: int
) -> tuple[int, NDArray[np.float32]]:
    """Return the first base and the mean importance of overlapping spans, within their contig."""
    first = given.spans[rows[0]].start
    last = max(given.spans[row].end for row in rows)
    total, count = np.zeros(last - first), np.zeros(last - first)
    importance = given.found.importance
    for row in rows:
        low = given.spans[row].start - first
        total[low : low + importance.shape[1]] += importance[row]
        count[low : low + importance.shape[1]] += 1
    inside = slice(max(0, -first), length - first)
    return max(0, first), (total / count).astype(np.float32)[inside]


def write_npz(sequences: Path, contributions: Path, given: RegionAttributions, force: bool) -> None:
    """Write one-hot sequences and hypothetical contributions, ``(n, 4, width)``, each as ``arr_0``.

    So ``modisco motifs -s SEQUENCES -a CONTRIBUTIONS`` reads them.
    """
    arrays = ((sequences, one_hot(given.found.codes, 0)), (contributions, given.found.hypothetical))
    for path, array in arrays:
        with atomic_output(path, force=force) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, array)


def write_h5(target: Path, given: RegionAttributions, *, force: bool = False) -> None:
    """Write the arrays of ``write_npz``, bases last, with their places, as HDF5.

    The datasets are ``input_seqs`` and ``hyp_scores`` ``(n, width, 4)``, as ``modisco motifs -i``
    reads them, ``projected``, ``coords_chrom``, ``coords_start`` and ``coords_end``.
    """
    need("h5py", "writing HDF5")
    import h5py

    found = given.found
    arrays = {
        "input_seqs": one_hot(found.codes, 0),
        "hyp_scores": found.hypothetical,
        "projected": found.projected,
    }
    with atomic_output(target, force=force) as temporary, h5py.File(temporary, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array.transpose(0, 2, 1), compression="gzip")
        file["coords_chrom"] = [one.chrom for one in given.spans]
        file["coords_start"] = [one.start for one in given.spans]
        file["coords_end"] = [one.end for one in given.spans]
        file.attrs.update(track=found.track, unit=found.unit, method=found.method)


def write_table(target: Path, given: RegionAttributions, *, force: bool = False) -> None:
    """Write a row a region: its place, its number, and the largest importance with its place."""
    importance = given.found.importance
    lines = ["#chrom\tstart\tend\tvalue\tdelta\thighest\tposition\n"]
    for row, region in enumerate(given.regions):
        best = int(np.abs(importance[row]).argmax())
        value, delta = given.found.values[row], given.found.deltas[row]
        lines.append(
            f"{region.chrom}\t{region.start}\t{region.end}\t{value:.6g}\t"
            f"{'.' if np.isnan(delta) else f'{delta:.2g}'}\t{importance[row, best]:.6g}\t"
            f"{given.spans[row].start + best}\n"
        )
    with atomic_output(target, force=force) as temporary:
        temporary.write_text("".join(lines), encoding="ascii")
