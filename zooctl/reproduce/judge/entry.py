"""What can be checked of an entry without training: documents, data, weights, probe."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors.numpy import load

from zooctl.catalog.check import as_verification, check_documents
from zooctl.catalog.entry import ONNX, PROBE, SAFETENSORS, Entry
from zooctl.catalog.weights import download_missing, onnx_bytes, verified_bytes
from zooctl.errors import IntegrityError, ManyErrors, UnsafeError, ZooError
from zooctl.inference.adopt.verify import check_weights
from zooctl.inference.session import Session
from zooctl.reproduce.environment.machine import RunDetails, missing_details
from zooctl.reproduce.report.equivalence import compare_predictions
from zooctl.reproduce.report.levels import CriterionId, Status
from zooctl.reproduce.report.report import Commit, Criterion, Engine, Predictions, ReportFault
from zooctl.schema.manifest import MANIFEST, digest_file

LOCKS = ("requirements.lock", "requirements-torch.lock")


@dataclass
class Findings:
    """What is gathered on the way to a report.

    Attributes:
        entry: The model.
        criteria: By their names.
        faults: What does not hold.
        warnings: What a reader should know.
    """

    entry: Entry
    criteria: dict[CriterionId, Criterion] = field(default_factory=dict)
    faults: list[ReportFault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def judge(self, name: CriterionId, status: Status, evidence: str) -> None:
        """Say of a criterion whether it is met, and what shows it."""
        self.criteria[name] = Criterion(id=name, status=status, evidence=evidence)

    def fault(self, error: ZooError) -> None:
        """Keep an error, without places of this machine."""
        text = plain(error, self.entry.root)
        self.faults.append(ReportFault(text=text, exit_code=5 if error.exit_code == 5 else 3))


def plain(error: ZooError, root: Path) -> str:
    """Return an error with file names below the zoo, or bare ones.

    >>> from zooctl.errors import IntegrityError
    >>> plain(IntegrityError("changed", path="/home/me/zoo/recipes/a.yaml"), Path("/home/me/zoo"))
    'recipes/a.yaml: changed'
    """
    path = None if error.path is None else Path(error.path)
    if path is not None:
        path = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    shown = type(error)(
        error.what,
        path=path,
        line=error.line,
        field=error.field,
        got=_without_places(error.got),
        expected=_without_places(error.expected),
    )
    return str(shown)


def _without_places(value: object) -> object:
    """Cut what stands before a file's name in a path; addresses stay.

    Where a folder's name ends cannot be told in running text, since it may hold spaces: all is cut
    up to the last slash of a phrase.

    >>> _without_places("/home/me/John Smith/secret project/a.fa, as https://a.org/b/c.fa has")
    'a.fa, as https://a.org/b/c.fa has'
    """
    if value is None:
        return None
    place = r"(\b(?:https?|ftp|s3|hf)://[^\s,;]+)|(?:\bfile:/*)?(?<![\w.])/(?:[^/,;\n]*/)+"
    return re.sub(place, lambda found: found[1] or "", str(value))


def check_readable(entry: Entry) -> None:
    """Refuse documents that say nothing, since there is nothing to hold the rest against.

    Raises:
        ManyErrors: Of card, recipe and manifest; they are claims that do not hold.
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


def check_files(entry: Entry, commit: Commit, findings: Findings) -> None:
    """Judge B2 and B3: do documents, weights and probe agree with each other and the manifest?

    Args:
        entry: The model.
        commit: That the zoo is at.
        findings: Receives the verdict.
    """
    errors = check_documents(entry)
    missing: ZooError | None = None
    if entry.folder is not None:
        missing = _bring(entry)
        errors += [missing] if isinstance(missing, IntegrityError | UnsafeError) else []
        errors += check_weights(entry)
    of_weights = [one for one in errors if _is_of_weights(entry, one)]
    others = [one for one in errors if one not in (*of_weights, missing)]
    for error in errors:
        findings.fault(error)
    card = entry.card()
    if of_weights:
        findings.judge("B2", "fail", plain(of_weights[0], entry.root))
    elif entry.folder is None or card.weights is None:
        why = card.unknown.get("weights", "weights are not here")
        findings.judge("B2", "skip", why)
    elif missing is not None:
        findings.judge("B2", "fail" if missing in errors else "skip", plain(missing, entry.root))
    else:
        digest = entry.manifest().tensor_digest
        findings.judge(
            "B2", "pass", f"bytes as in the manifest, tensors {digest}, licence {card.licence}"
        )
    if others:
        findings.judge("B3", "fail", plain(others[0], entry.root))
    elif entry.recipe_path is None:
        findings.judge("B3", "skip", "the model has no recipe")
    elif entry.folder is None:
        findings.judge("B3", "skip", "nothing pins the recipe: the entry has no manifest")
    else:
        recipe = digest_file(entry.recipe_path).sha256
        findings.judge("B3", "pass", f"recipe as in the manifest, sha256 {recipe}; {commit}")
    if commit.revision is None or commit.changed:
        files = f": {', '.join(commit.changed)}" if commit.changed else ""
        findings.warnings.append(f"{commit}{files}")


def _bring(entry: Entry) -> ZooError | None:
    """Fetch weights that are elsewhere; return why they cannot be had."""
    if entry.hub is None and entry.weights_at(entry.card()) in ("local", "none"):
        return None
    try:
        for _ in download_missing(entry):
            pass
    except ZooError as error:
        return error
    return None


def _is_of_weights(entry: Entry, error: ZooError) -> bool:
    if error.path is None or entry.folder is None:
        return False
    head = f"zoo/{entry.name}/"
    flat = [entry.path(name) for name in entry.manifest().files if name.startswith(head)]
    return Path(error.path) in flat or Path(error.path).is_relative_to(entry.root / head)


def check_details(machine: Mapping[str, Any], findings: Findings) -> None:
    """Judge S2: are the details recorded that a reader needs to plan a run?

    Args:
        machine: What was recorded of the run that made the weights, or is measured in this one.
        findings: Receives the verdict.
    """
    card = findings.entry.card()
    missing = [name for name in ("seed", "split", "environment") if getattr(card, name) is None]
    missing += [f"metrics.{n}.n" for n, one in enumerate(card.metrics) if one.n is None]
    missing += [] if card.metrics else ["metrics"]
    if missing:
        findings.judge("S2", "skip", f"not on the card: {', '.join(missing)}")
    elif not machine:
        findings.judge("S2", "skip", "time and machine of a run are not recorded")
    elif unsaid := missing_details(machine):
        findings.judge("S2", "skip", f"not recorded of the run: {', '.join(unsaid)}")
    else:
        shown = ", ".join(f"{name} {machine[name]}" for name in RunDetails.model_fields)
        findings.judge("S2", "pass", f"seed, split, counts on the card; {shown}")


def check_probe(entry: Entry, findings: Findings) -> list[Predictions]:
    """Predict the probe by onnxruntime, and by torch where it is; a difference is a fault of B2."""
    b2 = findings.criteria["B2"]
    if b2.status != "pass" or f"zoo/{entry.name}/{PROBE}" not in entry.manifest().files:
        return []
    card, probe = entry.card(), load(verified_bytes(entry, PROBE))
    if set(probe) != {"inputs", "expected"}:
        return []
    recipe = None if entry.recipe_path is None else entry.recipe()
    session = Session(
        onnx_bytes(entry, may_download=False),
        geometry=card.geometry,
        n_tracks=card.n_tracks,
        unknown_base=card.unknown_base,
        device="cpu",
        threads=1 if recipe is None else recipe.threads,
    )
    made: list[tuple[Engine, Any]] = [("onnxruntime", session.predict(probe["inputs"]))]
    has_weights = f"zoo/{entry.name}/{SAFETENSORS}" in entry.manifest().files
    if recipe is not None and has_weights and importlib.util.find_spec("torch") is not None:
        from zooctl.training.export.published import published_predictions

        weights = verified_bytes(entry, SAFETENSORS)
        try:
            by_torch = published_predictions(recipe, weights, probe["inputs"])
        except RuntimeError:  # of torch, which names every tensor
            text = "the weights are not those of the recipe's network"
            findings.faults.append(ReportFault(text=text, exit_code=3))
            findings.judge("B2", "fail", text)
            return []
        made += [] if by_torch is None else [("torch", by_torch)]
    found = []
    for engine, predictions in made:
        like = compare_predictions(probe["expected"], predictions)
        found.append(Predictions(engine=engine, n=len(predictions), **like._asdict()))
        if like.equivalence == "failed":
            findings.faults.append(
                ReportFault(text=f"probe predicted by {engine} is not as stored", exit_code=3)
            )
            findings.judge("B2", "fail", f"probe predicted by {engine} is not as stored")
    return found


def subjects(entry: Entry) -> dict[str, Any]:
    """Return the digests of all that a report is about: manifest, what it covers, lock files."""
    found = {
        name: digest_file(entry.root / name) for name in LOCKS if (entry.root / name).is_file()
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
    """Say whether a file that lies elsewhere has been fetched; it is verified."""
    try:
        return bool(
            onnx_bytes(entry, may_download=False)
            if file == ONNX
            else verified_bytes(entry, file, may_download=False)
        )
    except ZooError:
        return False
