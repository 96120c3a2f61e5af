"""Write the chunks of a run: to stdout as they come, or collected into a whole output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

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
        with (
            Parts(self.place.target, settings, resume=options.resume) as parts,
            self._kept(parts),
        ):
            n_before = self._resumed(parts)
            tally = into(parts)
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

    def _resumed(self, parts: Parts) -> int:
        """Tell where a run continues; return the number of alleles that were done before."""
        if parts.chunks:
            self.say(f"resume: {parts.chunks[-1].records:,} records are done already")
        elif self.options.resume:
            self.say("resume: no unfinished run is there; starting from the first record")
        elif parts.n_discarded:
            name = self.place.target.name
            self.say(
                f"note: {parts.n_discarded:,} records of an unfinished run of {name} are done "
                "again; --resume would have kept them"
            )
        return sum(chunk.note["alleles"] for chunk in parts.chunks)

    @contextmanager
    def _kept(self, parts: Parts) -> Iterator[None]:
        """Tell the number of finished records when an error or a signal stops the run."""
        try:
            yield
        except BaseException:
            if parts.chunks:
                self.say(f"kept: {parts.chunks[-1].records:,} records; --resume goes on from there")
            raise
