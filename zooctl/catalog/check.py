"""Compare card, recipe, manifest and files of an entry, and report all disagreements at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from zooctl.catalog.card_text import TO_WRITE
from zooctl.catalog.entry import ONNX, Entry
from zooctl.errors import ManyErrors, UnsafeError, VerificationError, ZooError
from zooctl.schema.card import Card
from zooctl.schema.explain import nearest
from zooctl.schema.manifest import (
    MANIFEST,
    Manifest,
    digest_file,
    load_manifest,
    picture_paths,
)
from zooctl.schema.recipe.inputs import in_sample
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.signals import Target
from zooctl.schema.recipe.sources import Source
from zooctl.schema.strict_yaml import Document, load, parse

D = TypeVar("D", Card, Recipe)

# The wheel carries entries up to this size; larger weights live on the hub.
MAX_ENTRY_BYTES = 10_000_000


@dataclass(frozen=True)
class Checked(Generic[D]):
    """A card or recipe with its file, so that disagreements name lines."""

    value: D
    document: Document

    def wrong(self, field: str, what: str, got: object, expected: object) -> VerificationError:
        """Return an error at a field of this document."""
        path = tuple(int(part) if part.isdigit() else part for part in field.split("."))
        return VerificationError(
            what,
            path=self.document.path,
            line=self.document.line(path),
            field=field,
            got=got,
            expected=expected,
        )


def check_documents(entry: Entry) -> list[ZooError]:
    """Return all disagreements among an entry's card, recipe, manifest and files.

    The output of the graph is checked by ``inference.adopt.verify``.
    """
    errors: list[ZooError] = []
    card = _read(Card, entry.card_path, errors)
    recipe = None if entry.recipe_path is None else _read(Recipe, entry.recipe_path, errors)
    for named in (card, recipe):
        if named is not None and named.value.name != entry.name:
            errors.append(named.wrong("name", "not the file's name", named.value.name, entry.name))
    if card is not None and recipe is not None:
        errors += _card_and_recipe(card, recipe)
    if card is not None:
        errors += [
            card.wrong(field, "still to be written", TO_WRITE, None)
            for field in unwritten_fields(card.document.data)
        ]
        errors += _evaluated_on(entry, card, recipe)
    manifest = None if entry.folder is None else _manifest(entry, errors)
    if manifest is not None:
        errors += _files(entry, manifest, None if card is None else card.value)
    if card is not None:
        errors += _weights(entry, card, manifest)
    return errors


def check_orphans(root: Path) -> list[ZooError]:
    """Return an error for every recipe, picture and folder of weights that has no card."""
    cards = {path.stem for path in (root / "model_cards").glob("*.yaml")}
    others = sorted((root / "recipes").glob("*.yaml"))
    others += sorted(path for path in (root / "zoo").glob("*") if path.is_dir())
    pictures = {path for name in cards for path in picture_paths(name)}
    others += [
        path
        for path in sorted((root / "model_cards").glob("*.png"))
        if path.relative_to(root).as_posix() not in pictures
    ]
    return [
        VerificationError(
            "no card has this name",
            path=path,
            expected=f"model_cards/{_stem(path)}.yaml",
            hint=nearest(_stem(path), cards),
        )
        for path in others
        if _stem(path) not in cards
    ]


def unwritten(entry: Entry) -> list[str]:
    """Return the fields of a model's card that hold the placeholder ``TO_WRITE``."""
    return list(unwritten_fields(load(entry.card_path).data))


def unwritten_fields(value: object, field: str = "") -> Iterator[str]:
    """Yield the dotted path of every placeholder in a card's data.

    >>> list(unwritten_fields({"a": "x", "b": {"c": [TO_WRITE, "y"]}}))
    ['b.c.0']
    """
    if value == TO_WRITE:
        yield field
    elif isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from unwritten_fields(inner, f"{field}.{key}" if field else str(key))


def as_verification(error: ZooError) -> list[ZooError]:
    """Return an error as a failed verification (exit code 3); an UnsafeError stays one."""
    if isinstance(error, UnsafeError):
        return [error]
    if isinstance(error, ManyErrors):
        return [one for part in error.errors for one in as_verification(part)]
    return [
        VerificationError(
            error.what,
            path=error.path,
            line=error.line,
            field=error.field,
            got=error.got,
            expected=error.expected,
            hint=error.hint,
        )
    ]


def _stem(path: Path) -> str:
    if path.suffix == ".png":
        return path.stem.removesuffix(".motif")
    return path.stem if path.suffix == ".yaml" else path.name


def _read(model: type[D], path: Path, errors: list[ZooError]) -> Checked[D] | None:
    try:
        document = load(path)
        return Checked(parse(model, document), document)
    except ZooError as error:
        errors += as_verification(error)
        return None


def _manifest(entry: Entry, errors: list[ZooError]) -> Manifest | None:
    assert entry.folder is not None
    try:
        return load_manifest(entry.folder / MANIFEST)
    except ZooError as error:
        errors += as_verification(error)
        return None


def _card_and_recipe(card: Checked[Card], recipe: Checked[Recipe]) -> Iterator[ZooError]:
    """Yield the fields in which a card differs from its recipe, which is right."""
    claimed, made = card.value, recipe.value
    same = {
        "trained_on" if claimed.trained_on else "assembly": (
            claimed.training_assembly,
            made.genome.assembly,
        ),
        "unknown_base": (claimed.unknown_base, made.unknown_base),
        "seed": (claimed.seed, made.seed),
    }
    for length in ("input_length", "output_length", "bin_size", "core_length"):
        same[length] = (getattr(claimed, length), getattr(made.window, length))
    for part in ("train", "validation", "test"):
        regions = [
            ", ".join(sorted(str(region) for region in getattr(split, part, ())))
            for split in (claimed.split, made.split)
        ]
        same[f"split.{part}"] = (regions[0], regions[1])
    same["tracks"] = (
        ", ".join(track.name for track in claimed.tracks),
        ", ".join(target.track for target in made.targets),
    )
    transforms = sorted({target.signal.transform for target in made.targets})
    same["output_transform"] = (claimed.output_transform, ", ".join(transforms))
    tracks = {track.name for track in claimed.tracks}
    paired = [pair for pair in made.strand_pairs if set(pair) <= tracks]
    same["strand_pairs"] = (_pairs(claimed.strand_pairs), _pairs(paired))
    for field, (got, expected) in same.items():
        if got != expected:
            yield card.wrong(field, "differs from the recipe", got, expected)
    yield from _tracks(card, recipe)
    yield from _training_data(card, recipe)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(sorted(" and ".join(sorted(pair)) for pair in pairs)) or "none"


def _evaluated_on(
    entry: Entry, card: Checked[Card], recipe: Checked[Recipe] | None
) -> Iterator[ZooError]:
    """Yield faults of ``evaluated_on``, which names another entry's recipe."""
    other = card.value.evaluated_on
    if other is None:
        return
    if recipe is not None:
        yield card.wrong("evaluated_on", "the model has a recipe of its own", other, None)
    # A model outside of a zoo has no entries beside it.
    within = entry.card_path.parent != entry.folder
    if within and not (entry.root / "recipes" / f"{other}.yaml").is_file():
        yield card.wrong("evaluated_on", "no such recipe", other, f"recipes/{other}.yaml")


def _tracks(card: Checked[Card], recipe: Checked[Recipe]) -> Iterator[ZooError]:
    """Yield the fields of tracks in which a card differs from the recipe's sources of the track.

    Where samples of training differ in a field, as in the biosample, the recipe states none.
    """
    sources = {target.track: _sources(recipe.value, target) for target in recipe.value.targets}
    for number, track in enumerate(card.value.tracks):
        for field in ("assay", "target", "biosample"):
            stated = {getattr(source, field) for source in sources.get(track.name, ())}
            got, expected = getattr(track, field), stated.pop() if len(stated) == 1 else None
            if expected is not None and got != expected:
                yield card.wrong(
                    f"tracks.{number}.{field}", "differs from the recipe", got, expected
                )


def _sources(recipe: Recipe, target: Target) -> list[Source]:
    """Return the source of a target in each sample of training."""
    signals = [in_sample(target.signal, sample) for sample in recipe.samples] or [target.signal]
    return [recipe.source(signal.source) for signal in signals]


def _training_data(card: Checked[Card], recipe: Checked[Recipe]) -> Iterator[ZooError]:
    """Yield the training data in which a card differs from the recipe's sources."""
    claimed = {data.id: (number, data) for number, data in enumerate(card.value.training_data)}
    for source in recipe.value.sources:
        if source.id not in claimed:
            yield card.wrong("training_data", "lacks a source of the recipe", None, source.id)
            continue
        number, data = claimed.pop(source.id)
        for field in ("accession", "url", "sha256", "size", "licence"):
            got, expected = getattr(data, field), getattr(source, field)
            if got != expected:
                here = f"training_data.{number}.{field}"
                yield card.wrong(here, "differs from the recipe", got or "null", expected or "null")
    for name, (number, _) in claimed.items():
        yield card.wrong(f"training_data.{number}.id", "is no source of the recipe", name, None)


def _files(entry: Entry, manifest: Manifest, card: Card | None) -> Iterator[ZooError]:
    """Yield files that are missing, changed, unknown to the manifest, or too large together."""
    assert entry.folder is not None
    path = entry.folder / MANIFEST
    if manifest.name != entry.name:
        yield VerificationError(
            "not the folder's name", path=path, field="name", got=manifest.name, expected=entry.name
        )
    present = entry.present()
    for file, pinned in sorted(manifest.files.items()):
        if file not in present:
            if not _is_downloadable(entry, card, file):
                yield VerificationError("file is missing", path=entry.path(file))
            continue
        got = digest_file(entry.path(file))
        if got != pinned:
            document = not file.startswith("zoo/")
            hint = f"zooctl check --stamp {entry.name}, if the edit was meant"
            yield VerificationError(
                "bytes differ from the manifest",
                path=entry.path(file),
                got=f"{got.size:,} bytes, sha256 {got.sha256}",
                expected=f"{pinned.size:,} bytes, sha256 {pinned.sha256}",
                hint=hint if document else "restore the file from its source",
            )
    for file in present:
        if file not in manifest.files:
            yield VerificationError("not in the manifest", path=entry.path(file))
    total = sum(entry.path(file).stat().st_size for file in present)
    if total > MAX_ENTRY_BYTES:
        yield VerificationError(
            "entry is too large for the repository",
            path=entry.folder,
            got=f"{total:,} bytes",
            expected=f"at most {MAX_ENTRY_BYTES:,}",
        )


def _is_downloadable(entry: Entry, card: Card | None, file: str) -> bool:
    """Say whether a card names a place for a missing file: hub, address, or published weights."""
    if card is None or card.weights is None:
        return False
    if card.weights.published and file == f"zoo/{entry.name}/{ONNX}":
        return True
    urls = {f"zoo/{entry.name}/{weight.path}" for weight in card.weights.files if weight.url}
    return (card.weights.hub is not None and file.startswith("zoo/")) or file in urls


def _weights(entry: Entry, card: Checked[Card], manifest: Manifest | None) -> Iterator[ZooError]:
    """Yield the weights in which a card differs from its manifest."""
    weights = card.value.weights
    if weights is None:
        if entry.folder is not None:
            yield card.wrong("weights", "card knows of no weights", "null", f"zoo/{entry.name}")
        return
    if entry.folder is None:
        folder = entry.root / "zoo" / entry.name
        yield card.wrong("weights", "weights have no manifest", None, folder / MANIFEST)
    for number, file in enumerate(weights.files):
        here = f"weights.files.{number}"
        pinned = None if manifest is None else manifest.files.get(f"zoo/{entry.name}/{file.path}")
        if manifest is not None and pinned is None:
            yield card.wrong(f"{here}.path", "not in the manifest", file.path, None)
        for field in ("sha256", "size"):
            if pinned is not None and getattr(file, field) != getattr(pinned, field):
                yield card.wrong(
                    f"{here}.{field}",
                    "differs from the manifest",
                    getattr(file, field),
                    getattr(pinned, field),
                )
