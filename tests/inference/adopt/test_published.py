"""Published models: graphs that are made anew, and their authors' own numbers."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from naive_splicing import Run, deltas, field, one_hot, read_genes
from numpy.typing import NDArray

from zooctl.catalog import registry
from zooctl.catalog.entry import GRAPH
from zooctl.catalog.genomes import open_genome
from zooctl.catalog.origin.licence import accept
from zooctl.catalog.weights import onnx_bytes
from zooctl.files.disk.pinned import digest_of
from zooctl.files.weights.deepbind import read_deepbind
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.files.weights.torch_state import read_state_dicts
from zooctl.inference.adopt.networks.deepbind import deepbind_graph
from zooctl.inference.adopt.networks.splice_residual import splice_graph
from zooctl.inference.adopt.published import GRAPHS
from zooctl.inference.adopt.remake import remake_graph
from zooctl.sequence.onehot import decode

NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name == "openspliceai_10k" else name
    for name in sorted(GRAPHS)
]


@pytest.fixture(autouse=True)
def in_the_mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights come from the mirror alone; without one, tests are skipped."""
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")


def runner(model: bytes) -> Run:
    """Return a function that runs a graph."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(x: NDArray[np.float32]) -> NDArray[np.float32]:
        (values,) = session.run(None, {session.get_inputs()[0].name: x})
        return np.asarray(values)

    return run


def state_of(path: Path) -> dict[str, NDArray[np.float32]]:
    return read_state_dicts([(path.read_bytes(), path)])[0]


def entry_runner(name: str) -> Run:
    entry = registry.entry(name)
    accept(entry.card())
    return runner(onnx_bytes(entry, may_download=False))


@pytest.mark.parametrize("name", NAMES)
def test_the_graph_of_the_zoo_is_made_of_the_published_files(name: str) -> None:
    entry = registry.entry(name)
    accept(entry.card())
    made = remake_graph(entry.card())
    assert entry.folder is not None
    assert (entry.folder / GRAPH).read_bytes() == made.graph
    pinned = entry.manifest().files[f"zoo/{name}/model.onnx"]
    assert (len(made.model), digest_of(made.model)) == (pinned.size, pinned.sha256)


@contextmanager
def contig_of(path: Path, name: str) -> Iterator[str]:
    with open_genome("hg19", [path]) as genome:
        yield decode(genome.padded_codes(name, 0, genome.contigs[name]))


# Distance, contig of the file, position, REF, ALT, and the published field.
SPLICEAI = [
    (50, "chr21", 47406854, "CCA", "C", "COL6A1|0.04|0.98|0.00|0.00|-38|4|38|4"),
    (50, "chr21", 47406856, "A", "AT", "COL6A1|0.03|0.99|0.00|0.00|-40|2|36|2"),
    (500, "chr10", 94077, "A", "C", "TUBB8|0.15|0.27|0.00|0.05|89|-23|-267|193"),
    (500, "chr10", 94555, "C", "T", "TUBB8|0.01|0.18|0.15|0.62|-2|110|-190|0"),
]


def published_field(run: Run, mirror: Path, tmp_path: Path, case: tuple, context: int) -> str:
    distance, chrom, pos, ref, alt, expected = case
    gene = next(
        gene
        for gene in read_genes(mirror / "weights/spliceai/genes.grch37.chr20_21.txt")
        if gene.name == expected.partition("|")[0]
    )
    path = mirror / "hg19_chr20_chr21/hg19.chr21.fa.gz"
    if chrom == "chr10":
        path = Path(shutil.copy(mirror / "weights/spliceai/test.fa", tmp_path))
    with contig_of(path, chrom) as contig:
        found = deltas(run, contig, gene, pos, ref, alt, distance=distance, context=context)
    return field(gene.name, *found)


def test_spliceai_to_every_digit(mirror: Path, tmp_path: Path) -> None:
    run = entry_runner("spliceai")
    for case in SPLICEAI:
        assert published_field(run, mirror, tmp_path, case, 10_000) == case[-1]


def test_openspliceai_with_the_seed_that_its_authors_used(mirror: Path, tmp_path: Path) -> None:
    path = mirror / "weights/openspliceai_mane/400nt/model_400nt_rs14.pt"
    run = runner(put_weights(splice_graph(400, [None]), state_of(path)))
    published = [
        "COL6A1|0.00|0.98|0.00|0.00|-19|4|38|4",
        "COL6A1|0.00|0.98|0.00|0.00|3|2|36|2",
    ]
    for case, expected in zip(SPLICEAI, published, strict=False):
        assert published_field(run, mirror, tmp_path, (*case[:-1], expected), 400) == expected


def test_the_mean_of_openspliceai_is_that_of_its_networks(mirror: Path) -> None:
    x = one_hot("".join(np.random.default_rng(1).choice(list("ACGT"), 450)))
    folder = mirror / "weights/openspliceai_mane/400nt"
    states = read_state_dicts([(path.read_bytes(), path) for path in sorted(folder.glob("*.pt"))])
    each = [runner(put_weights(splice_graph(400, [None]), state))(x) for state in states]
    assert len(each) == 5
    assert np.abs(entry_runner("openspliceai_400")(x) - np.mean(each, axis=0)).max() < 1e-6


def test_aparent2(mirror: Path) -> None:
    run = entry_runner("aparent2")
    with (mirror / "weights/aparent2/pairs.tsv").open() as file:
        pairs = list(csv.DictReader(file, delimiter="\t"))
    assert len(pairs) == 3
    for pair in pairs:
        cleaved = [run(one_hot(pair[side]))[0, 0] for side in ("reference", "variant")]
        for first, last in ((77, 126), (0, 204)):
            shares = [float(one[first : last + 1].astype(np.float64).sum()) for one in cleaved]
            one, other = (np.log(share / (1 - share)) for share in shares)
            expected = float(pair[f"delta_log_odds_{first}_{last}"])
            assert other - one == pytest.approx(expected, abs=1e-5)


DEEPBIND = {
    "AGGUAAUAAUUUGCAUGAAAUAACUUGGAGAGGAUAGC": (7.451420, -0.166146, -0.408751, -0.026180),
    "AGACAGAGCUUCCAUCAGCGCUAGCAGCAGAGACCAUU": (-0.155398, 4.113817, 0.516956, -0.248167),
    "GAGGTTACGCGGCAAGATAA": (-0.140683, 0.181295, 5.885349, -0.026180),
    "TACCACTAGGGGGCGCCACC": (-0.174985, -0.152521, -0.379695, 17.682623),
}
SHOWN = ("D00210.001", "D00120.001", "D00410.003", "D00328.003")


def deepbind_models(mirror: Path) -> Mapping[str, Mapping[str, NDArray[np.float32]]]:
    folder = mirror / "weights/deepbind/params"
    return {
        f"params/{path.name}": read_deepbind(path.read_bytes(), path)
        for path in sorted(folder.glob("*.txt"))
    }


def test_deepbind(mirror: Path) -> None:
    models = deepbind_models(mirror)
    assert len(models) == 141
    tensors = {f"{file}/{name}": v for file, own in models.items() for name, v in own.items()}
    runs = {n: runner(put_weights(deepbind_graph(models, n), tensors)) for n in (38, 20)}
    columns = [list(models).index(f"params/{one}.txt") for one in SHOWN]
    for sequence, expected in DEEPBIND.items():
        got = runs[len(sequence)](one_hot(sequence.replace("U", "T")))[0, columns, 0]
        assert got == pytest.approx(expected, abs=1e-5)


def test_tracks_of_deepbind_are_its_models_in_order(mirror: Path) -> None:
    """The entry's graph, against each of four models alone."""
    run, models = entry_runner("deepbind"), deepbind_models(mirror)
    x = one_hot("".join(np.random.default_rng(2).choice(list("ACGT"), 101)))
    got = run(x)
    tracks = [track.name for track in registry.entry("deepbind").card().tracks]
    for name in SHOWN:
        (track,) = [number for number, one in enumerate(tracks) if one.endswith(name)]
        own = models[f"params/{name}.txt"]
        alone = runner(put_weights(deepbind_graph({"one": own}, 101), own))(x)
        assert got[0, track, 0] == pytest.approx(float(alone[0, 0, 0]), abs=1e-4)
