"""Write the chunks of a run: to stdout as they come, or collected into a whole output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zooctl.errors import InputError
from zooctl.files.vcf.chunks import Parts, Settings
from zooctl.files.vcf.index import SortOrder
from zooctl.files.vcf.output import FinishedLines, Published, publish
from zooctl.files.vcf.select import SelectedParts
from zooctl.files.vcf.stream import ChunkSink, StdoutParts
from zooctl.inference.options.predict_and_score import ScoreOptions
from zooctl.inference.vcf.assembly_check import check_skipped
from zooctl.inference.vcf.destination import Destination
from zooctl.inference.vcf.tally import Tally
from zooctl.progress import Say

# Settings that a table states about itself; the others are about this machine.
_PROVENANCE = (
    *("zooctl", "models", "tracks", "statistics", "distance", "shifts", "max_shift", "seed"),
    *("rc", "check_ref", "background"),
)


class Written(NamedTuple):
    """The end of a run.

    Attributes:
        tally: Counts of its alleles.
        files: Files that it wrote.
        n_before: Alleles that an earlier run had done.
        index_fault: Why a sorted output has no index.
    """

    tally: Tally
    files: tuple[Path, ...]
    n_before: int
    index_fault: str | None


@dataclass(frozen=True)
class ScoreWriter:
    """Writes the chunks of one run.

    Attributes:
        place: Their destination.
        options: Options of the run.
        source: Name of the input, for errors.
        inputs: Files that must not be written.
        say: Told about a resumed run, and lines that were chosen.
        rows_of: Number of lines that a run's counts come to.
    """

    place: Destination
    options: ScoreOptions
    source: str
    inputs: Sequence[Path]
    say: Say
    rows_of: Callable[[Tally], int]

    def write(
        self,
        head: bytes,
        settings: Settings,
        order: SortOrder,
        into: Callable[[ChunkSink], Tally],
    ) -> Written:
        """Write a run.

        Args:
            head: Header, or column names.
            settings: Everything that the bytes depend on, beside the input.
            order: Whether the records are sorted, known at the end.
            into: Scores the records into a receiver of chunks.

        Raises:
            InputError: Too many alleles disagree with the genome, or as ``publish``.
        """
        if self.place.at_once:
            return self._stream(head, into)
        return self._publish(head, settings, order, into)

    def _stream(self, head: bytes, into: Callable[[ChunkSink], Tally]) -> Written:
        """Write chunks to stdout as they come."""
        parts = StdoutParts(head, self.place.form, self.options.min_pct)
        tally = into(parts)
        parts.finish()
        if self.options.min_pct is not None:
            self._say_kept(parts.n_lines, tally)
        check_skipped(tally, self.options.max_skipped, self.source)
        return Written(tally, (), 0, None)

    def _publish(
        self,
        head: bytes,
        settings: Settings,
        order: SortOrder,
        into: Callable[[ChunkSink], Tally],
    ) -> Written:
        """Collect chunks, then write the output whole."""
        options = self.options
        with Parts(self.place.target, settings, resume=options.resume) as parts:
            n_before = self._resumed(parts)
            with self._kept(parts):
                tally = into(parts)
            self._check_skipped(parts, tally)
            with self._kept(parts):
                written = self.publish(parts, head, settings, order, tally)
        self.place.deliver()
        files = () if self.place.stdout else written.files
        return Written(tally, files, n_before, written.index_fault)

    def publish(
        self,
        parts: FinishedLines,
        head: bytes,
        settings: Settings,
        order: SortOrder,
        tally: Tally,
    ) -> Published:
        """Write the output from all of its chunks (arguments as of ``write``).

        Raises:
            InputError: Too many alleles disagree with the genome, or as ``output.publish``.
        """
        check_skipped(tally, self.options.max_skipped, self.source)
        finished, rows = self._selected(parts, tally)
        return publish(
            finished,
            head,
            order,
            rows,
            force=self.options.force,
            inputs=self.inputs,
            metadata={name: str(settings[name]) for name in _PROVENANCE},
        )

    def _selected(self, parts: FinishedLines, tally: Tally) -> tuple[FinishedLines, int]:
        """Return the lines to write, and their number."""
        least, top = self.options.min_pct, self.options.top
        if least is None and top is None:
            return parts, self.rows_of(tally)
        chosen = SelectedParts(parts, self.place.is_table, least, top)
        count = chosen.count()
        self._say_kept(count, tally)
        return chosen, count

    def _say_kept(self, count: int, tally: Tally) -> None:
        what = "rows" if self.place.is_table else "records"
        self.say(f"kept by percentile: {count:,} of {self.rows_of(tally):,} {what}")
        if n := tally.unranked:
            have = "1 allele has" if n == 1 else f"{n:,} alleles have"
            self.say(f"note: {have} no percentile, since the background holds none of the class")

    def _resumed(self, parts: Parts) -> int:
        """Tell where a run continues; return the number of alleles that were done before."""
        if parts.chunks:
            done = parts.chunks[-1].records
            self.say(f"resume: {_records(done)} {_are(done)} done already")
        elif self.options.resume:
            self.say("resume: no unfinished run is there; starting from the first record")
        elif n := parts.n_discarded:
            name = self.place.target.name
            self.say(
                f"note: {_records(n)} of an unfinished run of {name} {_are(n)} done again; "
                f"--resume would have kept {'it' if n == 1 else 'them'}"
            )
        return sum(chunk.note["alleles"] for chunk in parts.chunks)

    def _check_skipped(self, parts: Parts, tally: Tally) -> None:
        """Refuse too many alleles that disagree with the genome.

        The same call would be refused again. One with a larger share takes up what is kept; a
        single chunk is done again as quickly.

        Raises:
            InputError: As ``check_skipped``.
        """
        try:
            check_skipped(tally, self.options.max_skipped, self.source)
        except InputError:
            if len(parts.chunks) == 1:
                parts.remove()
            with self._kept(parts, " with a larger --max-skipped"):
                raise

    @contextmanager
    def _kept(self, parts: Parts, beside: str = "") -> Iterator[None]:
        """Tell the number of finished records when an error or a signal stops the run."""
        try:
            yield
        except BaseException:
            if parts.chunks:
                kept = _records(parts.chunks[-1].records)
                self.say(f"kept: {kept}; --resume{beside} goes on from there")
            raise


def _records(n: int) -> str:
    """Return a number of records in words.

    >>> _records(1), _records(3072)
    ('1 record', '3,072 records')
    """
    return "1 record" if n == 1 else f"{n:,} records"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
