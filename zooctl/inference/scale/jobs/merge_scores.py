"""The whole output of a scored VCF from its shards, by the writers of a run in one piece."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.names import folder_named
from zooctl.files.disk.text import split_lines
from zooctl.files.vcf.bcf import MOST_LINE
from zooctl.files.vcf.index import SortOrder
from zooctl.files.vcf.output import check_target, form_of, is_indexed, is_table
from zooctl.inference.options.predict_and_score import ScoreOptions
from zooctl.inference.scale.folder import PlanFolder, Receipt
from zooctl.inference.vcf.destination import Destination
from zooctl.inference.vcf.report import ScoredVcf, write_report
from zooctl.inference.vcf.setup import check_report
from zooctl.inference.vcf.tally import Tally
from zooctl.inference.vcf.write_scores import ScoreWriter
from zooctl.progress import Advance, Progress, Say


@dataclass(frozen=True)
class _ShardLines:
    """The lines of all shards (``output.FinishedLines``)."""

    folder: PlanFolder
    target: Path
    advance: Advance

    def pieces(self) -> Iterator[bytes]:
        """Yield their bgzipped text."""
        for shard in self.folder.plan.shards:
            for piece in self.folder.pieces(shard):
                self.advance(len(piece))
                yield piece

    def lines(self) -> Iterator[bytes]:
        """Yield the lines, with their ends."""
        for line in split_lines(_unpacked(self.pieces()), MOST_LINE, str(self.folder.path)):
            yield line + b"\n"

    def remove(self) -> None:
        """Leave the shards where they are."""


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the text of bgzipped blocks."""
    unpacker = zlib.decompressobj(wbits=31)
    for piece in pieces:
        rest = piece
        while rest:
            if text := unpacker.decompress(rest):
                yield text
            rest = unpacker.unused_data
            if unpacker.eof:
                unpacker = zlib.decompressobj(wbits=31)


def merge_scores(
    folder: PlanFolder,
    output: str | Path | None,
    *,
    report: Path | None,
    force: bool,
    say: Say,
    progress: Progress,
) -> ScoredVcf:
    """Write the scores of a plan whose shards are all there.

    Args:
        folder: The plan's folder.
        output: As of ``score_file``; it has lines of the kind that was planned.
        report: JSON file for the counts of statuses.
        force: Replace existing outputs.
        say: Told about lines that were chosen by percentile.
        progress: Opens the progress display.

    Raises:
        InputError: A shard is not whole; the output's kind is not the plan's; or as ``score_file``.
    """
    plan, began = folder.plan, time.monotonic()
    options = replace(ScoreOptions(**plan.options["options"]), force=force)
    place = _destination(folder, output)
    inputs = [Path(one.path) for one in plan.inputs]
    check_target(place.target, force, inputs)
    if report is not None:
        check_report(report, place.target, force, inputs)
    receipts = [found for one in plan.shards if (found := folder.receipt(one.number))]
    tally = sum_tallies(receipts)
    order = SortOrder()
    order.end, order.broken = plan.facts["end"], plan.facts["out_of_order"]
    vcf = plan.options["vcf"]
    writer = ScoreWriter(place, options, vcf, inputs, say, lambda one: _n_rows(folder, place, one))
    head = plan.facts["head"].encode("utf-8", "surrogateescape")
    stated = plan.facts["stated"]
    with progress(sum(one.size for one in receipts), "B", "merging") as advance:
        lines = _ShardLines(folder, place.target, advance)
        written = writer.publish(lines, head, stated, order, tally)
    fault = written.index_fault
    notes = [*plan.facts["notes"], *([f"the output has no index: {fault}"] if fault else [])]
    result = ScoredVcf(
        source=vcf,
        outputs=written.files,
        tally=tally,
        n_scored_now=tally.alleles,
        seconds=time.monotonic() - began,
        model_seconds=_model_seconds(receipts),
        settings=stated,
        notes=tuple(notes),
        out_of_order=order.broken if is_indexed(place.form) else None,
        longest=plan.facts["longest"],
    )
    if report is not None:
        write_report(report, result, force)
    return result


def _destination(folder: PlanFolder, output: str | Path | None) -> Destination:
    """Return the output's place; its lines must be of the kind that the shards hold."""
    default = folder.plan.output
    parent = folder_named(output)
    target = Path(output or default) if parent is None else parent / default
    form, planned = form_of(target), folder.plan.options["form"]
    kinds = [(is_table(one), one.startswith("jsonl")) for one in (form, planned)]
    if kinds[0] != kinds[1]:
        raise InputError(
            "the plan's shards are of another format",
            path=target,
            got=form,
            expected=planned,
            hint="zooctl plan --format makes one of that format",
        )
    return Destination(target, form)


def _n_rows(folder: PlanFolder, place: Destination, tally: Tally) -> int:
    if not place.is_table:
        return tally.records
    return int(tally.alleles * folder.plan.facts["rows_per_allele"])


def sum_tallies(receipts: list[Receipt]) -> Tally:
    """Return the counts of all shards, in their order."""
    tally = Tally()
    for one in receipts:
        tally.add(Tally(**one.note["tally"]))
    return tally


def _model_seconds(receipts: list[Receipt]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in receipts:
        for name, seconds in one.note["model_seconds"].items():
            found[name] = found.get(name, 0.0) + seconds
    return found
