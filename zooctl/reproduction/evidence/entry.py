"""Evidence for B2 and B3: documents, weights and probe of an entry, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.numpy import load

from zooctl.catalog.check import as_verification, check_documents
from zooctl.catalog.entry import ONNX, PROBE, SAFETENSORS, Entry
from zooctl.catalog.weights import download_missing, onnx_bytes, verified_bytes
from zooctl.errors import (
    IntegrityError,
    ManyErrors,
    UnsafeError,
    VerificationError,
    ZooError,
    is_installed,
)
from zooctl.inference.adopt.verify import check_weights
from zooctl.inference.device.session import Session
from zooctl.reproduction.environment.software_digest import LICENCE, LOCKS
from zooctl.reproduction.evidence.findings import Findings, plain
from zooctl.reproduction.report.predictions import compare_predictions
from zooctl.reproduction.report.rows import Engine, Predictions
from zooctl.schema.manifest import MANIFEST, FileDigest, digest_file


def check_readable(entry: Entry) -> None:
    """Refuse documents that cannot be read, since nothing can be compared with them.

    Raises:
        ManyErrors: Of card, recipe and manifest, as claims that do not hold.
    """
    errors: list[ZooError] = []
    for read, there in (
        (entry.card, True),
        (entry.recipe, entry.recipe_path is not None),
        (entry.manifest, entry.folder is not None),
    ):
        try:
            _ = read() if there else None
        except ZooError as error:
            errors += as_verification(error)
    if errors:
        raise ManyErrors(errors)


def check_entry(findings: Findings, *, download: bool) -> None:
    """Compare documents and weights with each other and the manifest.

    Args:
        findings: Receives faults of B2 and B3, and gaps of B2.
        download: True to download weights that lie elsewhere.
    """
    entry = findings.entry
    errors = check_documents(entry)
    if entry.folder is not None:
        if download:
            _download(findings)
        errors += check_weights(entry)
    for error in errors:
        findings.fault("B2" if _is_of_weights(entry, error) else "B3", error)


def _download(findings: Findings) -> None:
    """Download weights that lie elsewhere; those that are not available are a gap."""
    entry = findings.entry
    if entry.hub is None and entry.weights_at(entry.card()) in ("local", "none"):
        return
    try:
        for _ in download_missing(entry):
            pass
    except (IntegrityError, UnsafeError) as error:
        findings.fault("B2", error)
    except ZooError as error:
        findings.gap("B2", plain(error, entry.root))


def _is_of_weights(entry: Entry, error: ZooError) -> bool:
    if error.path is None or entry.folder is None:
        return False
    head = f"zoo/{entry.name}/"
    flat = [entry.path(name) for name in entry.manifest().files if name.startswith(head)]
    return Path(error.path) in flat or Path(error.path).is_relative_to(entry.root / head)


def check_probe(findings: Findings) -> tuple[Predictions, ...]:
    """Predict the probe by onnxruntime, and by torch where it is installed.

    Nothing is predicted by weights that do not hold.
    """
    entry = findings.entry
    if "B2" in findings.gaps or any(one == "B2" for one, _ in findings.errors):
        return ()
    if entry.folder is None or entry.card().weights is None:
        return ()
    if f"zoo/{entry.name}/{PROBE}" not in entry.manifest().files:
        return ()
    probe = load(verified_bytes(entry, PROBE))
    if set(probe) - {"pairs"} != {"inputs", "expected"}:
        return ()
    made: list[tuple[Engine, Any]] = [("onnxruntime", _by_onnxruntime(entry, probe["inputs"]))]
    try:
        if (by_torch := _by_torch(entry, probe["inputs"])) is not None:
            made.append(("torch", by_torch))
    except RuntimeError:  # of torch, whose text names every tensor
        findings.fault("B2", VerificationError("the weights are not those of the recipe's network"))
        return ()
    expected, pairs = probe["expected"], probe.get("pairs")
    return tuple(compare_predictions(engine, expected, found, pairs) for engine, found in made)


def _by_onnxruntime(entry: Entry, inputs: Any) -> Any:
    card = entry.card()
    session = Session(
        onnx_bytes(entry, may_download=False),
        geometry=card.geometry,
        n_tracks=card.n_tracks,
        unknown_base=card.unknown_base,
        device="cpu",
        threads=1 if entry.recipe_path is None else entry.recipe().threads,
    )
    return session.predict(inputs)


def _by_torch(entry: Entry, inputs: Any) -> Any:
    """Return the predictions of the recipe's network; None without torch, recipe or tensors."""
    has_weights = f"zoo/{entry.name}/{SAFETENSORS}" in entry.manifest().files
    if entry.recipe_path is None or not has_weights or not is_installed("torch"):
        return None
    from zooctl.training.export.published import published_predictions

    return published_predictions(entry.recipe(), verified_bytes(entry, SAFETENSORS), inputs)


def subjects(entry: Entry) -> dict[str, FileDigest]:
    """Return the digest of every file of a report: manifest, pinned files, locks, licence."""
    whole = (*LOCKS, LICENCE)
    found = {
        name: digest_file(entry.root / name) for name in whole if (entry.root / name).is_file()
    }
    if entry.folder is None:
        paths = [entry.card_path, *([entry.recipe_path] if entry.recipe_path else [])]
        found |= {path.relative_to(entry.root).as_posix(): digest_file(path) for path in paths}
        return dict(sorted(found.items()))
    found[f"zoo/{entry.name}/{MANIFEST}"] = digest_file(entry.folder / MANIFEST)
    head = f"zoo/{entry.name}/"
    for name, pinned in entry.manifest().files.items():
        if entry.path(name).is_file():
            found[name] = digest_file(entry.path(name))
        elif name.startswith(head) and _is_kept(entry, name.removeprefix(head)):
            found[name] = pinned
    return dict(sorted(found.items()))


def _is_kept(entry: Entry, file: str) -> bool:
    """Say whether a file that lies elsewhere has been downloaded; its digest is verified."""
    try:
        return bool(
            onnx_bytes(entry, may_download=False)
            if file == ONNX
            else verified_bytes(entry, file, may_download=False)
        )
    except ZooError:
        return False
