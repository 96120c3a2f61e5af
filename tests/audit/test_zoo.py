"""The zoo's own recipes: what is severe stands on their cards, and nothing stands there in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.audit.audit import ACKNOWLEDGEMENTS, audit
from zooctl.audit.card_only import audit_card
from zooctl.audit.read_inputs import find_recipe, read_inputs
from zooctl.catalog.genomes import find_genome
from zooctl.catalog.root import model_names, packaged_root
from zooctl.errors import InputError
from zooctl.files.intervals.gtf import read_genes

NAMES = sorted(path.stem for path in (packaged_root() / "recipes").glob("*.yaml"))
GENES = {"sacCer3": "yeast_atac_sacCer3/sacCer3.ensGene.gtf.gz"}


@pytest.mark.slow  # half a minute of one core for each that has its data here
@pytest.mark.parametrize("name", NAMES)
def test_severe_findings_are_on_the_card(
    name: str, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    recipe, card = find_recipe(name)
    annotation = GENES.get(recipe.genome.assembly)
    genes = None if annotation is None else read_genes(mirror / annotation)
    found = audit(read_inputs(recipe, card, genes=genes))
    assert [finding.id for finding in found.standing] == []
    last = found.findings[-1]
    if last.id == ACKNOWLEDGEMENTS:
        assert last.outcome.level == "clear", last.outcome.summary
    try:
        find_genome(recipe.genome.assembly)
    except InputError:
        return  # most checks were not run
    assert {finding.id for finding in found.of("not run")} <= {"confounding.genes"}


@pytest.mark.parametrize("name", sorted(set(model_names()) - set(NAMES)))
def test_nothing_severe_stands_on_a_card_without_a_recipe(name: str) -> None:
    recipe, card = find_recipe(name)
    assert recipe is None
    assert card is not None
    assert [finding.id for finding in audit_card(card).standing] == []
