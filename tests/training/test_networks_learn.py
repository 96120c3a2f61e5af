"""Every network that a recipe can name learns from real data.

Each trains 50 steps through ``fit`` on the first 4 Mb of chr20: on coverage that travels in this
repository, or on published peaks of the mirror; the siamese network on measured effects of
variants. Ten steps are an epoch, so that the first ten and the last ten see the same windows (and
fresh negatives). Sizes are reduced through the recipe's own fields.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import math
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.schema.recipe.networks.network import MultiHeadSizes, NetworkSizes
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.onehot import decode
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.feed import cut
from zooctl.training.data.prepare import prepare
from zooctl.training.data.windows import TrainingWindows, choose_windows
from zooctl.training.loop.fit import draw, fit, new_network
from zooctl.training.loop.losses import build_loss
from zooctl.training.nets.parts.network import activate, linked

LENGTH = 4_300_000
CHROMS = ("chr20", "chr21")
N_EPOCHS, N_STEPS = 5, 10

GENOME = "hg19_chr20_chr21/hg19.chr20.fa.gz"
COVERAGE = {
    "ctcf": "ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw",
    "input": "ctcf_gm12878_hg19/GM12878_Input_5M.hg19.chr20_21.bw",
}
PEAKS = {
    "mcf7": "ctcf_encode_dream_chr20/ChIPseq.MCF-7.CTCF.conservative.train.chr20.narrowPeak.gz",
    "hepg2": "ctcf_encode_dream_chr20/ChIPseq.HepG2.CTCF.conservative.train.chr20.narrowPeak.gz",
    "sknsh": "h3k36me3_hg19/SKNSH_ENCFF621CZO.lifted_hg19.chr20_21.narrowPeak",
    "hek293": "h3k36me3_hg19/HEK293_ENCFF257ZFX.hg19.chr20_21.bed",
}

SPLIT = {
    "train": [{"chrom": "chr20", "start": 60_000, "end": 4_000_000}],
    "validation": [{"chrom": "chr20", "start": 4_000_000, "end": 4_050_000}],
    "test": [{"chrom": "chr20", "start": 4_050_000, "end": LENGTH}],
}
PROFILE = {"input_length": 1024, "output_length": 1024, "bin_size": 32, "core_length": 1024}
COVERED = {"key": "coverage_threshold", "threshold": 8, "stride": 1024, "negatives": 1.0}
BROAD = {"input_length": 6400, "output_length": 3200, "bin_size": 200, "core_length": 3200}
LABELLED = {"input_length": 600, "output_length": 200, "bin_size": 200, "core_length": 200}


def bigwig(source: str) -> dict[str, Any]:
    return {"key": "bigwig", "source": source}


def peaks(source: str) -> dict[str, Any]:
    return {"key": "peaks", "source": source}


# Rates of CTCF in bins of 32 bp, with the Input of the same cells added as background.
RATES = {
    "gap": 0.5,
    "targets": {"ctcf": bigwig("ctcf")},
    "controls": {"input": bigwig("input")},
    "window": PROFILE,
    "windows": COVERED,
    "loss": {"key": "poisson_nll"},
}
# The shape and the sum of the same coverage.
COUNTS = RATES | {
    "gap": 20,
    "controls": {},
    "loss": {"key": "multinomial_nll", "count_weight": 10.0},
}
# Coverage and peaks side by side, each with its loss.
BOTH = RATES | {
    "targets": {"ctcf": bigwig("ctcf"), "mcf7": peaks("mcf7"), "hepg2": peaks("hepg2")},
    "controls": {},
    "loss": {
        "key": "sum",
        "terms": [
            {"loss": {"key": "poisson_nll"}, "tracks": [0, 1]},
            {"loss": {"key": "binary_cross_entropy"}, "weight": 5.0, "tracks": [1, 3]},
        ],
    },
}
# Whether 200 bp carry H3K36me3, in cells of two kinds; tiles, so that an epoch is always the same.
LABELS = {
    "gap": 0.05,
    "targets": {"sknsh": peaks("sknsh"), "hek293": peaks("hek293")},
    "controls": {},
    "window": LABELLED,
    "windows": {"key": "tiling", "stride": 12_800},
    "loss": {"key": "binary_cross_entropy"},
}
# Whether CTCF is bound, and as often is not: networks without normalisation need such contrast.
BOUND = LABELS | {
    "gap": 0.02,
    "targets": {"ctcf": peaks("mcf7")},
    "windows": {"key": "peak_centred", "sources": ["mcf7"], "negatives": 1.0},
}
# Of which of two kinds a peak is: narrow CTCF or broad H3K36me3.
CLASSES = LABELS | {
    "targets": {"ctcf": peaks("mcf7"), "h3k36me3": peaks("sknsh")},
    "windows": {"key": "peak_centred", "sources": ["mcf7", "sknsh"], "negatives": 0.0},
    "loss": {"key": "categorical_cross_entropy"},
}

# The same with the coverage of CTCF in another cell type at each base, as accessibility is given.
WITH_SIGNAL = BOUND | {"inputs": {"gm12878": bigwig("ctcf") | {"transform": "log1p"}}}
# One network for two cell types, told apart by their features.
TWO_CELLS = {
    "gap": 0.01,
    "samples": [
        {"name": "MCF-7", "features": [1.0, 0.0]},
        {"name": "HepG2", "sources": {"mcf7": "hepg2"}, "features": [0.0, 1.0]},
    ],
}
# The same of the wide mark; networks with normalisation at their end need larger batches.
TWO_MARKED = LABELS | {
    "targets": {"h3k36me3": peaks("sknsh")},
    "inputs": WITH_SIGNAL["inputs"],
    "samples": [
        {"name": "SK-N-SH", "features": [1.0, 0.0]},
        {"name": "HEK293", "sources": {"sknsh": "hek293"}, "features": [0.0, 1.0]},
    ],
}
ONE_MARKED = {name: value for name, value in TWO_MARKED.items() if name != "samples"}
# Effects of every base of the HNF4A promoter on the expression of a reporter.
EFFECTS = {
    "gap": 0.002,
    "targets": {
        "effect": {"key": "variant_effect", "source": "satmut", "column": "Coefficient"},
    },
    "controls": {},
    "window": {"input_length": 64, "output_length": 64, "bin_size": 64, "core_length": 64},
    "windows": {
        "key": "variants",
        "source": "satmut",
        "columns": {"chrom": "Chrom", "pos": "Pos", "ref": "Ref", "alt": "Alt"},
        "rows": {"Element": "HNF4A", "Release": "GRCh37"},
        "chrom_prefix": "chr",
    },
    "loss": {"key": "mse"},
    "split": {
        "train": [{"chrom": "chr20", "start": 42_984_100, "end": 42_984_400}],
        "validation": [{"chrom": "chr20", "start": 42_984_400, "end": 42_984_500}],
        "test": ["chr21"],
    },
}

STAGES = [
    {"filters": 16, "kernel": 15, "residual_layers": 2, "pool": 4},
    {"filters": 24, "kernel": 5, "residual_layers": 2, "pool": 4},
    {"filters": 32, "kernel": 5, "pool": 2},
]
PLAIN = [{**stage, "residual_layers": 0} for stage in STAGES]
TRUNK = {"key": "bpnet", "filters": 24, "first_kernel": 21, "pool": 8, "dilated_layers": 4}

# The consensus of CTCF's core; other bases are not excluded.
CONSENSUS = "CCACCAGGGGGCGC"
MOTIF = [[80 if base == letter else 7 for base in "ACGT"] for letter in CONSENSUS]

# By key: the network of a recipe, its data, learning rate.
FED: dict[str, tuple[dict[str, Any], dict[str, Any], float]] = {
    "bpnet": (TRUNK, RATES, 0.005),
    "bpnet_original": ({"filters": 16, "first_kernel": 21, "dilated_layers": 5}, COUNTS, 0.005),
    "basenji": ({"filters": 24, "last_filters": 48, "dilated_layers": 4}, RATES, 0.005),
    "cnn_baseline": (
        {"stages": PLAIN, "hidden": 32, "bottleneck": 4, "profile_filters": 16},
        RATES,
        0.005,
    ),
    "residualbind_32": ({"stages": STAGES, "hidden": 32}, RATES, 0.005),
    "residualbind_base": (
        {"stages": STAGES, "hidden": 32, "bottleneck": 4, "profile_filters": 16},
        RATES,
        0.005,
    ),
    "multi_head": (
        {
            "trunk": TRUNK,
            "hidden": 24,
            "heads": [
                {"name": "coverage", "n_tracks": 1, "output": "rate"},
                {"name": "peaks", "n_tracks": 2, "output": "logit", "kind": "task"},
            ],
        },
        BOTH,
        0.005,
    ),
    "conv_binary": ({"stages": PLAIN, "hidden": 32}, LABELS, 0.005),
    "residual_binary": ({"stages": STAGES, "hidden": 32}, LABELS, 0.005),
    "basset": ({"stages": PLAIN, "hidden": 64}, LABELS, 0.005),
    "deepsea": (
        {"filters": [64, 64], "kernel": 12, "pool": 10, "hidden": 64, "dropouts": [0.0, 0.0]},
        BOUND,
        0.002,
    ),
    "danq": (
        {"filters": 64, "units": 16, "hidden": 64, "dropout": 0.0, "recurrent_dropout": 0.0},
        BOUND,
        0.002,
    ),
    "deepbind": ({"detectors": 64, "pool": "max_mean", "dropout": 0.0}, BOUND, 0.02),
    "factornet": (
        {"filters": 64, "units": 16, "hidden": 64, "dropout": 0.0},
        BOUND,
        0.002,
    ),
    "thesis_shallow": ({"hidden": 32, "dropout": 0.2}, LABELS, 0.005),
    "thesis_deep": ({"hidden": 64, "merged": 64, "dropout": 0.2}, LABELS, 0.005),
    "thesis_multi_task": (
        {"filters": 64, "hidden": 64, "merged": 64, "dropout": 0.0},
        BOUND,
        0.005,
    ),
    "thesis_classes": (
        {"n_classes": 2, "filters": 32, "hidden": 64, "merged": 64, "own": 16},
        CLASSES,
        0.002,
    ),
    "thesis_tss": (
        {"filters": 64, "kernel": 20, "pool": 20, "hidden": 64, "dropout": 0.2},
        CLASSES,
        0.002,
    ),
    "kmer_dense": ({"k": 4, "hidden": [32], "dropout": 0.0}, LABELS, 0.005),
    "kmer_context": (
        {"k": 4, "filters": 16, "dilated_layers": 3, "dropout": 0.0, "output": "logit"},
        LABELS | {"window": BROAD},
        0.005,
    ),
    "pwm_scan": ({"motifs": [MOTIF], "calibrated": True}, BOUND, 0.05),
    "siamese": (
        {
            "trunk": {"key": "bpnet", "filters": 24, "first_kernel": 11, "dilated_layers": 3},
            "hidden": 16,
        },
        EFFECTS,
        0.002,
    ),
}

# Forms of these that read more than sequence and binned controls: key, as above.
WIDER: dict[str, tuple[str, dict[str, Any], dict[str, Any], float]] = {
    "signals and metadata": (
        "factornet",
        {"filters": 32, "units": 16, "hidden": 64, "dropout": 0.0, "n_features": 2},
        WITH_SIGNAL | TWO_CELLS,
        0.002,
    ),
    "accessibility and expression": (
        "thesis_shallow",
        {"hidden": 32, "dropout": 0.2, "n_features": 2, "merged": 64},
        TWO_MARKED,
        0.005,
    ),
    "accessibility": (
        "thesis_deep",
        {"hidden": 64, "merged": 64, "dropout": 0.2},
        ONE_MARKED,
        0.005,
    ),
    "summaries": (
        "thesis_multi_task",
        {"filters": 64, "hidden": 64, "merged": 64, "dropout": 0.0, "n_features": 2},
        BOUND | TWO_CELLS,
        0.005,
    ),
}


# Values of a recipe that the first network trains with, each with a learning rate of its own.
OPTIMISERS: list[dict[str, Any]] = [
    {"key": "adamw", "lr": 0.005},
    {"key": "sgd", "lr": 0.02, "momentum": 0.9},
    {"key": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True},
    {"key": "rmsprop", "lr": 0.002},
]
ACTIVATIONS = ["exp", "elu", "tanh", "prelu", "maxout"]


def document(key: str, lr: float, folder: Path, **choice: Any) -> dict[str, Any]:
    """A recipe as YAML has it; sources are the files of ``folder`` that it uses."""
    inputs = choice.get("inputs", {})
    signals = {**choice["targets"], **choice["controls"], **inputs}
    others = [name for s in choice.get("samples", ()) for name in s.get("sources", {}).values()]
    ids = sorted({signal["source"] for signal in signals.values()} | set(others))
    place = {"assembly": "hg19", "licence": "CC0-1.0", "citation": "see the file's SOURCE.txt"}
    return {
        "name": f"learns_{key}",
        "sources": [
            {"id": name, "file": name, "accession": None, "url": None, "size": None, **place}
            | {"sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
            for name in ids
        ],
        "genome": {"assembly": "hg19"},
        "split": choice.get("split", SPLIT),
        "window": choice["window"],
        "unknown_base": 0.0,
        "targets": [{"track": t, "signal": s} for t, s in choice["targets"].items()],
        "controls": [{"name": c, "signal": s} for c, s in choice["controls"].items()],
        "inputs": [{"name": i, "signal": s} for i, s in inputs.items()],
        "samples": choice.get("samples", []),
        "windows": choice["windows"],
        "network": choice["network"],
        "loss": choice["loss"],
        "optimiser": {"key": "adam", "lr": lr, "clip_norm": 5.0},
        "schedule": {"max_epochs": N_EPOCHS},
        "batch_size": 1,
        "seed": 3,
        "threads": 1,
        "unknown": {
            f"sources.*.{field}": "described in the file's SOURCE.txt"
            for field in ("accession", "url", "size")
        },
    }


def recipe_of(
    key: str, network: dict[str, Any], choice: dict[str, Any], lr: float, folder: Path
) -> Recipe:
    """The recipe that trains a network of ``FED`` or ``WIDER``."""
    values = {**choice, "network": {**network, "key": key}}
    return Recipe.model_validate(document(key, lr, folder, **values))


@pytest.fixture
def folder(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first bases of chr20 and the coverage over them; made once.

    It is no fixture of the module, which would be made before the tests' own cache is set.
    """
    made = tmp_path_factory.getbasetemp() / "networks-learn"
    made.mkdir(exist_ok=True)
    if not (made / "genome.fa").exists():
        with Fasta(repo / "recipes/data" / GENOME) as fasta:
            bases = decode(fasta.codes("chr20", 0, LENGTH))
        (made / "genome.fa").write_text(f">chr20\n{bases}\n")
        for name, path in COVERAGE.items():
            (made / name).symlink_to(repo / "recipes/data" / path)
    return made


@pytest.fixture
def with_peaks(folder: Path, mirror: Path) -> Path:
    """The same folder, with the mirror's peaks on these bases, and effects of variants."""
    if not (folder / "satmut").exists():
        (folder / "satmut").symlink_to(mirror / "mpra_satmut/elements.tsv.gz")
    for name, path in PEAKS.items():
        if not (folder / name).exists():
            opened = gzip.open if path.endswith(".gz") else open
            with opened(mirror / path, "rt") as lines:
                kept = [line for line in lines if on_genome(line)]
            (folder / name).write_text("".join(kept))
    return folder


def on_genome(line: str) -> bool:
    chrom, _, end = line.split("\t")[:3]
    return chrom == "chr20" and int(end) <= LENGTH


def dataset_of(recipe: Recipe, folder: Path, whole: list[Path]) -> Dataset:
    """Its data; variants lie on the whole genome."""
    sources = {source.id: folder / source.id for source in recipe.sources}
    genome = whole if recipe.windows.key == "variants" else [folder / "genome.fa"]
    return prepare(recipe, sources, genome, say=lambda line: None)


def train(recipe: Recipe, dataset: Dataset, windows: TrainingWindows, run: Path) -> list[float]:
    """Train 50 steps; the loss of each."""
    quiet = {"say": lambda line: None, "advance": lambda n: None}
    fit(recipe, dataset, windows, run, device="cpu", **quiet)
    with (run / "steps.csv").open() as lines:
        return [float(row["loss"]) for row in csv.DictReader(lines)]


def flat_loss(recipe: Recipe, dataset: Dataset, windows: TrainingWindows) -> float:
    """Loss of the best prediction without sequence: each track's mean over the trained windows."""
    epoch = draw(recipe, windows, 0)
    targets = [cut(recipe, dataset, epoch, step).target for step in range(N_STEPS)]
    target = torch.from_numpy(np.concatenate(targets))
    mean, n_bins = target.nanmean(dim=(0, 2)), target.shape[-1]
    network = recipe.network
    kinds = [network.output] * len(mean)
    if isinstance(network, MultiHeadSizes):
        kinds = [head.output for head in network.heads for _ in range(head.n_tracks)]
    tracks = [activate(linked(mean[i : i + 1], kind, n_bins), kind) for i, kind in enumerate(kinds)]
    flat = torch.stack(tracks)[None].expand_as(target)
    return float(build_loss(recipe.loss)(flat, target))


def learn(
    recipe: Recipe, folder: Path, repo: Path, run: Path, gap: float
) -> tuple[Recipe, Dataset]:
    """Train; the last epoch's loss is below the first's, and below that without sequence."""
    whole = [repo / "recipes/data" / GENOME.replace("chr20.fa", f"{c}.fa") for c in CHROMS]
    dataset = dataset_of(recipe, folder, whole)
    windows = choose_windows(recipe, dataset)
    size = math.ceil(windows.n_epoch(recipe) / N_STEPS)
    recipe = recipe.model_copy(update={"batch_size": size})
    losses = np.array(train(recipe, dataset, windows, run))
    assert len(losses) == N_EPOCHS * N_STEPS
    first, last = losses[:N_STEPS].mean(), losses[-N_STEPS:].mean()
    flat = flat_loss(recipe, dataset, windows)
    assert last < first - gap
    assert last < flat - gap
    return recipe, dataset


@pytest.mark.parametrize("key", FED)
def test_loss_falls_on_real_data(
    key: str, request: pytest.FixtureRequest, folder: Path, repo: Path, tmp_path: Path
) -> None:
    network, choice, lr = FED[key]
    if any(signal["key"] != "bigwig" for signal in choice["targets"].values()):
        request.getfixturevalue("with_peaks")
    recipe = recipe_of(key, network, choice, lr, folder)
    learn(recipe, folder, repo, tmp_path / "run", choice["gap"])


@pytest.mark.parametrize("form", WIDER)
def test_loss_falls_with_more_than_the_sequence(
    form: str, with_peaks: Path, repo: Path, tmp_path: Path
) -> None:
    key, network, choice, lr = WIDER[form]
    recipe = recipe_of(key, network, choice, lr, with_peaks)
    learn(recipe, with_peaks, repo, tmp_path / "run", choice["gap"])


@pytest.mark.parametrize("values", OPTIMISERS, ids=lambda values: "-".join(map(str, values)))
def test_loss_falls_with_every_optimiser(
    values: dict[str, Any], folder: Path, repo: Path, tmp_path: Path
) -> None:
    network, choice, lr = FED["bpnet"]
    recipe = recipe_of("bpnet", network, choice, lr, folder)
    optimiser = values | {"clip_norm": 5.0}
    recipe = Recipe.model_validate(recipe.model_dump() | {"optimiser": optimiser})
    learn(recipe, folder, repo, tmp_path / "run", choice["gap"])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_loss_falls_with_every_activation(
    activation: str, folder: Path, repo: Path, tmp_path: Path
) -> None:
    network, choice, lr = FED["bpnet"]
    recipe = recipe_of("bpnet", network | {"activation": activation}, choice, lr, folder)
    learn(recipe, folder, repo, tmp_path / "run", choice["gap"])


def test_loss_falls_from_filters_that_begin_as_motifs(
    folder: Path, repo: Path, tmp_path: Path
) -> None:
    """One filter begins as the consensus of CTCF."""
    network, choice, lr = FED["bpnet"]
    recipe = recipe_of("bpnet", network, choice, lr, folder)
    rows = ["\t".join(map(str, row)) for row in MOTIF]
    (folder / "motifs").write_text("\n".join([">CTCF", *rows]) + "\n")
    like = recipe.sources[0].model_dump()
    digest = hashlib.sha256((folder / "motifs").read_bytes()).hexdigest()
    sources = [*recipe.model_dump()["sources"], like | {"id": "motifs", "sha256": digest}]
    document = recipe.model_dump() | {"sources": sources, "motif_filters": {"source": "motifs"}}
    learn(Recipe.model_validate(document), folder, repo, tmp_path / "run", choice["gap"])


def test_every_network_is_trained_here() -> None:
    union = get_args(NetworkSizes)[0]
    keys = {get_args(member.model_fields["key"].annotation)[0] for member in get_args(union)}
    # A head on another model's trunk is trained in test_transfer.py.
    assert {*FED, "trunk_head"} == keys


def test_scores_without_calibration_are_not_trained(folder: Path) -> None:
    choice = RATES | {"controls": {}, "loss": {"key": "mse"}}
    recipe = recipe_of("pwm_scan", {"motifs": [MOTIF]}, choice, 0.001, folder)
    with pytest.raises(InputError, match="nothing to train") as caught:
        new_network(recipe, dataset_of(recipe, folder, []))
    assert caught.value.field == "network"
