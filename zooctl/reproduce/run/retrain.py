"""From data to weights to the figures of the card: what a full reproduction does again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import zooctl
from zooctl.catalog.data import locate
from zooctl.catalog.entry import ONNX, PROBE, SAFETENSORS, Entry
from zooctl.catalog.genomes import find_genome
from zooctl.files.disk.atomic import atomic_output
from zooctl.progress import Progress, Say
from zooctl.reproduce.environment.environment import Environment, tree_digest
from zooctl.reproduce.report import picture_files, pictures
from zooctl.reproduce.report.equivalence import compare_figure
from zooctl.reproduce.report.pictures import PicturePlan, Pictures
from zooctl.reproduce.report.report import Figure, Picture
from zooctl.reproduce.run.journal import Journal
from zooctl.reproduce.run.measure import card_figures, judge, take_pictures
from zooctl.schema.card import Card
from zooctl.schema.manifest import (
    MANIFEST,
    digest_file,
    load_manifest,
    picture_paths,
    tensor_digest,
)
from zooctl.schema.recipe.recipe import Recipe

RUN, ZOO, FIGURES, PICTURES = "run", "zoo", "figures.json", "pictures.json"
# Of an entry's folder, what training decides.
ENTRY_FILES = (ONNX, SAFETENSORS, PROBE)


@dataclass(frozen=True)
class Again:
    """What came of it.

    Attributes:
        tensor_digest: Of the weights trained now.
        files: File of the entry's folder to whether its bytes came again.
        figures: Of the card.
        pictures: Of the card.
    """

    tensor_digest: str
    files: dict[str, bool]
    figures: tuple[Figure, ...]
    pictures: tuple[Picture, ...]

    @property
    def same_bits(self) -> bool:
        """Whether all files of the entry came again to the byte."""
        return all(self.files.values())

    @property
    def other_files(self) -> str:
        """Those that did not."""
        return ", ".join(name for name, same in self.files.items() if not same)

    @property
    def unjudged(self) -> bool:
        """Whether a metric is of other weights and the card says nothing of chance."""
        return any(
            one.equivalence is None for one in self.figures if one.field.startswith("metrics.")
        )


def make_again(
    entry: Entry,
    fasta: Path | None,
    journal: Journal,
    environment: Environment,
    *,
    progress: Progress,
    say: Say,
) -> Again:
    """Train, export and evaluate a model; steps that the journal has are not done again.

    Args:
        entry: The model; its card, recipe and manifest agree.
        fasta: Genome, if not the one that the assembly leads to.
        journal: Of the work folder.
        environment: Of this process.
        progress: Opens a progress display from total, unit and label.
        say: Told what goes on, a line each.
    """
    from zooctl.training.data.prepare import prepare
    from zooctl.training.loop.metrics_log import METRICS, STEPS

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
        _train(recipe, dataset, work / RUN, resumes, progress, say)

    left = [f"{RUN}/{file}" for file in ("best.safetensors", METRICS, STEPS)]
    trained = journal.step("train", inputs, left, train)
    exported = _export(entry, recipe, dataset, journal, inputs | trained.outputs)
    folder = work / ZOO / "zoo" / entry.name

    made_entry = Entry(work / ZOO, entry.name, entry.card_path, entry.recipe_path, folder)
    known = picture_files.published(entry)
    plan = PicturePlan() if known is None else pictures.plan_of(known)

    def measure(resumes: bool) -> None:
        _measure(entry, made_entry, plan, work, fasta, progress, say)

    others = {
        "card": f"sha256:{digest_file(entry.card_path).sha256}",
        # Figures hang on more of our code than bits of weights do.
        "code": f"sha256:{tree_digest(Path(zooctl.__file__).parent)}",
    }
    if known is not None:
        others["pictures"] = (
            f"sha256:{digest_file(entry.path(f'zoo/{entry.name}/{picture_files.FILE}')).sha256}"
        )
    outputs = [
        FIGURES,
        PICTURES,
        *(f"{ZOO}/{file}" for file in pictures.numbers(known, entry.name)),
    ]
    journal.step("evaluate", inputs | others | exported, outputs, measure)
    manifest, made = entry.manifest(), load_manifest(folder / MANIFEST)
    files = {
        name: made.files.get(f"zoo/{entry.name}/{name}")
        == manifest.files.get(f"zoo/{entry.name}/{name}")
        for name in ENTRY_FILES
    }
    retrained = made.tensor_digest != manifest.tensor_digest
    found = json.loads((work / FIGURES).read_text())
    shown = Pictures.model_validate_json((work / PICTURES).read_bytes())
    return Again(
        made.tensor_digest,
        files,
        tuple(figures(entry.card(), found, retrained)),
        tuple(compare_pictures(entry, known, shown, work / ZOO, retrained)),
    )


def _train(
    recipe: Recipe, dataset: Any, run: Path, resumes: bool, progress: Progress, say: Say
) -> None:
    from zooctl.training.data.windows import choose_windows
    from zooctl.training.loop.fit import fit

    if not resumes:
        shutil.rmtree(run, ignore_errors=True)
    windows = choose_windows(recipe, dataset)
    total = recipe.schedule.max_epochs * windows.n_epoch(recipe)
    with progress(total, "windows", f"training {recipe.name}") as advance:
        fit(recipe, dataset, windows, run, device="cpu", say=say, advance=advance)


def _export(
    entry: Entry, recipe: Recipe, dataset: Any, journal: Journal, inputs: Mapping[str, str]
) -> dict[str, str]:
    """Write the entry anew into the work folder; return the digests of its files."""
    from zooctl.training.export.entry import write_entry

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

    files = [*ENTRY_FILES, MANIFEST]
    outputs = [f"{ZOO}/zoo/{entry.name}/{file}" for file in files]
    return journal.step("export", inputs, outputs, write).outputs


def _measure(
    entry: Entry,
    made: Entry,
    plan: PicturePlan,
    work: Path,
    fasta: Path | None,
    progress: Progress,
    say: Say,
) -> None:
    """Evaluate the weights made now: write the numbers of the card and of its pictures, and draw.

    Args:
        entry: The model.
        made: The same with the weights made now.
        plan: What the pictures show.
        work: Folder of the files.
        fasta: Genome, if not the one that the assembly leads to.
        progress: Opens a progress display from total, unit and label.
        say: Told what goes on, a line each.
    """
    with judge(made, fasta, None, progress=progress, say=say) as judged:
        numbers = card_figures(entry.card(), entry.card_path, judged.report)
        shown = take_pictures(judged, plan, progress)
    texts = {FIGURES: json.dumps(numbers), PICTURES: picture_files.to_text(shown)}
    for name, text in texts.items():
        with atomic_output(work / name, force=True) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    picture_files.draw(shown, entry.name, work / ZOO)


def compare_pictures(
    entry: Entry, known: Pictures | None, found: Pictures, root: Path, retrained: bool
) -> list[Picture]:
    """Return every picture of the card beside the one drawn now.

    Args:
        entry: The model.
        known: What its pictures show; None where nobody says.
        found: The same of the weights made now.
        root: Below which these were drawn.
        retrained: Whether these are other weights than the published ones.
    """
    old, new = pictures.numbers(known, entry.name), pictures.numbers(found, entry.name)
    made = []
    for path in entry.pictures():
        file = next(one for one in picture_paths(entry.name) if entry.path(one) == path)
        same, largest = None, None
        if file in old:
            same, largest = pictures.compare_numbers(old[file], new.get(file, np.empty(0)))
        drawn = root / file
        made.append(
            Picture(
                file=file,
                n=len(old.get(file, ())),
                # How far chance carries single bins, no card says.
                equivalence=None if retrained and same != "bitwise" else same,
                max_abs=largest,
                same_file=drawn.is_file() and digest_file(drawn) == digest_file(path),
            )
        )
    return made


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
        same = compare_figure(
            claimed, got, retrained=of_weights, spread=bounds, is_count=place.endswith(".n")
        )
        got = None if got is None else float(got)
        made.append(Figure(field=place, name=name, card=float(claimed), got=got, equivalence=same))
    return made
