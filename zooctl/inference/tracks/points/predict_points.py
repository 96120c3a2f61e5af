"""Predictions at places in genes, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from zooctl.errors import InputError, VerificationError
from zooctl.inference.device.machine import default_threads
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.session import Predictions, one_hot
from zooctl.inference.genome import Genome
from zooctl.inference.graph.structure import parse_model
from zooctl.inference.model import OpenModel
from zooctl.inference.tracks.points.places import Place, Point
from zooctl.inference.tracks.predict import untransform
from zooctl.progress import Advance, no_advance
from zooctl.schema.card import Card
from zooctl.sequence.onehot import Codes, reverse_complement

_BATCH_BASES = 1 << 17


def point_of(card: Card) -> Point:
    """Return the places that a model is for.

    Raises:
        InputError: It is for any place.
    """
    if card.reads_at is None:
        raise InputError(f"{card.name} predicts along a genome, not at places in genes", got="--at")
    return card.reads_at.point


def window_of(place: Place, card: Card) -> tuple[int, int]:
    """Return the window of a place on the genome, which may overhang its contig.

    The point lies ``offset`` bases behind the window's start on the transcribed strand; an exon has
    as many bases on both sides.

    Args:
        place: The place.
        card: The model's card, with ``reads_at``.
    """
    at, length = card.reads_at, card.input_length
    assert at is not None
    if at.point == "exon":
        return place.start - at.offset, place.end + at.offset
    if place.strand == "+":
        return place.start - at.offset, place.start - at.offset + length
    return place.end + at.offset - length, place.end + at.offset


def predict_points(
    model: OpenModel, places: Sequence[Place], genome: Genome, advance: Advance = no_advance
) -> Iterator[tuple[Place, Predictions]]:
    """Yield each place with its predictions on the transcribed strand, ``(n_tracks, n_bins)``.

    Args:
        model: A model whose card has ``reads_at``.
        places: The places; those of one length of window are predicted together.
        genome: The genome.
        advance: Called with the number of places done since the last call.

    Raises:
        VerificationError: A prediction is not a finite number.
    """
    card = model.card
    graph = LoadedGraph(model.graph, "cpu", model.options.threads or default_threads())
    name = parse_model(model.graph).graph.input[0].name
    spans = [window_of(place, card) for place in places]
    order = sorted(range(len(places)), key=lambda index: spans[index][1] - spans[index][0])
    done: dict[int, Predictions] = {}
    for length, same in groupby(order, key=lambda index: spans[index][1] - spans[index][0]):
        indices = list(same)
        size = max(1, _BATCH_BASES // length)
        for first in range(0, len(indices), size):
            some = indices[first : first + size]
            codes = np.stack([_codes(places[at], spans[at], genome) for at in some])
            (output,) = graph.run({name: one_hot(codes, card.unknown_base)})
            values = untransform(output, card.output_transform)
            if not np.isfinite(values).all():
                what = f"a prediction of {card.name} is not a finite number"
                raise VerificationError(what)
            done.update(zip(some, values, strict=True))
            advance(len(some))
    for index, place in enumerate(places):
        yield place, done[index]


def _codes(place: Place, span: tuple[int, int], genome: Genome) -> Codes:
    codes = genome.padded_codes(place.chrom, *span)
    return reverse_complement(codes[None])[0] if place.strand == "-" else codes


def columns_of(card: Card) -> list[str]:
    """Return the names of the values of one place.

    Of a profile: its sum, its largest value, and the place of that, from 1.
    """
    names = [track.name for track in card.tracks]
    if card.geometry.n_bins == 1:
        return names
    return [f"{name}_{part}" for name in names for part in ("sum", "max", "max_pos")]


def values_of(card: Card, place: Place, values: Predictions) -> list[float | int]:
    """Return the values of one place, in the order of ``columns_of``."""
    if card.geometry.n_bins == 1:
        return [float(value) for value in values[:, 0]]
    first, last = window_of(place, card)
    flank = (card.input_length - card.output_length) // 2
    row: list[float | int] = []
    for track in values:
        at = int(track.argmax()) * card.bin_size + flank
        base = first + at if place.strand == "+" else last - 1 - at
        row += [float(track.sum(dtype=np.float64)), float(track.max()), base + 1]
    return row
