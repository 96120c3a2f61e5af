"""What every entry of the zoo is on the hub: sound by itself, and the same bits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub_server import Hub, Repo
from huggingface_hub import ModelCardData

from zooctl.catalog import registry
from zooctl.catalog.card_text import with_hub
from zooctl.catalog.origin.licence import is_restricted
from zooctl.catalog.publish import citation, front_matter, readme, repository
from zooctl.catalog.root import model_names
from zooctl.catalog.weights import onnx_bytes, verified_bytes
from zooctl.errors import InputError
from zooctl.inference.other_inputs.given_inputs import reads_more
from zooctl.reproduction.verify.consistency import entry_problems
from zooctl.schema.strict_yaml import loads

# The graphs of five networks take a minute to examine.
NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name.startswith("openspliceai") else name
    for name in model_names()
    if registry.entry(name).folder is not None
]


@pytest.mark.parametrize("name", NAMES)
def test_entries_come_back_as_they_were(
    name: str, hub: Hub, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    entry = registry.entry(name)
    weights = entry.card().weights
    if is_restricted(entry.card()):
        with pytest.raises(InputError, match="are not published again"):
            repository(entry, "org/model")
        return
    if weights is not None and weights.published:
        monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(request.getfixturevalue("mirror")))
    files = repository(entry, "org/model")
    hub.repos["org/model"] = Repo()
    revision = hub.repos["org/model"].commit(files)
    back = registry.entry(f"hf://org/model@{revision}", allow_untrusted=True)
    assert onnx_bytes(back) == onnx_bytes(entry)
    for file in back.manifest().files:
        if file.startswith(f"zoo/{name}/"):
            verified_bytes(back, file.removeprefix(f"zoo/{name}/"))
    # With all of it in the cache, probe and graph are compared too.
    problems = [error.what for error in entry_problems(back)]
    # From elsewhere nobody vouches for the recipe, which says what a graph reads.
    more = entry.recipe_path is not None and reads_more(entry.recipe())
    assert problems == ["the network reads more than the sequence"] * more


@pytest.mark.parametrize("name", model_names())
def test_the_hub_knows_the_metadata(name: str) -> None:
    card = registry.entry(name).card()
    meta = front_matter(card, "https://example.org")
    read = ModelCardData(**meta, ignore_metadata_errors=False)
    known = [metric.value for metric in card.metrics if metric.value is not None]
    assert [one.metric_value for one in read.eval_results or ()] == known
    # What is external is no part of the split.
    parts = {one.dataset_split for one in read.eval_results or ()}
    assert parts <= {"train", "validation", "test", None}
    assert (None in parts) == any(metric.split == "external" for metric in card.metrics)
    assert ("external: measured" in readme(card, "https://example.org")) == (None in parts)
    own = {"GPL-3.0-only": "gpl-3.0"}.get(card.licence, card.licence.lower())
    assert read.license == ("other" if "LicenseRef" in card.licence else own)
    assert all(
        result["source"]["url"] for one in meta.get("model-index", ()) for result in one["results"]
    )
    assert citation(card)["version"] == card.version


def test_the_commit_takes_the_place_of_the_last_one() -> None:
    text = "a: 1\nweights:\n  # where\n  files:\n    - path: x\nunknown:\n  a: b\n"
    once = with_hub(text, "org/x", "1" * 40)
    assert "  # where\n  files:\n    - path: x\n  hub: " in once
    twice = with_hub(once, "org/x", "2" * 40)
    assert twice.count("hub:") == 1
    assert twice == with_hub(text, "org/x", "2" * 40)
    block = with_hub(
        "weights:\n  hub:\n    repo: o/y\n    revision: z\n  files: []\n", "o/x", "3" * 40
    )
    read = loads(block, Path("card.yaml")).data
    assert read["weights"]["hub"] == {
        "repo": "o/x",
        "revision": "3" * 40,
    }
    with pytest.raises(InputError, match="no block of weights"):
        with_hub("weights: null\n", "o/x", "3" * 40)
