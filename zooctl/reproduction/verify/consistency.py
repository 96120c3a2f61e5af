"""Every disagreement inside an entry: documents, recorded reports, weights, graph and probe."""

from __future__ import annotations

from zooctl.catalog.check import as_verification, check_documents
from zooctl.catalog.entry import Entry
from zooctl.errors import ZooError
from zooctl.inference.adopt.verify import check_weights
from zooctl.reproduction.verify.recorded_reports import check_texts


def entry_problems(entry: Entry) -> list[ZooError]:
    """Return every disagreement inside an entry, documents first.

    Weights are looked at where they are in the repository or on this machine.
    """
    errors = check_documents(entry)
    errors += [part for error in check_texts(entry) for part in as_verification(error)]
    if entry.folder is None:
        return errors
    try:
        entry.card()
        entry.manifest()
    except ZooError:
        return errors  # reported already, and the graph cannot be compared with them
    return errors + [part for error in check_weights(entry) for part in as_verification(error)]
