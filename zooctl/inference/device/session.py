"""Networks on a device, through onnxruntime.

Batches have one fixed shape. With it, and one number of threads, a window's prediction has the
same bits in every row and beside all other windows (tested); across shapes or thread counts the
last bits may differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError
from zooctl.inference.device.check_precision import check_difference
from zooctl.inference.device.machine import BATCH_BYTES, default_batch_size, default_threads
from zooctl.inference.device.runtime import VERSION, LoadedGraph
from zooctl.inference.graph.check import batch_bytes, compose
from zooctl.inference.graph.front_back import CODES, SPANS
from zooctl.inference.graph.independence import ProbeTrial, check_windows, draw_windows
from zooctl.inference.options.hardware import Hardware, On, Precision
from zooctl.inference.options.predict_and_score import MOST_THREADS, MOST_WINDOWS
from zooctl.inference.options.predict_and_score import Device as Device
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.onehot import BASES, Codes, N
from zooctl.sequence.windows import Geometry

Predictions = NDArray[np.float32]

# Content of the rows that fill up a batch.
_PADDING = {CODES: N, SPANS: 0}


class Session:
    """A network on a device, from genome codes to predictions or to sums of them.

    Args:
        model: Serialised ONNX model of the zoo, float one-hot in.
        geometry: Window lengths that the card states.
        n_tracks: Tracks that the card lists.
        unknown_base: Value of all four channels at an unknown base.
        summed: Undo this transform of the target and sum within the graph: for ``sums``
            in place of ``predict``.
        device: ``auto`` takes a CUDA device where onnxruntime can work with one, else the CPU.
        threads: CPU threads; default is every core that the process may use.
        batch_size: Windows in a batch; default ``default_batch_size``.

    Attributes:
        device: ``cpu`` or ``cuda``, as it really runs.
        precision: Arithmetic of convolutions and products.
        at_once: Batches to predict side by side.
        threads: CPU threads it runs with.
        batch_size: Windows in a batch, as asked for.

    Raises:
        InputError: ``cuda`` was asked for and does not work here; or not enough memory.
        UnsafeError: The graph is refused (see ``graph.check.compose``).
        VerificationError: The graph contradicts the card, or onnxruntime cannot load it; or less
            precision changes predictions by more than is allowed.
    """

    def __init__(
        self,
        model: bytes,
        *,
        geometry: Geometry,
        n_tracks: int,
        unknown_base: float,
        summed: Transform | None = None,
        device: On = "auto",
        threads: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        self.geometry = geometry
        self.n_tracks = n_tracks
        self.threads = _bounded("threads", threads, default_threads(), MOST_THREADS)
        composed = compose(
            model,
            geometry=geometry,
            n_tracks=n_tracks,
            unknown_base=unknown_base,
            summed=summed,
        )
        length = geometry.input_length
        default = default_batch_size(length, batch_bytes(model, length, 1))
        self.batch_size = _bounded("batch size", batch_size, default, MOST_WINDOWS)
        self._batch_bytes = batch_bytes(model, length, self.batch_size)
        # Halved once where memory does not suffice; ``batch_size`` stays as callers know it.
        self._rows = self.batch_size
        self._graph = LoadedGraph(composed, device, self.threads)
        self.device: Literal["cpu", "cuda"] = self._graph.device
        self.precision: Precision = self._graph.precision
        self.at_once = self._graph.at_once
        self._try(model, unknown_base, summed, Hardware.of(device))

    def _try(
        self, model: bytes, unknown_base: float, summed: Transform | None, hardware: Hardware
    ) -> None:
        """Try once on a machine whether windows depend on each other; a mark is kept in the cache.

        Sums hide differences, so that a graph with a back is tried without it. So is the difference
        that less precision makes, to a session in full precision.
        """
        facts: tuple[object, ...] = (
            self.geometry,
            self.n_tracks,
            unknown_base,
            self.device,
            VERSION,
        )
        if self.precision != "fp32":
            facts += (self.precision, hardware.allowed)
        trial = ProbeTrial(model, self.geometry.input_length, facts)
        if trial.is_passed():
            return

        def other(device: On) -> Session:
            return Session(
                model,
                geometry=self.geometry,
                n_tracks=self.n_tracks,
                unknown_base=unknown_base,
                device=device,
                threads=self.threads,
                batch_size=self.batch_size,
            )

        if summed is not None:
            other(hardware._replace(device=self.device))
            return
        few = 4 * self._batch_bytes // self.batch_size > BATCH_BYTES
        codes = draw_windows(self.geometry.input_length, 2 if few else 4)
        if self.precision == "fp32":
            check_windows(self._together, codes, trial.follow(), gpu=self.device == "cuda")
        else:
            full = other(self.device)._together(codes)
            check_difference(self._together(codes), full, hardware)
        trial.keep()

    def check_windows(self, model: bytes, codes: Codes) -> None:
        """Compare predictions of windows alone and beside others, whatever the cache knows.

        Args:
            model: The graph of this session, which has no back.
            codes: Windows, uint8 ``(n, input_length)``; the first four are taken.

        Raises:
            VerificationError: They depend on each other.
        """
        known = ProbeTrial(model, self.geometry.input_length, ()).follow()
        check_windows(self._together, codes[:4], known, gpu=self.device == "cuda")

    def _together(self, codes: Codes) -> NDArray[Any]:
        """Predict windows in a batch of just as many."""
        try:
            (output,) = self._graph.run({CODES: codes})
        except MemoryError:
            need = len(codes) * self._batch_bytes / self.batch_size
            raise InputError(
                f"not enough memory for {len(codes)} windows",
                expected=f"about {need / 1e6:,.0f} MB free",
            ) from None
        _check_shape(output, (len(codes), self.n_tracks, self.geometry.n_bins))
        return output

    @property
    def halved(self) -> bool:
        """Whether memory did not suffice, so that it goes on with half batches."""
        return self._rows < self.batch_size

    def interrupt(self) -> None:
        """Make the prediction that runs in another thread, and every later one, fail at once."""
        self._graph.interrupt()

    def predict(self, codes: Codes) -> Predictions:
        """Return the network's output for windows of genome codes.

        Args:
            codes: uint8 ``(n, input_length)``, any n; full batches waste nothing.

        Returns:
            float32 ``(n, n_tracks, n_bins)``, before any inverse of the target's transform.

        Raises:
            InputError: Not enough memory, even for half a batch.
            VerificationError: The output has another shape than the card states.
        """
        result = np.empty((len(codes), self.n_tracks, self.geometry.n_bins), dtype=np.float32)
        self._fill(result, {CODES: codes})
        return result

    def sums(self, codes: Codes, spans: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return sums of predictions over bases, the transform of the target undone.

        Args:
            codes: uint8 ``(n, input_length)``, any n; full batches waste nothing.
            spans: Starts of two stretches, then their ends, ``(n, 4)``: half-open, in bp from the
                first predicted base. An empty stretch adds nothing.

        Returns:
            ``(n, n_tracks)``.

        Raises:
            InputError: Not enough memory, even for half a batch.
            VerificationError: The output has another shape than the card states.
        """
        result = np.empty((len(codes), self.n_tracks), dtype=np.float64)
        self._fill(result, {CODES: codes, SPANS: spans})
        return result

    def _fill(self, result: NDArray[Any], inputs: Mapping[str, NDArray[Any]]) -> None:
        """Fill ``(n, ...)`` with the graph's output for inputs of n rows, batch by batch."""
        first = 0
        while first < len(result):
            rows = self._rows
            part = slice(first, first + rows)
            given = {name: values[part] for name, values in inputs.items()}
            try:
                result[part] = self._run(given, result[part].shape, rows)
            except MemoryError:
                self._halve(rows)
            else:
                first = part.stop

    def _run(
        self, inputs: Mapping[str, NDArray[Any]], shape: tuple[int, ...], rows: int
    ) -> NDArray[Any]:
        """Run one batch, padded to the fixed shape with unknown bases and empty stretches."""
        (output,) = self._graph.run(
            {name: pad_rows(values, rows, _PADDING[name]) for name, values in inputs.items()}
        )
        _check_shape(output, (rows, *shape[1:]))
        return output[: shape[0]]

    def _halve(self, rows: int) -> None:
        """Go on with half a batch, once, unless a batch beside this one has done so."""
        if self._rows < rows:
            return
        if self.halved or self._rows == 1:
            need = self._batch_bytes * self._rows // self.batch_size
            raise InputError(
                f"not enough memory for a batch of {self._rows} windows",
                expected=f"about {need / 1e6:,.0f} MB free",
                hint=f"try --batch-size {max(1, self._rows // 4)}" if self._rows > 1 else None,
            )
        self._rows //= 2


def _check_shape(output: NDArray[Any], expected: tuple[int, ...]) -> None:
    if output.shape != expected:
        raise VerificationError(
            "the network's output has another shape than the card states",
            got=output.shape,
            expected=expected,
        )


def pad_rows(values: NDArray[Any], rows: int, filler: int) -> NDArray[Any]:
    """Return values filled up to a number of rows."""
    if len(values) == rows:
        return values
    padding = np.full((rows - len(values), *values.shape[1:]), filler, dtype=values.dtype)
    return np.concatenate((values, padding))


def one_hot(codes: Codes, unknown_base: float) -> NDArray[np.float32]:
    """Return windows as a graph of the zoo reads them, where no front end does it.

    Args:
        codes: ``(n, length)``.
        unknown_base: Value of all four channels at an unknown base.

    Returns:
        float32 ``(n, 4, length)``, channels A, C, G, T.

    >>> one_hot(np.array([[0, 4, 3]], np.uint8), 0.25)[0].T.tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 0.0, 1.0]]
    """
    rows = np.eye(len(BASES) + 1, len(BASES), dtype=np.float32)
    rows[N] = unknown_base
    return np.ascontiguousarray(rows[codes].transpose(0, 2, 1))


def run_graph(model: bytes, inputs: Mapping[str, NDArray[np.float32]]) -> Predictions:
    """Run a graph of several inputs as it is, on the CPU.

    Args:
        model: Serialised ONNX model of our own; it is not checked.
        inputs: Name of each input to its values ``(n, …)``.
    """
    output: Predictions = LoadedGraph(model, "cpu", threads=1).run(inputs)[0]
    return output


def _bounded(what: str, value: int | None, default: int, most: int) -> int:
    if value is not None and not 1 <= value <= most:
        raise InputError(f"{what} must be from 1 to {most:,}", got=value)
    return default if value is None else value
