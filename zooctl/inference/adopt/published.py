"""Graphs of published models whose weights stay with their authors, by the model's name.

Each is told in layers of its own file where the file has them, and in the few steps that the
authors' program adds; ``remake`` writes the entry's graph without weights, probe and manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value
from zooctl.inference.adopt.networks.deepbind import deepbind_graph
from zooctl.inference.adopt.networks.keras import Choices, add_keras
from zooctl.inference.adopt.networks.splice_residual import splice_graph, splice_tracks


class PublishedFile(NamedTuple):
    """A published file.

    Attributes:
        tensors: Its tensors by name.
        architecture: The network as Keras wrote it; None for other formats.
    """

    tensors: Mapping[str, NDArray[np.float32]]
    architecture: str | None


Files = Mapping[str, PublishedFile]
"""Name of each published file, as the card has it, to what is in it."""


def _add(builder: GraphBuilder, files: Files, file: str, **more: object) -> Value:
    """Add the network of one file of Keras."""
    architecture, tensors = files[file].architecture, files[file].tensors
    assert architecture is not None
    head = file if len(files) > 1 else None
    return add_keras(builder, architecture, tensors, file=head, **more)  # type: ignore[arg-type]


def spliceai(files: Files) -> bytes:
    """Return the mean of SpliceAI's networks: acceptor and donor of each base.

    Jaganathan et al. 2019 (doi:10.1016/j.cell.2018.12.015): 10,000 bp more are read than predicted.
    """
    builder = GraphBuilder(unpadded=True)
    mean = builder.join("Mean", *(_add(builder, files, file) for file in files))
    return builder.finish(splice_tracks(builder, mean), 2, input_length=None, n_bins=None)


_LIBRARY = 11  # of APARENT2's 13, the one its authors predict variants with
_CLEAVAGE = 205


def aparent2(files: Files) -> bytes:
    """Return APARENT2's distribution of cleavage over the 205 bp that it reads.

    Linder et al. 2022 (doi:10.1186/s13059-022-02799-4): the label of the library adds a constant to
    each place, and one place more stands for cleavage elsewhere, so that the sum is below 1.
    """
    builder = GraphBuilder()
    (file,) = files
    kinds = {r"lambda_\d+": "ReLU", r".*_skip_1|aparent_skip_add": "Add"}
    score = _add(builder, files, file, choices=Choices(layers=kinds, output="aparent_final_conv"))
    pads = builder.constant(np.array([0, 0, 0, 0, 0, 1]))
    score = builder.each("Pad", score, pads, builder.constant(np.float32(0)))
    head = "model_weights/aparent_lib_conv/aparent_lib_conv"
    kernel = builder.weight(f"{head}/kernel:0", (_CLEAVAGE + 1, 13, 1), (1, 2, 0))
    label = builder.add("Gather", kernel, builder.constant(np.array([_LIBRARY])), axis=0)
    bias = builder.weight(f"{head}/bias:0", (1, _CLEAVAGE + 1, 1), (0, 2, 1))
    scores = builder.each("Add", score, builder.add("Add", label, bias))
    cut = (builder.constant(np.array([end])) for end in (0, _CLEAVAGE, 2))
    shares = builder.each("Slice", builder.each("Softmax", scores, axis=2), *cut)
    return builder.finish(shares, 1, input_length=_CLEAVAGE, n_bins=_CLEAVAGE)


def xpresso(files: Files) -> bytes:
    """Return Xpresso's expression of a promoter, its features of half-life at their means, 0.

    Agarwal and Shendure 2020 (doi:10.1016/j.celrep.2020.107663).
    """
    builder = GraphBuilder()
    (file,) = files
    features = Choices(fixed={"halflife": np.zeros((1, 6), np.float32)})
    score = _add(builder, files, file, choices=features)
    column = builder.each("Unsqueeze", score, builder.constant(np.array([2])))
    return builder.finish(column, 1, input_length=10_500, n_bins=1)


# Bases beside the exon, and parts of the whole that MMSplice's modules read, from its ends.
_BESIDE = 100
_SPLICE_SITE = 6
_CLIP = 1e-5


def mmsplice(files: Files) -> bytes:
    """Return the scores of MMSplice's modules for an exon with 100 bp on both sides.

    Cheng et al. 2019 (doi:10.1186/s13059-019-1653-z) and its released code: acceptor intron,
    acceptor, exon, donor and donor intron; probabilities of splice sites as log odds.
    """
    builder = GraphBuilder()
    parts = {
        "Intron3.h5": (0, _BESIDE - _SPLICE_SITE),
        "Acceptor.h5": (_BESIDE - 50, _BESIDE + 3),
        "Exon.h5": (_BESIDE, -_BESIDE),
        "Donor.h5": (-_BESIDE - 5, -_BESIDE + 13),
        "Intron5.h5": (_SPLICE_SITE - _BESIDE, np.iinfo(np.int64).max),
    }
    scores = []
    for file, (start, end) in parts.items():
        cut = (builder.constant(np.array([side])) for side in (start, end, 2))
        part = Value(builder.add("Slice", INPUT, *cut))
        score = _add(builder, files, file, sequence=part)
        scores.append(_log_odds(builder, score) if file in ("Acceptor.h5", "Donor.h5") else score)
    joined = builder.join("Concat", *scores, axis=1)
    column = builder.each("Unsqueeze", joined, builder.constant(np.array([2])))
    return builder.finish(column, len(parts), input_length=None, n_bins=1)


def _log_odds(builder: GraphBuilder, probability: Value) -> Value:
    ends = (builder.constant(np.float32(end)) for end in (_CLIP, 1 - _CLIP))
    inside = builder.each("Clip", probability, *ends)
    rest = builder.add("Sub", builder.constant(np.float32(1)), inside.name)
    return builder.each("Sub", builder.each("Log", inside), builder.add("Log", rest))


GRAPHS: Mapping[str, Callable[[Files], bytes]] = {
    "spliceai": spliceai,
    "openspliceai_400": lambda files: splice_graph(400, list(files)),
    "openspliceai_10k": lambda files: splice_graph(10_000, list(files)),
    "mmsplice": mmsplice,
    "aparent2": aparent2,
    "xpresso": xpresso,
    "deepbind": lambda files: deepbind_graph(
        {file: published.tensors for file, published in files.items()}, input_length=101
    ),
}
"""Name of an entry to the function that makes its graph without weights."""
