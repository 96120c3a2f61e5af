"""Discover the motifs that a model's predictions over regions rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zooctl.errors import InputError, need
from zooctl.files.intervals.regions import Regions
from zooctl.inference.model import OpenModel
from zooctl.interpret.attribution.regions import attribute_regions
from zooctl.interpret.discovery.modisco import FoundPatterns, find_patterns
from zooctl.interpret.libraries import PATTERNS, libraries_of
from zooctl.interpret.motif_search.motif_collections import read_collection
from zooctl.interpret.motif_search.tomtom import Match, match_known
from zooctl.interpret.options import AttributeOptions, DiscoverOptions
from zooctl.progress import Progress, Say, no_progress, silent

# modisco-lite gives up on fewer stretches of one sign.
_LEAST = 100
_MATCHES = 3
_WIDTH = 400


@dataclass(frozen=True, eq=False)
class DiscoveredMotifs:
    """Motifs that predictions rest on.

    Attributes:
        model: Name of the model.
        track: Name of the track.
        method: Method of attribution.
        n_regions: Regions that were explained.
        found: The patterns.
        motifs: Name of the collection; None where nothing was compared.
        matches: Best known motifs of each pattern.
    """

    model: str
    track: str
    method: str
    n_regions: int
    found: FoundPatterns
    motifs: str | None
    matches: tuple[Sequence[Match], ...]

    def to_json(self) -> dict[str, Any]:
        """Return all figures."""
        return {
            "model": self.model,
            "track": self.track,
            "method": self.method,
            "regions": self.n_regions,
            "motifs": self.motifs,
            "patterns": [
                {
                    "name": one.name,
                    "seqlets": one.n_seqlets,
                    "consensus": one.motif.consensus,
                    "bits": float(one.motif.information().sum()),
                    "matches": [match._asdict() for match in matches],
                }
                for one, matches in zip(self.found.patterns, self.matches, strict=True)
            ],
        }


def discover_motifs(
    model: OpenModel,
    regions: Regions,
    options: DiscoverOptions,
    *,
    say: Say = silent,
    progress: Progress = no_progress,
) -> DiscoveredMotifs:
    """Discover the motifs that a model's predictions over regions rest on.

    Args:
        model: The model.
        regions: The regions; a hundred or more.
        options: Attribution, clustering and collection.
        say: Told of the genome and of what was found.
        progress: Opens the progress displays.

    Raises:
        InputError: Model, regions and options do not fit, nothing recurs, or modisco-lite is not
            installed.
    """
    need((*libraries_of(options.method), *PATTERNS), "discovering motifs")
    known = None if options.motifs is None else read_collection(options.motifs, say)
    attribution = AttributeOptions(
        method=options.method,
        track=options.track,
        width=options.width or min(_WIDTH, model.card.core_length),
        references=options.references,
        seed=options.seed,
        rc=options.rc,
        fasta=options.fasta,
    )
    given = attribute_regions(model, regions, attribution, say=say, progress=progress)
    with progress(None, "patterns", "TF-MoDISco"):
        found = find_patterns(
            given.found.codes,
            given.found.hypothetical,
            most_seqlets=options.most_seqlets,
            runs=options.runs,
        )
    if not found.patterns:
        raise InputError(
            "nothing recurs in the importance of these bases",
            got=f"{len(given.regions):,} regions",
            expected=f"more than {_LEAST} important stretches: more regions, of high predictions",
        )
    matches: Sequence[Sequence[Match]] = [[] for _ in found.patterns]
    if known is not None:
        queries = [one.motif for one in found.patterns]
        matches = match_known(queries, known, _MATCHES, say=say, progress=progress)
    return DiscoveredMotifs(
        model.card.name,
        given.found.track,
        given.found.method,
        len(given.regions),
        found,
        options.motifs,
        tuple(matches),
    )
