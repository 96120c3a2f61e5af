"""A full run: from data to weights to the figures and pictures of the card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zooctl
from zooctl.catalog.data import locate
from zooctl.catalog.entry import ONNX, PROBE, SAFETENSORS, Entry
from zooctl.catalog.genomes import find_genome
from zooctl.files.disk.atomic import atomic_output
from zooctl.progress import Progress, Say
from zooctl.reproduce.environment.environment import Environment, tree_digest
from zooctl.reproduce.report import picture_files, pictures
from zooctl.reproduce.report.equivalence import Distance
from zooctl.reproduce.report.figures import take_figures
from zooctl.reproduce.report.pictures import PicturePlan, Pictures
from zooctl.reproduce.report.rows import Picture
from zooctl.reproduce.run.journal import Journal
from zooctl.reproduce.run.measure import evaluated
from zooctl.schema.manifest import MANIFEST, digest_file, load_manifest, tensor_digest
from zooctl.schema.recipe.recipe import Recipe

RUN, ZOO, FIGURES, PICTURES = "run", "zoo", "figures.json", "pictures.json"
# Of an entry's folder, the files that training decides.
ENTRY_FILES = (ONNX, SAFETENSORS, PROBE)
STAGES = ("train", "export", "evaluate")


@dataclass(frozen=True)
class RetrainedModel:
    """A retrained model, measured.

    Attributes:
        tensor_digest: Of its weights.
        figures: Field of the card to number (``take_figures``).
        pictures: Of the card, without classes.
    """

    tensor_digest: str
    figures: dict[str, float | int | None]
    pictures: tuple[Picture, ...]


def retrain(
    entry: Entry,
    fasta: Path | None,
    journal: Journal,
    environment: Environment,
    *,
    progress: Progress,
    say: Say,
) -> RetrainedModel:
    """Train, export and evaluate a model; steps that the journal holds are not repeated.

    Args:
        entry: The model; its card, recipe and manifest agree.
        fasta: Genome, if not the one that the assembly leads to.
        journal: Of the work folder.
        environment: Of this process.
        progress: Opens a progress display from total, unit and label.
        say: Takes lines for the user.
    """
    from zooctl.training.data.prepare import prepare

    recipe = entry.recipe()
    genome, description = find_genome(recipe.genome.assembly, fasta)
    say(f"genome: {description}")
    sources = {source.id: locate(source).path for source in recipe.sources}
    dataset = prepare(recipe, sources, genome, say)
    inputs = {
        "recipe": _digest(entry.recipe_path),
        "genome": tensor_digest(dataset.codes),
        "software": environment.software_digest,
        "hardware": environment.hardware_digest,
        **{f"source {source.id}": f"sha256:{source.sha256}" for source in recipe.sources},
    }
    inputs |= _train(recipe, dataset, journal, inputs, progress, say)
    exported = _export(entry, recipe, dataset, journal, inputs)
    folder = journal.folder / ZOO / "zoo" / entry.name
    made = Entry(journal.folder / ZOO, entry.name, entry.card_path, entry.recipe_path, folder)
    # The trained weights count as they were exported.
    inputs = {name: one for name, one in inputs.items() if not name.startswith(RUN)} | exported
    known = picture_files.published(entry)
    _evaluate(entry, made, known, fasta, journal, inputs, progress, say)
    figures = json.loads((journal.folder / FIGURES).read_text())
    shown = Pictures.model_validate_json((journal.folder / PICTURES).read_bytes())
    digest = load_manifest(folder / MANIFEST).tensor_digest
    return RetrainedModel(digest, figures, tuple(_measured_pictures(entry.name, known, shown)))


def _digest(path: Path | None) -> str:
    assert path is not None
    return f"sha256:{digest_file(path).sha256}"


def _train(
    recipe: Recipe,
    dataset: Any,
    journal: Journal,
    inputs: Mapping[str, str],
    progress: Progress,
    say: Say,
) -> dict[str, str]:
    """Train into the work folder; return the digests of the run's files."""
    from zooctl.training.data.windows import choose_windows
    from zooctl.training.loop.fit import fit
    from zooctl.training.loop.metrics_log import METRICS, STEPS

    run = journal.folder / RUN

    def work(resumes: bool) -> None:
        if not resumes:
            shutil.rmtree(run, ignore_errors=True)
        windows = choose_windows(recipe, dataset)
        total = recipe.schedule.max_epochs * windows.n_epoch(recipe)
        with progress(total, "windows", f"training {recipe.name}") as advance:
            fit(recipe, dataset, windows, run, device="cpu", say=say, advance=advance)

    files = [f"{RUN}/{file}" for file in ("best.safetensors", METRICS, STEPS)]
    return journal.step("train", inputs, files, work).outputs


def _export(
    entry: Entry, recipe: Recipe, dataset: Any, journal: Journal, inputs: Mapping[str, str]
) -> dict[str, str]:
    """Write the entry into the work folder; return the digests of its files."""
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


def _evaluate(
    entry: Entry,
    made: Entry,
    known: Pictures | None,
    fasta: Path | None,
    journal: Journal,
    inputs: Mapping[str, str],
    progress: Progress,
    say: Say,
) -> None:
    """Compute the numbers of the card and of its pictures, and draw these.

    Args:
        entry: The model.
        made: The retrained one.
        known: Published numbers of the pictures.
        fasta: Genome, if not the one that the assembly leads to.
        journal: Of the work folder.
        inputs: Digests that the retrained weights depend on, and theirs.
        progress: Opens a progress display from total, unit and label.
        say: Takes lines for the user.
    """
    work = journal.folder
    plan = PicturePlan() if known is None else pictures.plan_of(known)

    def measure(resumes: bool) -> None:
        with evaluated(made, fasta, None, progress=progress, say=say) as judged:
            numbers = take_figures(entry.card(), entry.card_path, judged.report)
            shown = pictures.take_pictures(judged, plan, progress)
        texts = {FIGURES: json.dumps(numbers), PICTURES: picture_files.to_text(shown)}
        for name, text in texts.items():
            with atomic_output(work / name, force=True) as temporary:
                temporary.write_text(text, encoding="utf-8", newline="\n")
        picture_files.draw(shown, entry.name, work / ZOO)

    others = {
        "card": _digest(entry.card_path),
        # Figures depend on more of our code than bits of weights do.
        "code": f"sha256:{tree_digest(Path(zooctl.__file__).parent)}",
    }
    if known is not None:
        others["pictures"] = _digest(entry.path(f"zoo/{entry.name}/{picture_files.FILE}"))
    drawn = (f"{ZOO}/{file}" for file in pictures.numbers(known, entry.name))
    journal.step("evaluate", {**inputs, **others}, [FIGURES, PICTURES, *drawn], measure)


def _measured_pictures(name: str, known: Pictures | None, found: Pictures) -> list[Picture]:
    """Return every published picture with its distance from the one of the retrained model."""
    new = pictures.numbers(found, name)
    rows = []
    for file, old in pictures.numbers(known, name).items():
        apart = pictures.compare_numbers(old, new[file]) if file in new else Distance(None, None)
        rows.append(
            Picture(file=file, n=len(old), equivalence=None, same_file=False, **apart._asdict())
        )
    return rows
