"""Augmentation, schedule and initial weights of a recipe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from zooctl.schema.fields import Items, Name, Problem, Sha256, Text, Values
from zooctl.schema.recipe.bounds import Count, NotNegative

# `mixed` computes most layers in 16 bits and keeps weights and sums in 32.
Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
LoggerName = Literal["tensorboard", "wandb"]
# Name of a weight as in the safetensors file, or of a layer for all below it; * and ? match.
WeightPattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.*?]{1,255}$")]


class Augmentation(Values):
    """Changes to training windows, drawn per sample; targets follow.

    Attributes:
        reverse_complement: Reverse-complement each window with probability 0.5.
        max_shift: Largest shift of a window in bp, either way.
        flanking: bp; adds the two windows at this distance to the left and right of each positive
            window, with their own targets. 0 for none; the stride of the windows is a natural
            choice.
    """

    reverse_complement: bool = False
    max_shift: Annotated[int, Field(ge=0)] = 0
    flanking: Annotated[int, Field(ge=0)] = 0

    @property
    def reach(self) -> int:
        """Largest distance in bp of a window from its chosen place."""
        return self.max_shift + self.flanking


class MotifFilters(Values):
    """Motifs of a database as the initial weights of the first convolution, one a filter.

    Each is log2 odds of a motif against equal bases, as large as the drawn weights that it
    replaces; a motif that is longer than the filter is cut to its most informative stretch. The
    other filters are drawn, and all are trained.

    Attributes:
        source: Motifs in the format of MEME, JASPAR or HOCOMOCO.
        names: Motifs to take, in this order; the first ones of the file if not given.
    """

    source: Name
    names: Items[Text] = ()


class PlateauDecay(Values):
    """Lower the learning rate when the validation loss stops falling.

    Attributes:
        factor: Of the learning rate.
        patience: Epochs in a row without a lower validation loss that lower the rate, at least
            one, as Keras counts them.
        min_lr: Lowest rate.
    """

    factor: Annotated[float, Field(gt=0, lt=1)]
    patience: Annotated[int, Field(ge=0)]
    min_lr: NotNegative = 0.0


class EarlyStopping(Values):
    """Stop when the validation loss has not fallen for so many epochs."""

    patience: Count


class Schedule(Values):
    """Length of training; the epoch with the lowest validation loss is kept."""

    max_epochs: Count
    plateau_decay: PlateauDecay | None = None
    early_stopping: EarlyStopping | None = None


class InitFrom(Values):
    """Trained weights as initial ones, matched by name; those of another shape are drawn anew.

    In YAML it is the name of a model of the zoo, or a mapping. Under ``network.key: trunk_head``
    the model may be any that reads the sequence alone: its graph is kept as it is, below the head.

    Attributes:
        model: A model of the zoo.
        file: In place of a model: a safetensors file, such as a run's ``best.safetensors``.
        sha256: Of the safetensors file, or of the graph below a head; required with ``file``. With
            ``model`` the zoo's manifest pins it, and the run's own copy of the recipe has it filled
            in.
        new: Weights drawn anew although trained ones fit, such as those of the head.
        lr_factor: Factor of the learning rate for the copied weights.
    """

    model: Name | None = None
    file: Text | None = None
    sha256: Sha256 | None = None
    new: Items[WeightPattern] = ()
    lr_factor: Annotated[float, Field(gt=0, le=1)] = 1.0

    def problems(self) -> Iterator[Problem]:
        if (self.model is None) == (self.file is None):
            yield Problem("", "weights come from a model or from a file", None, "one of the two")
        if self.file is not None and self.sha256 is None:
            yield Problem("sha256", "a file of weights is not pinned", "null", "its sha256")


def _init_from(value: object) -> object:
    return {"model": value} if isinstance(value, str) else value


InitFromField = Annotated[
    InitFrom, BeforeValidator(_init_from, json_schema_input_type=Name | InitFrom)
]
