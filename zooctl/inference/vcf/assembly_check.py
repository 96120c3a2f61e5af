"""Comparison of a VCF with a genome: contig names, assembly, and the rules of refusal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from zooctl.errors import InputError, ManyErrors
from zooctl.files.vcf.fields.symbolic import explicit
from zooctl.files.vcf.records import MOST_FAULTS, Record
from zooctl.inference.genome import Genome
from zooctl.inference.variants.scorer import Scorer
from zooctl.inference.vcf.tally import DISAGREEING, Tally, is_scored
from zooctl.sequence.alleles import Allele, Status
from zooctl.sequence.contigs import CHROM_MAP_HINT, other_style
from zooctl.sequence.onehot import decode, reverse_complement

FIRST = 1000
"""Number of alleles that are compared with the genome before any is scored."""

_MOST_MISMATCHES = 0.1
_FEWEST_OTHER_LENGTHS = 2  # one may be a mistake in a header
_SHOWN = 3
_FEWEST_MISMATCHES = 10  # a few in a file of a few say nothing
_MITOCHONDRIA = ("MT", "chrM")


@dataclass(frozen=True)
class Vcf:
    """A VCF with its contig names mapped to a genome's, and the rules of refusal.

    Attributes:
        name: The file, for errors.
        genome: The genome.
        names: The genome's name for contigs that have another in the VCF.
        strict: Refuse alleles that cannot be scored.
        fail: Refuse alleles whose REF differs from the genome.
        longest: Longest symbolic allele in bp whose bases are taken from the genome.
        auto: Contigs of the VCF that ``--chrom-map auto`` finds in the genome.
    """

    name: str
    genome: Genome
    names: Mapping[str, str]
    strict: bool = False
    fail: bool = False
    longest: int = 0
    auto: Collection[str] = ()

    def alleles(self, record: Record) -> list[Allele]:
        """Return the alleles of a record in the genome's names, symbolic ones with their bases."""
        chrom = self.names.get(record.chrom, record.chrom)
        given = [Allele(chrom, record.start, record.ref, alt) for alt in record.alts]
        if chrom not in self.genome.contigs or not any(one.alt[0] == "<" for one in given):
            return given

        def letters(start: int, end: int) -> str:
            return decode(self.genome.padded_codes(chrom, start, end))

        numbers = range(len(given))
        return [explicit(record, number, chrom, letters, self.longest) for number in numbers]

    def mismatch(self, record: Record) -> tuple[str, bool]:
        """Return REF beside the genome's bases, as text, and whether REF is the other strand."""
        chrom = self.names.get(record.chrom, record.chrom)
        codes = self.genome.padded_codes(chrom, record.start, record.start + len(record.ref))
        other = decode(reverse_complement(codes))
        found = decode(codes)
        text = f"{_place(record)}: REF is {_short(record.ref)}, the genome has {_short(found)}"
        return text, other == record.ref.upper()

    def absent(self, record: Record) -> tuple[str, bool]:
        """Return a record's place, as text, and whether ``--chrom-map auto`` finds its contig."""
        return _place(record), record.chrom in self.auto

    def refusals(self, record: Record, scorers: Sequence[Scorer]) -> Iterator[InputError]:
        """Yield an error for each allele of a record that the rules refuse."""
        for allele in self.alleles(record) if self.strict or self.fail else ():
            for scorer in scorers:
                status = scorer.check(allele)
                wrong = status == Status.REF_MISMATCH
                if not is_scored(status) and (self.strict or wrong):
                    yield self._refusal(record, allele, status, scorer)
                    break

    def _refusal(self, record: Record, allele: Allele, status: str, scorer: Scorer) -> InputError:
        expected = None
        if status == Status.REF_MISMATCH:
            expected = self.mismatch(record)[0].partition(": ")[2]
        elif status == Status.TOO_LONG:
            expected = f"a change of at most {scorer.placement.longest:,} bp"
        place = f"{record.chrom}:{record.start + 1:,}"
        return InputError(
            f"allele cannot be scored: {status}",
            path=self.name,
            line=record.number,
            got=f"{place} {_short(record.ref)}>{_short(allele.alt)}",
            expected=expected,
            hint="without --strict and --check-ref fail it is written without a score",
        )


def _place(record: Record) -> str:
    return f"{record.chrom}:{record.start + 1:,} (line {record.number:,})"


def _short(letters: str) -> str:
    return letters if len(letters) <= 20 else f"{letters[:20]}… ({len(letters)} bp)"


def genome_names(
    header: Mapping[str, int | None],
    named: Mapping[str, str],
    contigs: Mapping[str, int],
) -> dict[str, str]:
    """Return the genome's name for contigs of a VCF, "" where it is another sequence.

    A mitochondrion of another length is left out, since two are in use with one assembly, unless
    ``--chrom-map`` says that it is the same.

    Args:
        header: Lengths that the VCF's header gives.
        named: Names that ``--chrom-map`` maps.
        contigs: Lengths of the genome's contigs.
    """
    names = dict(named)
    for chrom in _MITOCHONDRIA:
        length = None if chrom in named else header.get(chrom)
        if length is not None and contigs.get(chrom, length) != length:
            names[chrom] = ""
    return names


def check_lengths(
    header: Mapping[str, int | None], chroms: Mapping[str, int], vcf: Vcf, *, genome: str
) -> str | None:
    """Compare the contig lengths in a VCF's header with those of the genome in use.

    The length of a contig without records says nothing. Where one with records has another, the
    records' REF is compared with the genome in any case, so a single one is only told.

    Args:
        header: Lengths that the VCF's header gives.
        chroms: Alleles on each contig that has some.
        vcf: The VCF.
        genome: Name of the genome, for people.

    Returns:
        A remark on contigs with records and another length; None if there are none.

    Raises:
        InputError: At least two contigs, and more than half of those that both have, differ in
            length, one with records among them: another assembly.
    """
    contigs = vcf.genome.contigs
    stated = {
        chrom: (length, contigs[name])
        for chrom, length in header.items()
        if length is not None and (name := vcf.names.get(chrom, chrom)) in contigs
    }
    other = {chrom: pair for chrom, pair in stated.items() if pair[0] != pair[1]}
    seen = [chrom for chrom in other if chroms.get(chrom)]
    if not seen:
        return None
    length, expected = other[seen[0]]
    if len(other) >= _FEWEST_OTHER_LENGTHS and len(other) > len(stated) / 2:
        raise InputError(
            f"wrong assembly? The header gives other lengths for {len(other):,} contigs",
            path=vcf.name,
            got=f"{length:,} bp for {seen[0]}",
            expected=f"{expected:,} bp, as in {genome}",
            hint=f"lift the VCF over to the assembly of {genome}, or name its own with --fasta",
        )
    listed = ", ".join(
        f"{chrom} {other[chrom][0]:,} bp, not {other[chrom][1]:,}" for chrom in seen[:_SHOWN]
    )
    return f"the header gives other lengths than {genome}: {listed}; REF is compared all the same"


@dataclass(frozen=True)
class Survey:
    """Counts of a VCF's records and alleles.

    Attributes:
        records: Its records.
        alleles: Their alleles.
        chroms: Alleles on each of its contigs.
    """

    records: int
    alleles: int
    chroms: dict[str, int]


def survey(records: Iterable[Record]) -> Survey:
    """Count the records of a VCF; a faulty one is found before anything is computed."""
    n_records = 0
    chroms: dict[str, int] = {}
    for n_records, record in enumerate(records, 1):  # noqa: B007
        chroms[record.chrom] = chroms.get(record.chrom, 0) + len(record.alts)
    return Survey(n_records, sum(chroms.values()), chroms)


def check_contigs(chroms: Mapping[str, int], vcf: Vcf, most: float) -> None:
    """Refuse a VCF with too many alleles on contigs that the genome lacks.

    Args:
        chroms: Alleles on each contig.
        vcf: The VCF.
        most: Largest share of alleles that may lie there.

    Raises:
        InputError: All of it does, or a larger share.
    """
    contigs = vcf.genome.contigs
    absent = [chrom for chrom in chroms if vcf.names.get(chrom, chrom) not in contigs]
    n_absent, total = sum(chroms[chrom] for chrom in absent), sum(chroms.values())
    if not n_absent or (len(absent) < len(chroms) and n_absent <= most * total):
        return
    shown = ", ".join(list(contigs)[:3]) + (", …" if len(contigs) > 3 else "")
    fits = [chrom for chrom in absent if {chrom, other_style(chrom)} & contigs.keys()]
    hint = CHROM_MAP_HINT
    if fits and not set(fits).difference(_MITOCHONDRIA):
        hint = "two mitochondria are in use; if it is the same one, pass --chrom-map FILE"
    elif not fits:
        hint = "name a genome that has them with --fasta"
        # Raising the share helps only where something is left to score.
        hint += "" if len(absent) == len(chroms) else ", or raise --max-skipped"
    if other := [chrom for chrom in absent if chrom in contigs and vcf.names.get(chrom) == ""]:
        raise InputError(
            f"{other[0]} of the VCF is another sequence than the genome's, by its length",
            path=vcf.name,
            expected=f"{other[0]} of {contigs[other[0]]:,} bp",
            hint=hint,
        )
    raise InputError(
        "no contig of the VCF is in the genome"
        if len(absent) == len(chroms)
        else f"{n_absent:,} of {total:,} alleles are on contigs that the genome lacks",
        path=vcf.name,
        got=", ".join(absent[:3]) + (", …" if len(absent) > 3 else ""),
        expected=f"names such as {shown}",
        hint=hint,
    )


def check_first(
    records: Sequence[Record], vcf: Vcf, scorer: Scorer, *, assembly: str, genome: str
) -> Tally:
    """Compare the first alleles with the genome, before anything is scored.

    Args:
        records: The first records.
        vcf: The VCF.
        scorer: A scorer on the genome.
        assembly: Assembly of the model.
        genome: Name of the genome in use, for people.

    Raises:
        InputError: More than a tenth of those on its contigs have a REF that the genome lacks; or
            none of them is an allele.
    """
    tally = Tally(records=len(records))
    for record in records:
        for allele in vcf.alleles(record):
            status = scorer.check(allele)
            tally.count([""], [status])
            if status == Status.REF_MISMATCH:
                tally.note_mismatch(*vcf.mismatch(record))
    wrong = tally.statuses.get(Status.REF_MISMATCH, 0)
    there = tally.alleles - tally.statuses.get(Status.NO_CONTIG, 0)
    if wrong >= _FEWEST_MISMATCHES and wrong > _MOST_MISMATCHES * there:
        strand = f"; {tally.other_strand:,} fit the other strand" if tally.other_strand else ""
        raise InputError(
            f"wrong assembly? REF is not what {genome} has",
            path=vcf.name,
            got=f"{wrong:,} mismatches in the first {there:,} alleles{strand}; "
            f"{tally.mismatches[0]}",
            expected=f"a VCF on {assembly}, the genome in use",
            hint=f"lift the VCF over to {assembly}, or name its genome with --fasta",
        )
    invalid = tally.statuses.get(Status.INVALID_ALLELE, 0)
    if invalid >= _FEWEST_MISMATCHES and invalid == there:
        raise InputError(
            "no record has alleles in REF and ALT",
            path=vcf.name,
            line=records[0].number,
            got=f"REF {_short(records[0].ref)}, ALT {_short(records[0].alts[0])}",
            expected="bases",
            hint="are the columns in the order of a VCF?",
        )
    return tally


def check_allowed(records: Iterable[Record], vcf: Vcf, scorers: Sequence[Scorer]) -> None:
    """Refuse a VCF with alleles that the rules of a run refuse.

    Raises:
        InputError: There is one.
        ManyErrors: There are several; the first of them.
    """
    found = (error for record in records for error in vcf.refusals(record, scorers))
    if faults := list(islice(found, MOST_FAULTS)):
        raise faults[0] if len(faults) == 1 else ManyErrors(faults)


def check_skipped(tally: Tally, most: float, path: str) -> None:
    """Refuse a VCF with too many alleles that disagree with the genome.

    Raises:
        InputError: More than the share ``most`` of its alleles has a unknown contig, position or
            REF.
    """
    if tally.n_disagreeing <= most * tally.alleles:
        return
    counts = ", ".join(
        f"{status} {tally.statuses[status]:,}" for status in DISAGREEING if status in tally.statuses
    )
    raise InputError(
        "too many alleles disagree with the genome",
        path=path,
        got=f"{counts} of {tally.alleles:,}",
        expected=f"at most {most:.0%}",
        hint="is it another assembly, or part of a genome? Else raise --max-skipped",
    )
