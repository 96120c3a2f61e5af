"""One graph of a frozen trunk and the head that was trained on its activations."""

from __future__ import annotations

import onnx
from onnx import compose, helper, version_converter

from zooctl.inference.tracks.penultimate import Penultimate

# Old enough for installed runtimes, new enough for the exporter's operators.
OPSET = 20
INPUT, OUTPUT, ACTIVATIONS = "sequence", "tracks", "activations"
# Names of the trunk's tensors begin so, and cannot be those of trained weights.
_TRUNK = "trunk."


def on_trunk(trunk: Penultimate, head: bytes) -> bytes:
    """Return the graph of a trunk with that of a head behind it.

    Args:
        trunk: The trunk.
        head: Graph from ``activations``, the trunk's tensor, to ``tracks``.
    """
    below, above = (onnx.ModelProto.FromString(graph) for graph in (trunk.graph, head))
    version = max(one.opset_import[0].version for one in (below, above))
    # An older set of operators is raised to the newer one.
    below, above = (
        one
        if one.opset_import[0].version == version
        else version_converter.convert_version(one, version)
        for one in (below, above)
    )
    below.ir_version = above.ir_version = max(below.ir_version, above.ir_version)
    model = compose.merge_models(
        below, above, io_map=[(trunk.tensor, ACTIVATIONS)], prefix1=_TRUNK, name="zooctl"
    )
    _rename_input(model.graph, f"{_TRUNK}{trunk.input_name}")
    for field in ("opset_import", "producer_name", "producer_version"):
        model.ClearField(field)
    model.opset_import.append(helper.make_opsetid("", version))
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _rename_input(graph: onnx.GraphProto, name: str) -> None:
    for one in graph.input:
        if one.name == name:
            one.name = INPUT
    for node in graph.node:
        node.input[:] = [INPUT if one == name else one for one in node.input]
