"""Toys whose networks read more than the sequence, as files: two cells, or measured variants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import toy_files
import toy_training as toy

from zooctl.schema.manifest import digest_file
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.schema.strict_yaml import dumps

ONE_BIN = {"input_length": 64, "output_length": 32, "bin_size": 32, "core_length": 32}
BASES = "ACGT"


def write_cells(folder: Path, **changes: Any) -> Path:
    """A recipe of two cells: peaks at every TGA in a, at none in b, where nothing is open.

    Openness is 1 in a and 0 in b; the table says 3 for the gene in a, 0 in b, and as in a for a
    third, d.
    """
    recipe, _ = toy_files.write(folder)
    data = toy.dataset()
    hits = np.flatnonzero(np.diff(data.target["chr1"][0], prepend=0) > 0)
    (folder / "a.bed").write_text("".join(f"chr1\t{at}\t{at + 30}\n" for at in hits))
    (folder / "b.bed").write_text("chr1\t10\t20\n")
    ones = np.ones(toy.LENGTH, np.float32)
    toy_files.write_bigwig(folder / "open_a.bw", ones)
    toy_files.write_bigwig(folder / "open_b.bw", 0 * ones)
    (folder / "genes.tsv").write_text("gene\tb\ta\td\nMYC\t0\t3\t3\nCTCF\t1.5\t1.5\t1.5\n")
    network = {"key": "factornet", "n_features": 2, "filters": 4, "kernel": 4, "units": 2}
    return rewrite(
        recipe,
        {
            "peaks_a": "a.bed",
            "peaks_b": "b.bed",
            "open_a": "open_a.bw",
            "open_b": "open_b.bw",
            "genes": "genes.tsv",
        },
        window=ONE_BIN,
        targets=[{"track": "bound", "signal": {"key": "peaks", "source": "peaks_a"}}],
        inputs=[{"name": "open", "signal": {"key": "bigwig", "source": "open_a"}}],
        features={"source": "genes", "names": ["MYC", "CTCF"], "transform": "log1p"},
        samples=[
            {"name": "a"},
            {"name": "b", "sources": {"peaks_a": "peaks_b", "open_a": "open_b"}},
        ],
        windows={"key": "tiling", "stride": 32},
        network=network | {"hidden": 8},
        loss={"key": "binary_cross_entropy"},
        **changes,
    )


def write_variants(folder: Path, **changes: Any) -> Path:
    """A recipe of measured variants: an A in place of another base adds 1, any other nothing."""
    recipe, _ = toy_files.write(folder)
    codes = toy.dataset().codes["chr1"]
    lines = ["Chrom\tPos\tRef\tAlt\tEffect\tCell"]
    for at in range(20_000, 33_000, 40):
        ref, alt = BASES[codes[at]], BASES[(codes[at] + 1) % 4]
        lines.append(f"1\t{at + 1}\t{ref}\t{alt}\t{float(alt == 'A')}\tx")
        lines.append(f"1\t{at + 1}\t{ref}\t{alt}\t99\tanother")
    (folder / "effects.tsv").write_text("\n".join(lines) + "\n")
    trunk = {"key": "bpnet", "filters": 4, "first_kernel": 5, "dilated_layers": 1}
    return rewrite(
        recipe,
        {"effects": "effects.tsv"},
        window=ONE_BIN,
        targets=[
            {
                "track": "effect",
                "signal": {"key": "variant_effect", "source": "effects", "column": "Effect"},
            }
        ],
        windows={
            "key": "variants",
            "source": "effects",
            "columns": {"chrom": "Chrom", "pos": "Pos", "ref": "Ref", "alt": "Alt"},
            "rows": {"Cell": "x"},
            "chrom_prefix": "chr",
        },
        network={"key": "siamese", "trunk": trunk, "hidden": 4},
        loss={"key": "mse"},
        **changes,
    )


def rewrite(path: Path, files: dict[str, str], **values: Any) -> Path:
    """Give a recipe these sources and values."""
    document = load_recipe(path).model_dump(mode="json")
    like = document["sources"][0]
    sources = []
    for name, file in files.items():
        digest = digest_file(path.parent / file)
        sources.append(like | {"id": name, "file": file, **digest.model_dump()})
    document |= {"sources": sources, "controls": [], **values}
    path.write_text(dumps(document))
    return path


def recipe_of(path: Path) -> tuple[Recipe, dict[str, Path]]:
    """The recipe, and where its sources are."""
    recipe = load_recipe(path)
    return recipe, {source.id: path.parent / source.file for source in recipe.sources}
