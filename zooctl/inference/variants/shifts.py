"""Shifted windows around a change: their positions, their sequence, and the bases to compare.

Windows lie on the genome by their first base. For a change with centre c, and h the half of an
input, rounded down from one less than its length, the window of shift s begins at c - h + s. So in
the released code of Toneyan, Tang and Koo 2022 (doi:10.1038/s42256-022-00570-9), where shifts of
2,048-bp windows are -512 to 511 and the 1,024 bp compared begin 511 bp before the variant::

    reference    ......[.....oooooooooooooooooo.....]..........
    shifted      ........[.....oooooooooooooooooo.....]........
    compared                    ============
    alternative  ......[.....oooooooo+++oooooooo.....]         + inserted: left out

The window of the alternative begins at the same base and is as long, so an insertion pushes bases
out at the right, and a deletion draws some in. Predictions are compared base by base of the genome
(a bin has its value at each of its bases): over the bases that all windows of both predict, and
without those that are deleted. Where REF and ALT differ in length and both are left after trimming,
their first bases stand for each other.

A network with one value a window has no bases to compare, so its windows need not lie alike on both
sequences. They may be kept inside the ends of each, where sequence is not to be made up: a reporter
construct has no N beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.options.predict_and_score import MOST_SHIFTS
from zooctl.sequence.alleles import Change, Read
from zooctl.sequence.onehot import Codes, N, encode, reverse_complement
from zooctl.sequence.windows import Geometry, Integers

Spans = NDArray[np.int32]


def default_max_shift(geometry: Geometry) -> int:
    """Return the largest shift after which all windows share the core that the card states.

    Where the core is the whole output it is a quarter of the output, and for a network with one
    value a window, which has no bases to align, a quarter of the input.

    >>> [default_max_shift(Geometry(*lengths)) for lengths in
    ...  ((2048, 2048, 32, 1024), (2048, 1024, 32, 1024), (145, 145, 145, 145))]
    [512, 256, 36]
    """
    if geometry.n_bins == 1:
        return geometry.input_length // 4
    spare = (geometry.output_length - geometry.core_length) // 2
    return spare or geometry.output_length // 4


def draw_shifts(n_shifts: int, max_shift: int, seed: int) -> Integers:
    """Return shifts in ``[-max_shift, max_shift - 1]``, with replacement; 0 where that is empty."""
    if max_shift == 0:
        return np.zeros(n_shifts, dtype=np.int64)
    return np.random.default_rng(seed).integers(-max_shift, max_shift, n_shifts)


def even_shifts(n_shifts: int, max_shift: int) -> Integers:
    """Return shifts from ``-max_shift`` to ``max_shift`` at even distances, in whole bp.

    >>> even_shifts(5, 60).tolist(), even_shifts(1, 60).tolist()
    ([-60, -30, 0, 30, 60], [0])
    """
    if n_shifts == 1:
        return np.zeros(1, dtype=np.int64)
    return np.rint(np.linspace(-max_shift, max_shift, n_shifts)).astype(np.int64)


@dataclass(frozen=True)
class Haplotype:
    """Windows on one sequence.

    Attributes:
        codes: The stretch that all windows lie in.
        offsets: First bases of the windows in it.
        spans: Bases of each that are compared, ``(n, 4)`` (see ``session.Session.sums``).
    """

    codes: Codes
    offsets: tuple[int, ...]
    spans: Spans

    def rows(self, length: int) -> Iterator[Codes]:
        """Yield the windows."""
        for offset in self.offsets:
            yield self.codes[offset : offset + length]

    def most_unknown(self, length: int) -> int:
        """Return the largest number of unknown bases in a window."""
        counts = np.concatenate(([0], np.cumsum(self.codes == N)))
        starts = np.array(self.offsets)
        return int((counts[starts + length] - counts[starts]).max())


@dataclass(frozen=True)
class Pair:
    """The windows of a reference and its alternative.

    Attributes:
        low: First base that was read, before the contig where it is negative.
        genome: Codes read for both, N outside of the contig.
        reference: Windows on the genome.
        alternative: Windows on the changed sequence.
    """

    low: int
    genome: Codes
    reference: Haplotype
    alternative: Haplotype


@dataclass(frozen=True)
class Compared:
    """The bases of the reference that are compared, in bp from the centre of a change.

    They are ``[first, gap)`` and ``[gap_end, last)``. Changes of one centre whose ``Compared`` are
    equal have their reference predictions in common.
    """

    first: int
    gap: int
    gap_end: int
    last: int

    @property
    def n_bases(self) -> int:
        """Their number."""
        return self.gap - self.first + self.last - self.gap_end


@dataclass(frozen=True)
class Placement:
    """Positions of a network's windows around any change.

    Attributes:
        geometry: The network's window.
        n_shifts: Number of shifts that are drawn.
        max_shift: Shifts are at least ``-max_shift`` and less than ``max_shift``, or 0.
        seed: Seed of the draw.
        even: Shifts are not drawn but lie at even distances, ``max_shift`` included.
        inside: Windows that overhang a sequence are moved to its end, instead of padded with N;
            however many are moved to one place, it counts once.

    Raises:
        InputError: No shift, windows shifted so far that they share nothing, or ``inside`` for a
            network with several bins, whose windows must lie alike on both sequences.
    """

    geometry: Geometry
    n_shifts: int
    max_shift: int
    seed: int
    even: bool = False
    inside: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.n_shifts <= MOST_SHIFTS:
            raise InputError(
                f"number of shifts must be from 1 to {MOST_SHIFTS:,}", got=self.n_shifts
            )
        if self.inside and not self.is_scalar:
            raise InputError(
                "windows can be kept inside a sequence only where a model predicts one value",
                got=f"{self.geometry.n_bins} bins",
            )
        if self.max_shift < 0 or self.longest < 1:
            raise InputError(
                "largest shift does not fit the model's window",
                got=f"{self.max_shift} bp",
                expected=f"0 to {(self._extent - 2) // 2}",
            )

    @cached_property
    def is_scalar(self) -> bool:
        """Whether the network predicts one value a window."""
        return self.geometry.n_bins == 1

    @property
    def _extent(self) -> int:
        """Length that must hold a change: the output, or the input of a network with one value."""
        return self.geometry.input_length if self.is_scalar else self.geometry.output_length

    @property
    def longest(self) -> int:
        """The longest REF or ALT of a change, in bp: half of the bases that all windows share."""
        return (self._extent - 2 * self.max_shift) // 2

    @cached_property
    def drawn(self) -> Integers:
        """The shifts, ``(n_shifts,)``."""
        if self.even:
            return even_shifts(self.n_shifts, self.max_shift)
        return draw_shifts(self.n_shifts, self.max_shift, self.seed)

    @cached_property
    def shifts(self) -> Integers:
        """The distinct shifts, sorted: only they need predicting."""
        return np.unique(self.drawn)

    @cached_property
    def order(self) -> Integers:
        """Index in ``shifts`` of each shift drawn."""
        return np.searchsorted(self.shifts, self.drawn)

    def counted(self, pair: Pair) -> Integers:
        """Return the indices in ``shifts`` of the windows that a score is the mean over."""
        if not self.inside:
            return self.order
        places = np.array([pair.reference.offsets, pair.alternative.offsets])
        return np.unique(places, axis=1, return_index=True)[1]

    @cached_property
    def origins(self) -> Integers:
        """First predicted base of each of ``shifts``' windows, in bp from the centre."""
        flank = (self.geometry.input_length - self.geometry.output_length) // 2
        return self.shifts - self._half + flank

    @cached_property
    def _only_bin(self) -> Spans:
        """Spans of windows with one value."""
        return np.array([[0, 0, self.geometry.bin_size, 0]] * len(self.shifts), dtype=np.int32)

    @property
    def _half(self) -> int:
        return (self.geometry.input_length - 1) // 2

    def centre(self, change: Change) -> int:
        """Return the base that windows are placed around: the middle of the replaced bases."""
        return change.start + max(len(change.ref) - 1, 0) // 2

    def compared(self, change: Change) -> Compared:
        """Return the bases of the reference that are compared."""
        if self.is_scalar:
            return Compared(0, 0, 0, self.geometry.bin_size)
        output = self.geometry.output_length
        flank = (self.geometry.input_length - output) // 2
        first = flank - self._half + self.max_shift
        last = first + output - 2 * self.max_shift - max(change.growth, 0)
        if change.growth >= 0:
            return Compared(first, 0, 0, last)
        end = change.end - self.centre(change)
        return Compared(first, end + change.growth, end, last)

    def pair(self, change: Change, read: Read, contig_length: int) -> Pair:
        """Return the windows of both haplotypes.

        Args:
            change: Trimmed, left-aligned, and not too long.
            read: The contig.
            contig_length: Its length in bp.
        """
        centre, length = self.centre(change), self.geometry.input_length
        starts = [self._starts(centre, contig_length + growth) for growth in (0, change.growth)]
        ends = [int(first[-1]) + length for first in starts]
        low = min(int(first[0]) for first in starts)
        genome = read(low, max(ends[0], ends[1] - change.growth))
        changed = np.concatenate(
            (
                genome[: change.start - low],
                encode(change.alt.encode("ascii")),
                genome[change.end - low :],
            )
        )
        compared = self.compared(change)
        spans = (
            self._spans(compared, 0, 0),
            self._spans(compared, change.end - centre, change.growth),
        )
        reference, alternative = (
            Haplotype(codes[: end - low], tuple((first - low).tolist()), span)
            for codes, end, first, span in zip((genome, changed), ends, starts, spans, strict=True)
        )
        return Pair(low, genome, reference, alternative)

    def _starts(self, centre: int, sequence_length: int) -> Integers:
        """Return the first bases of the windows on one sequence, in the order of ``shifts``."""
        starts: Integers = centre - self._half + self.shifts
        if self.inside:
            # A sequence that is shorter than a window is overhung at its right.
            starts = starts.clip(0, max(0, sequence_length - self.geometry.input_length))
        return starts

    def _spans(self, compared: Compared, end: int, growth: int) -> Spans:
        """Return spans on a sequence whose bases from ``end`` on have moved by ``growth``.

        For a pure insertion or a longer ALT the inserted bases thus lie between the two stretches.
        """
        if self.is_scalar:
            return self._only_bin
        first, gap, gap_end, last = compared.first, compared.gap, compared.gap_end, compared.last
        if growth > 0:
            gap = gap_end = end
        stretches = np.array([first, gap_end + growth, gap, last + growth])
        spans: Spans = (stretches - self.origins[:, None]).astype(np.int32)
        return spans

    def other_strand(self, haplotype: Haplotype) -> Haplotype:
        """Return the same windows read on the other strand."""
        length = self.geometry.input_length
        last = len(haplotype.codes) - length
        offsets = tuple(last - offset for offset in haplotype.offsets)
        spans = np.int32(self.geometry.output_length) - haplotype.spans[:, [2, 3, 0, 1]]
        return Haplotype(reverse_complement(haplotype.codes), offsets, spans)
