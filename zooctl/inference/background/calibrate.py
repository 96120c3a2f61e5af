"""Build a model's background from alleles of several sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.files.vcf.records import VcfReader
from zooctl.inference.announce_status import announce
from zooctl.inference.background.collect import collect, kinds_within, scorable
from zooctl.inference.background.draw import ShuffledGenome, random_indels, random_snvs
from zooctl.inference.background.file import FILE, Background, Settings
from zooctl.inference.background.percentiles import FEWEST
from zooctl.inference.background.spectrum import HUMAN
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import Null, ShiftOptions, Statistic
from zooctl.inference.variants.shift_robust_score import Scorer
from zooctl.inference.variants.table import open_scorer
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
        n_alleles: Alleles of a kind.
        draw_seed: Seed of the alleles.
        fasta: Genome; by default chosen by the card's assembly.
    """

    backgrounds: Sequence[str] = (RANDOM,)
    kinds: Sequence[Kind] = ()
    n_alleles: int = 10_000
    draw_seed: int = 1
    fasta: str | Path | None = None


def calibrate(
    model: OpenModel,
    options: CalibrateOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Background:
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
    for kind in options.kinds:
        if kind not in KINDS:
            raise InputError("no such kind of allele", got=kind, expected=", ".join(KINDS))
    if options.n_alleles < FEWEST:
        raise InputError(
            "a class of a background needs more alleles", got=options.n_alleles, expected=FEWEST
        )
    card = model.card
    with model.genome(Path(options.fasta) if options.fasta else None, say, progress) as genome:
        shifts = replace(options, statistics=statistics_of(card), mean_track=card.n_tracks > 1)
        assembly = likely_assembly(genome.contigs) or card.assembly
        scorer = open_scorer(model, genome, shifts, "skip", say=say)
        announce([(card, scorer)], say)
        tensors: dict[str, NDArray[np.float32]] = {}
        described: dict[str, str] = {}
        drawing = _Drawing(model, genome, shifts, scorer, assembly in HUMAN, progress)
        for name in dict.fromkeys(options.backgrounds):
            source, found, words = drawing.of(name)
            tensors |= found
            described[source] = words
    _check(tensors)
    placement = scorer.placement
    settings = Settings(
        model=card.name,
        weights=model.weights_digest,
        assembly=assembly,
        n_shifts=placement.n_shifts,
        max_shift=placement.max_shift,
        shift_seed=placement.seed,
        rc=options.rc,
        distance=scorer.distance,
        seed=options.draw_seed,
        sources=described,
        zooctl=__version__,
    )
    return Background(settings, tensors)


def save_background(
    model: OpenModel,
    options: CalibrateOptions,
    output: Path | None,
    *,
    force: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> tuple[Background, Path]:
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
    """Return the statistics that a background holds: all that a model's predictions have.

    Gains and losses are held for models of single bases only.
    """
    if card.geometry.n_bins == 1:
        return ("sum", "max")
    found: list[Statistic] = ["sum", "local", "max"]
    if card.geometry.bin_size == 1:
        found.append("delta")
    if card.output_scale in ("signal", "probability"):
        found.append("jsd")
    return tuple(found)


@dataclass(frozen=True)
class _Drawing:
    """Drawing and scoring of one source's alleles."""

    model: OpenModel
    genome: Genome
    options: CalibrateOptions
    scorer: Scorer
    human: bool
    progress: Progress

    def of(self, name: str) -> tuple[Null, dict[str, NDArray[np.float32]], str]:
        """Return the source, its tensors, and how its alleles were drawn, in words."""
        spectrum = (
            "the trinucleotide spectrum of 43,154 common SNVs of 1000 Genomes, chromosome 21"
            if self.human
            else "every substitution alike"
        )
        n, seed = self.options.n_alleles, self.options.draw_seed
        if name == RANDOM:
            words = f"{n:,} of a kind at random places, SNVs by {spectrum}; seed {seed}"
            return "random", self._random(), words
        if name == SHUFFLED:
            words = f"{n:,} SNVs in dinucleotide-shuffled stretches, by {spectrum}; seed {seed}"
            return "shuffled", self._shuffled(), words
        alleles = list(scorable(self._listed(name), self.scorer, n))
        tensors = self._score("observed", alleles, self.scorer, Path(name).name)
        return "observed", tensors, f"the first {len(alleles):,} alleles of {Path(name).name}"

    def _random(self) -> dict[str, NDArray[np.float32]]:
        n, longest = self.options.n_alleles, self.scorer.max_allele_length
        found: dict[str, NDArray[np.float32]] = {}
        for kind in kinds_within(longest, self.options.kinds or KINDS):
            # A seed a kind: a kind's alleles do not depend on which others were asked for.
            rng = np.random.default_rng([self.options.draw_seed, KINDS.index(kind)])
            drawn: Iterator[Allele] = (
                random_snvs(self.genome, n, rng, human=self.human)
                if kind == "snv"
                else random_indels(self.genome, kind, longest, rng)
            )
            found |= self._score("random", scorable(drawn, self.scorer, n), self.scorer, kind, n)
        return found

    def _shuffled(self) -> dict[str, NDArray[np.float32]]:
        geometry, n = self.model.card.geometry, self.options.n_alleles
        length = geometry.input_length + 2 * self.scorer.max_shift + 4
        shuffled = ShuffledGenome(self.genome, n, length, self.options.draw_seed)
        scorer = open_scorer(self.model, shuffled, self.options, "skip")
        alleles = scorable(shuffled.snvs(human=self.human), scorer, n)
        return self._score("shuffled", alleles, scorer, "shuffled SNVs", n)

    def _listed(self, path: str) -> Iterator[Allele]:
        with VcfReader(path) as reader:
            for record in reader:
                for alt in record.alts:
                    yield Allele(record.chrom, record.start, record.ref, alt)

    def _score(
        self,
        source: Null,
        alleles: Iterator[Allele] | Sequence[Allele],
        scorer: Scorer,
        label: str,
        n: int | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        with self.progress(n, "alleles", label) as advance:
            return collect(source, alleles, scorer, advance)


def _check(tensors: dict[str, NDArray[np.float32]]) -> None:
    """Refuse a background without any class of 1,000 members."""
    if not any(len(values) >= FEWEST for values in tensors.values()):
        raise InputError(
            "no class of the background has enough alleles",
            got=max(map(len, tensors.values()), default=0),
            expected=f"{FEWEST:,} or more",
        )
