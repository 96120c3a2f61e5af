"""Heads of networks that predict a profile and the total of its counts apart.

The profile is a softmax over all positions, and strands, of a signal; the counts are log(1 + n).
A zoo graph has one output, so that each entry has one of three kinds of track.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from zooctl.inference.adopt.networks.builder import GraphBuilder, Value
from zooctl.sequence.windows import Geometry

Head = Literal["coverage", "profile", "counts"]


class ProfileAndCounts(NamedTuple):
    """Outputs of such a network.

    Attributes:
        logits: ``(batch, channels, positions)``.
        counts: log(1 + counts), ``(batch, groups)``.
        groups: Channels of each group that shares its counts, as the strands of an assay.
        length: Positions.
    """

    logits: Value
    counts: Value
    groups: tuple[int, ...]
    length: int


UNITS = {
    "coverage": "expected reads at the base",
    "profile": "share of the window's reads",
    "counts": "log(1 + reads in the window)",
}
SCALES = {"coverage": "signal", "profile": "probability", "counts": "log"}


def add_head(builder: GraphBuilder, outputs: ProfileAndCounts, head: Head) -> Value:
    """Return the tracks of one kind, ``(batch, tracks, bins)``.

    ``coverage`` is the profile times the counts, exp(log counts) - 1.
    """
    if head == "counts":
        return builder.each("Unsqueeze", outputs.counts, builder.constant(np.array([2])))
    shares = _shares(builder, outputs)
    if head == "profile":
        return shares
    ones = builder.constant(np.float32(1))
    totals = builder.each("Sub", builder.each("Exp", outputs.counts), ones)
    group = np.repeat(np.arange(len(outputs.groups)), outputs.groups)
    of_channels = builder.each("Gather", totals, builder.constant(group), axis=1)
    column = builder.each("Unsqueeze", of_channels, builder.constant(np.array([2])))
    return builder.join("Mul", shares, column)


def _shares(builder: GraphBuilder, outputs: ProfileAndCounts) -> Value:
    """Return the softmax of each group over its channels and positions."""
    parts, first = [], 0
    for width in outputs.groups:
        cut = (builder.constant(np.array([end])) for end in (first, first + width, 1))
        own = outputs.logits
        if len(outputs.groups) > 1:
            own = builder.each("Slice", own, *cut)
        row = builder.each("Softmax", builder.each("Flatten", own, axis=1), axis=1)
        shape = builder.constant(np.array([0, width, outputs.length]))
        parts.append(builder.each("Reshape", row, shape))
        first += width
    return parts[0] if len(parts) == 1 else builder.join("Concat", *parts, axis=1)


def head_geometry(input_length: int, length: int, head: Head) -> Geometry:
    """Return the window of a head: a bin is a base, or for counts the whole output.

    >>> head_geometry(2114, 1000, "counts").n_bins
    1
    """
    return Geometry(input_length, length, length if head == "counts" else 1, length)


def head_tracks(groups: Sequence[int], head: Head) -> list[dict[str, str | None]]:
    """Return name, unit and strand of each track of a head.

    >>> [track["name"] for track in head_tracks([2, 1], "coverage")]
    ['plus1', 'minus1', 'signal2']
    >>> [track["name"] for track in head_tracks([2], "counts")]
    ['signal']
    """
    tracks: list[dict[str, str | None]] = []
    for number, width in enumerate(groups, 1):
        names = {1: ("signal",), 2: ("plus", "minus")}.get(width)
        names = names or tuple(f"channel{one}." for one in range(1, width + 1))
        strands: tuple[str, ...] = ("+", "-") if width == 2 else (".",) * width
        if head == "counts":
            names, strands = ("signal",), (".",)
        suffix = str(number) if len(groups) > 1 else ""
        tracks += [
            {"name": f"{one}{suffix}".rstrip("."), "unit": UNITS[head], "strand": strand}
            for one, strand in zip(names, strands, strict=True)
        ]
    return tracks


def strand_pairs(tracks: Sequence[dict[str, str | None]]) -> list[list[str]]:
    """Return the pairs of tracks that change places under reverse complement."""
    names = [str(track["name"]) for track in tracks]
    return [[one, f"minus{one[4:]}"] for one in names if one.startswith("plus")]
