"""Which graphs are accepted, and that the front makes the same one-hot as numpy does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from toy_onehot import to_onehot

from zooctl.errors import InputError, UnsafeError, VerificationError, ZooError
from zooctl.inference.graph.check import batch_bytes, compose
from zooctl.inference.graph.front_back import CODES
from zooctl.inference.graph.operators import OPERATORS
from zooctl.inference.graph.shapes import infer_window, unknown
from zooctl.sequence.windows import Geometry

LIST = "zooctl/inference/graph/operators.py"
GEOMETRY = Geometry(input_length=64, output_length=32, bin_size=8, core_length=16)
Model = Callable[..., onnx.ModelProto]


@pytest.fixture
def model(linear_model: Model) -> onnx.ModelProto:
    weights = np.random.default_rng(0).standard_normal((2, 4, 64))
    return linear_model(weights, GEOMETRY)


def composed(model: onnx.ModelProto, **changes: object) -> bytes:
    stated = {"geometry": GEOMETRY, "n_tracks": 2, "unknown_base": 0.25, **changes}
    return compose(model.SerializeToString(), **stated)  # type: ignore[arg-type]


def refused(model: onnx.ModelProto, kind: type[ZooError], words: str, **changes: object) -> None:
    with pytest.raises(kind, match=words):
        composed(model, **changes)


@pytest.mark.parametrize("unknown_base", [0.0, 0.25])
def test_front_equals_onehot_in_numpy(model: onnx.ModelProto, unknown_base: float) -> None:
    codes = np.random.default_rng(1).integers(0, 5, (7, 64), dtype=np.uint8)
    bare = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    ours = ort.InferenceSession(
        composed(model, unknown_base=unknown_base), providers=["CPUExecutionProvider"]
    )
    expected = bare.run(None, {"x": to_onehot(codes, unknown_base)})[0]
    assert np.array_equal(ours.run(None, {CODES: codes})[0], expected)


def test_front_works_on_real_onehot_values(model: onnx.ModelProto) -> None:
    # The identity shows the one-hot itself: four tracks, one a base.
    weights = np.repeat(np.eye(4, dtype=np.float32)[:, :, None], 64, axis=2)
    geometry = Geometry(64, 64, 1, 64)
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    del shown.graph.node[:]
    del shown.graph.initializer[:]
    shown.graph.initializer.append(numpy_helper.from_array(weights, "weights"))
    shown.graph.node.append(
        helper.make_node("Einsum", ["x", "weights"], ["y"], equation="bcl,tcl->btl")
    )
    shown.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 4
    shown.graph.output[0].type.tensor_type.shape.dim[2].dim_value = 64
    session = ort.InferenceSession(
        composed(shown, geometry=geometry, n_tracks=4), providers=["CPUExecutionProvider"]
    )
    codes = np.arange(64, dtype=np.uint8)[None] % 5
    assert np.array_equal(session.run(None, {CODES: codes})[0], to_onehot(codes, 0.25))


def test_front_avoids_what_cuda_lacks(model: onnx.ModelProto) -> None:
    # onnxruntime's CUDA provider has Equal for int32, not for uint8; only Cast may see uint8.
    graph = onnx.load_from_string(composed(model)).graph
    assert [node.op_type for node in graph.node if CODES in node.input] == ["Cast"]


def test_composed_graph_takes_codes_alone(model: onnx.ModelProto) -> None:
    result = onnx.load_from_string(composed(model))
    onnx.checker.check_model(result, full_check=True)
    assert [value.name for value in result.graph.input] == [CODES]
    assert result.graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8


@pytest.mark.parametrize("data", [b"", b"\x80\x04pickle", b"<html></html>", b"\x00" * 100])
def test_no_model(data: bytes) -> None:
    with pytest.raises(InputError, match="not an ONNX model"):
        compose(data, geometry=GEOMETRY, n_tracks=2, unknown_base=0)


def test_truncated_model(model: onnx.ModelProto) -> None:
    data = model.SerializeToString()
    for end in range(1, len(data) - 1, 97):
        with pytest.raises((InputError, UnsafeError)):
            compose(data[:end], geometry=GEOMETRY, n_tracks=2, unknown_base=0)


def external(tensor: TensorProto, location: str) -> TensorProto:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


LOCATIONS = ["weights.bin", "../weights.bin", "/etc/passwd", "a/../../x", "C:\\weights.bin"]


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize(
    "place", ["initializer", "attribute", "sparse", "sparse attribute", "subgraph", "function"]
)
def test_external_data_anywhere_is_refused(
    model: onnx.ModelProto, place: str, location: str
) -> None:
    tensor = external(numpy_helper.from_array(np.zeros(2, np.float32), "far"), location)
    sparse = helper.make_sparse_tensor(tensor, numpy_helper.from_array(np.arange(2), "i"), [4])
    constant = helper.make_node("Constant", [], ["far"], value=tensor)
    if place == "initializer":
        model.graph.initializer.append(tensor)
    elif place == "attribute":
        model.graph.node.append(constant)
    elif place == "sparse":
        model.graph.sparse_initializer.append(sparse)
    elif place == "sparse attribute":
        model.graph.node.append(helper.make_node("Constant", [], ["far"], sparse_value=sparse))
    elif place == "subgraph":
        inner = helper.make_graph([constant], "inner", [], [])
        model.graph.node.append(helper.make_node("If", ["x"], ["far"], then_branch=inner))
    else:
        function = helper.make_function(
            "zoo", "Far", [], ["far"], [constant], [helper.make_opsetid("", 20)]
        )
        model.functions.append(function)
    refused(model, UnsafeError, "outside of the ONNX file")


def test_external_data_without_the_flag_is_refused(model: onnx.ModelProto) -> None:
    # Data beside a location: readers differ in which of the two they take.
    model.graph.initializer[0].external_data.add(key="location", value="weights.bin")
    refused(model, UnsafeError, "outside of the ONNX file")


def test_foreign_operators_are_refused(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"
    refused(model, UnsafeError, "com.microsoft")


def test_foreign_operator_sets_are_refused(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    refused(model, UnsafeError, "ai.onnx.ml")


@pytest.mark.parametrize("version", [1, 12, 26, 999])
def test_operator_set_is_bounded(model: onnx.ModelProto, version: int) -> None:
    model.opset_import[0].version = version
    refused(model, UnsafeError, "operator set")


def test_functions_and_subgraphs_are_refused(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    model.graph.node.append(helper.make_node("If", ["x"], ["z"], then_branch=inner))
    refused(model, UnsafeError, "inside of the graph")
    del model.graph.node[-1]
    function = helper.make_function("", "F", [], [], [], [helper.make_opsetid("", 20)])
    model.functions.append(function)
    refused(model, UnsafeError, "functions")


def test_too_many_nodes_are_refused(model: onnx.ModelProto) -> None:
    model.graph.node.extend([helper.make_node("Identity", ["x"], [f"i{k}"]) for k in range(10_001)])
    refused(model, UnsafeError, "too large")


def test_huge_tensors_are_refused(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array([10**10]), "size"))
    model.graph.node.insert(0, helper.make_node("ConstantOfShape", ["size"], ["huge"]))
    refused(model, UnsafeError, "too large for one window")


def test_sizes_that_follow_from_sizes_are_computed(model: onnx.ModelProto) -> None:
    """Reshape keeps onnx from following a size; a graph of the zoo counts its windows so."""

    def arange(length: int) -> None:
        model.graph.initializer.append(numpy_helper.from_array(np.array(0), "zero"))
        model.graph.initializer.append(numpy_helper.from_array(np.array([-1]), "flat"))
        model.graph.initializer.append(numpy_helper.from_array(np.array([length]), "length"))
        for node in (
            helper.make_node("Shape", ["x"], ["n"], end=1),
            helper.make_node("Mul", ["n", "length"], ["wide"]),
            helper.make_node("Reshape", ["wide", "flat"], ["total"]),
            helper.make_node("ConstantOfShape", ["total"], ["zeros"]),
            helper.make_node("Exp", ["zeros"], ["ones"]),
        ):
            model.graph.node.append(node)

    before = len(model.graph.node)
    arange(1_000)
    composed(model)
    assert unknown(infer_window(model, 64)) == []
    del model.graph.node[before:], model.graph.initializer[-3:]
    arange(2**28 + 1)
    refused(model, UnsafeError, "too large for one window")


def test_no_constants_are_worked_on_that_give_no_sizes(model: onnx.ModelProto) -> None:
    """As plain loops, these take years: 2^48 products, and a sequence padded to 2^30."""
    long = numpy_helper.from_array(np.ones(4_096, np.float32), "long")
    short = numpy_helper.from_array(np.ones((1, 1, 1), np.float32), "short")
    model.graph.initializer.extend([long, short])
    model.graph.node.extend(
        [
            helper.make_node("Einsum", ["long"] * 4, ["product"], equation="a,b,c,d->"),
            helper.make_node(
                "Conv", ["short", "short"], ["end"], pads=[2**30, 2**30], strides=[2**30]
            ),
        ]
    )
    start = time.monotonic()
    assert unknown(infer_window(model, 64)) == []
    assert time.monotonic() - start < 5


def test_sizes_that_depend_on_the_sequence_are_refused(model: onnx.ModelProto) -> None:
    model.graph.node.extend(
        [
            helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
            helper.make_node("Cast", ["sum"], ["n"], to=TensorProto.INT64),
            helper.make_node("Expand", ["n", "one"], ["size"]),
            helper.make_node("ConstantOfShape", ["size"], ["open"]),
        ]
    )
    model.graph.initializer.append(numpy_helper.from_array(np.array([1]), "one"))
    refused(model, UnsafeError, "'open' has a size that is not known before the graph runs")


@pytest.mark.parametrize("operator", ["RandomNormalLike", "NonZero", "Unique", "StringNormalizer"])
def test_operators_off_the_list_are_refused(
    model: onnx.ModelProto, operator: str, repo: Path
) -> None:
    assert operator not in OPERATORS
    assert onnx.defs.has(operator)
    model.graph.node.append(helper.make_node(operator, ["x"], ["z"]))
    refused(model, UnsafeError, f"not on the list.*got {operator}.*{LIST} is the list")
    text = (repo / LIST).read_text()
    assert all(name in text for name in OPERATORS)
    model.graph.node[-1].op_type = "Relu"
    composed(model)


def test_listed_operators_are_of_the_standard() -> None:
    assert [name for name in OPERATORS if not onnx.defs.has(name)] == []
    assert not OPERATORS & {"If", "Loop", "Scan", "SequenceMap", "Bernoulli", "RandomUniform"}


def test_invalid_graph(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[0] = "nowhere"
    refused(model, UnsafeError, "not a valid ONNX graph")


def test_interface_must_be_the_cards(model: onnx.ModelProto) -> None:
    other = Geometry(input_length=128, output_length=32, bin_size=8, core_length=16)
    refused(model, VerificationError, r"\(batch, 4, 64\).*\(batch, 4, 128\)", geometry=other)
    coarse = Geometry(input_length=64, output_length=32, bin_size=16, core_length=32)
    refused(model, VerificationError, r"\(batch, 2, 4\).*\(batch, 2, 2\)", geometry=coarse)
    refused(model, VerificationError, r"\(batch, 3, 4\)", n_tracks=3)


def test_output_left_open_is_inferred(model: onnx.ModelProto) -> None:
    for dim in model.graph.output[0].type.tensor_type.shape.dim:
        dim.Clear()
    composed(model)
    refused(model, VerificationError, "another shape", n_tracks=3)


def test_fixed_batch_is_refused(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    refused(model, VerificationError, r"\(1, 4, 64\)")


def test_one_float_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    refused(model, VerificationError, "another type.*double")
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["batch", 1]))
    refused(model, VerificationError, "more than the sequence")


def test_batch_bytes(model: onnx.ModelProto) -> None:
    # Einsum reads 4 x 64 one-hot values and writes 2 x 64; nothing else is held meanwhile.
    serialised = model.SerializeToString()
    assert batch_bytes(serialised, 64, 1) == 4 * (4 * 64 + 2 * 64)
    assert batch_bytes(serialised, 64, 7) == 7 * batch_bytes(serialised, 64, 1)


@pytest.mark.parametrize("spare", [0, 15])
def test_memory_may_grow_with_the_batch_as_its_windows_do(
    model: onnx.ModelProto, spare: int
) -> None:
    """A size that is small for one window, and for some other numbers of them."""
    for name, value in (("many", 10**4), ("most", spare), ("none", 0), ("flat", -1)):
        model.graph.initializer.append(numpy_helper.from_array(np.array([value]), name))
    model.graph.node.extend(
        [
            helper.make_node("Shape", ["x"], ["n"], end=1),
            helper.make_node("Sub", ["n", "most"], ["more"]),
            helper.make_node("Max", ["more", "none"], ["some"]),
            helper.make_node("Mul", ["some", "some"], ["square"]),
            helper.make_node("Mul", ["square", "many"], ["size"]),
            helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
        ]
    )
    serialised = model.SerializeToString()
    composed(model)
    assert batch_bytes(serialised, 64, 1) > 0
    with pytest.raises(UnsafeError, match="more memory the more there are"):
        batch_bytes(serialised, 64, 16)
    with pytest.raises(UnsafeError, match="more memory the more there are"):
        batch_bytes(serialised, 64, 32)
