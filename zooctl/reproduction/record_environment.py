"""Record beside a model's weights the environment in which a full run reproduced them."""

from __future__ import annotations

import json

from zooctl.catalog.card_text import CardText
from zooctl.catalog.entry import Entry
from zooctl.errors import VerificationError
from zooctl.files.disk.atomic import atomic_output
from zooctl.reproduction.environment import software_digest as environment
from zooctl.reproduction.environment.compare_recorded import environment_for
from zooctl.reproduction.environment.machine import run_details
from zooctl.reproduction.environment.software_digest import LOCKS
from zooctl.reproduction.evidence.entry import subjects
from zooctl.reproduction.judge.verdict import complete
from zooctl.reproduction.report.report import ReproductionReport
from zooctl.reproduction.report.rows import EnvironmentPart
from zooctl.reproduction.report.text import write_report
from zooctl.reproduction.verify.recorded_reports import report_path
from zooctl.schema.card import Card, SeedAgreement
from zooctl.schema.manifest import MANIFEST, digest_file, save_manifest
from zooctl.schema.strict_yaml import loads, parse


def record_run(entry: Entry, report: ReproductionReport) -> ReproductionReport:
    """Record a full run: environment beside the weights, its digest on the card, report beside it.

    Args:
        entry: The model.
        report: Of the full run that was made here and now.

    Returns:
        The report, about the entry as it is now.

    Raises:
        VerificationError: The run did not arrive at the published bits and figures, or not all of
            it was made by this command.
    """
    if old := [stage.name for stage in report.stages if stage.resumed]:
        raise VerificationError(
            "nothing is recorded: not all of it was made by this command",
            got=f"{', '.join(old)} taken from the journal of an earlier one",
            hint="run it whole, in a new work folder",
        )
    here = environment_for(entry)
    proven = report.coverage == "full" and report.equivalence == "bitwise"
    if not proven or report.exit_code or report.software.found != here.software_digest:
        raise VerificationError(
            "nothing is recorded: no full run to the published bits and figures",
            got=report.equivalence,
            expected="bitwise",
        )
    _write_environment(entry, report, here)
    software, hardware = (
        EnvironmentPart(recorded=one, found=one, match=True)
        for one in (here.software_digest, here.hardware_digest)
    )
    changed = {"subjects": subjects(entry), "software": software, "hardware": hardware}
    recorded = complete(entry, report.model_copy(update=changed))
    write_report(recorded, report_path(entry), force=True)
    return recorded


def write_seed_agreement(entry: Entry, found: SeedAgreement) -> None:
    """Write the agreement of seeds onto an entry's card, after reading the new text back."""
    edited = CardText(entry.card_path.read_text(encoding="utf-8"))
    edited.set("seed_agreement", found.model_dump(mode="json"))
    text = str(edited)
    parse(Card, loads(text, entry.card_path))
    with atomic_output(entry.card_path, force=True) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _write_environment(
    entry: Entry, report: ReproductionReport, here: environment.Environment
) -> None:
    """Write the environment beside the weights and its digest onto the card; pin both."""
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
    edited = CardText(entry.card_path.read_text(encoding="utf-8"))
    edited.set("environment", here.software_digest)
    text = str(edited)
    parse(Card, loads(text, entry.card_path))
    contents = {
        entry.folder / environment.FILE: json.dumps(document, indent=1, sort_keys=True) + "\n",
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
