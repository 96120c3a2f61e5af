"""A model's files computed by several processes, as with `--workers` of the commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zooctl.errors import InputError
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import PredictOptions, ScoreOptions
from zooctl.inference.tracks.run import WrittenTracks
from zooctl.inference.vcf.report import ScoredVcf
from zooctl.progress import Progress, Say


@dataclass(frozen=True)
class Workers:
    """Processes that each load the model.

    Attributes:
        n: Number of processes.
        address: The model's name in the zoo, its folder, or its address on the hub.
        allow_untrusted: Whether an address on the hub is allowed.
    """

    n: int
    address: str
    allow_untrusted: bool

    def predict(
        self,
        model: OpenModel,
        regions: str | Path | Sequence[str],
        output: str | Path,
        options: PredictOptions,
        say: Say,
        progress: Progress,
    ) -> WrittenTracks:
        """Write tracks as ``predict_bigwigs`` does."""
        from zooctl.inference.scale.jobs.job import DEFAULT_SHARDS
        from zooctl.inference.scale.jobs.models import Addresses
        from zooctl.inference.scale.jobs.tracks import TracksOrder
        from zooctl.inference.scale.whole import predict_in_processes

        bed, texts = (Path(regions), []) if isinstance(regions, (str, Path)) else (None, regions)
        order = TracksOrder(bed, texts, options, model.options, model.inputs, DEFAULT_SHARDS)
        models = Addresses([self.address], self.allow_untrusted)
        (written,) = predict_in_processes(models, order, output, self.n, say=say, progress=progress)
        return written

    def score(
        self,
        model: OpenModel,
        vcf: str,
        output: str | Path,
        options: ScoreOptions,
        say: Say,
        progress: Progress,
    ) -> ScoredVcf:
        """Score a VCF as ``score_file`` does."""
        from zooctl.inference.scale.jobs.job import DEFAULT_SHARDS
        from zooctl.inference.scale.jobs.models import Addresses
        from zooctl.inference.scale.jobs.score import ScoreOrder
        from zooctl.inference.scale.whole import score_in_processes

        if model.inputs.any:
            raise InputError("several workers score by the sequence alone", got="inputs or sample")
        order = ScoreOrder(vcf, "vcf.gz", options, model.options, DEFAULT_SHARDS)
        models = Addresses([self.address], self.allow_untrusted)
        return score_in_processes(models, order, output, self.n, say=say, progress=progress)
