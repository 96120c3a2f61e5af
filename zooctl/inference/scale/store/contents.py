"""The contents of a store: listed, verified, and exported by the name of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zooctl import __version__
from zooctl.errors import InputError
from zooctl.inference.model import OpenModel
from zooctl.inference.scale.store.choose import StoredScores, choose, stored_scores
from zooctl.inference.scale.store.export import export
from zooctl.progress import Progress, Say, no_progress, silent


@dataclass(frozen=True)
class Contents:
    """The scores of one model by one choice of settings.

    Attributes:
        model: The model.
        settings: Digest of the settings, short.
        alleles: Rows, those that several parts hold counted several times.
        parts: Number of parts.
        size: Their bytes.
        note: A remark for people.
        facts: Model, weights and settings.
    """

    model: str
    settings: str
    alleles: int
    parts: int
    size: int
    note: str
    facts: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)


def _root(store: str | Path | None) -> Path:
    if store is None:
        raise InputError("say which store", hint="name its folder with --store")
    return Path(store)


def contents(store: str | Path | None, say: Say = silent) -> list[Contents]:
    """Return the scores of a store.

    Raises:
        InputError: None is named, or there is no such folder.
    """
    return [_contents(one) for one in stored_scores(_root(store), None, say)]


def _contents(one: StoredScores) -> Contents:
    parts = list(one.parts())
    facts = dict(one.space.facts)
    version = facts["computing"]["zooctl"]
    notes = ["in genes"] * one.in_genes
    if version != __version__:
        notes.append(f"by zooctl {version}")
    rows, size = sum(part.rows for part in parts), sum(part.path.stat().st_size for part in parts)
    return Contents(one.model, one.name, rows, len(parts), size, ", ".join(notes), facts)


def verify(
    store: str | Path | None, say: Say = silent, progress: Progress = no_progress
) -> tuple[int, int]:
    """Compare every part of a store with its digest, and drop those that differ.

    Returns:
        Number of sound parts, and of damaged ones.

    Raises:
        InputError: None is named, or there is no such folder.
    """
    found = stored_scores(_root(store), None, say)
    size = sum(part.path.stat().st_size for one in found for part in one.parts())
    sound = damaged = 0
    with progress(size, "B", "verifying") as tell:
        for one in found:
            for contig in one.space.contigs():
                if (parts := one.space.parts(contig)) is None:
                    continue
                before = parts.parts()
                kept = len(parts.sound(advance=tell))
                sound, damaged = sound + kept, damaged + len(before) - kept
    return sound, damaged


def export_model(
    model: OpenModel,
    store: str | Path | None,
    output: Path,
    *,
    settings: str | None = None,
    regions: Sequence[str] = (),
    fasta: Path | None = None,
    force: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> tuple[int, list[Path]]:
    """Export a model's scores (see ``export``), on a genome if one is named.

    Raises:
        InputError: The store has none of the model, or several kinds; or as ``export``.
    """
    chosen = choose(_root(store), model, settings, say)
    if fasta is None:
        return export(chosen, output, regions, force=force, say=say, progress=progress)
    with model.genome(fasta, say, progress) as genome:
        return export(
            chosen, output, regions, genome=genome, force=force, say=say, progress=progress
        )
