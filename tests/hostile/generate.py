"""Write every hostile file, with the command that must refuse it.

``python tests/hostile/generate.py FOLDER`` writes them all, to look at.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hostile import documents, graphs, tensors

from zooctl.inference.adopt.verify import initialisers
from zooctl.schema.manifest import tensor_digest

REPO = Path(__file__).resolve().parents[2]
GENOME = ">chr1\n" + "ACGTTGCAAC" * 40 + "\n"
# Graphs that are also given to `predict`, as weights that a zoo pins.
PINNED = (
    *("external-initializer-2", "external-subgraph-1", "domains-node-0", "operators-0"),
    *("sizes-constant-1e10", "sizes-by-values-Range", "structure-cycle", "foreign-pickle"),
    *("swelling-nodes", "structure-segment"),
)


@dataclass(frozen=True)
class Case:
    """A hostile file, the command that reads it, and the exit code due."""

    name: str
    arguments: list[str]
    code: tuple[int, ...] = (2, 6)


class Zoo:
    """A zoo in a folder, with a sound model ``toy``, to which entries are added."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(REPO / "tests/data/toy_zoo", root, dirs_exist_ok=True)
        (root / "genome.fa").write_text(GENOME)
        self.card = (root / "model_cards/toy.yaml").read_text()
        self.recipe = (root / "recipes/toy.yaml").read_text()
        shutil.rmtree(root / "recipes")
        self.add("toy", {"model.onnx": graphs.sound().SerializeToString()})

    def add(self, name: str, files: dict[str, bytes], weights: str | None = None) -> None:
        """Add an entry that pins these files."""
        folder = self.root / "zoo" / name
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        listed = "".join(
            f"    - {{path: {file}, sha256: {sha256(content)}, size: {len(content)}}}\n"
            for file, content in files.items()
            if content
        )
        head, _, rest = self.card.partition("weights: null\n")
        rest = rest.replace("  weights: written by the test\n", "")
        text = f"{head}weights:\n{weights or f'  files:{chr(10)}{listed}'}{rest}"
        self.document(name, text.replace("name: toy", f"name: {name}", 1).encode())
        self.manifest(name, json.dumps(self.pinned(name)).encode())

    def pinned(self, name: str) -> dict[str, object]:
        """Return the manifest of an entry's files."""
        paths = [self.root / "model_cards" / f"{name}.yaml"]
        paths += [p for p in (self.root / "zoo" / name).iterdir() if p.name != "manifest.json"]
        files = {
            path.relative_to(self.root).as_posix(): {
                "sha256": sha256(path.read_bytes()),
                "size": path.stat().st_size,
            }
            for path in paths
        }
        return {
            "schema_version": 1,
            "name": name,
            "zooctl": "0.1.0",
            "opset": 20,
            "exporter": {"onnx": onnx.__version__},
            "tensor_digest": tensor_digest(initialisers(graphs.sound().SerializeToString())),
            "files": files,
        }

    def document(self, name: str, content: bytes) -> None:
        """Write a card."""
        (self.root / "model_cards" / f"{name}.yaml").write_bytes(content)

    def manifest(self, name: str, content: bytes) -> None:
        """Write a manifest."""
        (self.root / "zoo" / name / "manifest.json").write_bytes(content)

    def predict(self, name: str) -> list[str]:
        """Return the command that predicts with an entry."""
        genome, target = self.root / "genome.fa", self.root / "out.bw"
        options = ["--region", "chr1:1-200", "--fasta", str(genome), "-o", str(target), "--force"]
        return ["predict", "--model", name, *options, "--track", "plus", "--device", "cpu"]

    def adopt(self, file: Path, name: str) -> list[str]:
        """Return the command that makes an entry of an ONNX file."""
        facts = ["--assembly", "hg19", "--tracks", "plus,minus", "--licence", "MIT"]
        window = ["--bin-size", "8", "--unknown-base", "0.25"]
        return ["adopt", "onnx", str(file), "--name", name, *facts, *window]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def generate(root: Path) -> list[Case]:
    """Write all hostile files below ``root``, a zoo, and return the cases."""
    zoo = Zoo(root)
    parts = (_graphs, _safetensors, _hdf5, _documents, _changed)
    return [case for part in parts for case in part(zoo)]


def _graphs(zoo: Zoo) -> Iterator[Case]:
    folder = zoo.root / "files"
    folder.mkdir()
    secret = zoo.root / "secret.bin"
    secret.write_bytes(bytes(64))
    (folder / "link.bin").symlink_to(secret)
    (folder / "weights.bin").hardlink_to(secret)
    made = dict(graphs.graphs())
    for name, content in made.items():
        path = folder / f"{name}.onnx"
        path.write_bytes(content)
        yield Case(f"graph-{name}", zoo.adopt(path, "mine"))
    for name in PINNED:
        entry = f"graph-{name.lower()}"
        zoo.add(entry, {"model.onnx": made[name]})
        yield Case(f"pinned-{name}", zoo.predict(entry))
    sparse = folder / "three-gigabytes.onnx"
    with sparse.open("wb") as file:
        file.truncate(3_000_000_000)
    yield Case("graph-three-gigabytes", zoo.adopt(sparse, "mine"))
    yield Case("graph-folder", zoo.adopt(folder, "mine"))
    yield Case("graph-endless", zoo.adopt(Path("/dev/zero"), "mine"))


def _safetensors(zoo: Zoo) -> Iterator[Case]:
    model = graphs.sound().SerializeToString()
    for name, content in tensors.safetensors():
        for file in ("probe.safetensors", "model.safetensors"):
            entry = f"{file[:5]}-{name}".replace("^", "-")
            zoo.add(entry, {"model.onnx": model, file: content})
            yield Case(f"{file}-{name}", ["check", entry], (6,))


def _hdf5(zoo: Zoo) -> Iterator[Case]:
    model = graphs.sound()
    model.graph.initializer[0].ClearField("raw_data")
    mirror = zoo.root / "mirror"
    mirror.mkdir()
    for name, content in tensors.hdf5():
        (mirror / f"{name}.hdf5").write_bytes(content)
        origin = (
            f"  files: [{{path: model.onnx, sha256: {'0' * 64}, size: 1}}]\n"
            f"  origin: {{file: {name}.hdf5, url: https://zenodo.org/{name}, format: keras_hdf5, "
            f"sha256: {sha256(content)}, size: {len(content)}}}\n"
        )
        entry = f"hdf5-{name}"
        zoo.add(entry, {"graph.onnx": model.SerializeToString()}, origin)
        manifest = zoo.pinned(entry)
        pinned = {f"zoo/{entry}/model.onnx": {"sha256": "0" * 64, "size": 1}}
        manifest["files"] = {**manifest["files"], **pinned}  # type: ignore[dict-item]
        zoo.manifest(entry, json.dumps(manifest).encode())
        yield Case(entry, zoo.predict(entry), (6,))


def _documents(zoo: Zoo) -> Iterator[Case]:
    for name, content in documents.cards(zoo.card):
        entry = f"card-{name}"
        zoo.document(entry, content.replace(b"name: toy", f"name: {entry}".encode(), 1))
        yield Case(entry, ["info", entry], (2,))
    for name, content in documents.recipes(zoo.recipe):
        path = zoo.root / f"recipe-{name}.yaml"
        path.write_bytes(content)
        yield Case(f"recipe-{name}", ["data", "fetch", str(path)], (2,))
    model = graphs.sound().SerializeToString()
    for name, content in documents.manifests(zoo.pinned("toy")):
        entry = f"manifest-{name}"
        zoo.add(entry, {"model.onnx": model})
        zoo.manifest(entry, content.replace(b"toy", entry.encode()))
        yield Case(entry, ["info", entry, "--json"], (2,))
    for number, name in enumerate(documents.NAMES):
        yield Case(f"name-{number}", ["info", "--", name], (2,))
        yield Case(f"name-{number}-predict", zoo.predict(name), (2,))


def _changed(zoo: Zoo) -> Iterator[Case]:
    """Yield files that differ from their pins in the manifest."""
    sound = graphs.sound().SerializeToString()
    for name, content in {
        "flipped": sound[:100] + bytes([sound[100] ^ 1]) + sound[101:],
        "cut": sound[:-1],
        "longer": sound + b"\0",
        "empty": b"",
        "pickle": graphs.FOREIGN["pickle"],
        "another": graphs.sound().SerializeToString()[::-1],
    }.items():
        entry = f"changed-{name}"
        zoo.add(entry, {"model.onnx": sound})
        (zoo.root / "zoo" / entry / "model.onnx").write_bytes(content)
        yield Case(entry, zoo.predict(entry), (5,))
    zoo.add("changed-link", {"model.onnx": sound})
    path = zoo.root / "zoo/changed-link/model.onnx"
    path.unlink()
    path.symlink_to("/etc/passwd")
    yield Case("changed-link", zoo.predict("changed-link"), (5,))


if __name__ == "__main__":
    print(len(generate(Path(sys.argv[1]))))
