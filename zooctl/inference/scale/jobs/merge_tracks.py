"""Whole tracks from their shards, by the writers of a run in one piece."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.jobs.bins_file import read_runs
from zooctl.inference.tracks.outputs import NamedTracks, check_tracks, open_track, track_paths
from zooctl.inference.tracks.predict import Counts
from zooctl.inference.tracks.run import WrittenTracks, warn_empty
from zooctl.progress import Advance, Progress, Say


def merge_tracks(
    folder: PlanFolder,
    output: str | Path | None,
    *,
    force: bool,
    say: Say,
    progress: Progress,
) -> list[WrittenTracks]:
    """Write the tracks of a plan whose shards are all there.

    Args:
        folder: The plan's folder.
        output: As of ``predict_bigwigs``.
        force: Replace existing outputs.
        say: Told about windows without a value.
        progress: Opens the progress display.

    Raises:
        InputError: A shard is not whole, or an output cannot be written.
    """
    plan = folder.plan
    named = [NamedTracks(*one) for one in plan.facts["named"]]
    targets = track_paths(plan.facts["stem"], output, named)
    check_tracks(targets, [Path(one.path) for one in plan.inputs], force)
    receipts = [folder.receipt(one.number) for one in plan.shards]
    written = []
    with progress(sum(one.size for one in receipts if one), "B", "merging") as advance:
        for index, (model, paths) in enumerate(zip(named, targets, strict=True)):
            counts = _merge_one(folder, index, paths, force, advance)
            files = dict(zip(model.tracks, paths, strict=True))
            written.append(WrittenTracks(model.model, files, counts.windows, counts.unknown))
            if counts.unknown:
                say(
                    f"left out: {counts.unknown:,} of {counts.windows:,} windows of "
                    f"{model.model}, more than half N"
                )
            warn_empty(counts, model.model, say)
    return written


def _merge_one(
    folder: PlanFolder, index: int, paths: Sequence[Path], force: bool, advance: Advance
) -> Counts:
    """Write the tracks of one model."""
    contigs = dict(folder.plan.facts["contigs"][index])
    names, windows, unknown = list(contigs), 0, 0
    with ExitStack() as stack:
        sinks = [open_track(path, contigs, force, stack) for path in paths]
        for shard in folder.plan.shards:
            receipt = folder.receipt(shard.number)
            if shard.part["model"] != index or receipt is None:
                continue
            for run in read_runs(folder.pieces(shard)):
                sinks[run.track].add_bins(names[run.contig], run.start, run.values, run.bin_size)
                advance(4 * len(run.values))
            windows += receipt.note["windows"]
            unknown += receipt.note["unknown"]
    return Counts(windows, unknown)
