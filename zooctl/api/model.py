"""A model of the zoo as an object that predicts, scores and is evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zooctl.api.experiments import Experiments
from zooctl.api.interpretation import Interpretation
from zooctl.api.workers import Workers
from zooctl.errors import need
from zooctl.files.intervals.regions import regions_of
from zooctl.inference.model import OpenModel
from zooctl.inference.options import predict_and_score as inference_options
from zooctl.inference.options.keywords import keywords_of
from zooctl.inference.options.predict_and_score import PredictOptions, ScoreOptions, as_path
from zooctl.inference.tracks.region import RegionPrediction, predict_region, predict_windows
from zooctl.inference.tracks.run import WrittenTracks, predict_bigwigs
from zooctl.inference.variants.table import VariantScores, score_alleles
from zooctl.inference.vcf.report import ScoredVcf
from zooctl.inference.vcf.run import score_file
from zooctl.progress import Progress, Say
from zooctl.schema.card import Card
from zooctl.sequence.alleles import Allele
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes

if TYPE_CHECKING:
    from zooctl.evaluation.heldout.options import EvaluationOptions
    from zooctl.evaluation.heldout.run import ModelEvaluation
    from zooctl.reproduction.report.levels import Level
    from zooctl.reproduction.report.report import Mode, ReproductionReport


class Model(Interpretation, Experiments):
    """A model of the zoo; ``load`` makes one.

    Coordinates are 0-based and half-open, but for region strings and variants, which are typed as
    for samtools and VCF: 1-based, inclusive.
    """

    def __init__(
        self, model: OpenModel, address: str, say: Say, progress: Progress, workers: Workers | None
    ) -> None:
        self._model = model
        self._address = address
        self._say = say
        self._progress = progress
        self._workers = workers

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

        >>> import zooctl

        >>> model = zooctl.load("ctcf_gm12878", device="cpu")
        >>> model.predict(["N" * 2048, "ACGT" * 512]).shape
        (2, 1, 64)
        """
        return predict_windows(self._model, sequences, rc=rc)

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

        >>> import zooctl

        >>> model = zooctl.load("ctcf_gm12878", device="cpu")
        >>> found = model.predict_region("chr21:39,730,001-39,734,000")
        >>> found.values.shape, found.bin_size, int(found.starts[found.values[0].argmax()])
        ((1, 126), 32, 39731872)
        """
        with self._model.genome(as_path(fasta), self._say, self._progress) as genome:
            return predict_region(
                self._model, region, genome, tracks=tracks, rc=rc, progress=self._progress
            )

    @keywords_of(PredictOptions)
    def predict_bigwig(
        self, regions: str | Path | Sequence[str], output: str | Path, options: PredictOptions
    ) -> WrittenTracks:
        """Predict tracks over regions and write each as a bigWig, as `zooctl predict` does.

        Args:
            regions: A BED file; or a list of region strings.
            output: A .bw or .bigwig; the names of several tracks are put into it. Or a folder.
            options: Keywords, the fields of ``PredictOptions``.

        Raises:
            InputError: Regions, tracks, genome or output do not fit.
        """
        if self._workers is not None:
            return self._workers.predict(
                self._model, regions, output, options, self._say, self._progress
            )
        (written,) = predict_bigwigs(
            [self._model],
            regions_of(regions),
            output,
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
        n_shifts: int | None = None,
        max_shift: int | None = None,
        seed: int = 0,
        rc: bool = False,
        statistics: Sequence[inference_options.Statistic] = (),
        distance: int | None = None,
        mean_track: bool = False,
        check_ref: inference_options.CheckRef = "skip",
        store: str | Path | None = None,
    ) -> VariantScores:
        """Score variants as `zooctl score-variants` does, all tracks (Toneyan, Tang and Koo 2022).

        Args:
            variants: One or several, each as ``"chr21:39731913 A>C"`` (1-based) or ``Allele``
                (0-based).
            fasta: Genome; by default chosen by the card's assembly.
            n_shifts, max_shift, seed, rc, statistics, distance, mean_track: As in
                ``ShiftOptions``; None and () for what the card says.
            check_ref: Treatment of alleles whose REF differs from the genome.
            store: Folder of scores that is asked first, and gets what is computed.

        Returns:
            A row for each allele, track and score; ``to_frame()`` makes a data frame of them.

        Raises:
            InputError: A text is no variant, or the options do not fit the window.

        >>> import zooctl

        >>> model = zooctl.load("ctcf_gm12878", device="cpu")
        >>> (row,) = model.score("chr21:39731913 A>C")
        >>> row.start, row.track, row.status, f"{row.score:.4f} ± {row.sd:.4f}"
        (39731912, 'CTCF', 'OK', '-0.1232 ± 0.0346')
        """
        shifts = inference_options.ShiftOptions(
            n_shifts=n_shifts,
            max_shift=max_shift,
            seed=seed,
            rc=rc,
            statistics=statistics,
            distance=distance,
            mean_track=mean_track,
            store=store,
        )
        with self._model.genome(as_path(fasta), self._say, self._progress) as genome:
            return score_alleles(self._model, variants, genome, shifts, check_ref, say=self._say)

    @keywords_of(ScoreOptions)
    def score_vcf(self, vcf: str | Path, output: str | Path, options: ScoreOptions) -> ScoredVcf:
        """Score every allele of a VCF into a new file, as `zooctl score-variants` does.

        Args:
            vcf: VCF or BCF, plain, gz or bgzip.
            output: A .vcf.gz, .vcf, .bcf, .tsv, .tsv.gz or .parquet, or a folder.
            options: Keywords, the fields of ``ScoreOptions``.

        Raises:
            InputError: Genome, VCF or output do not fit, or the options refuse an allele.
        """
        if self._workers is not None:
            return self._workers.score(
                self._model, str(vcf), output, options, self._say, self._progress
            )
        return score_file(
            [self._model],
            str(vcf),
            output,
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
        from zooctl.evaluation.heldout.options import EvaluationOptions
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
            inputs=self._model.inputs,
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
        """Reproduce the model as `zooctl reproduce` does, and judge its level (Heil et al. 2021).

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

        >>> import zooctl

        >>> report = zooctl.load("ctcf_gm12878").reproduce()
        >>> report.coverage, report.predictions[0].engine, report.predictions[0].equivalence
        ('verify', 'onnxruntime', 'bitwise')
        """
        from zooctl.reproduction import reproduce as steps
        from zooctl.reproduction.run.journal import check_work_folder
        from zooctl.training.determinism.portable import check_begun_portable

        entry = self._model.entry
        folder = as_path(work) or (Path("reproduce") / entry.name if mode == "full" else None)
        steps.need_training(entry, mode)
        if mode != "verify":
            need("torch", "training")
            check_begun_portable(entry.recipe())
            if folder is not None:
                check_work_folder(folder, resume)
        order = steps.ReproductionOrder(
            mode=mode, work=folder, resume=resume, required=required, fasta=as_path(fasta)
        )
        return steps.reproduce(entry, order, progress=self._progress, say=self._say)
