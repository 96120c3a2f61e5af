"""Note beside a model's weights in which environment a full run made them again."""

from __future__ import annotations

import json

from zooctl.catalog.card_text import CardText
from zooctl.catalog.entry import Entry
from zooctl.errors import VerificationError
from zooctl.files.disk.atomic import atomic_output
from zooctl.reproduce.environment import environment
from zooctl.reproduce.environment.machine import run_details
from zooctl.reproduce.judge.entry import LOCKS, subjects
from zooctl.reproduce.judge.recorded import here_for
from zooctl.reproduce.report.report import EnvironmentPart, ReproductionReport
from zooctl.schema.card import Card
from zooctl.schema.manifest import MANIFEST, digest_file, save_manifest
from zooctl.schema.strict_yaml import loads, parse


def record_environment(entry: Entry, report: ReproductionReport) -> ReproductionReport:
    """Write ``zoo/<name>/environment.json``, its digest onto the card, and both into the manifest.

    Args:
        entry: The model.
        report: Of the full run that was made here and now.

    Returns:
        The report, about the entry as it is now.

    Raises:
        VerificationError: The run did not come to the bits and the figures that are published.
    """
    here = here_for(entry)
    proven = report.coverage == "full" and report.equivalence == "bitwise"
    if not proven or report.faults or report.software.found != here.software_digest:
        raise VerificationError(
            "nothing is recorded: no full run to the published bits and figures",
            got=report.equivalence,
            expected="bitwise",
        )
    assert entry.folder is not None
    document = {
        "software_digest": here.software_digest,
        "hardware_digest": here.hardware_digest,
        "software": here.software,
        "hardware": here.hardware,
        "locks": {
            name: digest_file(entry.root / name).sha256
            for name in LOCKS
            if (entry.root / name).is_file()
        },
        "machine": run_details(report.machine, report.seconds, report.stages),
    }
    target = entry.folder / environment.FILE
    edited = CardText(entry.card_path.read_text(encoding="utf-8"))
    edited.set("environment", here.software_digest)
    text = str(edited)
    parse(Card, loads(text, entry.card_path))
    contents = {
        target: json.dumps(document, indent=1, sort_keys=True) + "\n",
        entry.card_path: text,
    }
    for path, content in contents.items():
        with atomic_output(path, force=True) as temporary:
            temporary.write_text(content, encoding="utf-8", newline="\n")
    manifest = entry.manifest()
    new = {path.relative_to(entry.root).as_posix(): digest_file(path) for path in contents}
    save_manifest(
        manifest.model_copy(update={"files": {**manifest.files, **new}}), entry.folder / MANIFEST
    )
    here_now = (here.software_digest, here.hardware_digest)
    software, hardware = (EnvironmentPart(recorded=one, found=one, match=True) for one in here_now)
    return report.model_copy(
        update={"subjects": subjects(entry), "software": software, "hardware": hardware}
    )
