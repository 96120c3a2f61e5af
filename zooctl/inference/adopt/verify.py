"""Verification of an entry's graph, weights and probe against its card and manifest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from zooctl.catalog.entry import ONNX, PROBE, SAFETENSORS, Entry
from zooctl.catalog.root import is_in_use, packaged_root
from zooctl.catalog.weights import onnx_bytes, verified_bytes
from zooctl.errors import IntegrityError, UnsafeError, VerificationError, ZooError
from zooctl.files.weights.safetensors import Tensors, read_safetensors
from zooctl.inference import examine_in_child
from zooctl.inference.device.session import Session
from zooctl.inference.graph.check import compose
from zooctl.inference.other_inputs.given_inputs import other_input_names
from zooctl.inference.other_inputs.several_inputs import check_inputs, run_probe
from zooctl.schema.card import Card
from zooctl.schema.manifest import Manifest, tensor_digest
from zooctl.sequence.onehot import N
from zooctl.sequence.variant_pairs import pair_scores, score_differences
from zooctl.sequence.windows import Integers

RELATIVE, ABSOLUTE = 1e-5, 1e-6
# Of the typical score of a variant pair; rounding in a window may be larger.
OF_SCORES = 1e-4


def check_weights(entry: Entry) -> list[ZooError]:
    """Return every error of an entry's graph, weights and probe.

    Files whose bytes are not those of the manifest, or which are not here, are passed over:
    ``catalog.check`` reports them.

    Args:
        entry: A model whose card and manifest are readable, with a folder.
    """
    card, manifest = entry.card(), entry.manifest()
    errors: list[ZooError] = []
    graph = _graph_bytes(entry, errors)
    weights, probe = (_verified(entry, file) for file in (SAFETENSORS, PROBE))
    tensors = None if weights is None else _tensors(entry, SAFETENSORS, weights, errors)
    if tensors is not None:
        errors += _digest(entry, SAFETENSORS, tensors, manifest)
    if graph is not None and _graph(entry, card, manifest, graph, errors):
        if f"zoo/{entry.name}/{SAFETENSORS}" not in manifest.files:
            errors += _digest(entry, ONNX, initialisers(graph), manifest)
        if tensors is not None:
            errors += _initialisers(entry, graph, tensors)
        samples = None if probe is None else _tensors(entry, PROBE, probe, errors)
        if samples is not None:
            errors += _probe(entry, card, graph, samples)
    return errors


def initialisers(graph: bytes) -> Tensors:
    """Return the constants of an ONNX graph by name."""
    protos = onnx.ModelProto.FromString(graph).graph.initializer
    return {proto.name: numpy_helper.to_array(proto) for proto in protos}


def _graph_bytes(entry: Entry, errors: list[ZooError]) -> bytes | None:
    """Return the graph if it is here, or can be converted from files that are here."""
    try:
        return onnx_bytes(entry, may_download=False)
    except (IntegrityError, VerificationError) as error:
        if not (entry.root / "zoo" / entry.name / ONNX).is_file():
            errors.append(error)
    except ZooError:
        pass
    return None


def _verified(entry: Entry, file: str) -> bytes | None:
    try:
        return verified_bytes(entry, file, may_download=False)
    except ZooError:
        return None


def _wrong(
    entry: Entry,
    file: str,
    what: str,
    *,
    field: str | None = None,
    got: object = None,
    expected: object = None,
) -> VerificationError:
    path = entry.root / "zoo" / entry.name / file
    return VerificationError(what, path=path, field=field, got=got, expected=expected)


def _digest(entry: Entry, file: str, tensors: Tensors, manifest: Manifest) -> Iterator[ZooError]:
    if (got := tensor_digest(tensors)) != manifest.tensor_digest:
        what = "tensor digest differs from the manifest"
        yield _wrong(entry, file, what, got=got, expected=manifest.tensor_digest)


def _tensors(entry: Entry, file: str, content: bytes, errors: list[ZooError]) -> Tensors | None:
    try:
        return read_safetensors(content, entry.root / "zoo" / entry.name / file)
    except UnsafeError as error:
        errors.append(error)
        return None


def _graph(
    entry: Entry, card: Card, manifest: Manifest, graph: bytes, errors: list[ZooError]
) -> bool:
    """Check the graph against card and manifest; return whether it can be run.

    Outside of the packaged zoo nobody vouches for it: it is examined in a child process first.
    """
    try:
        if names := _other_inputs(entry):
            check_inputs(graph, names)
        else:
            if entry.hub is not None or entry.root.resolve() != packaged_root().resolve():
                examine_in_child.examine(graph, card)
            compose(
                graph,
                geometry=card.geometry,
                n_tracks=card.n_tracks,
                unknown_base=card.unknown_base,
            )
    except ZooError as error:
        error.path = str(entry.root / "zoo" / entry.name / ONNX)
        errors.append(error)
        return False
    opsets = {
        opset.domain: opset.version for opset in onnx.ModelProto.FromString(graph).opset_import
    }
    if opsets.get("") != manifest.opset:
        errors.append(
            _wrong(
                entry,
                ONNX,
                "operator set differs from the manifest",
                got=opsets.get(""),
                expected=manifest.opset,
            )
        )
    return True


def _other_inputs(entry: Entry) -> list[str]:
    """Return the inputs beside the sequence of a model of a zoo in use; others have none."""
    if entry.recipe_path is None or entry.hub is not None or not is_in_use(entry.root):
        return []
    return other_input_names(entry.recipe())


def _initialisers(entry: Entry, graph: bytes, tensors: Tensors) -> Iterator[ZooError]:
    """Yield the tensors that differ between the graph and the safetensors file."""
    for name, got in initialisers(graph).items():
        expected = tensors.get(name)
        if expected is None:
            continue
        if (got.dtype, got.shape) != (expected.dtype, expected.shape):
            yield _wrong(
                entry,
                ONNX,
                "tensor differs in shape or type from the safetensors file",
                field=name,
                got=f"{got.dtype} {got.shape}",
                expected=f"{expected.dtype} {expected.shape}",
            )
        elif got.tobytes() != expected.tobytes():
            what = "tensor differs from the safetensors file"
            yield _wrong(entry, ONNX, what, field=name)


def _probe(entry: Entry, card: Card, graph: bytes, samples: Tensors) -> Iterator[ZooError]:
    """Yield the differences between the probe's reference predictions and those made now."""
    if malformed := _malformed_probe(entry, card, samples):
        yield malformed
        return
    expected = samples["expected"]
    try:
        got = _predicted(entry, card, graph, samples)
    except VerificationError as error:
        error.path = str(entry.root / "zoo" / entry.name / ONNX)
        yield error
        return
    excess = np.abs(got - expected) - (ABSOLUTE + RELATIVE * np.abs(expected))
    # NaN is never as expected; the comparison is written so that it fails.
    wrong = ~(excess <= 0)
    if wrong.any():
        place = np.unravel_index(np.argmax(np.nan_to_num(excess, nan=np.inf)), excess.shape)
        yield _wrong(
            entry,
            PROBE,
            f"{np.count_nonzero(wrong):,} of {wrong.size:,} predictions are not as stored",
            field=f"expected[{', '.join(map(str, place))}]",
            got=f"{got[place]:.8g}",
            expected=f"{expected[place]:.8g}",
        )
    elif "pairs" in samples:
        yield from _scores(entry, samples["pairs"].astype(np.int64), expected, got)


def _scores(
    entry: Entry, pairs: Integers, expected: NDArray[np.float32], got: NDArray[np.float32]
) -> Iterator[ZooError]:
    """Yield the scores of variant pairs that differ from those of the reference predictions."""
    apart = score_differences(expected, got, pairs)
    if (wrong := apart > OF_SCORES).any():
        pair, track = np.unravel_index(np.argmax(apart), apart.shape)
        yield _wrong(
            entry,
            PROBE,
            f"{np.count_nonzero(wrong):,} of {wrong.size:,} scores of variants are not as stored",
            field=f"pairs[{pair}], track {track}",
            got=f"{pair_scores(got, pairs)[pair, track]:.8g}",
            expected=f"{pair_scores(expected, pairs)[pair, track]:.8g}",
        )


def _predicted(entry: Entry, card: Card, graph: bytes, samples: Tensors) -> NDArray[np.float32]:
    """Return the predictions of the probe, made now.

    Raises:
        VerificationError: Windows depend on each other, or the probe lacks an input.
    """
    if names := _other_inputs(entry):
        if missing := set(names) - set(samples):
            raise VerificationError("the probe lacks an input", got=", ".join(sorted(missing)))
        others = {name: samples[name] for name in names}
        return run_probe(graph, samples["inputs"], others, card.unknown_base)
    session = Session(
        graph,
        geometry=card.geometry,
        n_tracks=card.n_tracks,
        unknown_base=card.unknown_base,
        device="cpu",
    )
    session.check_windows(graph, samples["inputs"])
    return session.predict(samples["inputs"])


def _malformed_probe(entry: Entry, card: Card, samples: Tensors) -> VerificationError | None:
    """Return the error that makes the probe unusable, or None."""
    inputs, expected = samples.get("inputs"), samples.get("expected")
    if inputs is None or expected is None:
        got = ", ".join(sorted(samples))
        return _wrong(entry, PROBE, "tensor is missing", got=got, expected="inputs, expected")
    n = len(inputs) if inputs.ndim else 0
    for name, dtype, shape in (
        ("inputs", np.uint8, (card.input_length,)),
        ("expected", np.float32, (card.n_tracks, card.geometry.n_bins)),
    ):
        tensor = samples[name]
        if tensor.dtype != dtype or tensor.shape != (n, *shape) or not n:
            return _wrong(
                entry,
                PROBE,
                "tensor has another shape or type than the card states",
                field=name,
                got=f"{tensor.dtype} {tensor.shape}",
                expected=f"{np.dtype(dtype)} ({n or 'n'}, {', '.join(map(str, shape))})",
            )
    if inputs.max() > N:
        what = "value is no genome code"
        return _wrong(entry, PROBE, what, field="inputs", got=inputs.max(), expected=f"0 to {N}")
    pairs = samples.get("pairs")
    return None if pairs is None else _malformed_pairs(entry, pairs, n)


def _malformed_pairs(entry: Entry, pairs: NDArray[Any], n: int) -> VerificationError | None:
    """Return the error of pairs that do not name two of ``n`` windows each, or None."""
    if pairs.dtype != np.int32 or pairs.ndim != 2 or pairs.shape[1:] != (2,) or not len(pairs):
        what, got = "pairs of windows have another shape or type", f"{pairs.dtype} {pairs.shape}"
        return _wrong(entry, PROBE, what, field="pairs", got=got, expected="int32 (n_pairs, 2)")
    if pairs.min() < 0 or pairs.max() >= n:
        what, got = "a pair names no window", f"{pairs.min()} to {pairs.max()}"
        return _wrong(entry, PROBE, what, field="pairs", got=got, expected=f"0 to {n - 1}")
    return None
