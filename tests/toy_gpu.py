"""A CPU that onnxruntime's CUDA provider is played on: the whole way of a batch but the driver."""

from __future__ import annotations

from typing import Any

import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from zooctl.inference.device import cuda, runtime

_SIXTEEN = (TensorProto.FLOAT16, TensorProto.BFLOAT16)


def widened(model: bytes) -> bytes:
    """Compute nodes of 16 bits in 32, from inputs and to outputs that are rounded to 16.

    So does a GPU, and onnxruntime's CPU provider has no convolution in bfloat16.
    """
    proto = onnx.ModelProto.FromString(model)
    inferred = onnx.shape_inference.infer_shapes(proto).graph
    kinds = {one.name: one.type.tensor_type.elem_type for one in inferred.value_info}
    kinds |= {one.name: one.data_type for one in proto.graph.initializer}
    nodes = []
    for node in proto.graph.node:
        kind = kinds.get(node.output[0])
        if kind not in _SIXTEEN or node.op_type == "Cast":
            nodes.append(node)
            continue
        own = onnx.NodeProto()
        own.CopyFrom(node)
        for place, name in enumerate(node.input):
            if kinds.get(name) in _SIXTEEN:
                own.input[place] = f"{node.output[0]}/wide{place}"
                cast = helper.make_node("Cast", [name], [own.input[place]], to=TensorProto.FLOAT)
                nodes.append(cast)
        own.output[0] = f"{node.output[0]}/wide"
        nodes += [own, helper.make_node("Cast", [own.output[0]], [node.output[0]], to=kind)]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    del proto.graph.value_info[:]
    wide: bytes = proto.SerializeToString()
    return wide


class StandIn(ort.InferenceSession):
    """A session of the CPU that says it is one of a GPU where it is asked for one."""

    asked: list[dict[str, str]]
    """Options of the CUDA provider, of each session."""

    def __init__(self, model: bytes, options: Any, *, providers: Any, enable_fallback: int) -> None:
        assert enable_fallback == 0
        self._claimed = [one if isinstance(one, str) else one[0] for one in providers]
        if self._claimed[0] == cuda.PROVIDER:
            StandIn.asked.append(providers[0][1])
        super().__init__(widened(model), options, providers=["CPUExecutionProvider"])

    def get_providers(self) -> list[str]:
        return self._claimed


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    """One GPU."""
    StandIn.asked = []
    compiled_in = [cuda.PROVIDER, "CPUExecutionProvider"]
    monkeypatch.setattr(ort, "get_available_providers", lambda: compiled_in)
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    monkeypatch.setattr(ort, "InferenceSession", StandIn)
    monkeypatch.setattr(runtime, "count_gpus", lambda: 1)
    monkeypatch.setattr(cuda, "_MEMORY", "cpu")
    return StandIn
