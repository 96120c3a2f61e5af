"""Formats of an entry of a zoo: graphs, tensors, archives."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Sequence

import numpy as np
import toy_model
from fuzz.formats import Format
from fuzz.genomic import adopted
from fuzz.mutate import BINARY, JSON
from fuzz.place import Place, Work
from hostile.generate import Zoo
from hostile.graphs import sound
from safetensors.numpy import save

_GAP = b"\n\n"  # between header and data, while a safetensors file is mutated


def _onnx_seeds(place: Place) -> list[bytes]:
    """Return the toy, one of convolutions, and one whose weights are of several types."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    draw = np.random.default_rng(2)
    weights = {
        "kernel": draw.normal(size=(8, 4, 7)).astype(np.float32),
        "bias": draw.normal(size=8).astype(np.float32),
        "head": draw.normal(size=(2, 8, 1)).astype(np.float32),
        "scales": np.array([1, 1, 0.125], np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "kernel", "bias"], ["a"], pads=[3, 3]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MaxPool", ["b"], ["c"], kernel_shape=[8], strides=[8]),
        helper.make_node("Conv", ["c", "head"], ["d"]),
        helper.make_node("Softplus", ["d"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "conv",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2, 8])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    conv = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return [toy_model.graph_of(), conv.SerializeToString(), onnx.ModelProto().SerializeToString()]


def _onnx(place: Place, work: Work) -> list[str]:
    work.own_zoo(place)
    facts = ["--assembly", "hg19", "--tracks", "plus,minus", "--licence", "MIT"]
    more = ["--bin-size", "8", "--unknown-base", "0.25"]
    return ["adopt", "onnx", work.write("in.onnx"), "--name", "mine", *facts, *more]


def _with_length(content: bytes) -> bytes:
    """Return a safetensors file of a header and data."""
    header, _, data = content.partition(_GAP)
    return len(header).to_bytes(8, "little") + header + data


def _tensor_seeds(place: Place) -> list[bytes]:
    found = []
    for name in ("model", "probe"):
        content = (place.zoo / f"zoo/toy/{name}.safetensors").read_bytes()
        end = 8 + int.from_bytes(content[:8], "little")
        found.append(content[8:end] + _GAP + content[end:])
    return found


def _tensors(place: Place, work: Work) -> list[str]:
    """Pin a changed file as it is, so that only its content is wrong."""
    name = "probe.safetensors" if b"inputs" in work.content[:300] else "model.safetensors"
    work.own_zoo(place, {name: work.content})
    return ["check", "toy"]


def _hdf5_seeds(place: Place) -> list[bytes]:
    import h5py

    found = []
    for options in ({}, {"compression": "gzip", "chunks": (1, 4)}):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file.attrs["keras_version"] = "2.2.4"
            group = file.create_group("model_weights/dense")
            file.create_dataset("weights", data=toy_model.WEIGHTS, **options)
            group.create_dataset("names", data=np.array([b"a", b"b"]))
        found.append(buffer.getvalue())
    return found


def _hdf5(place: Place, work: Work) -> list[str]:
    """Pin a changed file as the published weights of an entry, whose graph is to be made of it."""
    zoo = Zoo(work.folder / "own")
    os.environ["ZOOCTL_ZOO"] = str(zoo.root)
    os.environ["ZOOCTL_DATA_MIRROR"] = str(work.folder)
    work.write("weights.hdf5")
    graph = sound()
    graph.graph.initializer[0].ClearField("raw_data")
    digest = hashlib.sha256(work.content).hexdigest()
    made = hashlib.sha256(toy_model.graph_of()).hexdigest()
    origin = (
        f"  files: [{{path: model.onnx, sha256: {made}, size: 1}}]\n"
        "  origin: {file: weights.hdf5, url: https://zenodo.org/x, format: keras_hdf5, "
        f"sha256: {digest}, size: {max(1, len(work.content))}}}\n"
    )
    zoo.add("mine", {"graph.onnx": graph.SerializeToString()}, origin)
    manifest = zoo.pinned("mine")
    pinned = {"zoo/mine/model.onnx": {"sha256": made, "size": 1}}
    manifest["files"] = {**manifest["files"], **pinned}  # type: ignore[dict-item]
    zoo.manifest("mine", json.dumps(manifest).encode())
    return zoo.predict("mine")


def _bundle_seeds(place: Place) -> list[bytes]:
    """Return an archive of the toy as `zooctl bundle export` writes it."""
    return [(place.folder / "toy.tar").read_bytes()]


def _with_sums(content: bytes) -> bytes:
    """Make the sums of all headers of an archive right, so that they are read on."""
    blocks = [content[at : at + tarfile.BLOCKSIZE] for at in range(0, len(content), 512)]
    for at, block in enumerate(blocks):
        if len(block) == 512 and block[257:262] == b"ustar":
            blank = block[:148] + b" " * 8 + block[156:]
            blocks[at] = block[:148] + f"{sum(blank):06o}\0 ".encode() + block[156:]
    return b"".join(blocks)


def _bundle(place: Place, work: Work) -> list[str]:
    name = work.write("in.tar")
    return ["bundle", "import", name, *work.draw.choice(([], ["--into", "out"], ["--into", "out"]))]


def _as_the_zoo(place: Place, work: Work) -> str | None:
    """Ask that an imported archive has the very files of the zoo that it was made of."""
    root = work.folder / "out"
    for path in sorted(root.rglob("*")) if root.exists() else ():
        own = place.zoo / path.relative_to(root)
        if path.is_file() and path.suffix != ".json" and path.read_bytes() != own.read_bytes():
            return f"{path.relative_to(root)} differs from the zoo's"
    return None


def prepare(place: Place) -> None:
    """Write the archive; run in a child."""
    from zooctl.cli.main import run

    assert run(["bundle", "export", "toy", "-o", str(place.folder / "toy.tar")]) == 0


def _saved(place: Place) -> Sequence[bytes]:
    own = [_with_length(one) for one in _tensor_seeds(place)]
    return [*own, save({"a": np.ones((2, 3), np.float16)})]


FORMATS = (
    Format(
        *("onnx", _onnx_seeds, _onnx, BINARY),
        suffixes=(".onnx",),
        check=adopted,
        outputs=("out*", "own"),
    ),
    Format(
        *("safetensors", _tensor_seeds, _tensors, JSON),
        pack=_with_length,
        outputs=("own",),
    ),
    Format("safetensors.raw", _saved, _tensors, BINARY, outputs=("own",)),
    # The graph that is made is not the one that the entry pins, whose size is wrong on purpose.
    Format("hdf5", _hdf5_seeds, _hdf5, BINARY, sound=frozenset({0, 5}), outputs=("own",)),
    Format("bundle", _bundle_seeds, _bundle, BINARY, pack=_with_sums, check=_as_the_zoo),
)
