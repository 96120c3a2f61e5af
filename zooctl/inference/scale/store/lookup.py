"""Scores of a VCF's alleles from a store alone: no network is run."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice, product
from pathlib import Path

import numpy as np

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.files.fasta.reader import Fasta
from zooctl.files.score_store.rows import FoundRows
from zooctl.files.score_store.spaces import Contig
from zooctl.files.score_store.tables import FORMS, Form, TableWriter
from zooctl.files.vcf.records import Record, VcfReader
from zooctl.files.vcf.stream import STDOUT, open_stdout
from zooctl.inference.device.threaded import in_background
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import ScoreOptions, as_path
from zooctl.inference.options.store import LookupOptions
from zooctl.inference.scale.store.answer import AnswerTable, Asked, asked_of
from zooctl.inference.scale.store.choose import StoredScores, choose
from zooctl.inference.scale.store.ranks import stored_ranks
from zooctl.inference.variants.allele_status import normal_form
from zooctl.inference.vcf.assembly_check import Vcf
from zooctl.inference.vcf.setup import match_names
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.sequence.alleles import Allele, Change, Status, anchor
from zooctl.sequence.onehot import BASES

_RECORDS = 1 << 15  # asked for together
# SNVs as records write them, to their normal form.
_SNVS = {
    pair: (pair[0].upper(), pair[1].upper())
    for pair in product(BASES + BASES.lower(), repeat=2)
    if pair[0].upper() != pair[1].upper()
}


@dataclass
class Lookup:
    """What a lookup came to.

    Attributes:
        records: Records of the VCF.
        statuses: Number of alleles by status.
        seconds: Time from the first record to the last row.
    """

    records: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def alleles(self) -> int:
        """Number of alleles."""
        return self.statuses.total()


def look_up(
    model: OpenModel,
    vcf: str,
    output: str | Path,
    options: LookupOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Lookup:
    """Write a row for each allele, track and score, as ``score_file`` into a table.

    The genome is read for indels, which are left-aligned on it, and for alleles without a score.

    Args:
        model: The model.
        vcf: VCF or BCF; ``-`` for stdin.
        output: A .tsv, .tsv.gz or .parquet; ``-`` for a TSV on stdout.
        options: Store and genome.
        say: Told about the genome and the store.
        progress: Opens the progress display.

    Raises:
        InputError: The store has no scores of the model, or several kinds; or a file is wrong.
    """
    if options.store is None:
        raise InputError("a lookup asks a store", hint="name its folder with --store")
    form = _form(output, options.force)
    chosen = choose(Path(options.store), model, options.settings, say)
    with ExitStack() as stack:
        reader = stack.enter_context(VcfReader(vcf))
        genome = stack.enter_context(model.genome(as_path(options.fasta), say, progress))
        named = match_names(reader, genome, ScoreOptions(chrom_map=options.chrom_map))
        vcf_here = replace(named, longest=chosen.space.facts["scores"]["longest"])
        table = AnswerTable(chosen, stored_ranks(model, chosen, options.null, say))
        if str(output) == STDOUT:
            stream = open_stdout(text=True)
        else:
            path = stack.enter_context(atomic_output(output, force=options.force, inputs=[vcf]))
            stream = stack.enter_context(path.open("wb"))
        writer = TableWriter(stream, form, table.names, metadata=table.metadata)
        asking = _Asking(chosen, genome, vcf_here)
        stack.enter_context(_without_collections())
        done, began = Lookup(), time.monotonic()
        with progress(None, "records", chosen.model) as tell:
            # Records are read and asked for while the rows before them are written.
            answers = stack.enter_context(closing(in_background(asking.answers(_blocks(reader)))))
            for n_records, asked in answers:
                writer.write(*table.columns(asked))
                done.records += n_records
                done.statuses.update(asked.statuses.tolist())
                tell(n_records)
        writer.finish()
        done.seconds = time.monotonic() - began
        return done


@contextmanager
def _without_collections() -> Iterator[None]:
    """Search for no cycles of objects: a lookup makes none, and the search takes a fifth of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _form(output: str | Path, force: bool) -> Form:
    if str(output) == STDOUT:
        return "tsv"
    name = file_named(output, [f".{form}" for form in FORMS]).name.lower()
    check_output(output, force)
    return next(form for form in FORMS if name.endswith(f".{form}"))


def _blocks(reader: VcfReader) -> Iterator[list[Record]]:
    records = iter(reader)
    while block := list(islice(records, _RECORDS)):
        yield block


@dataclass(frozen=True)
class _Asking:
    """Questions of blocks of records to the store."""

    chosen: StoredScores
    genome: Fasta
    vcf: Vcf

    def answers(self, blocks: Iterable[Sequence[Record]]) -> Generator[tuple[int, Asked]]:
        """Yield the number of records of each block, and its answers."""
        for block in blocks:
            yield len(block), self.ask(block)

    def ask(self, block: Sequence[Record]) -> Asked:
        """Return the alleles of records with the rows that the store has of them."""
        asked = asked_of(block)
        # Column by column, for a loop over alleles would take as long as reading them.
        pairs = zip(asked.refs, asked.alts, strict=True)
        forms: list[tuple[str, str] | None] = list(map(_SNVS.get, pairs))
        starts = [position - 1 for position in asked.positions]
        others: dict[int, Allele] = {}
        if None in forms:
            others = self._others(block, forms)
            for number, other in others.items():
                if (form := self._anchored(other)) is not None:
                    starts[number], forms[number] = form.start, (form.ref, form.alt)
        for chrom, numbers in self._by_contig(asked).items():
            keyed = numbers if None not in forms else [n for n in numbers if forms[n] is not None]
            if (rows := self._find(chrom, keyed, starts, forms)) is not None:
                asked.rows.append((np.array(keyed)[rows.n], rows))
        for number in asked.unanswered():
            if (allele := others.get(number)) is None:
                chrom = self._name(asked.chroms[number])
                place = asked.positions[number] - 1
                allele = Allele(chrom, place, asked.refs[number], asked.alts[number])
            found = self._form(allele)
            asked.statuses[number] = found if isinstance(found, Status) else Status.NOT_STORED
        return asked

    def _name(self, chrom: str) -> str:
        return self.vcf.names.get(chrom, chrom)

    def _by_contig(self, asked: Asked) -> dict[str, list[int]]:
        """Return the numbers of the alleles of each contig, by the genome's names."""
        chroms = list(dict.fromkeys(asked.chroms))
        if len(chroms) == 1:
            return {self._name(chroms[0]): list(range(len(asked.chroms)))}
        found: dict[str, list[int]] = {self._name(chrom): [] for chrom in chroms}
        for number, chrom in enumerate(asked.chroms):
            found[self._name(chrom)].append(number)
        return found

    def _others(
        self, block: Sequence[Record], forms: Sequence[tuple[str, str] | None]
    ) -> dict[int, Allele]:
        """Return the alleles that are no plain SNV, by their numbers."""
        found, first = dict[int, Allele](), 0
        for record in block:
            n = len(record.alts)
            if None in forms[first : first + n]:
                own = self.vcf.alleles(record)
                found |= {at: own[at - first] for at in range(first, first + n) if not forms[at]}
            first += n
        return found

    def _anchored(self, allele: Allele) -> Change | None:
        """Return the normal form of an allele as a VCF writes it, if it has one."""
        found = self._form(allele)
        if isinstance(found, Status):
            return None
        return anchor(found, partial(self.genome.padded_codes, allele.chrom))

    def _form(self, allele: Allele) -> Change | Status:
        longest = self.chosen.space.facts["scores"]["longest"]
        found = normal_form(allele, self.genome, longest, swap=False)
        return found if isinstance(found, Status) else found[0]

    def _find(
        self,
        chrom: str,
        numbers: Sequence[int],
        starts: Sequence[int],
        forms: Sequence[tuple[str, str] | None],
    ) -> FoundRows | None:
        """Return the rows of the numbered alleles of a contig, by their normal forms."""
        if not numbers or chrom not in self.genome.contigs:
            return None
        parts = self.chosen.space.parts(Contig(chrom, self.genome.sha256(chrom)))
        if parts is None:
            return None
        own = [form for number in numbers if (form := forms[number]) is not None]
        refs, alts = zip(*own, strict=True)
        return parts.find([starts[number] for number in numbers], refs, alts)
