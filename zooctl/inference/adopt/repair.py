"""Habits of other exporters: some are repaired, others get the command that mends the file."""

from __future__ import annotations

import shlex
from pathlib import Path

import onnx
from onnx import TensorProto

from zooctl.errors import UnsafeError
from zooctl.inference.graph.structure import OPSETS, STANDARD, is_external, messages

# The first version of the format in which weights need not be inputs.
_WEIGHTS_ALONE = 4
_INLINE = "import sys, onnx; onnx.save(onnx.load(sys.argv[1]), sys.argv[2])"
_CONVERT = (
    "import sys, onnx; from onnx import version_converter; "
    "onnx.save(version_converter.convert_version(onnx.load(sys.argv[1]), {}), sys.argv[2])"
)


def refuse_with_cure(proto: onnx.ModelProto, path: Path) -> None:
    """Refuse weights beside the file and old operator sets, with the command that mends each.

    Args:
        proto: The model.
        path: Its file.

    Raises:
        UnsafeError: The hint is a command that writes another file, which can be adopted.
    """
    for message in messages(proto):
        if isinstance(message, TensorProto) and is_external(message):
            raise UnsafeError(
                f"tensor {message.name!r} keeps its data outside of the ONNX file",
                expected="a single file",
                hint=_command(_INLINE, path, "single"),
            )
    for one in proto.opset_import:
        if one.domain in STANDARD and 1 <= one.version < OPSETS.start:
            raise UnsafeError(
                "operator set is not supported",
                got=one.version,
                expected=f"{OPSETS.start} to {OPSETS.stop - 1}",
                hint=_command(_CONVERT.format(OPSETS.start), path, f"opset{OPSETS.start}"),
            )


def _command(code: str, path: Path, word: str) -> str:
    return shlex.join(["python", "-c", code, str(path), str(path.with_suffix(f".{word}.onnx"))])


def repair(proto: onnx.ModelProto) -> tuple[str, ...]:
    """Leave out what changes no prediction and other readers stumble over.

    Weights that are listed among the inputs, as the format's version 3 demands; operator sets that
    no operator is of, as tf2onnx names them; the other name ``ai.onnx`` of the standard domain.

    Args:
        proto: The model, which is changed.

    Returns:
        The repairs in words.
    """
    done = []
    weights = {tensor.name for tensor in proto.graph.initializer}
    inputs = [value for value in proto.graph.input if value.name not in weights]
    if len(inputs) < len(proto.graph.input):
        del proto.graph.input[:]
        proto.graph.input.extend(inputs)
        proto.ir_version = max(proto.ir_version, _WEIGHTS_ALONE)
        done.append("weights that are listed among the inputs")
    for node in proto.graph.node:
        if node.domain in STANDARD:
            node.ClearField("domain")
    used = {node.domain for node in proto.graph.node}
    # A function may stand for an operator of any domain; graphs with functions are refused.
    if proto.functions:
        return tuple(done)
    kept: list[tuple[str, int]] = []
    for one in proto.opset_import:
        domain = "" if one.domain in STANDARD else one.domain
        if domain not in used:
            done.append(f"the import of {domain}, which no operator is of")
        elif (domain, one.version) not in kept:
            kept.append((domain, one.version))
    found = [(one.domain, one.version) for one in proto.opset_import]
    if kept != found:
        del proto.opset_import[:]
        proto.opset_import.extend(onnx.helper.make_opsetid(*one) for one in kept)
        if not any(text.startswith("the import") for text in done):
            done.append("a second name of the standard operator set")
    return tuple(done)
