"""Documents: cards, recipes, manifests, search spaces and reports."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import rfc8785
from fuzz.formats import CODES, OFFLINE_CODES, Format
from fuzz.genome import REPO
from fuzz.mutate import JSON
from fuzz.place import Place, Work

_SPACE = b"""optimiser.lr: {log_uniform: [1.0e-4, 1.0e-2]}
network.filters: {choice: [4, 8, 16]}
network.dilated_layers: {int: [1, 3]}
augmentation.max_shift: {int: [0, 8]}
"""
_JSON_SPACE = b'{"optimiser.lr": {"uniform": [0.001, 0.1]}, "batch_size": {"choice": [2, 4]}}'


def _documents(folder: str) -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted((REPO / folder).glob("*.yaml"))]


def _card_seeds(place: Place) -> list[bytes]:
    own = (place.zoo / "model_cards/toy.yaml").read_bytes()
    theirs = [re.sub(rb"(?m)^name: .*", b"name: toy", one) for one in _documents("model_cards")]
    return [own, own, *theirs, json.dumps({"name": "toy"}).encode()]


def _card(place: Place, work: Work) -> list[str]:
    root = work.own_zoo(place)
    (root / "model_cards/toy.yaml").write_bytes(work.content)
    return work.draw.choice(
        (["info", "toy"], ["info", "toy", "--json"], ["check", "toy"], ["list"])
    )


def _recipe_seeds(place: Place) -> list[bytes]:
    own = (place.zoo / "recipes/toy.yaml").read_bytes()
    return [own, own, *_documents("recipes")]


def _recipe(place: Place, work: Work) -> list[str]:
    name = work.write("in.yaml")
    return work.draw.choice((["audit", name, "--json"], ["data", "fetch", name]))


def _manifest_seeds(place: Place) -> list[bytes]:
    return [(place.zoo / "zoo/toy/manifest.json").read_bytes()]


def _manifest(place: Place, work: Work) -> list[str]:
    root = work.own_zoo(place)
    (root / "zoo/toy/manifest.json").write_bytes(work.content)
    return work.draw.choice((["info", "toy", "--json"], ["check", "toy"]))


def _space_seeds(place: Place) -> list[bytes]:
    return [_SPACE, _JSON_SPACE]


def _space(place: Place, work: Work) -> list[str]:
    """Search without Ray: what is wrong with the space is said before Ray is asked for."""
    sys.modules["ray"] = None  # type: ignore[assignment]
    recipe = str(place.zoo / "recipes/toy.yaml")
    return ["tune", recipe, "--space", work.write("in.yaml"), "-o", "out", "--trials", "5"]


def _report_seeds(place: Place) -> list[bytes]:
    return [(place.folder / "report.json").read_bytes()]


def _sealed(content: bytes) -> bytes:
    """Return a report with the digest that its content has, so that it is read on."""
    try:
        document = json.loads(content)
        document.pop("digest")
        digest = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return content
    sealed = document | {"digest": f"sha256:{digest}"}
    return (json.dumps(sealed, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _report(place: Place, work: Work) -> list[str]:
    for beside in ("report.md", "report.intoto.json"):
        shutil.copy(place.folder / beside, work.folder / beside)
    return ["report", "verify", work.write("report.json")]


def prepare(place: Place) -> None:
    """Write a report of the toy, whose weights are not of its recipe's network; run in a child."""
    from zooctl.cli.main import run

    os.chdir(place.folder)
    run(["reproduce", "toy", "--report", "report.json", "--fasta", str(place.fasta)])
    assert Path("report.json").exists()


DOCUMENT = {"mutations": JSON, "outputs": ("own",)}
FORMATS = (
    Format("card", _card_seeds, _card, codes=OFFLINE_CODES, **DOCUMENT),
    Format(
        *("recipe", _recipe_seeds, _recipe),
        suffixes=(".yaml",),
        codes=OFFLINE_CODES,
        sound=frozenset({0, 3, 4}),
        **DOCUMENT,
    ),
    Format("manifest", _manifest_seeds, _manifest, codes=OFFLINE_CODES, **DOCUMENT),
    Format("report", _report_seeds, _report, pack=_sealed, codes=CODES, **DOCUMENT),
    Format("space", _space_seeds, _space, codes=frozenset({2}), sound=frozenset({2}), **DOCUMENT),
)
