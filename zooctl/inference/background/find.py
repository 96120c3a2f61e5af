"""The background that a model's scores are ranked in."""

from __future__ import annotations

from pathlib import Path

from zooctl.catalog.weights import verified_bytes
from zooctl.errors import InputError
from zooctl.files.disk.pinned import digest_of
from zooctl.inference.background.file import FILE, read_background
from zooctl.inference.background.ranker import Ranker, Scored, misfit
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import ScoreOptions
from zooctl.inference.variants.scorer import Scorer
from zooctl.progress import Say

NONE = "none"
"""Name of no background, for ``--background``."""


def own_background(model: OpenModel) -> tuple[bytes, Path] | None:
    """Return the file of the background that a model's manifest pins, and its path, if it has one.

    Raises:
        ZooError: Its bytes are not the pinned ones, or cannot be had.
    """
    entry = model.entry
    if entry.folder is None or f"zoo/{entry.name}/{FILE}" not in entry.manifest().files:
        return None
    return verified_bytes(entry, FILE), entry.folder / FILE


def find_ranker(
    model: OpenModel, scorer: Scorer, options: ScoreOptions, n_tracks: int, say: Say
) -> Ranker | None:
    """Return the ranker of a model's scores; None where it has no background, or none that fits.

    Args:
        model: The model.
        scorer: Its scorer.
        options: The background that is asked for.
        n_tracks: Tracks of each score.
        say: Told where the model's own background is of other scores.

    Raises:
        InputError: The background that is asked for is of other scores.
    """
    named = None if options.background is None else str(options.background)
    if named == NONE:
        return None
    if named is None and model.reads_more:
        # Its scores depend on inputs that a background does not hold.
        return None
    if named is None:
        found = own_background(model)
        if found is None:
            return None
    else:
        found = _read(Path(named)), Path(named)
    background = read_background(*found)
    other = misfit(background, Scored.by(scorer, model.weights_digest, options.rc))
    if options.genes is not None and model.card.reads_strand != "genome":
        other = other or "of both strands, not of genes"
    if other is None:
        digest = f"sha256:{digest_of(found[0])}"
        return Ranker(background, digest, options.null, scorer.measures, n_tracks)
    what = f"the background of {background.settings.model} has scores {other}"
    if named is not None:
        hint = "zooctl calibrate makes one of the model's own scores; with --rc, of both strands"
        raise InputError(what, path=named, hint=hint)
    say(f"note: {what}, so there are no percentiles (zooctl calibrate)")
    return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("background cannot be read", path=path, got=error.strerror) from None
