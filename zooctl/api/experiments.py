"""The part of a model that looks for motifs and intervenes in sequence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.files.intervals.regions import regions_of
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import as_path
from zooctl.interpret.options import (
    DesignOptions,
    DiscoverOptions,
    FilterOptions,
    MarginaliseOptions,
)
from zooctl.progress import Progress, Say

if TYPE_CHECKING:
    from zooctl.interpret.design.design import Designs
    from zooctl.interpret.discovery.discover import DiscoveredMotifs
    from zooctl.interpret.filters.read_filters import ReadFilters
    from zooctl.interpret.interventions.marginalise import Marginalisation
    from zooctl.interpret.motif_search.scan import MotifScan


class Experiments:
    """Methods of ``Model`` on motifs; a file of their own for its length.

    They need the extra ``interpret``.
    """

    _model: OpenModel
    _say: Say
    _progress: Progress

    def scan(
        self,
        motifs: str | Path,
        regions: str | Path | Sequence[str],
        *,
        names: Sequence[str] = (),
        threshold: float = 1e-4,
        fasta: str | Path | None = None,
    ) -> MotifScan:
        """Find sites of known motifs in regions of the model's genome, as `zooctl scan` does.

        Args:
            motifs: ``hocomoco``, ``jaspar``, or a file of motifs.
            regions: A BED file; or a list of region strings.
            names: Motifs of the collection; empty for all.
            threshold: p value that a site falls below.
            fasta: Genome; by default chosen by the card's assembly.

        Raises:
            InputError: Motifs, regions or genome do not fit, or memelite is not installed.
        """
        from zooctl.interpret.motif_search.motif_collections import choose_motifs
        from zooctl.interpret.motif_search.scan import scan_regions

        chosen = choose_motifs(str(motifs), names, self._say)
        with self._model.genome(as_path(fasta), self._say, self._progress) as genome:
            return scan_regions(
                chosen,
                regions_of(regions).within(genome.contigs),
                genome,
                threshold=threshold,
                progress=self._progress,
            )

    def marginalise(
        self,
        pattern: str,
        regions: str | Path | Sequence[str] | None = None,
        options: MarginaliseOptions | None = None,
    ) -> Marginalisation:
        """Measure the effect of a pattern, as `zooctl marginalise` does.

        Args:
            pattern: IUPAC letters; or the name of a motif of ``options.motifs``.
            regions: A BED file, or a list of region strings, whose windows are shuffled or
                occluded.
            options: Backgrounds and experiments.

        Raises:
            InputError: Pattern, track, regions or genome do not fit the model.

        >>> import zooctl
        >>> from zooctl.interpret.options import MarginaliseOptions
        >>> model = zooctl.load("ctcf_gm12878", device="cpu")
        >>> few = MarginaliseOptions(n=10, background="uniform")
        >>> found = model.marginalise("CCACCAGGGGGCGCT", options=few)
        >>> found.embedding.effect.n, found.embedding.log2_ratio > 2
        (10, True)
        """
        from zooctl.interpret.interventions.marginalise import marginalise

        return marginalise(
            self._model,
            pattern,
            options or MarginaliseOptions(),
            None if regions is None else regions_of(regions),
            say=self._say,
            progress=self._progress,
        )

    def filters(
        self,
        regions: str | Path | Sequence[str] | None = None,
        options: FilterOptions | None = None,
    ) -> ReadFilters:
        """Read the filters of the model's first layer as motifs, as `zooctl filters` does.

        Args:
            regions: A BED file, or a list of region strings, to read windows around; random places
                of the test split if not given.
            options: Collection to compare with, windows and threshold.

        Raises:
            InputError: The first layer is no convolution of the sequence; or regions, genome or
                motifs do not fit.
        """
        from zooctl.interpret.filters.read_filters import read_filters

        return read_filters(
            self._model,
            options or FilterOptions(),
            None if regions is None else regions_of(regions),
            say=self._say,
            progress=self._progress,
        )

    def motifs(
        self, regions: str | Path | Sequence[str], options: DiscoverOptions | None = None
    ) -> DiscoveredMotifs:
        """Discover the motifs that predictions over regions rest on, as `zooctl motifs` does.

        Args:
            regions: A BED file, or a list of region strings; a hundred or more.
            options: Attribution, clustering, and a collection to compare with.

        Raises:
            InputError: Regions and options do not fit the model, nothing recurs, or modisco-lite is
                not installed.
        """
        from zooctl.interpret.discovery.discover import discover_motifs

        return discover_motifs(
            self._model,
            regions_of(regions),
            options or DiscoverOptions(),
            say=self._say,
            progress=self._progress,
        )

    def design(
        self, options: DesignOptions | None = None, judge: Experiments | None = None
    ) -> Designs:
        """Design sequences for a prediction of the model, as `zooctl design` does.

        Args:
            options: Target, way, start and constraints.
            judge: A model of one track that scores the sequences when they are done.

        Raises:
            InputError: Options and model do not fit each other.
        """
        from zooctl.interpret.design.design import design

        return design(
            self._model,
            options or DesignOptions(),
            None if judge is None else judge._model,
            say=self._say,
            progress=self._progress,
        )
