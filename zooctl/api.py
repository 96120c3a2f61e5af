"""The Python interface: models of the zoo as objects that predict, score and are evaluated.

``import zooctl`` offers the names of this module. Each method is the library call of a command, so
results are the command's; nothing is printed, and errors are ``ZooError``s.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog import registry
from zooctl.catalog.genomes import find_genome, open_genome
from zooctl.catalog.root import model_names
from zooctl.errors import InputError, ZooError
from zooctl.extras import need
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.bed import check_intervals
from zooctl.files.intervals.regions import Regions, read_regions
from zooctl.inference.model import OpenModel
from zooctl.inference.options import (
    CheckRef,
    Device,
    PredictOptions,
    ScoreOptions,
    SessionOptions,
    ShiftOptions,
    as_path,
)
from zooctl.inference.tracks.region import (
    RegionPrediction,
    as_codes,
    predict_region,
    predict_windows,
)
from zooctl.inference.tracks.run import WrittenTracks, predict_bigwigs
from zooctl.inference.variants.table import (
    VariantScore,
    VariantScores,
    parse_variant,
    score_alleles,
)
from zooctl.inference.vcf.report import ScoredVcf
from zooctl.inference.vcf.run import score_file
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.card import Card
from zooctl.sequence.alleles import Allele
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes

if TYPE_CHECKING:
    from zooctl.evaluation.heldout.judge import EvaluationOptions
    from zooctl.evaluation.heldout.run import ModelEvaluation
    from zooctl.reproduce.report.levels import Level
    from zooctl.reproduce.report.report import Mode, ReproductionReport

__all__ = [
    "Model",
    "PredictOptions",
    "RegionPrediction",
    "ScoreOptions",
    "ScoredVcf",
    "VariantScore",
    "VariantScores",
    "WrittenTracks",
    "ZooError",
    "load",
    "models",
]

First = TypeVar("First")
Second = TypeVar("Second")
Options = TypeVar("Options")
Result = TypeVar("Result")
Keywords = ParamSpec("Keywords")


def _keywords_of(
    record: Callable[Keywords, Options],
) -> Callable[
    [Callable[[Model, First, Second, Options], Result]],
    Callable[Concatenate[Model, First, Second, Keywords], Result],
]:
    """Let a method take the fields of its options record as keywords, which then stand once."""

    def decorate(
        method: Callable[[Model, First, Second, Options], Result],
    ) -> Callable[Concatenate[Model, First, Second, Keywords], Result]:
        @functools.wraps(method)
        def wrapper(
            self: Model,
            first: First,
            second: Second,
            /,
            *args: Keywords.args,
            **keywords: Keywords.kwargs,
        ) -> Result:
            return method(self, first, second, record(*args, **keywords))

        own = list(inspect.signature(method).parameters.values())[:-1]
        fields = inspect.signature(record).parameters.values()
        wrapper.__signature__ = inspect.Signature([*own, *fields])  # type: ignore[attr-defined]
        return wrapper

    return decorate


def models() -> list[Card]:
    """Return the cards of all models of the zoo, by name.

    Raises:
        ZooError: A card is not valid.

    >>> [card.name for card in models() if card.assembly == "hg19"][:2]
    ['ctcf_dream', 'ctcf_gm12878']
    """
    return [registry.entry(name).card() for name in model_names()]


def load(
    model: str,
    *,
    device: Device = "auto",
    threads: int | None = None,
    batch_size: int | None = None,
    allow_untrusted: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Model:
    """Load a model by its name; its weights are read, and verified, on first use.

    Args:
        model: Name in the zoo, path of an entry's folder, or ``hf://org/repo@<40 hex>``.
        device: ``auto`` takes a working CUDA device, else the CPU.
        threads: CPU threads; by default every core that the process may use.
        batch_size: Windows in a batch; by default chosen by input length and memory.
        allow_untrusted: Accept a model outside of the zoo.
        say: Told, in a line each, about the genome, the device and what is left out.
        progress: Opens the progress displays.

    Raises:
        InputError: There is no such model; the hint has the nearest name.
        UnsafeError: The model is not of the zoo, and ``allow_untrusted`` is not set.

    >>> load("ctcf_gm12879")
    Traceback (most recent call last):
        ...
    zooctl.errors.InputError: no such model (got 'ctcf_gm12879'). Hint: did you mean 'ctcf_gm12878'?
    """
    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    session = SessionOptions(device=device, threads=threads, batch_size=batch_size)
    return Model(OpenModel(entry, session), model, say, progress)


class Model:
    """A model of the zoo; ``load`` makes one.

    Coordinates are 0-based and half-open, but for region strings and variants, which are typed as
    for samtools and VCF: 1-based, inclusive.
    """

    def __init__(self, model: OpenModel, address: str, say: Say, progress: Progress) -> None:
        self._model = model
        self._address = address
        self._say = say
        self._progress = progress

    def __repr__(self) -> str:
        return f"<zooctl.Model {self.card.name} {self.card.version}>"

    @property
    def card(self) -> Card:
        """The model card: tracks and their units, window, assembly, metrics, licence, limits."""
        return self._model.card

    def predict(self, sequences: Sequence[str] | Codes, *, rc: bool = False) -> NDArray[np.float32]:
        """Predict sequences of exactly the model's input length.

        Args:
            sequences: Letters, n strings of ``card.input_length`` bases in either case; or uint8
                codes ``(n, input_length)``, A, C, G, T, unknown = 0, 1, 2, 3, 4.
            rc: Average over both strands.

        Returns:
            float32 ``(n, n_tracks, n_bins)``, in the unit that the card states. The bins are those
            of the ``output_length`` bases in the middle.

        Raises:
            InputError: A sequence has another length.

        >>> model = load("ctcf_gm12878", device="cpu")
        >>> model.predict(["N" * 2048, "ACGT" * 512]).shape
        (2, 1, 64)
        """
        codes = as_codes(sequences, self.card.input_length)
        return predict_windows(self._model, codes, rc=rc)

    def predict_region(
        self,
        region: str | Interval,
        *,
        fasta: str | Path | None = None,
        tracks: Sequence[str] = (),
        rc: bool = False,
    ) -> RegionPrediction:
        """Predict every bin of the genome grid that overlaps a region.

        Args:
            region: Samtools-style string (1-based, inclusive), or ``Interval`` (0-based,
                half-open).
            fasta: Genome; by default chosen by the card's assembly.
            tracks: Names of tracks; empty for all.
            rc: Average over both strands.

        Raises:
            InputError: Region, track or genome do not fit.

        >>> model = load("ctcf_gm12878", device="cpu")
        >>> found = model.predict_region("chr21:39,730,001-39,734,000")
        >>> found.values.shape, found.bin_size, int(found.starts[found.values[0].argmax()])
        ((1, 126), 32, 39731872)
        """
        with self._genome(fasta) as genome:
            if isinstance(region, str):
                (interval,) = Regions(None, (region,)).within(genome.contigs)
            else:
                (interval,) = check_intervals([region], genome.contigs)
            windows = -(-interval.length // self.card.core_length)
            with self._progress(windows, "windows", self.card.name) as advance:
                return predict_region(
                    self._model, interval, genome, tracks=tracks, rc=rc, advance=advance
                )

    @_keywords_of(PredictOptions)
    def predict_bigwig(
        self, regions: str | Path | Sequence[str], output: str | Path, options: PredictOptions
    ) -> WrittenTracks:
        """Predict tracks over regions and write each as a bigWig, as `zooctl predict` does.

        Args:
            regions: A BED file; or a list of region strings.
            output: bigWig; the names of several tracks are put into it.
            options: Keywords, the fields of ``PredictOptions``.

        Raises:
            InputError: Regions, tracks, genome or output do not fit.
        """
        is_file = isinstance(regions, (str, Path))
        chosen = read_regions(Path(regions), ()) if is_file else read_regions(None, regions)  # type: ignore[arg-type]
        (written,) = predict_bigwigs(
            [self._model],
            chosen,
            Path(output),
            options,
            say=self._say,
            progress=self._progress,
        )
        return written

    def score(
        self,
        variants: str | Allele | Iterable[str | Allele],
        *,
        fasta: str | Path | None = None,
        n_shifts: int = 20,
        max_shift: int | None = None,
        seed: int = 0,
        rc: bool = False,
        check_ref: CheckRef = "skip",
    ) -> VariantScores:
        """Score variants, as `zooctl score-variants` does, all tracks.

        Args:
            variants: One or several, each as ``"chr21:39731913 A>C"`` (1-based) or ``Allele``
                (0-based).
            fasta: Genome; by default chosen by the card's assembly.
            n_shifts: Windows to average over; 1 with ``max_shift`` 0 is a single pass.
            max_shift: Largest shift in bp; by default chosen by the window's core.
            seed: Seed of the shifts.
            rc: Average over both strands.
            check_ref: Treatment of alleles whose REF differs from the genome.

        Returns:
            A row for each allele and track; ``to_frame()`` makes a data frame of them.

        Raises:
            InputError: A text is no variant, or the options do not fit the window.

        Source: Toneyan, Tang and Koo 2022 (doi:10.1038/s42256-022-00570-9).

        >>> model = load("ctcf_gm12878", device="cpu")
        >>> (row,) = model.score("chr21:39731913 A>C")
        >>> row.start, row.track, row.status, f"{row.score:.4f} ± {row.sd:.4f}"
        (39731912, 'CTCF', 'OK', '-0.1232 ± 0.0346')
        """
        given = [variants] if isinstance(variants, (str, Allele)) else variants
        alleles = [parse_variant(one) if isinstance(one, str) else one for one in given]
        shifts = ShiftOptions(n_shifts=n_shifts, max_shift=max_shift, seed=seed, rc=rc)
        with self._genome(fasta) as genome:
            return score_alleles(self._model, alleles, genome, shifts, check_ref)

    @_keywords_of(ScoreOptions)
    def score_vcf(self, vcf: str | Path, output: str | Path, options: ScoreOptions) -> ScoredVcf:
        """Score every allele of a VCF into a new file, as `zooctl score-variants` does.

        Args:
            vcf: VCF or BCF, plain, gz or bgzip.
            output: A .vcf.gz, .vcf, .bcf, .tsv, .tsv.gz or .parquet.
            options: Keywords, the fields of ``ScoreOptions``.

        Raises:
            InputError: Genome, VCF or output do not fit, or the options refuse an allele.
        """
        return score_file(
            [self._model],
            str(vcf),
            Path(output),
            options,
            say=self._say,
            progress=self._progress,
        )

    def evaluate(
        self,
        *,
        tracks: Sequence[str] = (),
        data: str | None = None,
        against: Sequence[str | Path] = (),
        regions: Sequence[str] = (),
        fasta: str | Path | None = None,
        options: EvaluationOptions | None = None,
        motif_windows: int | None = None,
        output: str | Path | None = None,
        force: bool = False,
    ) -> ModelEvaluation:
        """Evaluate the model on its held-out regions, as `zooctl evaluate` does.

        Args:
            tracks: Names of tracks; empty for all.
            data: Entry whose recipe names the data; by default the one that the card names.
            against: bigWig or BED files in place of the recipe's data.
            regions: Samtools-style regions in place of the held-out ones.
            fasta: Genome; by default chosen by assembly.
            options: Resolutions, thresholds, bootstrap and shifts.
            motif_windows: Highest predictions to recover a motif from.
            output: Folder for JSON, Markdown, pictures and the motif.
            force: Replace an existing report.

        Raises:
            InputError: Data or regions do not fit, or scikit-learn is not installed.
        """
        need("sklearn", "evaluate")
        from zooctl.evaluation.heldout.judge import EvaluationOptions
        from zooctl.evaluation.heldout.run import evaluate_model

        return evaluate_model(
            self._address,
            tracks=tracks,
            data=data,
            against=[Path(path) for path in against],
            regions=regions,
            fasta=as_path(fasta),
            options=options or EvaluationOptions(),
            motif_windows=motif_windows,
            output=as_path(output),
            device=self._model.options.device,
            threads=self._model.options.threads,
            allow_untrusted=True,  # it was loaded
            force=force,
            say=self._say,
            progress=self._progress,
        )

    def reproduce(
        self,
        mode: Mode = "verify",
        *,
        work: str | Path | None = None,
        resume: bool = False,
        required: Level | None = None,
        fasta: str | Path | None = None,
    ) -> ReproductionReport:
        """Reproduce the model, compare, and return the report, as `zooctl reproduce` does.

        Args:
            mode: ``verify`` checks digests and the probe; ``smoke`` also repeats the first
                training steps; ``full`` goes from data to weights to every figure of the card.
            work: Work folder; a full run's default is ``reproduce/<model>``.
            resume: Continue an interrupted full run.
            required: Level below which the report's ``exit_code`` is 3.
            fasta: Genome; by default chosen by the recipe.

        Raises:
            InputError: The work folder is in use, torch is not installed, or this process was
                begun without the variables of a portable run, which `zooctl reproduce` sets.
            ZooError: A full run cannot be made.

        Levels: Heil et al. 2021 (doi:10.1038/s41592-021-01256-7).

        >>> report = load("ctcf_gm12878").reproduce()
        >>> report.coverage, report.predictions[0].engine, report.predictions[0].equivalence
        ('verify', 'onnxruntime', 'bitwise')
        """
        from zooctl.reproduce import reproduce as steps
        from zooctl.reproduce.run.journal import check_work_folder

        entry = self._model.entry
        folder = as_path(work) or (Path("reproduce") / entry.name if mode == "full" else None)
        steps.need_training(entry, mode)
        if mode != "verify":
            need("torch", "training")
            _check_portable(entry.recipe().portable)
            if folder is not None:
                check_work_folder(folder, resume)
        order = steps.ReproductionOrder(
            mode=mode, work=folder, resume=resume, required=required, fasta=as_path(fasta)
        )
        return steps.reproduce(entry, order, progress=self._progress, say=self._say)

    @contextmanager
    def _genome(self, fasta: str | Path | None) -> Iterator[Fasta]:
        """Open the genome of the card's assembly."""
        paths, description = find_genome(self.card.assembly, as_path(fasta))
        self._say(f"genome: {description}")
        with open_genome(self.card.assembly, paths, self._progress) as genome:
            yield genome


def _check_portable(portable: bool) -> None:
    """Refuse to train a portable recipe in a process that would give other bits."""
    from zooctl.training.determinism.portable import PINS, in_force

    if portable and not in_force():
        raise InputError(
            "process was begun without the variables of a portable run",
            expected=" ".join(f"{name}={value!r}" for name, value in PINS.items()),
            hint="set them before Python starts; `zooctl reproduce` does so by itself",
        )
