"""DeepBind's models as one graph, against the rules of its program, model by model."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.networks.deepbind import deepbind_graph

RNG = np.random.default_rng(12)
# Both strands, detectors, their length, whether means are pooled, hidden units.
KINDS = [(1, 3, 6, 0, 0), (0, 3, 6, 1, 5), (1, 2, 8, 0, 4), (1, 3, 6, 0, 0), (1, 3, 6, 1, 0)]


def random_model(both: int, n: int, length: int, mean: int, hidden: int) -> dict[str, np.ndarray]:
    counts = {
        "reverse_complement": both,
        "num_detectors": n,
        "detector_len": length,
        "has_avg_pooling": mean,
        "num_hidden": hidden,
    }
    shapes = {
        "detectors": (n, 4, length),
        "thresholds": (n,),
        "weights1": (hidden or 1, n * (1 + mean)),
        "biases1": (hidden or 1,),
        **({"weights2": (1, hidden), "biases2": (1,)} if hidden else {}),
    }
    made = {name: RNG.normal(size=shape) for name, shape in shapes.items()}
    made |= {name: np.array([float(count)]) for name, count in counts.items()}
    return {name: values.astype(np.float32) for name, values in made.items()}


def score(model: dict[str, np.ndarray], x: np.ndarray) -> float:
    """One model and one sequence ``(4, length)``, window by window."""
    length = int(model["detector_len"][0])
    window = min(x.shape[1], int(1.5 * length))
    strands = [x, x[::-1, ::-1]] if model["reverse_complement"][0] else [x]
    return max(
        one_window(model, strand[:, start : start + window])
        for strand in strands
        for start in range(x.shape[1] - window + 1)
    )


def one_window(model: dict[str, np.ndarray], x: np.ndarray) -> float:
    spare = int(model["detector_len"][0]) - 1
    padded = np.pad(x, ((0, 0), (spare, spare)), constant_values=0.25)
    features = []
    for detector, threshold in zip(model["detectors"], model["thresholds"], strict=True):
        width = detector.shape[1]
        found = [
            max(0.0, float((padded[:, p : p + width] * detector).sum() + threshold))
            for p in range(padded.shape[1] - width + 1)
        ]
        features.append(max(found))
        if model["has_avg_pooling"][0]:
            features.append(float(np.mean(found)))
    out = model["weights1"] @ np.array(features) + model["biases1"]
    if model["num_hidden"][0]:
        out = model["weights2"] @ np.maximum(out, 0) + model["biases2"]
    return float(out[0])


def test_models_of_all_kinds_in_their_order() -> None:
    models = {f"m{number}.txt": random_model(*kind) for number, kind in enumerate(KINDS)}
    tensors = {f"{file}/{name}": v for file, own in models.items() for name, v in own.items()}
    for length in (5, 9, 20):  # shorter than a window, between, longer
        session = ort.InferenceSession(put_weights(deepbind_graph(models, length), tensors))
        x = np.eye(4)[RNG.integers(0, 4, (3, length))].transpose(0, 2, 1)
        x[1, :, :2] = 0.25  # unknown
        (got,) = session.run(None, {"sequence": np.ascontiguousarray(x, dtype=np.float32)})
        assert got.shape == (3, len(models), 1)
        expected = [[score(model, one) for model in models.values()] for one in x]
        assert np.abs(got[:, :, 0] - expected).max() < 1e-4


def test_one_model_alone() -> None:
    model = random_model(*KINDS[2])
    session = ort.InferenceSession(put_weights(deepbind_graph({"m.txt": model}, 14), model))
    x = np.eye(4)[RNG.integers(0, 4, (1, 14))].transpose(0, 2, 1)
    (got,) = session.run(None, {"sequence": np.ascontiguousarray(x, dtype=np.float32)})
    assert abs(got[0, 0, 0] - score(model, x[0])) < 1e-4
