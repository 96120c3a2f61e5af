"""Confusion of the classes of a network whose probabilities add up to one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.heldout.model import EvaluatedModel
from zooctl.evaluation.heldout.predict_region import HeldoutRegion
from zooctl.evaluation.metrics.classes import ClassConfusion

# Of a sum of probabilities.
_ROUNDING = 1e-3


def class_confusion(
    regions: Sequence[HeldoutRegion], model: EvaluatedModel, data: EvaluationData
) -> ClassConfusion | None:
    """Return the confusion of classes over all evaluated bins of one known class.

    Args:
        regions: Held-out regions.
        model: The model.
        data: Measurements; a track is a class.

    Returns:
        None for a model whose tracks are no classes: they are not all labels, or their
        probabilities do not add up to one.
    """
    n_tracks = len(data.tracks)
    labelled = all(track.binning.is_label for track in data.measured)
    if n_tracks < 2 or model.scale != "probability" or not labelled:
        return None
    found = [
        np.stack([region.rows(track).mean(axis=1) for track in range(n_tracks)])
        for region in regions
    ]
    predicted = np.concatenate(found, axis=1)
    if not np.allclose(predicted.sum(axis=0), 1, atol=_ROUNDING):
        return None
    labels = np.concatenate(
        [np.stack([one.mean[region.kept] for one in region.measured.tracks]) for region in regions],
        axis=1,
    )
    one_class = ~np.isnan(labels).any(axis=0) & ((labels == 1).sum(axis=0) == 1)
    truth = labels[:, one_class].argmax(axis=0)
    called = predicted[:, one_class].argmax(axis=0)
    return ClassConfusion.of([track.name for track in data.tracks], truth, called)
