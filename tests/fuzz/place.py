"""What every case shares: a zoo with a tiny model, a genome, and the files of others as seeds."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import toy_model
from fuzz.genome import REPO, base, fasta_text, other
from safetensors.numpy import save_file

_LARGEST_SEED = 200_000  # bytes; mutations of larger files seldom meet what is read of them
ONE = ("--threads", "1", "--device", "cpu")


def others_folder() -> Path:
    """Return where files are that broke this or other tools; it need not be there."""
    data = Path(os.environ.get("ZOOCTL_DATA_MIRROR", REPO.parent / "shared" / "data"))
    return Path(os.environ.get("ZOOCTL_FUZZ_SEEDS", data.resolve().parent / "field"))


def others(*suffixes: str) -> list[bytes]:
    """Return the content of the files of others that have these suffixes, by name."""
    found = [path for path in sorted(others_folder().rglob("*")) if path.name.endswith(suffixes)]
    return [path.read_bytes() for path in found if 0 < path.stat().st_size <= _LARGEST_SEED]


@dataclass(frozen=True)
class Place:
    """A folder that cases read and do not write.

    Attributes:
        folder: The folder.
        zoo: Root of a zoo with the one model ``toy``.
        fasta: The genome.
        home: Cache of all cases.
        table: A VCF of SNVs on the genome.
    """

    folder: Path
    zoo: Path
    fasta: Path
    home: Path
    vcf: Path

    def settle(self) -> None:
        """Have this process's commands work here, and reach no network."""
        os.environ |= {
            "ZOOCTL_ZOO": str(self.zoo),
            "ZOOCTL_HOME": str(self.home),
            "ZOOCTL_DATA_MIRROR": str(self.folder),
            "ZOOCTL_GENOMES": str(self.folder),
            "ZOOCTL_OFFLINE": "1",
            "HF_HUB_OFFLINE": "1",
            "ORT_DISABLE_TELEMETRY": "1",
            "MPLBACKEND": "agg",
        }


def make(folder: Path) -> Place:
    """Write all that into a new folder."""
    folder.mkdir(parents=True)
    place = Place(
        folder, folder / "zoo", folder / "genome.fa", folder / "home", folder / "snvs.vcf"
    )
    place.fasta.write_bytes(fasta_text())
    # The genome of an assembly is found by its name.
    (folder / "toy.fa").symlink_to(place.fasta)
    place.vcf.write_bytes(snvs())
    place.home.mkdir(mode=0o700)
    write_zoo(place.zoo)
    return place


def write_zoo(root: Path, files: dict[str, bytes] | None = None) -> None:
    """Write a zoo with the toy; these files of its folder in place of its own, and pinned."""
    shutil.copytree(REPO / "tests/data/toy_zoo", root)
    own = root / "zoo/toy"
    own.mkdir(parents=True)
    (own / "model.onnx").write_bytes(toy_model.graph_of())
    save_file({"weights": toy_model.WEIGHTS}, own / "model.safetensors")
    codes = np.random.default_rng(1).integers(0, 5, size=(8, 64), dtype=np.uint8)
    probe = {"inputs": codes, "expected": toy_model.expected_tracks(codes)}
    save_file(probe, own / "probe.safetensors")
    for name, content in (files or {}).items():
        (own / name).write_bytes(content)
    toy_model.pin(root)


def snvs() -> bytes:
    """Return a VCF of SNVs of all contigs."""
    draw, rows = random.Random(5), []
    for chrom, length in (("chr1", 3_000), ("chr2", 480), ("chr21", 2_000)):
        for pos in sorted(draw.sample(range(40, length - 40), 6)):
            ref = base(pos, 1, chrom)
            rows.append(f"{chrom}\t{pos}\t.\t{ref}\t{other(ref)}\t.\t.\t.\n")
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    return (head + "".join(rows)).encode()


@dataclass(frozen=True)
class Work:
    """One case: an empty folder, which is the current one, and a content for its file.

    Attributes:
        folder: The folder.
        content: What the file holds, compressed if it is to be.
        plain: The same before it was compressed; None if it was changed afterwards.
        draw: For what else of the command varies.
    """

    folder: Path
    content: bytes
    plain: bytes | None
    draw: random.Random

    def write(self, name: str) -> str:
        """Write the file and return its name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content)
        return name

    def own_zoo(self, place: Place, files: dict[str, bytes] | None = None) -> Path:
        """Make a zoo of this case's own, in which the command works, and return its root."""
        root = self.folder / "own"
        if files is None:
            shutil.copytree(place.zoo, root)
        else:
            write_zoo(root, files)
        os.environ["ZOOCTL_ZOO"] = str(root)
        return root
