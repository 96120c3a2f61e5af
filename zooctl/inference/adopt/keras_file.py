"""A model of Keras, in HDF5, as a graph in the zoo's layout."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from zooctl.errors import InputError, UnsafeError
from zooctl.files.weights.hdf5 import read_architecture, read_tensors
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.interface import Interface, read_interface
from zooctl.inference.adopt.networks.builder import OUTPUT, GraphBuilder
from zooctl.inference.adopt.networks.keras import add_keras
from zooctl.inference.graph.parsed_size import MAX_BYTES
from zooctl.inference.graph.shapes import infer_window


def read_keras(
    path: Path, n_tracks: int, *, architecture: Path | None = None, input_length: int | None = None
) -> Interface:
    """Return the graph of a model of Keras, with its lengths; nothing of the file is run.

    Args:
        path: HDF5, as ``model.save`` of Keras 1 and 2 writes it; or weights alone, with
            ``architecture``.
        n_tracks: Tracks that it predicts.
        architecture: JSON of the network, as ``model.to_json`` writes it.
        input_length: Bases that it reads; by default as the network says.

    Raises:
        InputError: A file cannot be read, a layer is not known, or the network has other inputs or
            outputs.
        UnsafeError: A file is refused.
    """
    content = read_bounded(path)
    if architecture is None:
        stated = read_architecture(content, path)
    else:
        stated = read_bounded(architecture).decode("utf-8", "replace")
    length = input_length or _input_length(stated, path)
    tensors = read_tensors(content, path)
    builder = GraphBuilder()
    output = add_keras(builder, stated, tensors)
    graph = builder.finish(output, 1, input_length=length, n_bins=1)
    proto = onnx.ModelProto.FromString(put_weights(graph, tensors))
    shape = infer_window(proto, length).output[0].type.tensor_type.shape.dim
    sizes = ["batch", *(dim.dim_value for dim in shape[1:])]
    proto.graph.output[0].CopyFrom(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, sizes))
    return read_interface(bytes(proto.SerializeToString(deterministic=True)), n_tracks, path)


def read_bounded(path: Path) -> bytes:
    """Return the content of a file that a user names, of a size that a graph may have.

    Raises:
        InputError: It cannot be read.
        UnsafeError: It is too large.
    """
    try:
        if not path.is_file() and path.exists():
            raise InputError("not a file", path=path)
        if path.stat().st_size > MAX_BYTES:
            expected = f"up to {MAX_BYTES:,} bytes"
            raise UnsafeError("file is too large", path=path, expected=expected)
        return path.read_bytes()
    except OSError as error:
        raise InputError("cannot be read", path=path, got=error.strerror) from None


def _input_length(architecture: str, path: Path) -> int:
    """Return the length that a network's first input states."""
    try:
        config = json.loads(architecture)["config"]
        layers = config["layers"] if isinstance(config, dict) else config
        shapes = [layer["config"].get("batch_input_shape") for layer in layers]
        length = next(shape[-2] for shape in shapes if shape and shape[-1] == 4)
    except (ValueError, KeyError, TypeError, StopIteration, IndexError, AttributeError):
        length = None
    if not isinstance(length, int) or length < 1:
        raise InputError(
            "the network states no length of its input", path=path, expected="--input-length"
        )
    return length
