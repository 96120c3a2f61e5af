"""Scoring of a whole VCF into a new file, resumable, and the estimate of a run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from zooctl.catalog.genomes import find_genome, open_genome
from zooctl.files.fasta.reader import Fasta
from zooctl.files.vcf.annotate import Annotator
from zooctl.files.vcf.bcf import check_binary
from zooctl.files.vcf.index import SortOrder
from zooctl.files.vcf.output import check_target, is_indexed
from zooctl.files.vcf.records import Record, VcfReader
from zooctl.files.vcf.stream import ChunkSink
from zooctl.inference.device.announce_remarks import announce
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import ScoreOptions, as_path
from zooctl.inference.tracks.choose import choose_tracks
from zooctl.inference.vcf import setup
from zooctl.inference.vcf.assembly_check import (
    FIRST,
    Survey,
    Vcf,
    check_allowed,
    check_contigs,
    check_first,
    check_lengths,
    survey,
)
from zooctl.inference.vcf.choose_records import RecordChoice, record_choice
from zooctl.inference.vcf.destination import Destination, destination
from zooctl.inference.vcf.haplotype_text import HaplotypeText, haplotype_text
from zooctl.inference.vcf.info_fields import ScoringModel, meta_lines, vcf_fields
from zooctl.inference.vcf.report import ScoredVcf, VcfEstimate, estimate, write_report
from zooctl.inference.vcf.score_vcf import score_vcf
from zooctl.inference.vcf.scored_text import JsonText, TableText, Text, VcfText
from zooctl.inference.vcf.spliceai_field import spliceai_field, splicing_model
from zooctl.inference.vcf.tally import Tally
from zooctl.inference.vcf.write_scores import ScoreWriter
from zooctl.progress import Progress, Say, no_progress, silent

_MOST_FIRST = 1 << 24  # bytes of the first records, which are held in memory


def score_file(
    models: Sequence[OpenModel],
    vcf: str,
    output: str | Path | None,
    options: ScoreOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> ScoredVcf:
    """Score every allele of a VCF; the output has all records of the input, in order.

    Args:
        models: The models, of one assembly.
        vcf: VCF or BCF, plain, gz or bgzip; ``-`` for stdin.
        output: A .vcf.gz, .vcf, .bcf, .tsv, .tsv.gz, .jsonl, .jsonl.gz or .parquet; ``-`` for
            stdout; or a folder, by default the working folder, for ``<vcf>.<model>.vcf.gz``.
        options: Genome, shifts, rules of refusal and treatment of existing files.
        say: Told about the genome, the device, and the state of a resumed run.
        progress: Opens the progress displays.

    Raises:
        InputError: Models, genome, VCF or outputs do not fit; or the rules refuse an allele.
        ManyErrors: Several of these.
        VerificationError: A prediction is not a finite number.
    """
    with open_run(models, vcf, output, options, say, progress) as run:
        return run.score()


def estimate_file(
    models: Sequence[OpenModel],
    vcf: str,
    output: str | Path | None,
    options: ScoreOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> VcfEstimate:
    """Return the size and time of ``score_file`` from a few real batches; nothing is written."""
    # A store would make the first alleles tell nothing of the others.
    with open_run(models, vcf, output, replace(options, store=None), say, progress) as run:
        return run.estimate()


@contextmanager
def open_run(
    models: Sequence[OpenModel],
    vcf: str,
    output: str | Path | None,
    options: ScoreOptions,
    say: Say,
    progress: Progress,
    *,
    place: Destination | None = None,
) -> Iterator[ScoringRun]:
    """Check inputs and outputs, then open the VCF, the genome and the networks.

    Args:
        models: The models, of one assembly.
        vcf: VCF or BCF.
        output: The output, which is checked; not used where there is a place.
        options: As of ``score_file``.
        say: Told about the genome and the device.
        progress: Opens the progress displays.
        place: The kind of output of a run that writes none itself.
    """
    cards = [model.card for model in models]
    assembly = setup.common_assembly(cards, options)
    chosen = choose_tracks(cards, options.tracks, by_gene=options.genes is not None)
    paths, description = find_genome(assembly, as_path(options.fasta))
    others = (vcf, options.chrom_map, options.genes)
    inputs = [*paths, *(Path(path) for path in others if path)]
    with ExitStack() as stack:
        if place is None:
            place = destination(output, vcf, cards, options, stack)
            check_target(place.target, options.force, inputs)
        if (report := as_path(options.report)) is not None:
            setup.check_report(report, place.target, options.force, inputs)
        reader = stack.enter_context(VcfReader(vcf))
        say(f"genome: {description}")
        genome = stack.enter_context(open_genome(assembly, paths, progress))
        assembly = setup.assembly_in_use(cards, genome, say)
        matched = setup.match_names(reader, genome, options)
        choice = record_choice(options, genome.contigs, matched.names)
        genes = setup.read_genes(options, genome)
        opened = [
            setup.scoring_model(model, tracks, genome, options, genes, say)
            for model, tracks in zip(models, chosen, strict=True)
        ]
        announce([(card, model.scorer) for card, model in zip(cards, opened, strict=True)], say)
        setup.check_selection(options, opened)
        longest = max(model.scorer.max_allele_length for model in opened)
        matched = replace(matched, longest=longest)
        done = (choice, opened, place, inputs, say, progress)
        yield ScoringRun(vcf, options, reader, matched, genome, assembly, *done)


@dataclass(frozen=True)
class ScoringRun:
    """A run with all inputs opened and checked."""

    source: str
    options: ScoreOptions
    reader: VcfReader
    vcf: Vcf
    genome: Fasta
    assembly: str
    choice: RecordChoice
    models: Sequence[ScoringModel]
    place: Destination
    inputs: Sequence[Path]
    say: Say
    progress: Progress

    def _reread(self) -> Iterator[Record]:
        """Yield the records from a second reader, which leaves the first where it is."""
        with VcfReader(self.source) as reader, self.progress(None, "records", "reading") as tell:
            for record in self.choice.keep(iter(reader)):
                tell(1)
                yield record

    def _survey(self) -> Survey | None:
        """Read the whole VCF once, where it can be read twice."""
        if self.source == "-" or not Path(self.source).is_file():
            return None
        counts = survey(self._reread())
        check_contigs(counts.chroms, self.vcf, self.options.max_skipped)
        return counts

    def _first(self, total: Survey | None) -> tuple[list[Record], Iterator[Record], Tally]:
        """Compare the first records with the genome; return them and all that follow."""
        records, first, n_alleles, size = self.choice.keep(iter(self.reader)), [], 0, 0
        for record in records:
            first.append(record)
            n_alleles += len(record.alts)
            size += len(record.line)
            # Lines may be long: of a thousand with 1 MB of INFO a few are enough.
            if n_alleles >= FIRST or size >= _MOST_FIRST:
                break
        genome = setup.genome_label(self.genome, self.assembly)
        tally = check_first(
            first, self.vcf, self.models[0].scorer, assembly=self.assembly, genome=genome
        )
        chroms = total.chroms if total else survey(first).chroms
        note = check_lengths(self.reader.header.contigs, chroms, self.vcf, genome=genome)
        if note is not None:
            self.reader.notes.append(note)
        return first, records, tally

    def score(self) -> ScoredVcf:
        """Score all records and write them."""
        text, options, order = self.text(), self.options, SortOrder()
        total, records = self.checked()
        settings = self.settings(text)
        began, spent = time.monotonic(), dict[str, float]()
        ordered = _noting_order(records, order)
        with self.progress(
            total.alleles if total else None, "alleles", self.models[0].name
        ) as tell:

            def into(parts: ChunkSink) -> Tally:
                return score_vcf(
                    ordered,
                    self.vcf,
                    self.models,
                    text,
                    parts,
                    haplotypes=self.haplotypes,
                    seconds=spent,
                    advance=tell,
                )

            writer = ScoreWriter(
                self.place, options, self.reader.name, self.inputs, self.say, self.n_rows
            )
            written = writer.write(text.head, settings, order, into)
        tally = written.tally
        if written.index_fault is not None:
            self.reader.notes.append(f"the output has no index: {written.index_fault}")
        if not tally.records:
            where = " in the regions" if self.choice else ""
            self.say(f"warning: {self.reader.name} has no records{where}")
        result = ScoredVcf(
            source=self.reader.name,
            outputs=written.files,
            tally=tally,
            n_scored_now=tally.alleles - written.n_before,
            seconds=time.monotonic() - began,
            model_seconds=spent,
            settings=settings,
            notes=tuple(self.reader.notes),
            out_of_order=order.broken
            if is_indexed(self.place.form) and not self.place.stdout
            else None,
            longest={model.name: model.scorer.max_allele_length for model in self.models},
        )
        if (report := as_path(options.report)) is not None:
            write_report(report, result, options.force)
        return result

    def settings(self, text: Text) -> dict[str, str | int | bool]:
        """Return everything but the records that the bytes of an output depend on."""
        intervals, names = self.choice.intervals, self.vcf.names
        return setup.settings_of(
            self.models, self.options, self.genome, intervals, names, text.head
        )

    def checked(self) -> tuple[Survey | None, Iterator[Record]]:
        """Check contigs, the first records and the rules; return the survey and all records."""
        total = self._survey()
        first, rest, _ = self._first(total)
        if total is None:
            # A header may name contigs that come later.
            seen = dict.fromkeys(self.reader.header.contigs, 0) | survey(first).chroms
            check_contigs(seen, self.vcf, 1)
        else:
            if self.vcf.strict or self.vcf.fail:
                check_allowed(self._reread(), self.vcf, [model.scorer for model in self.models])
            if self.place.form == "bcf":
                check_binary(self.reader.header.text, self._numbered, self.reader.name)
        return total, chain(first, rest)

    def _numbered(self) -> Iterator[tuple[int, bytes]]:
        """Yield line number and line of each record, from a reader of its own."""
        with VcfReader(self.source) as reader:
            for record in self.choice.keep(iter(reader)):
                yield record.number, record.line

    def n_rows(self, tally: Tally) -> int:
        """Return the number of records, or of rows of a table, in the output."""
        if not self.place.is_table:
            return tally.records
        return tally.alleles * self.rows_per_allele

    @property
    def rows_per_allele(self) -> int:
        """Rows of a table for each allele."""
        return sum(len(model.tracks) * len(model.scorer.measures) for model in self.models)

    def estimate(self) -> VcfEstimate:
        """Time a few real batches."""
        total = self._survey()
        first, rest, tally = self._first(total)
        if total is None:
            total = survey(chain(first, rest))
        return estimate(total, (first, tally), self.vcf, self.models, self.place.target)

    @cached_property
    def haplotypes(self) -> HaplotypeText | None:
        """The writer of the scores of haplotypes; None where they are not asked for."""
        return haplotype_text(self.options, self.place, self.vcf, self.models)

    def text(self) -> Text:
        """Return the writer of the output's lines."""
        if self.place.form.startswith("jsonl"):
            return JsonText(self.models)
        if self.place.is_table:
            return TableText(self.models)
        options = {"ReverseComplement": str(self.options.rc), "CheckRef": self.options.check_ref}
        fields, splicing = vcf_fields(self.models), None
        if self.options.spliceai_field:
            splicing = splicing_model(self.models)
            fields.append(spliceai_field(self.models[splicing]))
        header = self.reader.header
        annotator = Annotator(
            header if self.haplotypes is None else self.haplotypes.header(header),
            fields,
            meta=meta_lines(self.models, options),
            overwrite=self.options.overwrite,
            models=[model.name for model in self.models],
            path=self.reader.name,
        )
        return VcfText(self.models, annotator, splicing)


def _noting_order(records: Iterable[Record], order: SortOrder) -> Iterator[Record]:
    for record in records:
        order.add(record)
        yield record
