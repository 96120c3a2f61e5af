"""The part of a model that says which bases its predictions depend on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.files.intervals.regions import regions_of
from zooctl.inference.model import OpenModel
from zooctl.inference.options.keywords import keywords_of
from zooctl.interpret.options import (
    AttributeOptions,
    EmbedOptions,
    ExplainOptions,
    Method,
    MutateOptions,
)
from zooctl.progress import Progress, Say
from zooctl.sequence.onehot import Codes

if TYPE_CHECKING:
    from zooctl.interpret.attribution.attribute import Attributions
    from zooctl.interpret.attribution.run import WrittenAttributions
    from zooctl.interpret.embedding.run import Embeddings
    from zooctl.interpret.explanation.explain import Explanation
    from zooctl.interpret.saturation.run import SaturationMap


class Interpretation:
    """Methods of ``Model`` that explain its predictions; a file of their own for its length."""

    _model: OpenModel
    _say: Say
    _progress: Progress

    def attribute(
        self,
        sequences: Sequence[str] | Codes,
        method: Method = "deeplift",
        *,
        track: str | None = None,
        references: int = 20,
        steps: int = 50,
        seed: int = 0,
        rc: bool = False,
    ) -> Attributions:
        """Return the importance of each base of sequences for their mean prediction.

        Args:
            sequences: Letters, or uint8 codes ``(n, input_length)``, as `predict` takes them.
            method: ``ism`` works for every model; ``saliency``, ``input_x_gradient``, ``deeplift``
                and ``integrated_gradients`` need a recipe and the extra ``interpret``.
            track: Name of the track; the only one if not given.
            references: Dinucleotide-shuffled references of a sequence.
            steps: Points between a reference and its sequence, of ``integrated_gradients``.
            seed: Seed of the references.
            rc: Average over both strands.

        Raises:
            InputError: Method, track, sequences and model do not fit each other.

        >>> import zooctl

        >>> model = zooctl.load("ctcf_gm12878", device="cpu")
        >>> found = model.attribute(["ACGT" * 512], "input_x_gradient")
        >>> found.hypothetical.shape, found.importance.shape, found.track
        ((1, 4, 2048), (1, 2048), 'CTCF')
        """
        from zooctl.interpret.attribution.attribute import attribute

        options = AttributeOptions(references=references, steps=steps, seed=seed, rc=rc)
        return attribute(
            self._model, sequences, method, track=track, options=options, progress=self._progress
        )

    @keywords_of(AttributeOptions)
    def attribute_regions(
        self, regions: str | Path | Sequence[str], output: str | Path, options: AttributeOptions
    ) -> WrittenAttributions:
        """Write the importance of the bases around regions, as `zooctl attribute` does.

        Args:
            regions: A BED file; or a list of region strings.
            output: A folder; or a .bw, .h5, .png, .pdf or .svg.
            options: Keywords, the fields of ``AttributeOptions``.

        Raises:
            InputError: Regions, options, model and output do not fit each other.
        """
        from zooctl.interpret.attribution.run import write_attributions

        return write_attributions(
            self._model,
            regions_of(regions),
            str(output),
            options,
            say=self._say,
            progress=self._progress,
        )

    @keywords_of(MutateOptions)
    def mutate(
        self, region: str | None, output: str | Path | None, options: MutateOptions
    ) -> SaturationMap:
        """Score every SNV in a region, and short deletions, as `zooctl mutate` does.

        Args:
            region: Samtools-style; None for all of a measured element.
            output: A .tsv, .png, .pdf or .svg, or a folder; None for no file.
            options: Keywords, the fields of ``MutateOptions``.

        Raises:
            InputError: Region, options, model and output do not fit each other.
        """
        from zooctl.interpret.saturation.run import mutate, write_saturation

        if output is None:
            return mutate(self._model, region, options, say=self._say, progress=self._progress)
        found, _ = write_saturation(
            self._model, region, str(output), options, say=self._say, progress=self._progress
        )
        return found

    @keywords_of(ExplainOptions)
    def explain(
        self, subject: str, output: str | Path | None, options: ExplainOptions
    ) -> Explanation:
        """Explain a variant or a region, as `zooctl explain` does.

        Args:
            subject: A variant, as ``"chr21:39731913 A>C"``, or a region; 1-based.
            output: A .html, .pdf, .json, .png or .svg, or a folder; None for no file.
            options: Keywords, the fields of ``ExplainOptions``.

        Raises:
            InputError: Subject, options, model and output do not fit each other.
        """
        from zooctl.interpret.explanation.explain import explain
        from zooctl.interpret.explanation.report import write_explanation

        if output is None:
            return explain(self._model, subject, options, say=self._say, progress=self._progress)
        found, _ = write_explanation(
            self._model, subject, str(output), options, say=self._say, progress=self._progress
        )
        return found

    @keywords_of(EmbedOptions)
    def embed(
        self,
        regions: str | Path | Sequence[str],
        output: str | Path | None,
        options: EmbedOptions,
    ) -> Embeddings:
        """Return the activations before the last layer around regions, as `zooctl embed` does.

        Args:
            regions: A BED file; or a list of region strings.
            output: A .npz, .parquet or .h5ad; a .png, .pdf or .svg; or a folder; None for no file.
            options: Keywords, the fields of ``EmbedOptions``.

        Raises:
            InputError: Regions, model and output do not fit each other.
        """
        from zooctl.interpret.embedding.run import embed_regions, write_embeddings

        given = regions_of(regions)
        if output is None:
            return embed_regions(
                self._model, given, options, say=self._say, progress=self._progress
            )
        found, _ = write_embeddings(
            self._model, given, str(output), options, say=self._say, progress=self._progress
        )
        return found
