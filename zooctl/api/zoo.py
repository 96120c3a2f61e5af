"""The zoo's models: list them, load one, reproduce one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.api.model import Model
from zooctl.api.workers import Workers
from zooctl.catalog import registry
from zooctl.catalog.root import model_names
from zooctl.inference.model import OpenModel
from zooctl.inference.options import predict_and_score as inference_options
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.card import Card

if TYPE_CHECKING:
    from zooctl.reproduction.report.levels import Level
    from zooctl.reproduction.report.report import Mode, ReproductionReport


def models() -> list[Card]:
    """Return the cards of all models of the zoo, by name.

    >>> [card.name for card in models() if card.assembly == "hg19"][:3]
    ['aparent2', 'brain_cell_types', 'ctcf_dream']
    """
    return [registry.entry(name).card() for name in model_names()]


def load(
    model: str,
    *,
    device: inference_options.Device = "auto",
    threads: int | None = None,
    batch_size: int | None = None,
    precision: inference_options.Precision = "fp32",
    cuda_graphs: bool = False,
    workers: int | None = None,
    inputs: Mapping[str, str | Path] | None = None,
    features: str | Path | None = None,
    sample: str | None = None,
    allow_untrusted: bool = False,
    accept_licence: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> Model:
    """Load a model by its name; its weights are read, and verified, on first use.

    Args:
        model: Name in the zoo, path of an entry's folder, or ``hf://org/repo@<40 hex>``.
        device: ``auto`` takes a working CUDA device, else the CPU.
        threads: CPU threads; by default every core that the process may use.
        batch_size: Windows in a batch; by default chosen by input length and memory.
        precision: Arithmetic of convolutions and products on a CUDA device: ``fp32``, ``tf32``,
            ``bf16`` or ``fp16``. What it changes is compared with what the card allows.
        cuda_graphs: Record a batch once on a CUDA device, and replay it.
        workers: Processes that ``predict_bigwig`` and ``score_vcf`` share their work among, with
            ``threads`` each, one by default; the files have the same bytes.
        inputs: bigWig or peaks of each input that the model reads beside the sequence, by name.
        features: Table of values that the model reads: a line a value, a column a sample.
        sample: Column of the table; or a sample of the recipe, whose own files are then read.
        allow_untrusted: Accept a model outside of the zoo.
        accept_licence: Accept a licence that forbids commercial use; it is asked for once.
        say: Told, in a line each, about the genome, the device and what is left out.
        progress: Opens the progress displays.

    Raises:
        InputError: There is no such model; the hint has the nearest name.
        UnsafeError: The model is not of the zoo, and ``allow_untrusted`` is not set.

    >>> load("ctcf_gm12879")
    Traceback (most recent call last):
        ...
    zooctl.errors.InputError: no such model (got 'ctcf_gm12879'). Hint: did you mean 'ctcf_gm12878'?
    """
    entry = registry.entry(model, allow_untrusted, accept_licence)
    session = inference_options.SessionOptions(
        device=device,
        threads=threads,
        batch_size=batch_size,
        precision=precision,
        cuda_graphs=cuda_graphs,
    )
    given = inference_options.InputOptions(
        inputs=tuple(f"{name}={path}" for name, path in (inputs or {}).items()),
        features=features,
        sample=sample,
    )
    shared = None if workers is None else Workers(workers, model, allow_untrusted)
    return Model(OpenModel(entry, session, given), model, say, progress, shared)


def reproduce(
    model: str,
    mode: Mode = "verify",
    *,
    work: str | Path | None = None,
    resume: bool = False,
    required: Level | None = None,
    fasta: str | Path | None = None,
    say: Say = silent,
    progress: Progress = no_progress,
) -> ReproductionReport:
    """Reproduce a model as `zooctl reproduce` does: ``load(model).reproduce(mode, ...)``.

    Args:
        model: Name in the zoo, or path of an entry's folder.
        mode: ``verify``, ``smoke`` or ``full``; see `Model.reproduce`.
        work: Work folder; a full run's default is ``reproduce/<model>``.
        resume: Continue an interrupted full run.
        required: Level below which the report's ``exit_code`` is 3.
        fasta: Genome; by default chosen by the recipe.
        say: Told, in a line each, of the steps.
        progress: Opens the progress displays.

    Raises:
        ZooError: As `Model.reproduce`.

    >>> reproduce("h3k36me3_brain").coverage
    'verify'
    """
    loaded = load(model, say=say, progress=progress)
    return loaded.reproduce(mode, work=work, resume=resume, required=required, fasta=fasta)
