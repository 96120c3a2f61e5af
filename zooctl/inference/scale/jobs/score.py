"""Scoring of a VCF in shards: stretches of its records, whole chunks of the plain run.

A chunk of records is scored by itself and its text is bgzipped by itself, so chunks computed
anywhere and joined in order are the bytes of a run in one piece. A shard never begins among records
of one position.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import bgzip_blocks
from zooctl.files.vcf.chunks import Chunk
from zooctl.files.vcf.index import SortOrder
from zooctl.files.vcf.output import Form
from zooctl.files.vcf.places import Mark, TextPlace, find_places
from zooctl.files.vcf.records import Record, VcfReader
from zooctl.inference.options.predict_and_score import ScoreOptions, SessionOptions
from zooctl.inference.scale.folder import ShardFile
from zooctl.inference.scale.inputs import (
    absolute,
    changed_input,
    files_among,
    refuse_pipes,
    take_inputs,
)
from zooctl.inference.scale.jobs.job import cuts
from zooctl.inference.scale.jobs.models import Addresses, open_planned
from zooctl.inference.scale.plan import Plan, Shard, software
from zooctl.inference.vcf.destination import Destination
from zooctl.inference.vcf.run import ScoringRun, open_run
from zooctl.inference.vcf.score_vcf import chunks_of, score_vcf
from zooctl.inference.vcf.scored_text import Text
from zooctl.inference.vcf.setup import default_output
from zooctl.progress import Advance, Progress, Say, silent

# Settings that say the same as the digests of inputs, by times that differ between machines.
_BY_DIGEST = ("genome",)


@dataclass(frozen=True)
class ScoreOrder:
    """A VCF to score in shards.

    Attributes:
        vcf: The VCF or BCF.
        form: Format of the output; tables of one kind of text may be merged into each other's.
        options: Options of the scores.
        session: Options of the session; one thread by default.
        n_shards: Shards, at most.
    """

    vcf: str
    form: Form
    options: ScoreOptions
    session: SessionOptions
    n_shards: int


def plan_scores(models: Addresses, order: ScoreOrder, *, say: Say, progress: Progress) -> Plan:
    """Check a run as ``score_file`` does, and cut it into shards of equal numbers of alleles.

    Args:
        models: The models.
        order: The run.
        say: Told about the genome and the device.
        progress: Opens the progress displays.

    Raises:
        InputError: An input is a pipe, or as ``score_file``.
    """
    if order.options.haplotypes:
        what = "haplotypes are scored in one piece, since a shard cannot see beyond its end"
        raise InputError(what, got="--haplotypes", hint="leave out --workers, and make no plan")
    refuse_pipes([order.vcf, *files_among(asdict(order.options))])
    session = replace(order.session, threads=order.session.threads or 1)
    opened = models.open(session)
    place = Destination(Path("planned"), order.form)
    with open_run(opened, order.vcf, None, order.options, say, progress, place=place) as run:
        total, _ = run.checked()
        assert total is not None
        text, sorting = run.text(), SortOrder()
        with progress(total.alleles, "alleles", "cutting into shards") as advance:
            ends = cuts(total.alleles, order.n_shards)
            shards, notes = _cut(run, ends, sorting, advance)
        options = absolute(asdict(order.options))
        pinned = replace(session, device=run.models[0].scorer.device)
        files = [Path(order.vcf), *run.genome.paths, *files_among(options)]
        return Plan(
            verb="score-variants",
            software=software(),
            models=models.planned(opened),
            inputs=take_inputs(files, progress),
            options={
                "vcf": str(Path(order.vcf).absolute()),
                "form": order.form,
                "options": options,
                "session": asdict(pinned),
            },
            settings=_comparable(run.settings(text)),
            unit="alleles",
            facts={
                "head": text.head.decode("utf-8", "surrogateescape"),
                "rows_per_allele": run.rows_per_allele,
                "notes": list(dict.fromkeys([*run.reader.notes, *notes])),
                "out_of_order": sorting.broken,
                "end": sorting.end,
                "longest": {one.name: one.scorer.max_allele_length for one in run.models},
                "stated": run.settings(text),
            },
            output=default_output(order.vcf, [one.card for one in opened]).name,
            shards=shards,
        )


def _comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in _BY_DIGEST}


@dataclass
class _Stretch:
    """Records that are becoming a shard."""

    begins: Mark
    digest: Any = field(default_factory=hashlib.sha256)
    records: int = 0
    alleles: int = 0

    def add(self, chunk: list[Record]) -> None:
        for record in chunk:
            self.digest.update(record.line)
            self.digest.update(b"\n")
            self.alleles += len(record.alts)
        self.records += len(chunk)


def _cut(
    run: ScoringRun, ends: Sequence[int], order: SortOrder, advance: Advance
) -> tuple[list[Shard], list[str]]:
    """Cut the records of a run at the first ends of chunks behind amounts of alleles.

    Returns:
        The shards, and the reader's notes on the whole file.
    """
    wanted, done = list(ends), 0
    made: list[_Stretch] = []
    last: Record | None = None
    with VcfReader(run.source) as reader:
        current, behind = _Stretch(reader.mark), reader.mark
        for chunk in chunks_of(run.choice.keep(iter(reader)), run.models):
            site = (chunk[0].chrom, chunk[0].start)
            apart = last is not None and site != (last.chrom, last.start)
            if apart and wanted and done >= wanted[0]:
                made.append(current)
                current = _Stretch(behind)
                wanted = [end for end in wanted if end > done]
            current.add(chunk)
            for record in chunk:
                order.add(record)
            last, behind = chunk[-1], reader.mark
            n = sum(len(record.alts) for record in chunk)
            done += n
            advance(n)
        made += [current] if current.records or not made else []
    places = find_places(run.source, [one.begins for one in made])
    shards = [
        Shard(
            number,
            one.alleles,
            {"place": list(place), "records": one.records, "read": one.digest.hexdigest()},
        )
        for number, (one, place) in enumerate(zip(made, places, strict=True), 1)
    ]
    return shards, reader.notes


class _ShardChunks:
    """Takes the chunks of a shard (``stream.ChunkSink``) and writes their bgzipped text."""

    def __init__(self, file: ShardFile) -> None:
        self._file = file
        self.read = hashlib.sha256().hexdigest()

    @property
    def done(self) -> list[Chunk]:
        """No chunk: a shard is computed whole."""
        return []

    def add(self, text: bytes, *, records: int, read: str, note: Mapping[str, Any]) -> None:
        """Write a chunk."""
        self._file.write(bgzip_blocks(text))
        self.read = read


@dataclass(frozen=True)
class ScoreJob:
    """An opened run (``job.ShardJob``)."""

    scoring: ScoringRun
    text: Text

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings as they follow here."""
        return _comparable(self.scoring.settings(self.text))

    def run(self, shard: Shard, file: ShardFile, advance: Advance) -> dict[str, Any]:
        """Score the records of a shard.

        Raises:
            IntegrityError: They are not those that were planned.
        """
        scoring, part, spent = self.scoring, shard.part, dict[str, float]()
        chunks = _ShardChunks(file)
        with VcfReader(scoring.source) as reader:
            reader.go_to(TextPlace(*part["place"]))
            records = islice(scoring.choice.keep(iter(reader)), part["records"])
            tally = score_vcf(
                records,
                scoring.vcf,
                scoring.models,
                self.text,
                chunks,
                seconds=spent,
                advance=advance,
            )
        if chunks.read != part["read"]:
            raise changed_input(scoring.source, f"sha256 {chunks.read}", f"sha256 {part['read']}")
        return {"tally": asdict(tally), "model_seconds": spent}


@contextmanager
def open_scores(plan: Plan, progress: Progress, say: Say = silent) -> Iterator[ScoreJob]:
    """Open the models and inputs of a plan."""
    options = ScoreOptions(**plan.options["options"])
    models = open_planned(plan.models, SessionOptions(**plan.options["session"]))
    place = Destination(Path("planned"), plan.options["form"])
    vcf = plan.options["vcf"]
    with open_run(models, vcf, None, options, say, progress, place=place) as run:
        yield ScoreJob(run, run.text())
