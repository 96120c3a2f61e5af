"""A scan with a motif as an ONNX graph of three operators; needs no torch.

The weights are the log-odds of the motif (Stormo 2000, doi:10.1093/bioinformatics/16.1.16,
equation 3), as in ``training.nets.pwm``.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from zooctl.errors import InputError
from zooctl.files.motifs import Motif
from zooctl.sequence.windows import Geometry

OPSET = 20
INPUT, OUTPUT = "sequence", "tracks"


def pwm_geometry(motif: Motif, output_length: int, bin_size: int) -> Geometry:
    """Return the window of a scan: the output and half a motif on both sides.

    >>> pwm_geometry(Motif("box", np.ones((19, 4))), 2048, 32).input_length
    2066

    Raises:
        InputError: The lengths do not fit each other.
    """
    return Geometry(output_length + 2 * (motif.length // 2), output_length, bin_size, output_length)


def pwm_graph(motif: Motif, geometry: Geometry, pseudocount: float = 1.0) -> bytes:
    """Return the best log-odds (bits) of a motif in each bin, over both strands, as ONNX.

    A hit belongs to the bin of its middle base, the left one of two. Of a base that is unknown,
    or beyond the window, the odds are those of the worst base there, so that nothing unknown is
    ever taken for a site. The graph expects zeros for unknown bases.

    Args:
        motif: Counts or probabilities.
        geometry: From ``pwm_geometry``.
        pseudocount: Added to each position, shared by the bases.

    Raises:
        InputError: A base that never occurs has no logarithm.
    """
    if pseudocount <= 0 and (motif.counts == 0).any():
        raise InputError(
            "a base that never occurs has no logarithm",
            field="pseudocount",
            got=pseudocount,
            hint="use a pseudocount above 0",
        )
    forward = motif.log_odds(pseudocount).T
    # Odds of a base above the worst at its position: an unknown one then adds nothing.
    strands = np.stack([forward, forward[::-1, ::-1]])
    worst = strands.min(axis=1, keepdims=True)
    kernel = (strands - worst).astype(np.float32)
    if motif.length % 2 == 0:
        kernel = np.pad(kernel, ((0, 0), (0, 0), (1, 0)))
    least = np.float32(worst[0].sum())
    size = geometry.bin_size
    nodes = [
        helper.make_node("Conv", [INPUT, "log_odds", "least"], ["hits"]),
        helper.make_node("ReduceMax", ["hits", "strands"], ["best"]),
        helper.make_node("MaxPool", ["best"], [OUTPUT], kernel_shape=[size], strides=[size]),
    ]
    constants = {
        "log_odds": np.ascontiguousarray(kernel),
        "least": np.repeat(least, 2),
        "strands": np.array([1], dtype=np.int64),
    }
    values = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *sizes])
        for name, sizes in ((INPUT, (4, geometry.input_length)), (OUTPUT, (1, geometry.n_bins)))
    }
    graph = helper.make_graph(
        nodes,
        "zooctl",
        [values[INPUT]],
        [values[OUTPUT]],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    # IR version 10 is the one of opset 20's time, so that older runtimes read the file, too.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))
