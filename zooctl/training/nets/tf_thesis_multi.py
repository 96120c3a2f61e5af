"""The thesis's networks for many factors at once: partly known labels, and classes.

Source: as ``tf_thesis``.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.classes import ThesisClassesSizes, ThesisTssSizes
from zooctl.schema.recipe.networks.window import ThesisMultiTaskSizes
from zooctl.training.nets.parts.blocks import Scalar, dense_norm, norm
from zooctl.training.nets.parts.layers import conv, start_like_keras
from zooctl.training.nets.parts.network import Classifier
from zooctl.training.nets.parts.window import NetWindow
from zooctl.training.nets.tf_thesis import Thesis


class ThesisMultiTask(Thesis):
    """All factors at once, without normalisation; for labels that are known in part.

    Trained with ``binary_cross_entropy`` over the known labels, with a weight of 5 for bound bins.

    Raises:
        InputError: The output is not one bin, or the window is too short.
    """

    def __init__(self, sizes: ThesisMultiTaskSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        self.n_features = sizes.n_features
        positions = window.positions_after((1, sizes.pool))
        self.sequence = nn.Sequential(
            conv(4, sizes.filters, sizes.kernel),
            nn.ReLU(),
            nn.MaxPool1d(sizes.pool),
            nn.Flatten(),
            nn.Linear(sizes.filters * positions, sizes.hidden),
            nn.ReLU(),
        )
        self.expression = nn.Identity()
        self.merged = nn.Sequential(
            nn.Linear(sizes.hidden + self.signal_values + sizes.n_features, sizes.merged),
            nn.ReLU(),
            nn.Dropout(sizes.dropout),
        )
        self.last = nn.Sequential(nn.Linear(sizes.merged, window.n_tracks))
        start_like_keras(self)

    @property
    def logits(self) -> nn.Linear:
        """Last layer; a property, as weights are saved under one name each."""
        return cast(nn.Linear, self.last[0])

    def output_bias(self) -> Tensor:
        return self.logits.bias


class ThesisClasses(Thesis):
    """Classes that exclude each other: three kinds of bin for each factor, or of start site.

    A track is a class, and the classes of one question stand side by side: unknown, unbound and
    bound for each factor in the released code.

    Raises:
        InputError: The output is not one bin, the window is too short, or tracks are left over.
    """

    def __init__(self, sizes: ThesisClassesSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        n_tracks, n_classes = window.n_tracks, sizes.n_classes
        if n_tracks % n_classes:
            raise InputError(
                "tracks do not make up whole questions",
                field="n_classes",
                got=n_classes,
                expected=f"a divisor of {n_tracks}",
            )
        self.n_classes = n_classes
        positions = window.positions_after((sizes.kernel, sizes.pool))
        self.sequence = nn.Sequential(
            nn.Conv1d(4, sizes.filters, sizes.kernel),
            nn.ReLU(),
            norm(sizes.filters),
            nn.MaxPool1d(sizes.pool),
            nn.Flatten(),
            nn.Linear(sizes.filters * positions, sizes.hidden),
            nn.ReLU(),
        )
        self.expression = nn.Identity()
        self.merged = dense_norm(sizes.hidden + self.signal_values, sizes.merged, sizes.dropout)
        questions = n_tracks // n_classes
        self.last = nn.Sequential(
            nn.Linear(sizes.merged, questions * sizes.own),
            nn.ReLU(),
            nn.Unflatten(1, (-1, 1)),
            # The layers of all questions, side by side in one.
            nn.Conv1d(questions * sizes.own, n_tracks, 1, groups=questions),
            nn.Flatten(),
        )
        start_like_keras(self)

    @property
    def classes(self) -> nn.Conv1d:
        """Last layer; a property, as weights are saved under one name each."""
        return cast(nn.Conv1d, self.last[3])

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.classes.bias)

    def finish(self, tracks: Tensor) -> Tensor:
        groups = torch.unflatten(tracks, 1, (-1, self.n_classes))
        return torch.softmax(groups, dim=2).flatten(1, 2)


class ThesisTss(Classifier):
    """Kind of start site in a window of one strand: one convolution, one dense layer, classes.

    The network is not in the released code. Its layers are worked out from the thesis's number of
    parameters, 97,427 for three classes: 16 filters of width 10, 47 pools of 4 in 200 bases, and
    128 units.

    Raises:
        InputError: The output is not one bin, or the window is too short.
    """

    def __init__(self, sizes: ThesisTssSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        positions = window.positions_after((sizes.kernel, sizes.pool))
        self.sequence = nn.Sequential(
            nn.Conv1d(4, sizes.filters, sizes.kernel),
            nn.ReLU(),
            nn.MaxPool1d(sizes.pool),
            nn.Flatten(),
            nn.Linear(sizes.filters * positions, sizes.hidden),
            nn.ReLU(),
            nn.Dropout(sizes.dropout),
        )
        self.last = Scalar(sizes.hidden, window.n_tracks)
        start_like_keras(self)

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.last(self.sequence(x)))
