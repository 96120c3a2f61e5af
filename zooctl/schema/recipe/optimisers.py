"""Optimisers of training, one class a key; ``training.loop.finetune`` makes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from zooctl.schema.fields import Problem, Values
from zooctl.schema.recipe.bounds import Fraction, NotNegative, Positive


class Adam(Values):
    """Adam (Kingma and Ba 2015); weight decay is added to the gradient.

    Attributes:
        clip_norm: Largest norm of the gradient over all weights; left out for no limit.
    """

    key: Literal["adam"]
    lr: Positive = 0.001
    weight_decay: NotNegative = 0.0
    betas: tuple[Fraction, Fraction] = Field(default=(0.9, 0.999), strict=False)
    eps: Positive = 1e-8
    clip_norm: Positive | None = None


class AdamW(Values):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019).

    Attributes:
        weight_decay: Share of each weight taken off in a step, times the learning rate.
        clip_norm: Largest norm of the gradient over all weights; left out for no limit.
    """

    key: Literal["adamw"]
    lr: Positive = 0.001
    weight_decay: NotNegative = 0.01
    betas: tuple[Fraction, Fraction] = Field(default=(0.9, 0.999), strict=False)
    eps: Positive = 1e-8
    clip_norm: Positive | None = None


class Sgd(Values):
    """Stochastic gradient descent; weight decay is added to the gradient.

    Attributes:
        momentum: Share of the last step that the next one keeps; 0 for none.
        nesterov: Take the gradient ahead of the step (Nesterov 1983, Sutskever et al. 2013).
        clip_norm: Largest norm of the gradient over all weights; left out for no limit.
    """

    key: Literal["sgd"]
    lr: Positive = 0.01
    momentum: Fraction = 0.0
    nesterov: bool = False
    weight_decay: NotNegative = 0.0
    clip_norm: Positive | None = None

    def problems(self) -> Iterator[Problem]:
        if self.nesterov and not self.momentum:
            yield Problem("nesterov", "there is no momentum to look ahead with", "momentum 0")


class RmsProp(Values):
    """RMSprop: steps divided by a running root mean square of the gradient (Hinton 2012).

    Attributes:
        decay: Share of the running mean that a step keeps.
        momentum: Share of the last step that the next one keeps; 0 for none.
        clip_norm: Largest norm of the gradient over all weights; left out for no limit.
    """

    key: Literal["rmsprop"]
    lr: Positive = 0.001
    decay: Fraction = 0.9
    momentum: Fraction = 0.0
    weight_decay: NotNegative = 0.0
    eps: Positive = 1e-8
    clip_norm: Positive | None = None


AnyOptimiser = Adam | AdamW | Sgd | RmsProp
Optimiser = Annotated[AnyOptimiser, Field(discriminator="key")]
