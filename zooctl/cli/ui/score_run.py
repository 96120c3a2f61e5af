"""One run of `zooctl score-variants`: what it reads, checks, computes, writes and says."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from zooctl import __version__
from zooctl.cli.ui.models import announce, say
from zooctl.cli.ui.score_setup import (
    ScoreOptions,
    against_genome,
    check_report,
    chosen_intervals,
    common_assembly,
    find_entries,
    open_model,
    stem_of,
)

if TYPE_CHECKING:
    from zooctl.files.fasta.reader import Fasta
    from zooctl.files.vcf.chunks import Parts
    from zooctl.files.vcf.index import SortOrder
    from zooctl.files.vcf.records import Record, VcfReader
    from zooctl.inference.vcf.check import Survey, Vcf
    from zooctl.inference.vcf.tally import Tally
    from zooctl.inference.vcf.text import Model, Text
    from zooctl.sequence.intervals import Interval


def score_run(options: ScoreOptions) -> None:
    """Score a VCF as the options say."""
    from zooctl.catalog.genomes import find_genome, open_genome
    from zooctl.cli.ui.progress import progress
    from zooctl.files.vcf.output import check_target
    from zooctl.files.vcf.records import VcfReader
    from zooctl.inference.tracks.choose import choose_tracks

    entries = find_entries(options)
    cards = [entry.card() for entry in entries]
    assembly = common_assembly(cards)
    chosen = choose_tracks(cards, options.tracks)
    target = options.output or Path(
        f"{stem_of(options.vcf)}.{'.'.join(card.name for card in cards)}.vcf.gz"
    )
    paths, description = find_genome(assembly, options.fasta)
    inputs = [*paths, *(Path(path) for path in (options.vcf, options.chrom_map) if path)]
    check_target(target, options.force, inputs)
    if options.report is not None:
        check_report(options.report, target, options.force, inputs)
    with ExitStack() as stack:
        reader = stack.enter_context(VcfReader(options.vcf))
        say(f"genome: {description}")
        genome = stack.enter_context(open_genome(assembly, paths, progress))
        vcf = against_genome(reader, genome, assembly, options)
        intervals = chosen_intervals(options, genome, vcf)
        models = [
            open_model(entry, card, tracks, genome, options)
            for entry, card, tracks in zip(entries, cards, chosen, strict=True)
        ]
        announce([(card, model.scorer) for card, model in zip(cards, models, strict=True)])
        run = _Run(options, reader, vcf, genome, intervals, models, target, tuple(inputs))
        if options.dry_run:
            run.estimate()
        else:
            run.score()


_MOST_FIRST = 1 << 24  # bytes of the first records, which are held in memory

# What a table says of itself; the other settings are about this machine.
_PROVENANCE = ("zooctl", "models", "tracks", "shifts", "max_shift", "seed", "rc", "check_ref")


@dataclass(frozen=True)
class _Run:
    """Everything that a run needs, opened and checked."""

    options: ScoreOptions
    reader: VcfReader
    vcf: Vcf
    genome: Fasta
    intervals: Sequence[Interval]
    models: Sequence[Model]
    target: Path
    inputs: Sequence[Path]

    def _chosen(self, records: Iterator[Record]) -> Iterator[Record]:
        """Yield the records whose REF overlaps a region; all where there is no region."""
        if not self.intervals:
            yield from records
            return
        for record in records:
            chrom = self.vcf.names.get(record.chrom, record.chrom)
            _, start, end = record.interval
            for region in self.intervals:
                if region.chrom == chrom and start < region.end and end > region.start:
                    yield record
                    break

    def _again(self) -> Iterator[Record]:
        """Read the VCF beside what scores it."""
        from zooctl.cli.ui.progress import progress
        from zooctl.files.vcf.records import VcfReader

        with VcfReader(self.options.vcf) as reader, progress(None, "records", "reading") as tell:
            for record in self._chosen(iter(reader)):
                tell(1)
                yield record

    def _survey(self) -> Survey | None:
        """Read the whole VCF once, where it can be read twice."""
        from zooctl.inference.vcf.check import check_contigs, survey

        if self.options.vcf == "-" or not Path(self.options.vcf).is_file():
            return None
        found = survey(self._again())
        check_contigs(found.chroms, self.vcf, self.options.max_skipped)
        return found

    def _first(self) -> tuple[list[Record], Iterator[Record], Tally]:
        """Hold the first records against the genome; return them and all that follow."""
        from zooctl.inference.vcf.check import FIRST, check_first

        records, first, n_alleles, size = self._chosen(iter(self.reader)), [], 0, 0
        for record in records:
            first.append(record)
            n_alleles += len(record.alts)
            size += len(record.line)
            # Lines may be long: of a thousand with 1 MB of INFO a few are enough.
            if n_alleles >= FIRST or size >= _MOST_FIRST:
                break
        assembly = self.models[0].assembly
        tally = check_first(first, self.vcf, self.models[0].scorer, assembly=assembly)
        return first, records, tally

    def score(self) -> None:
        """Score all records and write them."""
        from zooctl.cli.ui.progress import progress
        from zooctl.cli.ui.score_report import say_done, write_report
        from zooctl.files.vcf.chunks import Parts
        from zooctl.files.vcf.index import SortOrder
        from zooctl.files.vcf.output import form_of, is_indexed, publish
        from zooctl.inference.vcf.check import check_allowed, check_contigs, check_skipped, survey
        from zooctl.inference.vcf.score_vcf import score_vcf

        text, options, order = self._text(), self.options, SortOrder()
        total = self._survey()
        first, rest, _ = self._first()
        if total is None:
            # A header may name contigs that come later.
            seen = dict.fromkeys(self.reader.header.contigs, 0) | survey(first).chroms
            check_contigs(seen, self.vcf, 1)
        elif self.vcf.strict or self.vcf.fail:
            check_allowed(self._again(), self.vcf, [model.scorer for model in self.models])
        settings = self._settings(text)
        began = time.monotonic()
        with Parts(self.target, settings, resume=options.resume) as parts, _kept(parts):
            n_before = _say_resumed(parts, options.resume)
            n_alleles = total.alleles if total else None
            with progress(n_alleles, "alleles", self.models[0].name) as tell:
                records = _followed(chain(first, rest), order)
                tally = score_vcf(records, self.vcf, self.models, text, parts, advance=tell)
            check_skipped(tally, options.max_skipped, self.reader.name)
            written = publish(
                parts,
                text.head,
                order,
                force=options.force,
                inputs=self.inputs,
                metadata={name: str(settings[name]) for name in _PROVENANCE},
            )
        seconds = time.monotonic() - began
        rate = (tally.alleles - n_before) / seconds
        if not tally.records:
            where = " in the regions" if self.intervals else ""
            say(f"warning: {self.reader.name} has no records{where}")
        broken = order.broken if is_indexed(form_of(self.target)) else None
        say_done(tally, self.reader, self.models, broken, rate)
        if options.report is not None:
            files = (self.reader.name, written)
            write_report(options.report, tally, settings, files, seconds, options.force)
        typer.echo(written[0])

    def estimate(self) -> None:
        """Print what a run would do, timing a few real batches."""
        from zooctl.cli.ui.score_report import print_estimate
        from zooctl.inference.vcf.check import survey

        total = self._survey()
        first, rest, tally = self._first()
        if total is None:
            total = survey(chain(first, rest))
        print_estimate(total, (first, tally), self.vcf, self.models, self.target)

    def _text(self) -> Text:
        """Return what writes the records."""
        from zooctl.files.vcf.annotate import Annotator
        from zooctl.files.vcf.output import form_of, is_table
        from zooctl.inference.vcf.text import TableText, VcfText, meta_lines, vcf_fields

        if is_table(form_of(self.target)):
            return TableText(self.models)
        options = {"ReverseComplement": str(self.options.rc), "CheckRef": self.options.check_ref}
        annotator = Annotator(
            self.reader.header,
            vcf_fields(self.models),
            meta=meta_lines(self.models, options),
            overwrite=self.options.overwrite,
            path=self.reader.name,
        )
        return VcfText(self.models, annotator)

    def _settings(self, text: Text) -> dict[str, str | int | bool]:
        """Return what the bytes of the output depend on, the input's records aside."""
        first = self.models[0].scorer
        genome = [
            (path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self.genome.paths
        ]
        return {
            "zooctl": __version__,
            "models": ", ".join(
                f"{model.name} {model.version} sha256:{model.weights}" for model in self.models
            ),
            "tracks": ", ".join(name for model in self.models for _, name in model.tracks),
            "shifts": self.options.n_shifts,
            "max_shift": ", ".join(str(model.scorer.max_shift) for model in self.models),
            "seed": self.options.seed,
            "rc": self.options.rc,
            "check_ref": self.options.check_ref,
            "device": first.device,
            "threads": first.threads,
            "batch_size": ", ".join(str(model.scorer.batch_size) for model in self.models),
            "genome": json.dumps(genome),
            "regions": ", ".join(map(str, self.intervals)),
            "names": _digest(json.dumps(sorted(self.vcf.names.items())).encode()),
            "head": _digest(text.head),
        }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _followed(records: Iterable[Record], order: SortOrder) -> Iterator[Record]:
    for record in records:
        order.add(record)
        yield record


def _say_resumed(parts: Parts, resume: bool) -> int:
    """Say where a run goes on; return how many alleles were done before."""
    if parts.chunks:
        say(f"resume: {parts.chunks[-1].records:,} records are done already")
    elif resume:
        say("resume: nothing is there to go on with; beginning anew")
    return sum(chunk.note["alleles"] for chunk in parts.chunks)


@contextmanager
def _kept(parts: Parts) -> Iterator[None]:
    """Say what is left for a later run when this one is stopped, by whatever."""
    try:
        yield
    except BaseException:
        if parts.chunks:
            say(f"kept: {parts.chunks[-1].records:,} records; --resume goes on from there")
        raise
