"""Read a model's first filters as motifs, and compare them with known ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zooctl.errors import InputError, need
from zooctl.files.intervals.regions import Regions
from zooctl.inference.background.draw import random_places
from zooctl.inference.genome import Genome
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import as_path
from zooctl.interpret.filters.align import FilterProfile, align_filters, trimmed
from zooctl.interpret.filters.first_layer import FirstLayer, first_layer
from zooctl.interpret.interventions.backgrounds import centred
from zooctl.interpret.libraries import SEARCH
from zooctl.interpret.motif_search.motif_collections import read_collection
from zooctl.interpret.motif_search.tomtom import HIT_Q, Match, match_known
from zooctl.interpret.options import FilterOptions
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.fields import Region
from zooctl.sequence.onehot import Codes, N


@dataclass(frozen=True, eq=False)
class ReadFilters:
    """Filters of a first layer, as motifs.

    Attributes:
        model: Name of the model.
        layer: The layer.
        n_windows: Windows that they were read in.
        profiles: One a filter.
        motifs: Name of the collection; None where nothing was compared.
        matches: Best match of each filter; None without a profile or a collection.
    """

    model: str
    layer: FirstLayer
    n_windows: int
    profiles: tuple[FilterProfile, ...]
    motifs: str | None
    matches: tuple[Match | None, ...]

    @property
    def hits(self) -> tuple[Match, ...]:
        """Best matches with a q value below 0.1."""
        return tuple(one for one in self.matches if one is not None and one.q_value < HIT_Q)

    @property
    def hit_ratio(self) -> float:
        """Share of the filters with a hit (Toneyan, Tang and Koo 2022)."""
        return len(self.hits) / self.layer.n_filters

    @property
    def mean_q(self) -> float | None:
        """Mean q value of the hits (same source); None without any."""
        return float(np.mean([one.q_value for one in self.hits])) if self.hits else None

    def to_json(self) -> dict[str, Any]:
        """Return all figures."""
        rows = []
        for profile, match in zip(self.profiles, self.matches, strict=True):
            motif = profile.motif
            rows.append(
                {
                    "filter": profile.index,
                    "sites": profile.n_sites,
                    "highest": profile.highest,
                    "consensus": None if motif is None else motif.consensus,
                    "bits": None if motif is None else float(motif.information().sum()),
                    "match": None if match is None else match.known,
                    "p_value": None if match is None else match.p_value,
                    "q_value": None if match is None else match.q_value,
                    "strand": None if match is None else match.strand,
                }
            )
        compared = self.motifs is not None
        return {
            "model": self.model,
            "activation": self.layer.activation,
            "filters": self.layer.n_filters,
            "width": self.layer.width,
            "windows": self.n_windows,
            "active": sum(profile.motif is not None for profile in self.profiles),
            "motifs": self.motifs,
            "hits": len(self.hits) if compared else None,
            "hit_ratio": self.hit_ratio if compared else None,
            "mean_q": self.mean_q if compared else None,
            "profiles": rows,
        }


def read_filters(
    model: OpenModel,
    options: FilterOptions,
    regions: Regions | None = None,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> ReadFilters:
    """Read the filters of a model's first layer as motifs.

    Args:
        model: The model.
        options: Collection, windows and threshold.
        regions: Windows around these, in place of random places of the test split.
        say: Told of the genome and of the comparison.
        progress: Opens the progress displays.

    Raises:
        InputError: The first layer is no convolution of the sequence; regions, genome or motifs
            do not fit; or memelite is not installed.
    """
    if options.motifs is not None:
        need(SEARCH, "a comparison with known motifs")
    card, layer = model.card, first_layer(model)
    with model.genome(as_path(options.fasta), say, progress) as genome:
        if regions is None:
            parts = () if card.split is None else card.split.test
            windows = random_windows(genome, parts, card.input_length, options)
        else:
            found = regions.within(genome.contigs, clip=options.clip)
            windows = np.stack([centred(genome, one, card.input_length) for one in found])
    return align_and_match(card.name, layer, windows, options, say=say, progress=progress)


def align_and_match(
    model: str,
    layer: FirstLayer,
    windows: Codes,
    options: FilterOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> ReadFilters:
    """Read the filters of a layer in windows, and compare them with known motifs.

    Args:
        model: Name of the model.
        layer: Its first layer.
        windows: Codes ``(n, input_length)``.
        options: Collection and threshold.
        say: Told of the comparison.
        progress: Opens the progress displays.
    """
    known = None if options.motifs is None else read_collection(options.motifs, say)
    with progress(len(windows), "windows", f"{model}, first layer") as advance:
        profiles = align_filters(layer, windows, options.threshold, advance)
    matches: Sequence[Match | None] = [None] * len(profiles)
    if known is not None:
        queries = [trimmed(one.motif) for one in profiles if one.motif is not None]
        found_matches = iter(match_known(queries, known, 1, say=say, progress=progress))
        matches = [None if one.motif is None else next(found_matches)[0] for one in profiles]
    return ReadFilters(model, layer, len(windows), tuple(profiles), options.motifs, tuple(matches))


def random_windows(
    genome: Genome, parts: Sequence[Region], length: int, options: FilterOptions
) -> Codes:
    """Return windows of known bases at random places of regions, or of all contigs without one.

    Raises:
        InputError: There are too few.
    """
    places = [
        one.interval(genome.contigs[one.chrom]) for one in parts if one.chrom in genome.contigs
    ]
    if not places:
        lengths = dict(genome.contigs)
        offsets = dict.fromkeys(lengths, 0)
    else:
        lengths = {place.chrom: place.length for place in places}
        offsets = {place.chrom: place.start for place in places}
    rng = np.random.default_rng(options.seed)
    rows: list[Codes] = []
    for _ in range(20):
        for chrom, start in zip(*random_places(lengths, options.n, rng), strict=True):
            first = offsets[chrom] + int(start)
            codes = genome.padded_codes(chrom, first, first + length)
            if not (codes == N).any():
                rows.append(codes)
            if len(rows) == options.n:
                return np.stack(rows)
    raise InputError("the genome has too few windows of known bases", got=len(rows))
