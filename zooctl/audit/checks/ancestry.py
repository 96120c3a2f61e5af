"""Dependent examples: test regions seen by pretraining, or by training on other cell types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zooctl.audit.findings import Level, Outcome, Problems, clear, none_to_check
from zooctl.audit.inputs import AuditInputs, target_rows
from zooctl.catalog import registry
from zooctl.errors import InputError
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.schema.recipe.training import InitFrom

_RECIPE_OF_A_RUN = "recipe.yaml"


@dataclass(frozen=True)
class Ancestor:
    """Model whose weights training began with, directly or through another.

    Attributes:
        where: Model, or file.
        assembly: Assembly of its regions.
        split: Regions of its training and validation; None where nobody says.
        biosamples: Its cell types.
    """

    where: str
    assembly: str
    split: Split | None
    biosamples: frozenset[str]


def ancestors(recipe: Recipe) -> list[Ancestor]:
    """Return the ancestors of a recipe's weights by ``init_from``, the nearest first."""
    return list(_ancestors(recipe.init_from, frozenset({recipe.name})))


def _ancestors(init: InitFrom | None, seen: frozenset[str]) -> Iterator[Ancestor]:
    where = None if init is None else init.model or init.file
    if init is None or where is None or where in seen:
        return
    recipe = _recipe(init)
    if recipe is not None:
        yield Ancestor(where, recipe.genome.assembly, recipe.split, biosamples(recipe))
        yield from _ancestors(recipe.init_from, seen | {where})
    elif init.model is not None:
        card = registry.entry(init.model).card()
        names = frozenset(track.biosample for track in card.tracks)
        yield Ancestor(where, card.assembly, card.split, names)
    else:
        yield Ancestor(where, "", None, frozenset())


def _recipe(init: InitFrom) -> Recipe | None:
    """Return the recipe of a model, or that of a run beside its weights."""
    if init.model is not None:
        entry = registry.entry(init.model)
        return None if entry.recipe_path is None else entry.recipe()
    path = Path(init.file or "").parent / _RECIPE_OF_A_RUN
    return load_recipe(path) if path.is_file() else None


def biosamples(recipe: Recipe) -> frozenset[str]:
    """Return the cell types of a recipe's targets, as far as it names them."""
    names = {recipe.source(row.signal.source).biosample for row in target_rows(recipe)}
    return frozenset(name for name in names if name is not None)


def _seen_region(ancestor: Ancestor, assembly: str, region: Region) -> str | None:
    """Return the region of an ancestor's training or validation that overlaps a region."""
    if ancestor.split is None:
        return None
    for part in ("train", "validation"):
        for other in getattr(ancestor.split, part):
            # Positions of two assemblies differ, chromosomes hardly.
            same = assembly == ancestor.assembly
            if region.overlaps(other) if same else region.chrom == other.chrom:
                return f"{part} {other}" + ("" if same else f" of {ancestor.assembly}")
    return None


def pretraining(inputs: AuditInputs) -> Outcome:
    """Look for test and validation regions that earlier training of the weights saw."""
    recipe = inputs.recipe
    try:
        found = ancestors(recipe)
    except InputError as error:
        return Outcome("not run", f"the regions that the weights had seen cannot be read: {error}")
    if not found:
        return none_to_check("weights begin at random")
    problems = Problems()
    grades: tuple[tuple[str, Level], ...] = (("test", "severe"), ("validation", "warning"))
    for ancestor in found:
        for part, level in grades:
            for region in getattr(recipe.split, part):
                if met := _seen_region(ancestor, recipe.genome.assembly, region):
                    problems.add(level, f"{part} {region} is in {met} of {ancestor.where}")
        if both := sorted(ancestor.biosamples & biosamples(recipe)):
            problems.add("note", f"{ancestor.where} was trained on {', '.join(both)} too")
    unknown = [ancestor.where for ancestor in found if ancestor.split is None]
    evidence = {
        "ancestors": [ancestor.where for ancestor in found],
        "found": [text for _, text in problems],
    }
    if unknown and problems.level != "severe":
        reason = f"nobody says on which regions {', '.join(unknown)} was trained"
        return Outcome("not run", "; ".join([reason, *evidence["found"]]), evidence)
    if not problems:
        return clear(f"nothing of validation and test was seen by {found[0].where}", evidence)
    return Outcome(
        problems.level,
        f"earlier training of the weights saw regions that judge them: {problems}"
        if problems.level != "note"
        else f"{problems}: the test says nothing of a new cell type",
        evidence,
        "begin with weights that never saw these regions, or test on others",
    )


def cross_cell(inputs: AuditInputs) -> Outcome:
    """Look for test chromosomes that were trained on in another cell type."""
    recipe = inputs.recipe
    own = biosamples(recipe)
    tested = {region.chrom for region in recipe.split.test}
    both = sorted(tested & {region.chrom for region in recipe.split.train})
    problems = Problems()
    if len(own) > 1 and both:
        problems.add(
            "warning", f"{len(own)} biosamples are trained and tested on {', '.join(both)}"
        )
    try:
        earlier = ancestors(recipe)
    except InputError as error:
        return Outcome("not run", f"the regions that the weights had seen cannot be read: {error}")
    for ancestor in earlier:
        others = sorted(ancestor.biosamples - own)
        met = [
            _seen_region(ancestor, recipe.genome.assembly, region) for region in recipe.split.test
        ]
        if others and any(met):
            problems.add("severe", f"{ancestor.where} was trained there on {', '.join(others)}")
    evidence = {"biosamples": sorted(own), "chromosomes": both}
    if not problems:
        if len(own) < 2 and not earlier:
            return none_to_check("one biosample")
        return clear("no biosample is tested where another was trained", evidence)
    return Outcome(
        problems.level,
        f"{problems}: signal that they share there can be learnt by heart",
        evidence,
        "test on chromosomes that no other biosample was trained on, and show what the average "
        "over the other tracks reaches (confounding.average)",
    )
