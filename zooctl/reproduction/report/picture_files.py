"""Pictures of a card as files: their numbers beside the weights, the drawings beside the card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from zooctl.catalog.entry import Entry
from zooctl.catalog.weights import verified_bytes
from zooctl.errors import InputError, IntegrityError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.motifs import Motif
from zooctl.reproduction.report.pictures import Pictures, array
from zooctl.schema.manifest import MANIFEST, digest_file, picture_paths, save_manifest
from zooctl.sequence.intervals import Interval

FILE = "pictures.json"


def published(entry: Entry) -> Pictures | None:
    """Return the published numbers of an entry's pictures; None where there are none.

    Raises:
        IntegrityError: Their file was changed, or holds no such numbers.
    """
    if entry.folder is None or f"zoo/{entry.name}/{FILE}" not in entry.manifest().files:
        return None
    try:
        return Pictures.model_validate_json(verified_bytes(entry, FILE))
    except ValueError as error:
        first = str(error).splitlines()[0]
        raise IntegrityError("not the numbers of pictures", field=FILE, got=first) from None


def to_text(pictures: Pictures) -> str:
    """Return pictures as JSON, a line a track and a position, so that changes can be read."""
    text = json.dumps(pictures.model_dump(mode="json"), indent=1)
    # Numbers of one list on one line.
    return _joined(text) + "\n"


def _joined(text: str) -> str:
    """Put the contents of innermost brackets on one line.

    >>> _joined('{"a": [\\n  1.0,\\n  null\\n ]}')
    '{"a": [1.0, null]}'
    """
    parts = text.split("[")
    for index, part in enumerate(parts):
        inside, bracket, rest = part.partition("]")
        if bracket and '"' not in inside and "{" not in inside:
            parts[index] = " ".join(inside.split()) + bracket + rest
    return "[".join(parts)


def draw(pictures: Pictures, name: str, root: Path) -> list[Path]:
    """Draw the pictures of an entry below a root; return where they are.

    Raises:
        InputError: matplotlib is not installed.
    """
    from zooctl.interpret.pictures.plots import PlottedTrack, draw_logos, draw_tracks

    targets = [root / path for path in picture_paths(name)]
    drawn = []
    targets[0].parent.mkdir(parents=True, exist_ok=True)
    if (shown := pictures.tracks) is not None:
        tracks = [PlottedTrack(one.name, array(one.values), shown.unit) for one in shown.lines]
        region = Interval(shown.chrom, shown.start, shown.end)
        draw_tracks(targets[0], tracks, region, title=shown.title or None, force=True)
        drawn.append(targets[0])
    if pictures.motif is not None:
        logos = [
            (one.name, Motif(one.name, np.array(one.counts)), one.first)
            for one in pictures.motif.logos
        ]
        draw_logos(targets[1], logos, force=True)
        drawn.append(targets[1])
    return drawn


def publish(entry: Entry, pictures: Pictures) -> list[Path]:
    """Draw the pictures of an entry, keep their numbers, and pin both in the manifest.

    Raises:
        InputError: The entry has no weights, or matplotlib is not installed.
    """
    if entry.folder is None:
        raise InputError("the model has no weights here", got=entry.name)
    drawn = draw(pictures, entry.name, entry.root)
    numbers = entry.folder / FILE
    with atomic_output(numbers, force=True) as temporary:
        temporary.write_text(to_text(pictures), encoding="utf-8", newline="\n")
    manifest = entry.manifest()
    new = {path.relative_to(entry.root).as_posix(): digest_file(path) for path in (*drawn, numbers)}
    save_manifest(
        manifest.model_copy(update={"files": {**manifest.files, **new}}), entry.folder / MANIFEST
    )
    return [*drawn, numbers]
