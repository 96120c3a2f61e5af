"""Hostile ONNX: each file breaks one rule of the loader."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
LOCATIONS = ["weights.bin", "../weights.bin", "/etc/passwd", "a/../../x", "C:\\w.bin", "link.bin"]
PLACES = ["initializer", "attribute", "list", "sparse", "sparse-attribute", "subgraph", "function"]
DOMAINS = ["com.microsoft", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "zoo", "\x1b[31m"]
OPERATORS = [
    *("NonZero", "Unique", "Compress", "RandomNormalLike", "RandomUniformLike", "Bernoulli"),
    *("Multinomial", "StringNormalizer", "ImageDecoder", "SequenceConstruct", "Optional", "conv"),
    *("Exec", "", "Relu\x1b[2J", "../Relu", "NonMaxSuppression", "StringConcat"),
]
# First bytes of files of other formats.
FOREIGN = {
    "empty": b"",
    "pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93.",
    "zip": b"PK\x03\x04" + bytes(60),
    "gzip": b"\x1f\x8b\x08" + bytes(60),
    "html": b"<!DOCTYPE html><html><body>404</body></html>",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(60),
    "elf": b"\x7fELF" + bytes(60),
    "ort": b"\x20\x00\x00\x00ORTM" + bytes(60),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(60),
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
}


def sound() -> onnx.ModelProto:
    """Two tracks: the mean weight of the bases in each of the middle four bins of 8 bp."""
    weights = np.array([[1, 2, 3, 4], [4, 3, 2, 1]], np.float32)
    nodes = [
        helper.make_node("Einsum", ["onehot", "weights"], ["bases"], equation="bcl,tc->btl"),
        helper.make_node("Slice", ["bases", "first", "last", "axis"], ["middle"]),
        helper.make_node("AveragePool", ["middle"], ["tracks"], kernel_shape=[8], strides=[8]),
    ]
    constants = {"weights": weights, "first": [16], "last": [48], "axis": [2]}
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("onehot", FLOAT, ["batch", 4, 64])],
        [helper.make_tensor_value_info("tracks", FLOAT, ["batch", 2, 4])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def graphs() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every hostile graph."""
    for name, content in FOREIGN.items():
        yield f"foreign-{name}", content
    whole = sound().SerializeToString()
    for end in (1, 7, len(whole) // 3, len(whole) // 2, len(whole) - 9):
        yield f"cut-{end}", whole[:end]
    for parts in (_external, _domains, _operators, _sizes, _memory, _structure, _swelling):
        for name, model in parts():
            content = model if isinstance(model, bytes) else model.SerializeToString()
            yield f"{parts.__name__[1:]}-{name}", content


def external(location: str, **more: str) -> TensorProto:
    tensor = TensorProto(name="far", data_type=FLOAT, dims=[2])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def put(model: onnx.ModelProto, place: str, tensor: TensorProto) -> None:
    """Put a tensor into one of the places of a graph that can hold one."""
    sparse = helper.make_sparse_tensor(tensor, numpy_helper.from_array(np.arange(2), "i"), [4])
    constant = onnx.NodeProto(op_type="Constant", output=["far"])
    constant.attribute.add(name="value", type=4).t.CopyFrom(tensor)
    if place == "initializer":
        model.graph.initializer.append(tensor)
    elif place == "attribute":
        model.graph.node.append(constant)
    elif place == "list":
        constant.attribute[0].tensors.append(tensor)
        constant.attribute[0].ClearField("t")
        model.graph.node.append(constant)
    elif place == "sparse":
        model.graph.sparse_initializer.append(sparse)
    elif place == "sparse-attribute":
        model.graph.node.append(helper.make_node("Constant", [], ["far"], sparse_value=sparse))
    elif place == "subgraph":
        inner = helper.make_graph([constant], "inner", [], [])
        model.graph.node.append(helper.make_node("If", ["x"], ["far"], then_branch=inner))
    else:
        opset = [helper.make_opsetid("", 20)]
        model.functions.append(helper.make_function("zoo", "F", [], ["far"], [constant], opset))


def _external() -> Iterator[tuple[str, onnx.ModelProto]]:
    for place in PLACES:
        for number, location in enumerate(LOCATIONS):
            model = sound()
            put(model, place, external(location))
            yield f"{place}-{number}", model
    for name, more in (
        ("huge-offset", {"offset": str(2**62)}),
        ("negative-length", {"length": "-1"}),
        ("injected", {"__class__": "x"}),
    ):
        model = sound()
        put(model, "initializer", external("link.bin", **more))
        yield name, model
    model = sound()
    model.training_info.add().initialization.initializer.append(external("/etc/passwd"))
    yield "training", model
    model = sound()
    model.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")
    yield "beside-data", model


def _domains() -> Iterator[tuple[str, onnx.ModelProto]]:
    for number, domain in enumerate(DOMAINS):
        model = sound()
        model.graph.node[2].domain = domain
        yield f"node-{number}", model
        model.opset_import.append(helper.make_opsetid(domain, 1))
        yield f"set-{number}", model
    for version in (-1, 0, 1, 12, 26, 2**62):
        model = sound()
        model.opset_import[0].version = version
        yield f"version-{version}", model
    model = sound()
    model.opset_import.append(helper.make_opsetid("ai.onnx", 21))
    yield "two-versions", model
    model = sound()
    del model.opset_import[:]
    yield "no-version", model
    model = sound()
    opset = [helper.make_opsetid("", 20)]
    relu = helper.make_node("Relu", ["a"], ["b"])
    model.functions.append(helper.make_function("", "Slice", ["a"], ["b"], [relu], opset))
    yield "function-of-a-standard-name", model


def _operators() -> Iterator[tuple[str, onnx.ModelProto]]:
    for number, name in enumerate(OPERATORS):
        model = sound()
        model.graph.node.append(onnx.NodeProto(op_type=name, input=["onehot"], output=["z"]))
        yield f"{number}", model
    for name in ("If", "Loop", "Scan", "SequenceMap"):
        model = sound()
        inner = helper.make_graph([], "inner", [], [])
        node = onnx.NodeProto(op_type=name, input=["onehot"], output=["z"])
        node.attribute.add(name="body", type=5).g.CopyFrom(inner)
        model.graph.node.append(node)
        yield name, model


def extended(*nodes: onnx.NodeProto, **constants: object) -> onnx.ModelProto:
    """Return the sound graph with further operators and constants."""
    model = sound()
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    return model


def _sizes() -> Iterator[tuple[str, onnx.ModelProto]]:
    node = helper.make_node
    for power in (10, 12, 15, 18):
        filled = node("ConstantOfShape", ["n"], ["z"])
        yield f"constant-1e{power}", extended(filled, n=[10**power])
    yield "expand", extended(node("Expand", ["one", "n"], ["z"]), one=np.float32([1]), n=[10**10])
    tiled = node("Tile", ["onehot", "n"], ["z"])
    yield "tile", extended(tiled, n=[1, 10**5, 10**5])
    yield "range", extended(node("Range", ["a", "n", "b"], ["z"]), a=0, n=10**10, b=1)
    yield "pad", extended(node("Pad", ["onehot", "n"], ["z"]), n=[0, 0, 0, 0, 0, 10**10])
    hot = node("OneHot", ["i", "n", "v"], ["z"])
    yield "onehot", extended(hot, i=[1], n=10**10, v=np.float32([0, 1]))
    scales = np.float32([1, 1, 1e9])
    resized = node("Resize", ["onehot", "", "scales"], ["z"], mode="nearest")
    yield "resize", extended(resized, scales=scales)
    outer = node("Einsum", ["onehot"] * 5, ["z"], equation="bci,dej,fgk,hml,nop->cijklp")
    yield "outer-product", extended(outer)
    wide = node("ConvTranspose", ["onehot", "w"], ["z"], strides=[2**30])
    yield "stride", extended(wide, w=np.ones((4, 1, 1), np.float32))
    pads = node("MaxPool", ["onehot"], ["z"], kernel_shape=[2**30], pads=[2**30 - 1, 2**30 - 1])
    yield "pool", extended(pads)
    doubled = [
        node("Concat", [f"d{n}" if n else "onehot"] * 2, [f"d{n + 1}"], axis=1) for n in range(62)
    ]
    yield "doubling", extended(*doubled)
    total = [
        node("ReduceSum", ["onehot"], ["sum"], keepdims=0),
        node("Cast", ["sum"], ["count"], to=INT64),
        node("Reshape", ["count", "flat"], ["size"]),
    ]
    for operator, inputs in (
        ("ConstantOfShape", ["size"]),
        ("Expand", ["flat", "size"]),
        ("Range", ["zero", "count", "step"]),
    ):
        constants = {"flat": [1], "zero": 0, "step": 1}
        yield f"by-values-{operator}", extended(*total, node(operator, inputs, ["z"]), **constants)
    hidden = [
        node("Shape", ["onehot"], ["n"], end=1),
        node("Mul", ["n", "many"], ["m"]),
        node("Reshape", ["m", "flat"], ["size"]),
        node("ConstantOfShape", ["size"], ["z"]),
    ]
    yield "behind-reshape", extended(*hidden, many=[10**11], flat=[-1])
    model = sound()
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 2**40
    yield "input", model
    model = sound()
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = -64
    yield "negative-input", model
    model = sound()
    model.graph.sparse_initializer.append(
        helper.make_sparse_tensor(
            numpy_helper.from_array(np.float32([1]), "s"),
            numpy_helper.from_array(np.array([0]), "i"),
            [10**10],
        )
    )
    yield "sparse", model


def _memory() -> Iterator[tuple[str, onnx.ModelProto]]:
    """Return a graph whose tensors each have a fair size, and together need about 40 GB."""
    node = helper.make_node
    seed = [
        node("ReduceSum", ["onehot"], ["total"], keepdims=0),
        node("Reshape", ["total", "flat"], ["seed"]),
    ]
    many = range(40)
    fill = [node("Expand", [f"seed{k}", "size"], [f"large{k}"]) for k in many]
    each = [node("Add", ["seed", f"c{k}"], [f"seed{k}"]) for k in many]
    join = node("Sum", [f"large{k}" for k in many], ["z"])
    numbers = {f"c{k}": np.float32([k]) for k in many}
    yield "together", extended(*seed, *each, *fill, join, flat=[1], size=[2**28], **numbers)
    chain = list(seed)
    for k in many:
        chain += [each[k], fill[k]]
        chain.append(node("Mul", [f"z{k - 1}" if k else "seed", f"large{k}"], [f"z{k}"]))
    # One by one in the file, all of them before the first product as onnxruntime runs it.
    yield "order", extended(*chain, flat=[1], size=[2**28], **numbers)
    zeros = [node("ConstantOfShape", ["size"], [f"zeros{k}"]) for k in many]
    used = [node("ReduceSum", [f"zeros{k}"], [f"z{k}"], keepdims=0) for k in many]
    both = [one for pair in zip(zeros, used, strict=True) for one in pair]
    yield "constants", extended(*both, size=[2**28])
    wide = node("Expand", ["seed", "size"], ["wide"])
    for name, operator, size, weights in (
        ("transposed", node("ConvTranspose", ["wide", "w"], ["z"]), [1, 1, 2**20], (1, 1, 10_000)),
        ("recurrent", node("RNN", ["wide", "w", "r"], ["", "z"]), [2**25, 1, 1], (1, 300, 1)),
    ):
        w = np.ones(weights, np.float32)
        r = np.ones((1, weights[1], weights[1]), np.float32)
        operator.attribute.extend(
            [helper.make_attribute("hidden_size", weights[1])] if name == "recurrent" else []
        )
        yield name, extended(*seed, wide, operator, flat=[1], size=size, w=w, r=r)
    attention = extended(
        *seed, wide, node("Attention", ["wide"] * 3, ["z"]), flat=[1], size=[1, 1, 100_000, 1]
    )
    attention.opset_import[0].version = 23
    yield "attention", attention
    batch = [
        node("Shape", ["onehot"], ["n"], end=1),
        node("Pow", ["n", "four"], ["m"]),
        node("Reshape", ["m", "flat"], ["size"]),
        node("ConstantOfShape", ["size"], ["z"]),
    ]
    yield "batch", extended(*batch, four=4, flat=[-1])
    square = [
        node("Reshape", ["onehot", "row"], ["left"]),
        node("Reshape", ["onehot", "column"], ["right"]),
        node("Mul", ["left", "right"], ["z"]),
    ]
    yield "outer-batch", extended(*square, row=[1, -1], column=[-1, 1])


def _structure() -> Iterator[tuple[str, onnx.ModelProto | bytes]]:
    relu = helper.make_node
    yield "cycle", extended(relu("Relu", ["b"], ["a"]), relu("Relu", ["a"], ["b"]))
    yield "undefined", extended(relu("Relu", ["nowhere"], ["a"]))
    yield "twice", extended(relu("Relu", ["onehot"], ["tracks"]))
    yield "constant-twice", extended(axis=[1])
    yield "into-the-input", extended(relu("Relu", ["bases"], ["onehot"]))
    for name, change in (
        ("dims", {"dims": [2, 2**40]}),
        ("negative-dims", {"dims": [-2, -4]}),
        ("undefined-type", {"data_type": 0}),
        ("unknown-type", {"data_type": 99}),
        ("text", {"data_type": TensorProto.STRING}),
        ("complex", {"data_type": TensorProto.COMPLEX64}),
    ):
        model = sound()
        tensor = model.graph.initializer[0]
        if "dims" in change:
            del tensor.dims[:]
            tensor.dims.extend(change["dims"])
        else:
            tensor.data_type = change["data_type"]
        yield name, model
    for name, size in (("short", 3), ("long", 4_096)):
        model = sound()
        model.graph.initializer[0].raw_data = bytes(size)
        yield f"raw-{name}", model
    for number in (268_435_456, 2**31, 2**62):
        split = relu("Split", ["onehot"], ["a", "b"], axis=1, num_outputs=number)
        yield f"outputs-{number}", extended(split)
    model = sound()
    model.graph.node[0].name = "name"
    yield "no-text", model.SerializeToString().replace(b"name", b"nam\xb7")
    huge = relu("ConstantOfShape", ["sides"], ["cube"])
    again = relu("Shape", ["cube"], ["z"])
    yield "shape-of-huge", extended(huge, again, sides=[2**40, 2**40])
    model = sound()
    model.graph.initializer[0].segment.end = 4
    yield "segment", model
    for side in ("input", "output"):
        model = sound()
        values = getattr(model.graph, side)
        values.append(helper.make_tensor_value_info("more", FLOAT, ["batch", 4]))
        yield f"two-{side}s", model
        model = sound()
        getattr(model.graph, side)[0].type.Clear()
        yield f"untyped-{side}", model
        model = sound()
        del getattr(model.graph, side)[:]
        yield f"no-{side}", model
    model = sound()
    model.graph.input[0].type.sequence_type.elem_type.tensor_type.elem_type = FLOAT
    yield "sequence-input", model


def _swelling() -> Iterator[tuple[str, onnx.ModelProto | bytes]]:
    yield "nodes", extended(*(helper.make_node("Relu", ["x"], [f"r{n}"]) for n in range(10_001)))
    whole = sound().SerializeToString()
    for number in (1, 5, 11, 13):
        yield f"empty-messages-{number}", whole + framed(7, bytes([number << 3 | 2, 0]) * 400_000)
    yield "words", whole + framed(6, b" " * 17_000_000)
    nested = b""
    for _ in range(3_000):
        nested = framed(7, framed(1, framed(5, framed(6, nested[-100_000:]))))
    yield "nested", whole + nested
    kind = b""
    for _ in range(2_000):
        kind = framed(4, framed(1, kind))
    yield "nested-types", whole + framed(7, framed(11, framed(2, kind)))


def framed(number: int, content: bytes) -> bytes:
    """Return a field of bytes in protobuf's encoding."""
    length, size = b"", len(content)
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content
