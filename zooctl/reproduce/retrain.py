"""From data to weights to the figures of the card: what a full reproduction does again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zooctl
from zooctl.catalog.card import Card
from zooctl.catalog.data import locate
from zooctl.catalog.genomes import find_genome
from zooctl.catalog.manifest import MANIFEST, digest_file, load_manifest, tensor_digest
from zooctl.catalog.recipe import Recipe
from zooctl.catalog.registry import ONNX, Entry
from zooctl.catalog.strict_yaml import loads
from zooctl.files.atomic import atomic_output
from zooctl.reproduce.compare import Equivalence, compare_figure
from zooctl.reproduce.environment import Environment, tree_digest
from zooctl.reproduce.journal import Journal
from zooctl.reproduce.report import Figure

Stage = Callable[[float | None, str, str], AbstractContextManager[Callable[[float], None]]]
Say = Callable[[str], None]

RUN, ZOO, FIGURES = "run", "zoo", "figures.json"


@dataclass(frozen=True)
class Again:
    """What came of it.

    Attributes:
        tensor_digest: Of the weights trained now.
        files: File of the entry's folder to whether its bytes came again.
        figures: Of the card.
    """

    tensor_digest: str
    files: dict[str, bool]
    figures: tuple[Figure, ...]


def make_again(
    entry: Entry,
    fasta: Path | None,
    journal: Journal,
    environment: Environment,
    *,
    stage: Stage,
    say: Say,
) -> Again:
    """Train, export and evaluate a model; steps that the journal has are not done again.

    Args:
        entry: The model; its card, recipe and manifest agree.
        fasta: Genome, if not the one that the assembly leads to.
        journal: Of the work folder.
        environment: Of this process.
        stage: Opens a progress display from total, unit and label.
        say: Told what goes on, a line each.
    """
    from zooctl.training.prepare import prepare

    recipe, work = entry.recipe(), journal.folder
    genome, description = find_genome(recipe.genome.assembly, fasta)
    say(f"genome: {description}")
    sources = {source.id: locate(source).path for source in recipe.sources}
    dataset = prepare(recipe, sources, genome, say)
    assert entry.recipe_path is not None
    inputs = {
        "recipe": f"sha256:{digest_file(entry.recipe_path).sha256}",
        "genome": tensor_digest(dataset.codes),
        "software": environment.software_digest,
        "hardware": environment.hardware_digest,
        **{f"source {source.id}": f"sha256:{source.sha256}" for source in recipe.sources},
    }

    def train(resumes: bool) -> None:
        _train(recipe, dataset, work / RUN, resumes, stage, say)

    trained = journal.step("train", inputs, [f"{RUN}/best.safetensors"], train)
    exported = _export(entry, recipe, dataset, journal, inputs | trained.outputs)
    folder = work / ZOO / "zoo" / entry.name

    def measure(resumes: bool) -> None:
        document = _measure(entry, recipe, folder, work / FIGURES, fasta, stage, say)
        with atomic_output(work / FIGURES, force=True) as temporary:
            temporary.write_text(json.dumps(document))

    others = {
        "card": f"sha256:{digest_file(entry.card_path).sha256}",
        # Figures hang on more of our code than bits of weights do.
        "code": f"sha256:{tree_digest(Path(zooctl.__file__).parent)}",
    }
    journal.step("evaluate", inputs | others | exported, [FIGURES], measure)
    manifest, made = entry.manifest(), load_manifest(folder / MANIFEST)
    files = {
        name: made.files.get(f"zoo/{entry.name}/{name}")
        == manifest.files.get(f"zoo/{entry.name}/{name}")
        for name in (ONNX, "model.safetensors", "probe.safetensors")
    }
    retrained = made.tensor_digest != manifest.tensor_digest
    found = json.loads((work / FIGURES).read_text())
    return Again(made.tensor_digest, files, tuple(figures(entry.card(), found, retrained)))


def _train(recipe: Recipe, dataset: Any, run: Path, resumes: bool, stage: Stage, say: Say) -> None:
    from zooctl.training.fit import fit
    from zooctl.training.selection import choose_windows

    if not resumes:
        shutil.rmtree(run, ignore_errors=True)
    windows = choose_windows(recipe, dataset)
    total = recipe.schedule.max_epochs * windows.n_epoch(recipe)
    with stage(total, "windows", f"training {recipe.name}") as advance:
        fit(recipe, dataset, windows, run, device="cpu", report=say, advance=advance)


def _export(
    entry: Entry, recipe: Recipe, dataset: Any, journal: Journal, inputs: Mapping[str, str]
) -> dict[str, str]:
    """Write the entry anew into the work folder; return the digests of its files."""
    from zooctl.training.entry import write_entry

    root = journal.folder / ZOO

    def write(resumes: bool) -> None:
        shutil.rmtree(root, ignore_errors=True)
        for path in (entry.card_path, entry.recipe_path):
            assert path is not None
            copy = root / path.relative_to(entry.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        environment = inputs["software"]
        write_entry(root, recipe, journal.folder / RUN, dataset, environment=environment)

    files = [ONNX, "model.safetensors", "probe.safetensors", MANIFEST]
    outputs = [f"{ZOO}/zoo/{entry.name}/{file}" for file in files]
    return journal.step("export", inputs, outputs, write).outputs


def _measure(
    entry: Entry,
    recipe: Recipe,
    folder: Path,
    target: Path,
    fasta: Path | None,
    stage: Stage,
    say: Say,
) -> dict[str, Any]:
    """Evaluate the weights made now; return the metrics and the robustness of the card, anew.

    Figures that the evaluation does not give are null.
    """
    from zooctl.evaluation.card_metrics import card_text
    from zooctl.evaluation.evaluate import evaluate
    from zooctl.evaluation.heldout import open_network
    from zooctl.evaluation.material import Wanted, open_material

    card = entry.card()
    root = folder.parent.parent
    made = Entry(root, entry.name, entry.card_path, entry.recipe_path, folder)
    wanted = [Wanted(n, one.name, one.assay, one.target) for n, one in enumerate(card.tracks)]
    network = open_network(made, list(range(card.n_tracks)), "cpu", recipe.threads)
    with open_material(wanted, recipe, fasta=fasta, say=say) as material:
        report = evaluate(network, material, recipe.evaluation, data=entry.name, stage=stage)
    # Nothing of the card's own figures may pass for found.
    empty = card.model_copy(
        update={
            "metrics": tuple(
                metric.model_copy(update={"value": None, "baseline_value": None, "n": None})
                for metric in card.metrics
            )
        }
    )
    text = entry.card_path.read_text(encoding="utf-8")
    document = loads(card_text(text, empty, report), target).data
    robustness = None if report.robustness is None else document["robustness"]
    return {"metrics": document["metrics"], "robustness": robustness}


def figures(card: Card, found: Mapping[str, Any], retrained: bool) -> list[Figure]:
    """Return every figure of the card beside the one found now.

    The mean and the spread over seeds are of other runs and not among them.
    """
    pairs: list[tuple[str, str, float, float | None, tuple[float, float, int] | None]] = []
    for index, (metric, again) in enumerate(zip(card.metrics, found["metrics"], strict=True)):
        spread = None
        if metric.mean is not None and metric.sd is not None and metric.n_seeds is not None:
            spread = (metric.mean, metric.sd, metric.n_seeds)
        for field, bounds in (("value", spread), ("n", None), ("baseline_value", None)):
            if (claimed := getattr(metric, field)) is not None:
                place, got = f"metrics.{index}.{field}", again.get(field)
                pairs.append((place, metric.name, claimed, got, bounds))
    if card.robustness is not None:
        pairs.append(("robustness", "robustness", card.robustness, found["robustness"], None))
    made = []
    for place, name, claimed, got, bounds in pairs:
        of_weights = retrained and not place.endswith((".n", ".baseline_value"))
        same: Equivalence = compare_figure(claimed, got, retrained=of_weights, spread=bounds)
        got = None if got is None else float(got)
        made.append(Figure(field=place, name=name, card=float(claimed), got=got, equivalence=same))
    return made
