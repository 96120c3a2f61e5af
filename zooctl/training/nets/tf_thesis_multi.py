"""The thesis's networks for many factors at once: partly known labels, and classes.

Source: as ``tf_thesis``.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.errors import InputError
from zooctl.training.nets.parts.blocks import dense_norm, norm
from zooctl.training.nets.parts.layers import conv, start_like_keras
from zooctl.training.nets.tf_thesis import Thesis, positions_left


class ThesisMultiTask(Thesis):
    """All factors at once, without normalisation; for labels that are known in part.

    Trained with ``binary_cross_entropy`` over what is known, a bound bin counted five times.

    Args:
        input_length: Bases read.
        n_tracks: Factors predicted; 32 in the thesis.
        bin_size: Bases the value is of: the output.
        output_length: Bases that are labelled, centred; all that are read if not given.
        n_controls: Signals per base, max-pooled beside the sequence.
        n_features: Values that summarise accessibility in the window; 4 in the thesis.
        filters: Channels of the convolution.
        kernel: Its width.
        pool: Positions joined after it.
        hidden: Units that summarise the sequence.
        signal_pool: Bases of a signal joined.
        merged: Units of the layer over all inputs.
        dropout: After that layer.

    Raises:
        InputError: The output is not one bin, or the window too short.
    """

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        n_controls: int = 0,
        n_features: int = 0,
        filters: int = 100,
        kernel: int = 15,
        pool: int = 35,
        hidden: int = 1000,
        signal_pool: int = 20,
        merged: int = 1000,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(
            input_length=input_length,
            n_tracks=n_tracks,
            bin_size=bin_size,
            output_length=output_length,
            n_controls=n_controls,
            n_features=n_features,
            signal_pool=signal_pool,
        )
        positions = positions_left(input_length, 1, pool)
        self.sequence = nn.Sequential(
            conv(4, filters, kernel),
            nn.ReLU(),
            nn.MaxPool1d(pool),
            nn.Flatten(),
            nn.Linear(filters * positions, hidden),
            nn.ReLU(),
        )
        self.expression = nn.Identity()
        self.merged = nn.Sequential(
            nn.Linear(hidden + self.signal_values + n_features, merged),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.last = nn.Sequential(nn.Linear(merged, n_tracks))
        start_like_keras(self)

    @property
    def logits(self) -> nn.Linear:
        """The last layer; a property, as weights are saved under one name each."""
        return cast(nn.Linear, self.last[0])

    def output_bias(self) -> Tensor:
        return self.logits.bias


class ThesisClasses(Thesis):
    """Classes that exclude each other: three kinds of bin for each factor, or of start site.

    A track is a class, and the classes of one question stand side by side: unknown, unbound and
    bound for each factor in the released code. The thesis's network for transcription start sites
    is not in the released code; with three tracks, this is its form.

    Args:
        input_length: Bases read.
        n_tracks: Classes of all questions.
        bin_size: Bases the value is of: the output.
        output_length: Bases that are labelled, centred; all that are read if not given.
        n_controls: Signals per base.
        n_classes: Classes of a question.
        filters: Channels of the convolution.
        kernel: Its width.
        pool: Positions joined after it.
        hidden: Units that summarise the sequence.
        signal_pool: Bases of a signal joined.
        merged: Units of the layer over all inputs.
        own: Units of the layer that each question has for itself.
        dropout: After the layer over all inputs.

    Raises:
        InputError: The output is not one bin, the window too short, or tracks left over.
    """

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        n_controls: int = 0,
        n_classes: int = 3,
        filters: int = 64,
        kernel: int = 20,
        pool: int = 20,
        hidden: int = 1000,
        signal_pool: int = 20,
        merged: int = 1000,
        own: int = 128,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(
            input_length=input_length,
            n_tracks=n_tracks,
            bin_size=bin_size,
            output_length=output_length,
            n_controls=n_controls,
            n_features=0,
            signal_pool=signal_pool,
            output="class",
        )
        if n_tracks % n_classes:
            raise InputError(
                "tracks do not make up whole questions",
                field="n_classes",
                got=n_classes,
                expected=f"a divisor of {n_tracks}",
            )
        self.n_classes = n_classes
        self.sequence = nn.Sequential(
            nn.Conv1d(4, filters, kernel),
            nn.ReLU(),
            norm(filters),
            nn.MaxPool1d(pool),
            nn.Flatten(),
            nn.Linear(filters * positions_left(input_length, kernel, pool), hidden),
            nn.ReLU(),
        )
        self.expression = nn.Identity()
        self.merged = dense_norm(hidden + self.signal_values, merged, dropout)
        questions = n_tracks // n_classes
        self.last = nn.Sequential(
            nn.Linear(merged, questions * own),
            nn.ReLU(),
            nn.Unflatten(1, (-1, 1)),
            # The questions' own layers, side by side in one.
            nn.Conv1d(questions * own, n_tracks, 1, groups=questions),
            nn.Flatten(),
        )
        start_like_keras(self)

    @property
    def classes(self) -> nn.Conv1d:
        """The last layer; a property, as weights are saved under one name each."""
        return cast(nn.Conv1d, self.last[3])

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.classes.bias)

    def finish(self, tracks: Tensor) -> Tensor:
        groups = torch.unflatten(tracks, 1, (-1, self.n_classes))
        return torch.softmax(groups, dim=2).flatten(1, 2)
