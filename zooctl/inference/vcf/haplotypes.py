"""Changes of one haplotype joined to one allele: phased genotypes that lie near each other.

A haplotype carries all its changes at once, and a network reads them at once. So the phased changes
of a sample's haplotype are joined where at most ``reach`` unchanged bases lie between neighbours,
and the joined change is scored as any allele is: an MNV and its SNVs phased together are one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from zooctl.files.vcf.fields.genotypes import Genotype, phased_genotypes
from zooctl.files.vcf.records import Record
from zooctl.inference.variants.allele_status import normal_form
from zooctl.inference.vcf.assembly_check import Vcf
from zooctl.sequence.alleles import Allele, Change, Status, anchor, join, trim

CLASH = -1
"""Number of a haplotype whose records change the same bases in two ways."""

_ANY_LENGTH = 1 << 62

Place = tuple[int, int]
"""A sample, and one of its haplotypes."""


class Joined(NamedTuple):
    """The haplotypes of a record.

    Attributes:
        alleles: The joined changes of its haplotypes, each once.
        carriers: Of each sample and haplotype the number of its allele among them; None without an
            ALT of the record, or where the haplotypes are not told apart; or ``CLASH``.
    """

    alleles: tuple[Allele, ...]
    carriers: tuple[tuple[int | None, ...], ...]


NONE = Joined((), ())


@dataclass(frozen=True)
class _Entry:
    """A record with the changes that its haplotypes carry."""

    record: Record
    chrom: str
    start: int
    end: int
    changes: dict[Place, Change]
    phase_sets: dict[int, str | None]
    n_haplotypes: tuple[int, ...]


@dataclass
class Haplotypes:
    """Joins the phased changes of a VCF.

    Attributes:
        vcf: The VCF, with its names and genome.
        longest: Longest stretch in bp that is joined: beyond it a haplotype is TOO_LONG.
    """

    vcf: Vcf
    longest: int
    _found: dict[int, Joined] = field(default_factory=dict)

    @property
    def reach(self) -> int:
        """Largest number of unchanged bases between two changes that are joined."""
        return self.longest // 2

    def take(self, record: Record) -> Joined:
        """Return the haplotypes of a record that ``follow`` has yielded, once."""
        return self._found.pop(record.number, NONE)

    def forget(self, records: Iterable[Record]) -> None:
        """Drop the haplotypes of records that are not scored."""
        for record in records:
            self.take(record)

    def joined(self, record: Record) -> tuple[Allele, ...]:
        """Return the joined changes of a record that ``follow`` has yielded."""
        return self._found.get(record.number, NONE).alleles

    def follow(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield records once all that may lie on a haplotype with them was read.

        Few are kept: those within twice the longest stretch.
        """
        near: deque[_Entry] = deque()
        waiting = 0  # number of the last entries that are not yielded yet
        for record in records:
            entry = self._entry(record)
            if near and (entry.chrom != near[-1].chrom or entry.start < near[-1].start):
                yield from self._finish(near, waiting)
                near.clear()
                waiting = 0
            near.append(entry)
            waiting += 1
            while waiting and entry.start - near[-waiting].end > self._horizon:
                yield self._resolve(near, len(near) - waiting)
                waiting -= 1
            while len(near) > waiting and near[-waiting or -1].start - near[0].end > self._horizon:
                near.popleft()
        yield from self._finish(near, waiting)

    @property
    def _horizon(self) -> int:
        return self.longest + self.reach

    def _finish(self, near: Sequence[_Entry], waiting: int) -> Iterator[Record]:
        for at in range(len(near) - waiting, len(near)):
            yield self._resolve(near, at)

    def _entry(self, record: Record) -> _Entry:
        chrom = self.vcf.names.get(record.chrom, record.chrom)
        genotypes = phased_genotypes(record)
        changes: dict[Place, Change] = {}
        phase_sets: dict[int, str | None] = {}
        if any(found and any(found.alleles) for found in genotypes):
            made = [self._change(allele) for allele in self.vcf.alleles(record)]
            for sample, found in enumerate(genotypes):
                if found is not None:
                    phase_sets[sample] = found.phase_set
                    changes |= _carried(sample, found, made)
        start = min((one.start for one in changes.values()), default=record.start)
        end = max((one.end for one in changes.values()), default=record.start + 1)
        sizes = tuple(len(found.alleles) if found else 1 for found in genotypes)
        return _Entry(record, chrom, min(start, record.start), end, changes, phase_sets, sizes)

    def _change(self, allele: Allele) -> Change | None:
        """Return the change of an allele where its record states it; None where it is none."""
        found = normal_form(allele, self.vcf.genome, _ANY_LENGTH, swap=False)
        if isinstance(found, Status):
            return None
        return _placed(allele.start, allele.ref.upper(), allele.alt.upper())

    def _resolve(self, near: Sequence[_Entry], at: int) -> Record:
        """Join the changes of one record's haplotypes, and return the record."""
        entry = near[at]
        if entry.changes:
            numbers: dict[Allele, int] = {}
            carriers: list[list[int | None]] = [[None] * n for n in entry.n_haplotypes]
            for place in entry.changes:
                allele = self._allele(near, at, place)
                found = CLASH if allele is None else numbers.setdefault(allele, len(numbers))
                carriers[place[0]][place[1]] = found
            self._found[entry.record.number] = Joined(tuple(numbers), tuple(map(tuple, carriers)))
        return entry.record

    def _allele(self, near: Sequence[_Entry], at: int, place: Place) -> Allele | None:
        """Return all changes of a haplotype that hang together with a record's, as one allele."""
        entry = near[at]
        changes = self._chain(near, at, place)
        read = partial(self.vcf.genome.padded_codes, entry.chrom)
        joined = join(changes, read)
        if joined is None:
            return None
        plain = trim(*joined)
        if not plain.ref and not plain.alt:  # they undo each other
            return Allele(entry.chrom, *joined)
        return Allele(entry.chrom, *anchor(plain, read))

    def _chain(self, near: Sequence[_Entry], at: int, place: Place) -> list[Change]:
        """Return the changes of a haplotype that hang together with a record's.

        A padded record may stand before another whose change lies before its own, so a chain grows
        until nothing more hangs on to it; the nearest record decides between phase sets.
        """
        own, phase_set = near[at].changes[place], near[at].phase_sets[place[0]]
        low, high, found = own.start, own.end, [own]
        others = [
            (other.changes[place], other.phase_sets[place[0]])
            for i, other in sorted(enumerate(near), key=lambda pair: abs(pair[0] - at))
            if i != at and place in other.changes
        ]
        grown = True
        while grown:
            grown, left = False, []
            for change, theirs in others:
                alike = phase_set is None or theirs is None or phase_set == theirs
                if alike and max(low - change.end, change.start - high) <= self.reach:
                    found.append(change)
                    low, high = min(low, change.start), max(high, change.end)
                    phase_set = theirs if phase_set is None else phase_set
                    grown = True
                else:
                    left.append((change, theirs))
            others = left
        return found


def _placed(start: int, ref: str, alt: str) -> Change:
    """Return a change where its record states it: without the bases before it, then those behind.

    The base before an insertion or deletion stays on its left, whatever another record makes of it.

    >>> _placed(100, "A", "AA"), _placed(100, "CAGT", "CAT")
    (Change(start=101, ref='', alt='A'), Change(start=102, ref='G', alt=''))
    """
    most = min(len(ref), len(alt))
    head = 0
    while head < most and ref[head] == alt[head]:
        head += 1
    tail = 0
    while tail < most - head and ref[-1 - tail] == alt[-1 - tail]:
        tail += 1
    return Change(start + head, ref[head : len(ref) - tail], alt[head : len(alt) - tail])


def _carried(sample: int, genotype: Genotype, made: Sequence[Change | None]) -> dict[Place, Change]:
    found = {}
    for haplotype, number in enumerate(genotype.alleles):
        change = made[number - 1] if number and number <= len(made) else None
        if change is not None:
            found[sample, haplotype] = change
    return found
