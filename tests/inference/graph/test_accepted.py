"""A graph that ``compose`` accepts is read further without a guard, so reading it never fails.

``tests/files/test_naked_calls.py`` lists these calls as accepted by ``graph.check``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from zooctl.errors import ZooError
from zooctl.inference.adopt.verify import initialisers
from zooctl.inference.graph.batch.batch_axis import follow_batch
from zooctl.inference.graph.batch.step import constants
from zooctl.inference.graph.check import batch_bytes, compose
from zooctl.sequence.windows import Geometry

GEOMETRY = Geometry(input_length=64, output_length=32, bin_size=8, core_length=16)
FIELDS = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data", "raw_data")
TYPES = (
    *("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "BOOL"),
    *("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"),
)


@pytest.fixture
def model(linear_model: Callable[..., onnx.ModelProto]) -> onnx.ModelProto:
    return linear_model(np.ones((2, 4, 64)), GEOMETRY)


def is_accepted(model: onnx.ModelProto) -> bool:
    """Return whether the graph is accepted; if so, read it as the program does."""
    content = model.SerializeToString()
    try:
        compose(content, geometry=GEOMETRY, n_tracks=2, unknown_base=0.25)
    except ZooError:
        return False
    proto = onnx.ModelProto.FromString(content)
    batch_bytes(content, 64, 1)
    initialisers(content)
    constants(proto.graph)
    follow_batch(proto, 64)
    return True


@pytest.mark.parametrize("name", TYPES)
def test_any_type_in_any_field(name: str, model: onnx.ModelProto) -> None:
    """Values in the field of another type, and past the bounds of their own."""
    kind = TensorProto.DataType.Value(name)
    width = helper.tensor_dtype_to_np_dtype(kind).itemsize
    accepted = []
    for field in FIELDS:
        for value in (0, 1, -1, 300, 70_000, 2**31 - 1, 2**40):
            tensor = TensorProto(name="k", data_type=kind, dims=[2])
            try:
                if field == "raw_data":
                    tensor.raw_data = value.to_bytes(8, "little", signed=True)[:1] * (2 * width)
                else:
                    getattr(tensor, field).extend([value, value])
            except (ValueError, TypeError):  # protobuf itself takes no such value
                continue
            for node in (None, helper.make_node("Constant", [], ["k"], value=tensor)):
                changed = onnx.ModelProto.FromString(model.SerializeToString())
                if node is None:
                    changed.graph.initializer.append(tensor)
                else:
                    changed.graph.node.insert(0, node)
                if is_accepted(changed):
                    accepted.append(field)
    assert "raw_data" in accepted
    assert len(set(accepted)) == 2, "its own field, and raw data"


@pytest.mark.parametrize(
    ("attributes", "accepted"),
    [
        ({"value": 5}, False),
        ({"value": [5]}, False),
        ({"value_int": 1, "value_float": 2.0}, False),
        ({}, False),
        ({"value_int": 1}, True),
        ({"value_floats": [1.0, 2.0]}, True),
        ({"value_string": "a"}, True),
        ({"value_strings": ["a", "b"]}, True),
    ],
)
def test_constants(attributes: dict[str, object], accepted: bool, model: onnx.ModelProto) -> None:
    node = onnx.NodeProto(op_type="Constant", output=["k"])
    node.attribute.extend(helper.make_attribute(name, one) for name, one in attributes.items())
    model.graph.node.insert(0, node)
    assert is_accepted(model) is accepted
