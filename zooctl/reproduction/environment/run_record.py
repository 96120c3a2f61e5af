"""The environment of a run, recorded in its folder."""

from __future__ import annotations

import json
from pathlib import Path

from zooctl.files.disk.atomic import atomic_output
from zooctl.progress import Say, silent
from zooctl.reproduction.environment.software_digest import hardware, software
from zooctl.reproduction.report.canonical import digest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.loop.run_folder import ENVIRONMENT


def record_run(
    folder: Path, recipe: Recipe, device: str, devices: int = 1, say: Say = silent
) -> None:
    """Record software, hardware and device of a run.

    A resumed run on another machine gets a second record beside the first, and a warning.
    """
    parts = {"software": software(), "hardware": hardware(portable_recipe=recipe.portable)}
    digests = {f"{name}_digest": digest(part) for name, part in parts.items()}
    place = {"device": device} | ({"devices": devices} if devices > 1 else {})
    document = {**place, **digests, **parts}
    target = folder / ENVIRONMENT
    earlier = sorted(folder.glob("environment*.json"))
    if any(json.loads(path.read_text(encoding="utf-8")) == document for path in earlier):
        return
    if earlier:
        say(
            "warning: software, hardware or device changed since the run began; the bits may differ"
        )
        target = folder / f"environment.{len(earlier) + 1}.json"
    with atomic_output(target, force=True) as temporary:
        temporary.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
