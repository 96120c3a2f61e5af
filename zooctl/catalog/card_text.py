"""The text of a card as the program writes it: a first draft, and the parts that weights change.

A card is a person's document with comments of its own, so it is edited as text, block by block,
and read again before it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from zooctl.schema.manifest import FileDigest
from zooctl.schema.recipe.recipe import Recipe

TO_WRITE = "TO BE WRITTEN"


def weights_block(files: Mapping[str, FileDigest]) -> str:
    """The ``weights`` block for files below the entry's folder.

    >>> weights_block({"model.onnx": FileDigest(sha256="0" * 64, size=12)}).splitlines()[:3]
    ['weights:', '  files:', '    - path: model.onnx']
    """
    lines = ["weights:", "  files:"]
    for path, file in files.items():
        lines += [
            f"    - path: {path}",
            f"      sha256: {file.sha256}",
            f"      size: {file.size}",
        ]
    return "\n".join(lines) + "\n"


def replace_block(text: str, key: str, block: str) -> str:
    """Replace the top-level block of ``key`` in a YAML text, or append it.

    >>> replace_block("a: 1\\nb:\\n  - 2\\n# c\\nc: 3\\n", "b", "b: 9\\n")
    'a: 1\\nb: 9\\n# c\\nc: 3\\n'
    """
    pattern = re.compile(rf"^{re.escape(key)}:.*\n(?:[ \t-].*\n|\n(?=[ \t-]))*", re.MULTILINE)
    if not pattern.search(text):
        return text.rstrip("\n") + "\n" + block
    return pattern.sub(lambda _: block, text, count=1)


def update_card(path: Path, *, environment: str, seed: int, files: Mapping[str, FileDigest]) -> str:
    """Return the card at ``path`` with what new weights change."""
    text = path.read_text(encoding="utf-8")
    for key, block in (
        ("seed", f"seed: {seed}\n"),
        ("environment", f"environment: {environment}\n"),
        ("weights", weights_block(files)),
    ):
        text = forget_reason(replace_block(text, key, block), key)
    return text


def forget_reason(text: str, field: str) -> str:
    """Drop the reason why a field is null, now that it is not.

    >>> forget_reason("seed: 1\\nunknown:\\n  seed: not trained\\n  b: why\\n", "seed")
    'seed: 1\\nunknown:\\n  b: why\\n'
    """
    head, unknown, reasons = text.partition("\nunknown:\n")
    reasons = re.sub(rf"^  {re.escape(field)}:.*\n", "", reasons, flags=re.MULTILINE)
    return head + unknown + reasons


def draft_card(recipe: Recipe, *, environment: str, files: Mapping[str, FileDigest]) -> str:
    """Return a card with all that a recipe and its weights tell; a person writes the rest."""
    window, split = recipe.window, recipe.split
    sources = {source.id: source for source in recipe.sources}
    tracks = []
    for target in recipe.targets:
        source = sources[target.signal.source]
        tracks += [
            f"  - name: {target.track}",
            f"    assay: {json.dumps(source.assay or TO_WRITE)}",
            *([f"    target: {json.dumps(source.target)}"] if source.target else []),
            f"    biosample: {json.dumps(source.biosample or TO_WRITE)}",
            "    biosample_ontology: null",
            f"    unit: {json.dumps(source.output_type or TO_WRITE)}",
            '    strand: "."',
        ]
    data = []
    for source in recipe.sources:
        data += [
            f"  - id: {source.id}",
            f"    accession: {json.dumps(source.accession)}",
            f"    url: {json.dumps(source.url)}",
            f"    sha256: {json.dumps(source.sha256)}",
            f"    size: {json.dumps(source.size)}",
            f"    licence: {source.licence}",
        ]
    regions = {
        part: json.dumps([region.model_dump(exclude_none=True) for region in getattr(split, part)])
        for part in ("train", "validation", "test")
    }
    unknown = {
        "robustness": TO_WRITE,
        "tracks.*.biosample_ontology": TO_WRITE,
        "citation": TO_WRITE,
    }
    for field in ("accession", "url", "sha256", "size"):
        if any(getattr(source, field) is None for source in recipe.sources):
            unknown[f"training_data.*.{field}"] = recipe.unknown[f"sources.*.{field}"]
    return "\n".join(
        [
            f"name: {recipe.name}",
            f"title: {TO_WRITE}",
            "version: 0.1.0",
            "experimental: not measured yet",
            "licence: MIT",
            "citation: null",
            f"authors: [{TO_WRITE}]",
            f"assembly: {recipe.genome.assembly}",
            f"input_length: {window.input_length}",
            f"output_length: {window.output_length}",
            f"bin_size: {window.bin_size}",
            f"core_length: {window.core_length}",
            f"unknown_base: {recipe.unknown_base:g}",
            "tracks:",
            *tracks,
            f"output_transform: {recipe.targets[0].signal.transform}",
            f"output_scale: {recipe.output_scale}",
            "training_data:",
            *data,
            "split:",
            *(f"  {part}: {text}" for part, text in regions.items()),
            f"seed: {recipe.seed}",
            f"environment: {environment}",
            "metrics: []",
            "robustness: null",
            f"intended_use: {TO_WRITE}",
            f"limits: [{TO_WRITE}]",
            weights_block(files).rstrip(),
            "unknown:",
            *(f"  {field}: {json.dumps(reason)}" for field, reason in unknown.items()),
            "",
        ]
    )
