"""Options of predictions and scores, each with its default; the command line offers the same.

Only the standard library is imported here, so that ``zooctl --help`` can read the defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zooctl.inference.options.hardware import LARGEST_DIFFERENCE, Hardware
from zooctl.inference.options.hardware import Device as Device
from zooctl.inference.options.hardware import Precision as Precision

Engine = Literal["auto", "plain"]
"""``auto`` computes once what windows share, where the graph proves it and it is less work."""

CheckRef = Literal["skip", "fail", "swap"]
"""Treatment of an allele whose REF differs from the genome (see ``variants.scorer.Scorer``)."""

Null = Literal["random", "shuffled", "observed"]
"""Part of a background: random places, shuffled sequence, or the alleles of a VCF."""

Format = Literal["vcf", "tsv", "parquet", "jsonl"]
"""Records of a VCF, or a row for each allele, track and score."""

OutputType = Literal["v", "z", "u", "b"]
"""VCF, bgzipped VCF, uncompressed BCF, BCF."""

Statistic = Literal["sum", "local", "max", "jsd", "delta"]
"""Comparison of the predictions for REF and ALT (see ``variants.shift_robust_statistics``)."""


# Bounds of options. Past them nothing is gained, and sizes computed from them would overflow.
MOST_THREADS = 1_024
"""More than cores of any machine, and started in a moment."""
MOST_WORKERS = 1_024
"""Processes of one machine."""
MOST_SHARDS = 100_000
"""Shards of a plan, each of which is two files of one folder."""
MOST_WINDOWS = 65_536
"""Windows in a batch, a hundred times the largest default."""
MOST_SHIFTS = 10_000
"""Shifts, where the score of 20 has settled."""
MOST_TOP = 10_000_000
"""Records of a scored file that are kept in memory to be sorted."""
LONGEST_SHIFT = 10_000_000
"""bp, ten times the longest window of a published network."""
LARGEST_SEED = 2**63 - 1
"""The largest seed of a recipe, too."""


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """Options of a network's session.

    Attributes:
        device: ``auto``, ``cpu`` or ``cuda``.
        batch_size: Windows in a batch; by default chosen by input length and memory.
        threads: CPU threads; by default every core that the process may use.
        engine: ``auto`` computes once what windows share; ``plain`` predicts them one by one.
        precision: Arithmetic of convolutions and products on a CUDA device.
        cuda_graphs: Record a batch once on a CUDA device, and replay it.
    """

    device: Device = "auto"
    batch_size: int | None = None
    threads: int | None = None
    engine: Engine = "auto"
    precision: Precision = "fp32"
    cuda_graphs: bool = False

    def hardware(self, allowed: float | None = None) -> Hardware:
        """Return the device with its arithmetic.

        Args:
            allowed: Largest difference that less precision may make, as a model's card states it.
        """
        allowed = LARGEST_DIFFERENCE if allowed is None else allowed
        return Hardware(self.device, self.precision, self.cuda_graphs, allowed)


DEFAULT_SESSION = SessionOptions()


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """Inputs of a network that reads more than the sequence.

    Attributes:
        inputs: Texts ``NAME=FILE``: a bigWig or peaks for an input that the recipe names.
        features: Table of values, tab-separated: a line a value, a column a sample.
        sample: Column of the table; or a sample of the recipe, whose own files are then read.
    """

    inputs: Sequence[str] = ()
    features: str | Path | None = None
    sample: str | None = None

    @property
    def any(self) -> bool:
        """Whether one is given."""
        return bool(self.inputs or self.features or self.sample)


NO_INPUTS = InputOptions()


def as_path(path: str | Path | None) -> Path | None:
    """Return a path given as text, or None."""
    return None if path is None else Path(path)


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """Options of a prediction over regions.

    Attributes:
        fasta: Genome, plain or bgzipped; by default chosen by the card's assembly.
        tracks: Names of the tracks to write; empty for all.
        rc: Average over both strands.
        chrom_map: ``auto``, or a file that maps contig names of the regions to the genome's.
        clip: Cut intervals that go beyond their contig, instead of refusing them.
        force: Replace existing outputs.
    """

    fasta: str | Path | None = None
    tracks: Sequence[str] = ()
    rc: bool = False
    chrom_map: str | None = None
    clip: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class ShiftOptions:
    """Options of a score over shifted windows (Toneyan, Tang and Koo 2022).

    Attributes:
        n_shifts: Windows to average over; by default as the card says, else 20. 1 with
            ``max_shift`` 0 is a single pass.
        max_shift: Largest shift in bp; by default as the card says, else chosen by the window's
            core.
        seed: Seed of the shifts.
        rc: Average over both strands.
        statistics: Statistics; by default as the card says, else the sum alone.
        distance: Reach of ``local`` and ``delta``, in bp from the change; by default as the card
            says, else 50.
        mean_track: Add a track ``MEAN``, the mean of all tracks' scores.
        store: Folder of scores that is asked first, and gets what is computed.
    """

    n_shifts: int | None = None
    max_shift: int | None = None
    seed: int = 0
    rc: bool = False
    statistics: Sequence[Statistic] = ()
    distance: int | None = None
    mean_track: bool = False
    store: str | Path | None = None


DEFAULT_SHIFTS = ShiftOptions()


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(ShiftOptions):
    """Options of scoring a VCF, beside those of the shifts.

    Attributes:
        fasta: Genome, plain or bgzipped; by default chosen by the card's assembly.
        check_ref: Treatment of alleles whose REF differs from the genome.
        chrom_map: ``auto``, or a file that maps contig names of the VCF to the genome's.
        genes: Annotation (GTF): models of the transcribed strand score an allele in each gene over
            it, on the gene's strand and with unknown bases beyond its ends.
        masked: In genes, gains at annotated ends of exons and losses elsewhere count as 0.
        spliceai_field: Also write the INFO field of SpliceAI.
        haplotypes: Also score the haplotypes of samples: their phased changes, applied together.
        tracks: Names of the tracks to write; empty for all.
        strict: Refuse a VCF with an allele that cannot be scored.
        max_skipped: Largest share of alleles that may disagree with the genome.
        regions: Score only records that overlap these samtools-style regions; empty for all.
        regions_file: The same for the regions of a file.
        targets_file: Score only records whose POS lies in a region of this file.
        background: File of ``zooctl calibrate``; by default the model's own, ``none`` for none.
        null: Part of the background that percentiles are within.
        min_pct: Keep only records, or rows of a table, with a percentile of at least this.
        top: Keep only so many records, or rows of a table, of the highest percentiles.
        format: Format of the output, where stdout has no ending that says it.
        output_type: ``v`` VCF, ``z`` bgzipped, ``u`` uncompressed BCF, ``b`` BCF: as of bcftools.
        report: JSON file for the counts of statuses.
        overwrite: Replace ``ZOO_`` fields that the VCF has already.
        resume: Continue an interrupted run.
        force: Replace existing outputs.
    """

    fasta: str | Path | None = None
    check_ref: CheckRef = "skip"
    chrom_map: str | None = None
    genes: str | Path | None = None
    masked: bool = False
    spliceai_field: bool = False
    haplotypes: bool = False
    tracks: Sequence[str] = ()
    strict: bool = False
    max_skipped: float = 0.5
    regions: Sequence[str] = ()
    regions_file: str | Path | None = None
    targets_file: str | Path | None = None
    background: str | Path | None = None
    null: Null = "random"
    min_pct: float | None = None
    top: int | None = None
    format: Format | None = None
    output_type: OutputType | None = None
    report: str | Path | None = None
    overwrite: bool = False
    resume: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class EffectOptions(ShiftOptions):
    """Options of a comparison with measured effects, beside those of the scores.

    Here ``mean_track`` adds two tracks: ``MEAN``, and ``LARGEST``, the score farthest from 0 over
    all tracks.

    Attributes:
        tracks: Names of tracks; empty for all.
        constructs: Elements are read alone, as rebuilt from REF, with windows kept inside.
        even: Shifts at even distances, instead of drawn ones.
        min_n: Fewest observations of a SNV, where the table states them.
        fasta: Genome; by default chosen by the card's assembly.
        n_draws: Bootstrap draws for the intervals.
    """

    tracks: Sequence[str] = ()
    constructs: bool = False
    even: bool = False
    min_n: float = 10.0
    fasta: str | Path | None = None
    n_draws: int = 1000
