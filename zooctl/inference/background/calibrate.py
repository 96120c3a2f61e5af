"""Build a model's background from alleles of several sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.files.fasta.reader import Fasta
from zooctl.files.vcf.records import VcfReader
from zooctl.inference.background.collect import collect, kinds_within, scorable
from zooctl.inference.background.draw import ShuffledGenome, random_indels, random_snvs
from zooctl.inference.background.file import FILE, ScoreBackground, Settings
from zooctl.inference.background.percentiles import FEWEST
from zooctl.inference.background.spectrum import HUMAN
from zooctl.inference.device.announce_remarks import announce
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import Null, ShiftOptions, Statistic
from zooctl.inference.tracks.choose import require_anywhere
from zooctl.inference.variants.scorer import Scorer
from zooctl.inference.variants.table import NEAR, open_scorer
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.card import Card
from zooctl.schema.manifest import pin_file
from zooctl.sequence.alleles import Allele
from zooctl.sequence.assemblies import likely_assembly
from zooctl.sequence.kinds import KINDS, Kind

RANDOM, SHUFFLED = "random", "shuffled"


@dataclass(frozen=True, kw_only=True)
class CalibrateOptions(ShiftOptions):
    """Options of a background, beside those of its scores.

    Attributes:
        backgrounds: ``random``, ``shuffled``, or VCF files.
        kinds: Kinds of alleles at random places; empty for all.
        n_alleles: SNVs of a source.
        draw_seed: Seed of the alleles.
        fasta: Genome; by default chosen by the card's assembly.
    """

    backgrounds: Sequence[str] = (RANDOM,)
    kinds: Sequence[Kind] = ()
    n_alleles: int = 10_000
    draw_seed: int = 1
    fasta: str | Path | None = None

    def n_of(self, kind: Kind) -> int:
        """Return the number of alleles of a kind at random places.

        There are eight kinds of insertions and deletions, each a tenth as many as SNVs, but enough
        for percentiles.

        >>> [CalibrateOptions(n_alleles=20_000).n_of(kind) for kind in ("snv", "ins_1")]
        [20000, 2000]
        >>> CalibrateOptions(n_alleles=1_500).n_of("del_1")
        1000
        """
        return self.n_alleles if kind == "snv" else max(FEWEST, self.n_alleles // 10)


def calibrate(
    model: OpenModel,
    options: CalibrateOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> ScoreBackground:
    """Score the alleles of a model's background.

    Args:
        model: The model.
        options: Nulls, kinds and number of alleles.
        say: Told about the genome and the device.
        progress: Opens the progress displays.

    Raises:
        InputError: A class would have fewer than 1,000 alleles, or as ``Scorer``.
        VerificationError: A prediction is not a finite number.
    """
    with open_drawing(model, options, say, progress) as drawing:
        tensors: dict[str, NDArray[np.float32]] = {}
        counts: dict[str, int] = {}
        for part in drawing.parts:
            alleles = drawing.alleles(part)
            with progress(part.n, "alleles", part.label) as advance:
                tensors |= collect(part.source, alleles, drawing.scorer(part), advance)
            counts[part.source] = len(alleles)
        return finished(drawing.settings(counts), tensors)


def finished(settings: Settings, tensors: dict[str, NDArray[np.float32]]) -> ScoreBackground:
    """Return a background of all its tensors.

    Raises:
        InputError: No class has 1,000 members.
    """
    if not any(len(values) >= FEWEST for values in tensors.values()):
        raise InputError(
            "no class of the background has enough alleles",
            got=max(map(len, tensors.values()), default=0),
            expected=f"{FEWEST:,} or more",
        )
    return ScoreBackground(settings, tensors)


def save_background(
    model: OpenModel,
    options: CalibrateOptions,
    output: Path | None,
    *,
    force: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> tuple[ScoreBackground, Path]:
    """Build a background and write it, by default as the model's own, pinned by its manifest.

    Args:
        model: The model.
        options: Nulls, kinds and number of alleles.
        output: File to write; None for the file of the model's entry.
        force: Replace an existing file.
        say: Told about the genome and the device.
        progress: Opens the progress displays.

    Raises:
        InputError: The model's entry is no folder of a zoo, the file exists, or as ``calibrate``.
    """
    entry = model.entry
    if output is None and (entry.folder is None or entry.card_path.parent == entry.folder):
        raise InputError(
            "the model's files are not those of a zoo here", got=entry.name, hint="name a file: -o"
        )
    target = output if output is not None else entry.root / "zoo" / entry.name / FILE
    file_named(target, (".safetensors",))
    check_output(target, force, [])
    made = calibrate(model, options, say=say, progress=progress)
    with atomic_output(target, force=force) as temporary:
        temporary.write_bytes(made.to_bytes())
    if output is None:
        pin_file(entry.root, entry.name, FILE)
    return made, target


def statistics_of(card: Card) -> tuple[Statistic, ...]:
    """Return the statistics that a model's predictions have.

    Gains and losses are those of models of single bases only.
    """
    if card.geometry.n_bins == 1:
        return ("sum", "max")
    found: list[Statistic] = ["sum", "local", "max"]
    if card.geometry.bin_size == 1:
        found.append("delta")
    if card.output_scale in ("signal", "probability"):
        found.append("jsd")
    return tuple(found)


def held_statistics(card: Card) -> tuple[Statistic, ...]:
    """Return the statistics that a background holds.

    Those of a network of any length whose scores are of bases near the change, as of splicing, are
    such scores alone: the others take its whole window, many times as much work.
    """
    usual = card.scoring.statistics if card.scoring else ()
    if card.any_length and usual and set(usual) <= set(NEAR):
        return NEAR
    return statistics_of(card)


class DrawnPart(NamedTuple):
    """Alleles of a background that are drawn together: their source, kind or file, and number."""

    source: Null
    of: str
    label: str
    n: int


@dataclass(frozen=True)
class Drawing:
    """The alleles of a background and their scorers.

    Attributes:
        model: The model.
        genome: The genome.
        options: Nulls, kinds and number of alleles.
        own_scorer: Scorer on the genome.
        assembly: Assembly of the genome.
    """

    model: OpenModel
    genome: Fasta
    options: CalibrateOptions
    own_scorer: Scorer
    assembly: str

    @property
    def parts(self) -> list[DrawnPart]:
        """Its parts, in order."""
        options, found = self.options, list[DrawnPart]()
        for name in dict.fromkeys(options.backgrounds):
            if name == RANDOM:
                kinds = kinds_within(self.own_scorer.max_allele_length, options.kinds or KINDS)
                found += [DrawnPart("random", kind, kind, options.n_of(kind)) for kind in kinds]
            elif name == SHUFFLED:
                found.append(DrawnPart("shuffled", "snv", "shuffled SNVs", options.n_alleles))
            else:
                found.append(DrawnPart("observed", name, Path(name).name, options.n_alleles))
        return found

    @property
    def _human(self) -> bool:
        return self.assembly in HUMAN

    @cached_property
    def _shuffled(self) -> tuple[ShuffledGenome, Scorer]:
        """Shuffled stretches, and a scorer on them."""
        geometry, n = self.model.card.geometry, self.options.n_alleles
        length = geometry.input_length + 2 * self.own_scorer.max_shift + 4
        genome = ShuffledGenome(self.genome, n, length, self.options.draw_seed)
        return genome, open_scorer(self.model, genome, self.options, "skip")

    def scorer(self, part: DrawnPart) -> Scorer:
        """Return the scorer of a part's alleles."""
        return self._shuffled[1] if part.source == "shuffled" else self.own_scorer

    def alleles(self, part: DrawnPart) -> list[Allele]:
        """Draw the alleles of a part, the same in every call."""
        drawn: Iterator[Allele]
        if part.source == "shuffled":
            drawn = self._shuffled[0].snvs(human=self._human)
        elif part.source == "observed":
            drawn = _listed(part.of)
        else:
            kind: Kind = part.of  # type: ignore[assignment]
            # A seed a kind: a kind's alleles do not depend on which others were asked for.
            rng = np.random.default_rng([self.options.draw_seed, KINDS.index(kind)])
            longest = self.own_scorer.max_allele_length
            drawn = (
                random_snvs(self.genome, part.n, rng, human=self._human)
                if kind == "snv"
                else random_indels(self.genome, kind, longest, rng)
            )
        return list(scorable(drawn, self.scorer(part), part.n))

    def settings(self, counts: Mapping[str, int]) -> Settings:
        """Return all that its scores depend on, with the numbers of alleles of each source."""
        placement, options = self.own_scorer.placement, self.options
        sources: dict[str, str] = {
            part.source: self._words(part, counts.get(part.source, 0)) for part in self.parts
        }
        return Settings(
            model=self.model.card.name,
            weights=self.model.weights_digest,
            assembly=self.assembly,
            n_shifts=placement.n_shifts,
            max_shift=placement.max_shift,
            shift_seed=placement.seed,
            rc=options.rc,
            distance=self.own_scorer.distance,
            seed=options.draw_seed,
            sources=sources,
            zooctl=__version__,
        )

    def _words(self, part: DrawnPart, count: int) -> str:
        """Return how a source's alleles are drawn."""
        spectrum = (
            "the trinucleotide spectrum of 43,154 common SNVs of 1000 Genomes, chromosome 21"
            if self._human
            else "every substitution alike"
        )
        n, seed = part.n, self.options.draw_seed
        if part.source == "random":
            numbers = {one.of: one.n for one in self.parts if one.source == "random"}
            snvs = numbers.pop("snv", 0)
            found = [f"{snvs:,} SNVs by {spectrum}"] if snvs else []
            found += [f"{n:,} of each kind of insertion or deletion" for n in {*numbers.values()}]
            return f"at random places, {' and '.join(found)}; seed {seed}"
        if part.source == "shuffled":
            return f"{n:,} SNVs in dinucleotide-shuffled stretches, by {spectrum}; seed {seed}"
        return f"the first {count:,} alleles of {part.label}"


@contextmanager
def open_drawing(
    model: OpenModel, options: CalibrateOptions, say: Say, progress: Progress
) -> Iterator[Drawing]:
    """Open the genome and the network for a background's alleles (arguments as of ``calibrate``).

    Raises:
        InputError: As ``calibrate``.
    """
    for kind in options.kinds:
        if kind not in KINDS:
            raise InputError("no such kind of allele", got=kind, expected=", ".join(KINDS))
    if options.n_alleles < FEWEST:
        raise InputError(
            "a class of a background needs more alleles", got=options.n_alleles, expected=FEWEST
        )
    card = model.card
    require_anywhere(card, "has no scores along a genome to draw a background of")
    with model.genome(Path(options.fasta) if options.fasta else None, say, progress) as genome:
        shifts = replace(options, statistics=held_statistics(card), mean_track=card.n_tracks > 1)
        assembly = likely_assembly(genome.contigs) or card.assembly
        scorer = open_scorer(model, genome, shifts, "skip", say=say)
        announce([(card, scorer)], say)
        yield Drawing(model, genome, shifts, scorer, assembly)


def _listed(path: str) -> Iterator[Allele]:
    """Yield the alleles of a VCF."""
    with VcfReader(path) as reader:
        for record in reader:
            for alt in record.alts:
                yield Allele(record.chrom, record.start, record.ref, alt)
