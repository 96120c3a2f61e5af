"""zooctl: a model zoo and inference command line for regulatory genomics.

The names of ``__all__`` are the stable Python interface (docs/api.md); they are loaded on first
use, so that ``import zooctl`` alone loads no library.

>>> import zooctl
>>> model = zooctl.load("ctcf_gm12878", device="cpu")
>>> model.card.assembly, model.card.input_length, [track.name for track in model.card.tracks]
('hg19', 2048, ['CTCF'])
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zooctl.api.model import Model
    from zooctl.api.zoo import load, models, reproduce
    from zooctl.errors import ZooError
    from zooctl.inference.options.predict_and_score import PredictOptions, ScoreOptions
    from zooctl.inference.tracks.region import RegionPrediction
    from zooctl.inference.tracks.run import WrittenTracks
    from zooctl.inference.variants.table import VariantScore, VariantScores
    from zooctl.inference.vcf.report import ScoredVcf

__version__ = "0.1.0"

# Some libraries report their use to their makers unless the environment forbids it when they are
# first loaded: onnxruntime 1.29 and later send facts about the machine and the graph, and keep an
# identifier below ~/.cache. No module of zooctl is imported, and no process started, before this.
os.environ.update(
    ORT_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    RAY_USAGE_STATS_ENABLED="0",
    WANDB_ERROR_REPORTING="false",
)

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
    "reproduce",
]

_MODULES = {
    "Model": "api.model",
    "ZooError": "errors",
    "PredictOptions": "inference.options.predict_and_score",
    "ScoreOptions": "inference.options.predict_and_score",
    "RegionPrediction": "inference.tracks.region",
    "WrittenTracks": "inference.tracks.run",
    "VariantScore": "inference.variants.table",
    "VariantScores": "inference.variants.table",
    "ScoredVcf": "inference.vcf.report",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'zooctl' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"zooctl.{_MODULES.get(name, 'api.zoo')}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
