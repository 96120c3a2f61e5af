"""CUDA devices: the options that onnxruntime gets for one, and batches in buffers on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from zooctl.inference.options.hardware import Precision

PROVIDER = "CUDAExecutionProvider"

# Where buffers lie, in onnxruntime's words.
_MEMORY = "cuda"
# Of runs that are not to be recorded as a CUDA graph.
_NO_GRAPH = "-1"


def provider_options(precision: Precision, cuda_graphs: bool) -> dict[str, str]:
    """Return the options of onnxruntime's CUDA provider, which refuses names that it lacks.

    TF32 keeps 10 bits of each factor, and is on unless told otherwise. A searched convolution
    algorithm may change from run to run. cuDNN convolves along two axes: one of length 1 is put
    before that of positions, not behind it.

    >>> provider_options("tf32", False)["use_tf32"], provider_options("fp32", False)["use_tf32"]
    ('1', '0')
    """
    options = {
        "use_tf32": "1" if precision == "tf32" else "0",
        "cudnn_conv_algo_search": "HEURISTIC",
        "cudnn_conv1d_pad_to_nc1d": "1",
    }
    return options | ({"enable_cuda_graph": "1"} if cuda_graphs else {})


class BoundRuns:
    """Runs of one session whose inputs and outputs keep their places on the device.

    A batch is copied into the buffers of the last one of its shape, and its results out of them,
    so that nothing is allocated in between. One run at a time.

    Args:
        session: The session.
        options: Options of its runs, whose ``terminate`` ends them.
        cuda_graphs: Whether runs are recorded once a shape and then replayed, in which case
            ``options`` is used by this object alone.
    """

    def __init__(
        self, session: ort.InferenceSession, options: ort.RunOptions, *, cuda_graphs: bool
    ) -> None:
        self._session, self._options, self._cuda_graphs = session, options, cuda_graphs
        self._outputs = [one.name for one in session.get_outputs()]
        self._shape: tuple[Any, ...] = ()
        self._inputs: dict[str, ort.OrtValue] = {}
        self._n_shapes = 0

    def run(self, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Run the graph on inputs, and return its outputs."""
        feed = {name: np.ascontiguousarray(values) for name, values in feed.items()}
        shape = tuple((name, values.shape, values.dtype.str) for name, values in feed.items())
        if shape != self._shape:
            return self._first(feed, shape)
        for name, values in feed.items():
            self._inputs[name].update_inplace(values)
        self._session.run_with_iobinding(self._binding, self._options)
        return self._results()

    def _results(self) -> list[NDArray[Any]]:
        """Return the outputs on the host; what lies there already is copied, too."""
        return [
            one.numpy().copy() if one.device_name() == "cpu" else one.numpy() for one in self._bound
        ]

    def _first(
        self, feed: Mapping[str, NDArray[Any]], shape: tuple[Any, ...]
    ) -> list[NDArray[Any]]:
        """Run a batch of a new shape; where its outputs come to lie, those of the next will."""
        self._shape = ()
        self._binding = self._session.io_binding()
        self._inputs = {
            name: ort.OrtValue.ortvalue_from_numpy(values.copy(), _MEMORY, 0)
            for name, values in feed.items()
        }
        for name, value in self._inputs.items():
            self._binding.bind_ortvalue_input(name, value)
        for name in self._outputs:
            self._binding.bind_output(name, _MEMORY, 0)
        self._number(_NO_GRAPH)
        self._session.run_with_iobinding(self._binding, self._options)
        self._bound: Sequence[ort.OrtValue] = self._binding.get_outputs()
        self._binding.clear_binding_outputs()
        for name, value in zip(self._outputs, self._bound, strict=True):
            self._binding.bind_ortvalue_output(name, value)
        self._number(str(self._n_shapes))
        self._n_shapes += 1
        self._shape = shape
        return self._results()

    def _number(self, graph: str) -> None:
        """Name the CUDA graph that the next runs record or replay."""
        if self._cuda_graphs:
            self._options.add_run_config_entry("gpu_graph_id", graph)
