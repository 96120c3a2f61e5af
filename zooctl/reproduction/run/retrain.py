"""A full run: from data to weights to the figures and pictures of the card."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load

import zooctl
from zooctl.catalog.data import locate
from zooctl.catalog.entry import ONNX, PROBE, SAFETENSORS, Entry
from zooctl.catalog.genomes import find_genome
from zooctl.catalog.weights import verified_bytes
from zooctl.files.disk.atomic import atomic_output
from zooctl.progress import Progress, Say
from zooctl.reproduction.environment.software_digest import Environment, tree_digest
from zooctl.reproduction.report import picture_files, pictures
from zooctl.reproduction.report.figures import take_figures
from zooctl.reproduction.report.pictures import PicturePlan, Pictures
from zooctl.reproduction.report.predictions import lowest_pearson
from zooctl.reproduction.report.rows import Picture
from zooctl.reproduction.run.journal import Journal
from zooctl.reproduction.run.measure import evaluated
from zooctl.schema.manifest import MANIFEST, digest_file, load_manifest, tensor_digest

RUN, ZOO, FIGURES, PICTURES = "run", "zoo", "figures.json", "pictures.json"
# Of an entry's folder, the files that training decides.
ENTRY_FILES = (ONNX, SAFETENSORS, PROBE)


@dataclass(frozen=True)
class RetrainedModel:
    """A retrained model, measured.

    Attributes:
        tensor_digest: Of its weights.
        figures: Field of the card to number (``take_figures``).
        pictures: Of the card, without classes.
        agreement: Lowest correlation of any track of its predictions of the probe with the
            published ones; None where the probes differ.
    """

    tensor_digest: str
    figures: dict[str, float | int | None]
    pictures: tuple[Picture, ...]
    agreement: float | None = None


def entry_inputs(entry: Entry, software: str, hardware: str) -> dict[str, str]:
    """Return the digests that training starts from, but for the genome."""
    assert entry.recipe_path is not None
    return {
        "recipe": _digest(entry.recipe_path),
        "software": software,
        "hardware": hardware,
        **{f"source {one.id}": f"sha256:{one.sha256}" for one in entry.recipe().sources},
    }


def picture_inputs(entry: Entry) -> dict[str, str]:
    """Return the digest of the published numbers of pictures, where there are any."""
    pinned = entry.manifest().files.get(f"zoo/{entry.name}/{picture_files.FILE}")
    return {} if pinned is None else {"pictures": f"sha256:{pinned.sha256}"}


def stage_outputs(entry: Entry) -> dict[str, list[str]]:
    """Return the files that each stage of a full run writes, in the order of the stages.

    Logs of training are left out, since their names are known to the training loop.
    """
    drawn = pictures.numbers(picture_files.published(entry), entry.name)
    return {
        "train": [f"{RUN}/best.safetensors"],
        "export": [f"{ZOO}/zoo/{entry.name}/{file}" for file in (*ENTRY_FILES, MANIFEST)],
        "evaluate": [FIGURES, PICTURES, *(f"{ZOO}/{file}" for file in drawn)],
    }


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
    from zooctl.training.data.windows import choose_windows
    from zooctl.training.export.entry import write_entry
    from zooctl.training.loop.ensemble import fit_recipe
    from zooctl.training.loop.metrics_log import METRICS, STEPS

    recipe, work, outputs = entry.recipe(), journal.folder, stage_outputs(entry)
    run, root = work / RUN, work / ZOO
    genome, description = find_genome(recipe.genome.assembly, fasta)
    say(f"genome: {description}")
    sources = {source.id: locate(source).path for source in recipe.sources}
    dataset = prepare(recipe, sources, genome, say)
    inputs = entry_inputs(entry, environment.software_digest, environment.hardware_digest)
    inputs["genome"] = tensor_digest(dataset.codes)

    def train(resumes: bool) -> None:
        if not resumes:
            shutil.rmtree(run, ignore_errors=True)
        windows = choose_windows(recipe, dataset)
        n_networks = 1 + len(recipe.ensemble)
        total = n_networks * recipe.schedule.max_epochs * windows.n_epoch(recipe)
        with progress(total, "windows", f"training {recipe.name}") as advance:
            fit_recipe(recipe, dataset, windows, run, device="cpu", say=say, advance=advance)

    def export(resumes: bool) -> None:
        shutil.rmtree(root, ignore_errors=True)
        for path in (entry.card_path, entry.recipe_path):
            assert path is not None
            copy = root / path.relative_to(entry.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        write_entry(root, recipe, run, dataset, environment=environment.software_digest)

    def evaluate(resumes: bool) -> None:
        _evaluate(entry, work, fasta, progress, say)

    outputs["train"] += [f"{RUN}/{METRICS}", f"{RUN}/{STEPS}"]
    trained = journal.step("train", inputs, outputs["train"], train).outputs
    exported = journal.step("export", inputs | trained, outputs["export"], export).outputs
    inputs |= exported | picture_inputs(entry)
    inputs["card"] = _digest(entry.card_path)
    # Figures depend on more of our code than bits of weights do.
    inputs["code"] = f"sha256:{tree_digest(Path(zooctl.__file__).parent)}"
    journal.step("evaluate", inputs, outputs["evaluate"], evaluate)
    figures = json.loads((work / FIGURES).read_text())
    digest = load_manifest(root / "zoo" / entry.name / MANIFEST).tensor_digest
    return RetrainedModel(
        digest, figures, tuple(_measured_pictures(entry, work)), _agreement(entry, work)
    )


def _agreement(entry: Entry, work: Path) -> float | None:
    """Compare the probe's predictions by the retrained network with the published ones."""
    path = work / ZOO / "zoo" / entry.name / PROBE
    if f"zoo/{entry.name}/{PROBE}" not in entry.manifest().files or not path.is_file():
        return None
    published, made = load(verified_bytes(entry, PROBE)), load(path.read_bytes())
    # Windows are drawn by the recipe's seed from the test split.
    if not np.array_equal(published["inputs"], made["inputs"]):
        return None
    return lowest_pearson(published["expected"], made["expected"])


def _digest(path: Path) -> str:
    return f"sha256:{digest_file(path).sha256}"


def _evaluate(entry: Entry, work: Path, fasta: Path | None, progress: Progress, say: Say) -> None:
    """Compute the numbers of the card and of its pictures from a work folder, and draw these."""
    root = work / ZOO
    folder = root / "zoo" / entry.name
    made = Entry(root, entry.name, entry.card_path, entry.recipe_path, folder)
    known = picture_files.published(entry)
    plan = PicturePlan() if known is None else pictures.plan_of(known)
    with evaluated(made, fasta, None, progress=progress, say=say) as judged:
        numbers = take_figures(entry.card(), entry.card_path, judged.report)
        shown = pictures.take_pictures(judged, plan, progress)
    texts = {FIGURES: json.dumps(numbers), PICTURES: picture_files.to_text(shown)}
    for name, text in texts.items():
        with atomic_output(work / name, force=True) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    picture_files.draw(shown, entry.name, root)


def _measured_pictures(entry: Entry, work: Path) -> list[Picture]:
    """Return every published picture with its distance from the one of the retrained model."""
    shown = Pictures.model_validate_json((work / PICTURES).read_bytes())
    new = pictures.numbers(shown, entry.name)
    rows = []
    for file, old in pictures.numbers(picture_files.published(entry), entry.name).items():
        apart = pictures.compare_numbers(old, new.get(file, np.empty(0)))
        rows.append(
            Picture(file=file, n=len(old), equivalence=None, same_file=False, **apart._asdict())
        )
    return rows
