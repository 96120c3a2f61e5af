"""Content of a model's repository on the hub: its files as they are, and derived documents.

README with front matter, ``config.json``, licence and citation are derived from the card, which
stays the only source of each fact.
"""

from __future__ import annotations

import json
import re
from typing import Any

from zooctl import __version__
from zooctl.catalog.entry import CARD, Entry, flat_path
from zooctl.catalog.origin.licence import is_restricted
from zooctl.catalog.weights import pinned_files
from zooctl.errors import InputError
from zooctl.schema.card import Card, Metric
from zooctl.schema.escape import markdown, markdown_table, one_line
from zooctl.schema.manifest import MANIFEST
from zooctl.schema.strict_yaml import dumps

REPORT = "reproduce_report.json"
_DERIVED = ("README.md", "config.json", "LICENSE", "CITATION.cff", MANIFEST, REPORT)

# The hub's names of licences that are not SPDX's in lower case.
_LICENCES = {
    "GPL-2.0-only": "gpl-2.0",
    "GPL-2.0-or-later": "gpl-2.0",
    "GPL-3.0-only": "gpl-3.0",
    "GPL-3.0-or-later": "gpl-3.0",
    "LGPL-3.0-or-later": "lgpl-3.0",
    "ODbL-1.0": "odbl",
}


def repository(entry: Entry, repo: str, report: bytes | None = None) -> dict[str, bytes]:
    """Return all files of a model's repository, path to content.

    Args:
        entry: The model; its missing files are downloaded.
        repo: Name of the repository, as ``org/name``.
        report: Report of ``zooctl reproduce``, as JSON.

    Raises:
        ZooError: A file differs from the manifest, or is neither here nor downloadable.
        InputError: A file has the name of a derived document, or the weights are their authors'
            alone to publish.
    """
    card = entry.card()
    if is_restricted(card) and card.weights is not None and card.weights.published:
        raise InputError(f"the weights of {card.name} are not published again", got=card.licence)
    files = {flat_path(entry.name, path): data for path, data in pinned_files(entry).items()}
    for name in _DERIVED:
        if name in files:
            raise InputError("a file has the name of a derived document", got=name)
    assert entry.folder is not None
    files[MANIFEST] = (entry.folder / MANIFEST).read_bytes()
    if report is not None:
        files[REPORT] = report
    source = f"https://huggingface.co/{repo}/blob/main/{CARD if report is None else REPORT}"
    derived = {
        "README.md": readme(card, source),
        "config.json": json.dumps(config(card), indent=2) + "\n",
        "LICENSE": licence_text(card),
        "CITATION.cff": dumps(citation(card)),
    }
    return dict(
        sorted({**files, **{name: text.encode() for name, text in derived.items()}}.items())
    )


def front_matter(card: Card, source: str) -> dict[str, Any]:
    """Return the metadata of the hub's model card.

    ``datasets`` is left out: it names datasets of the hub, where anybody may register one under an
    accession. The accessions are in the text.

    Args:
        card: The model's card.
        source: Address of the document that its figures come from.
    """
    tags = ["biology", "genomics", "dna", "onnx", "safetensors", card.assembly]
    tags += [track.assay.lower().replace(" ", "-") for track in card.tracks]
    if any(track.target for track in card.tracks):
        tags += [track.target for track in card.tracks if track.target]
    meta: dict[str, Any] = {
        "library_name": "zooctl",
        "tags": list(dict.fromkeys(map(one_line, tags))),
    }
    if card.licence.startswith("LicenseRef-"):
        meta |= {
            "license": "other",
            "license_name": card.licence.lower(),
            "license_link": "LICENSE",
        }
    else:
        meta["license"] = _LICENCES.get(card.licence, card.licence.lower())
    results = [_result(card, metric, source) for metric in card.metrics if metric.value is not None]
    if results:
        meta["metrics"] = list(dict.fromkeys(metric.name for metric in card.metrics))
        meta["model-index"] = [{"name": card.name, "results": results}]
    return meta


def _result(card: Card, metric: Metric, source: str) -> dict[str, Any]:
    track = metric.track or "all tracks"
    dataset = {
        "type": card.assembly,
        "name": f"{card.assembly}, {track}",
        "config": track,
        "split": metric.split,
    }
    by = "zooctl evaluate"
    if metric.split == "external":
        by = "the model's card"
        del dataset["split"]
        dataset["name"] = f"{dataset['name']}, against another kind of experiment"
    return {
        "task": {"type": "genomics", "name": one_line(card.title)},
        "dataset": dataset,
        "metrics": [
            {"type": metric.name, "value": metric.value, "name": f"{metric.name}, {track}"}
        ],
        "source": {"name": by, "url": source},
    }


def readme(card: Card, source: str) -> str:
    """Return the page of a model on the hub, as Markdown with front matter."""
    use = f"zooctl predict --model {card.name} --region chr21:30,000,001-31,000,000"
    parts = [
        f"# {card.name} {card.version}",
        markdown(card.title) + ".",
        *(f"> {markdown(remark)}" for remark in card.remarks),
        f"Intended use: {markdown(card.intended_use)}",
        "## Use",
        f"```\npip install zooctl\n{use}\n```",
        f"Reads {card.input_length:,} bp of {card.assembly}, predicts the "
        f"{card.output_length:,} bp in its middle in bins of {card.bin_size} bp.",
        "## Tracks",
        _table(
            ("track", "assay", "target", "biosample", "unit"),
            [(t.name, t.assay, t.target or "-", t.biosample, t.unit) for t in card.tracks],
        ),
        "## Figures",
        _table(
            ("metric", "track", "value", "split", "baseline", "its value"),
            [
                (
                    m.name,
                    m.track or "all",
                    _number(m.value),
                    m.split,
                    m.baseline or "-",
                    _number(m.baseline_value),
                )
                for m in card.metrics
            ],
        ),
        markdown(card.legend or ""),
        "## Limits",
        "\n".join(f"- {markdown(limit)}" for limit in card.limits),
        "## Training data",
        _table(
            ("id", "accession", "licence"),
            [(d.id, d.accession or "-", d.licence) for d in card.training_data],
        ),
        f"Licence of the weights: {card.licence}. Authors: {markdown(', '.join(card.authors))}."
        + (f" Cite: {markdown(card.citation)}." if card.citation else ""),
    ]
    text = "\n\n".join(part for part in parts if part)
    return f"---\n{dumps(front_matter(card, source))}---\n\n{text}\n"


def config(card: Card) -> dict[str, Any]:
    """Return the fields of ``config.json``, by which the hub counts downloads."""
    return {
        "library_name": "zooctl",
        "library_version": __version__,
        "model_type": "zooctl",
        **{
            field: getattr(card, field)
            for field in (
                "name",
                "version",
                "assembly",
                "input_length",
                "output_length",
                "bin_size",
                "core_length",
                "unknown_base",
                "output_transform",
                "output_scale",
            )
        },
        "tracks": [track.name for track in card.tracks],
    }


def licence_text(card: Card) -> str:
    """Return the text of the file LICENSE, which names the licence of the weights."""
    terms = (
        "The model card states the known terms."
        if card.licence.startswith("LicenseRef-")
        else f"https://spdx.org/licenses/{card.licence}.html"
    )
    authors = one_line(", ".join(card.authors))
    return f"The weights of {card.name}, by {authors}: {card.licence}\n{terms}\n"


def citation(card: Card) -> dict[str, Any]:
    """Return the fields of a citation file (CFF 1.2.0)."""
    fields: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": one_line(card.citation or "") or "Cite the model by its name and version.",
        "type": "dataset",
        "title": one_line(card.title),
        "version": card.version,
        "authors": [{"name": one_line(author)} for author in card.authors],
    }
    if not card.licence.startswith("LicenseRef-"):
        fields["license"] = card.licence
    if doi := re.search(r"10\.\d{4,9}/[^\s,;]+", card.citation or ""):
        fields["doi"] = doi[0].rstrip(".")
    return fields


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table; empty without rows."""
    return markdown_table(head, rows) if rows else ""
