"""Criteria of bronze, and those of silver that need no training: B1, B2, B3, S1, S2."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from zooctl.catalog.entry import PROBE, Entry
from zooctl.reproduction.environment.machine import missing_details, run_details
from zooctl.reproduction.environment.software_digest import LICENCE, LOCKS
from zooctl.reproduction.evidence.data import is_published, stands
from zooctl.reproduction.report.levels import Status
from zooctl.reproduction.report.report import Evidence
from zooctl.reproduction.report.rows import DataFile, RunDetails
from zooctl.schema.card import Card
from zooctl.schema.manifest import digest_file


class Judgement(NamedTuple):
    """Status of a criterion, and the evidence for it in words."""

    status: Status
    evidence: str


def judge_data(entry: Entry, data: Iterable[DataFile]) -> Judgement:
    """Judge B1: every source here with the pinned bytes, published, and not taken back.

    Args:
        entry: The model.
        data: Sources of its recipe, and contigs of its genome.
    """
    if entry.recipe_path is None:
        return Judgement("skip", "the model has no recipe that names its data")
    files = list(data)
    sources = {one.id: one for one in entry.recipe().sources}
    refused = [one for one in files if not stands(one.archive)]
    wrong = [one for one in files if one.status != "ok"]
    hidden = [
        one for one in files if one.id in sources and not is_published(sources[one.id], one.origin)
    ]
    if refused:
        return Judgement("fail", "; ".join(str(one.archive) for one in refused))
    if wrong:
        status: Status = "fail" if any(one.status == "changed" for one in wrong) else "skip"
        return Judgement(status, "; ".join(dict.fromkeys(one.note or one.id for one in wrong)))
    if hidden:
        notes = "; ".join(
            f"{', '.join(one.id for one in hidden if one.note == note)}: {note}"
            for note in dict.fromkeys(one.note for one in hidden)
        )
        way = "an address or a copy in recipes/data would mend it"
        return Judgement("skip", f"{notes}; {way}")
    shown = "; ".join(f"{one.id} ({one.origin}) {one.note}" for one in files)
    return Judgement("pass", f"sha256 as pinned: {shown or 'no source'}")


def judge_weights(entry: Entry, evidence: Evidence) -> Judgement:
    """Judge B2: weights published, and predicting the probe as stored."""
    card = entry.card()
    if entry.folder is None or card.weights is None:
        return Judgement("skip", card.unknown.get("weights", "weights are not here"))
    for one in evidence.predictions:
        if one.equivalence == "failed":
            return Judgement("fail", f"probe predicted by {one.engine} differs from the stored")
    manifest = entry.manifest()
    if f"zoo/{entry.name}/{PROBE}" in manifest.files and not evidence.predictions:
        return Judgement("skip", "the probe was not predicted")
    text = f"bytes as in the manifest, tensors {manifest.tensor_digest}, licence {card.licence}"
    return Judgement("pass", text)


def judge_documents(entry: Entry, evidence: Evidence) -> Judgement:
    """Judge B3: recipe, code and its licence published, the code as it was recorded.

    A full run proves the code that it ran with, whichever was recorded before.
    """
    if entry.recipe_path is None:
        return Judgement("skip", "the model has no recipe")
    if entry.folder is None:
        return Judgement("skip", "nothing pins the recipe: the entry has no manifest")
    code = "code proven by this run"
    if evidence.coverage != "full":
        if evidence.software.recorded is None:
            return Judgement("skip", "no code is recorded beside the weights")
        changed = [name for name, _, _ in evidence.software.differences if name.startswith("code")]
        if changed:
            parts = ", ".join(name.removeprefix("code.") for name in changed)
            text = f"the code that decides bits is another than the recorded, in {parts}"
            return Judgement("skip", text)
        code = "code as recorded"
    recipe = digest_file(entry.recipe_path).sha256
    licence = evidence.subjects.get(LICENCE)
    shown = f"licence sha256 {licence.sha256}" if licence else "licence of the installed package"
    text = f"recipe as in the manifest, sha256 {recipe}; {shown}; {code}; {evidence.commit}"
    return Judgement("pass", text)


def judge_dependencies(evidence: Evidence) -> Judgement:
    """Judge S1: installed as the lock files say."""
    locks = [name for name in LOCKS if name in evidence.subjects]
    shown = ", ".join(f"{name} sha256 {evidence.subjects[name].sha256}" for name in locks)
    return Judgement("pass", f"installed as locked by {shown}")


def judge_details(card: Card, evidence: Evidence) -> Judgement:
    """Judge S2: everything recorded that a reader needs to plan a run.

    The run is the one that proved the weights: a full run itself, else the recorded one.
    """
    missing = [name for name in ("seed", "split", "environment") if getattr(card, name) is None]
    missing += [f"metrics.{n}.n" for n, one in enumerate(card.metrics) if one.n is None]
    missing += [] if card.metrics else ["metrics"]
    if missing:
        return Judgement("skip", f"not on the card: {', '.join(missing)}")
    if evidence.weights.trained is not None:
        run = run_details(evidence.machine, evidence.seconds, evidence.stages)
    elif evidence.run is not None:
        run = evidence.run.model_dump()
    else:
        return Judgement("skip", "time and machine of a run are not recorded")
    if lacking := missing_details(run):
        return Judgement("skip", f"not recorded of the run: {', '.join(lacking)}")
    shown = ", ".join(f"{name} {run[name]}" for name in RunDetails.model_fields)
    return Judgement("pass", f"seed, split, counts on the card; {shown}")
