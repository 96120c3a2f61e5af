"""Libraries that parse what a user hands over: called where their errors become ours, or apart.

A library in C or C++ ends in exceptions of its own, or in a signal. So each is called from a few
modules, which either run as a child process, or call it within a ``try`` that turns its exceptions
into errors with the path.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "zooctl"

# Library to the modules, or folders ending in a slash, that may call it.
PLACES: dict[str, tuple[str, ...]] = {
    "pyBigWig": ("files/bigwig/child.py",),
    "cyvcf2": (),
    "pysam": ("files/vcf/htslib_child.py",),
    "liftover": (),
    "h5py": (
        *("files/weights/hdf5.py", "interpret/attribution/files.py"),
        "interpret/embedding/anndata_file.py",
    ),
    "onnx": (
        *("files/weights/onnx_weights.py", "inference/", "training/export/"),
        *("interpret/embedding/", "interpret/filters/"),
    ),
}

# Scripts of child processes: whatever happens there, the parent turns into an error.
CHILDREN = {"files/bigwig/child.py", "files/vcf/htslib_child.py"}

# Of onnx, these read bytes, or run over a graph; the others make parts of our own graphs.
ONNX = {
    *("load", "load_model", "load_model_from_string", "FromString", "ParseFromString"),
    *("check_model", "infer_shapes", "to_array", "ReferenceEvaluator", "convert_version"),
}

# Calls on bytes that were made, pinned or accepted before, so that an exception is a bug of ours;
# `tests/inference/graph/test_accepted.py` shows that what is accepted can be read.
OURS = {
    ("files/weights/onnx_weights.py", "onnx.ModelProto.FromString"): "pinned by the manifest",
    ("inference/adopt/keras_file.py", "onnx.ModelProto.FromString"): "made here of a Keras file",
    ("inference/adopt/networks/builder.py", "onnx.ModelProto.FromString"): "made here of a table",
    ("inference/adopt/gapped_kmers/graph.py", "checker.check_model"): "made here of weights",
    ("inference/adopt/pwm_graph.py", "checker.check_model"): "made here of a motif",
    ("inference/adopt/verify.py", "onnx.ModelProto.FromString"): "accepted by graph.check",
    ("inference/adopt/verify.py", "numpy_helper.to_array"): "accepted by graph.check",
    ("inference/engine/constants.py", "numpy_helper.to_array"): "accepted by graph.check",
    ("inference/engine/copies.py", "numpy_helper.to_array"): "accepted by graph.check",
    ("inference/engine/network.py", "onnx.ModelProto.FromString"): "accepted by graph.check",
    ("inference/engine/shared.py", "onnx.ModelProto.FromString"): "made of an accepted graph",
    (
        "inference/engine/shared.py",
        "onnx.shape_inference.infer_shapes",
    ): "made of an accepted graph",
    ("inference/graph/batch/step.py", "numpy_helper.to_array"): "accepted by graph.check",
    ("inference/graph/check.py", "onnx.ModelProto.FromString"): "accepted by graph.check",
    ("inference/graph/shapes.py", "numpy_helper.to_array"): "within graph.check",
    ("inference/graph/structure.py", "numpy_helper.to_array"): "within graph.check",
    ("inference/graph/independence.py", "onnx.ModelProto.FromString"): "accepted by graph.check",
    ("interpret/attribution/files.py", "h5py.File"): "written here, into a temporary file",
    (
        "interpret/embedding/anndata_file.py",
        "h5py.File",
    ): "written here, into a temporary file",
    ("interpret/embedding/anndata_file.py", "h5py.string_dtype"): "takes nothing",
    ("inference/graph/lower_precision.py", "onnx.ModelProto.FromString"): "accepted by graph.check",
    (
        "inference/graph/lower_precision.py",
        "onnx.shape_inference.infer_shapes",
    ): "accepted by graph.check",
    (
        "inference/graph/lower_precision.py",
        "numpy_helper.to_array",
    ): "accepted by graph.check",
    ("inference/tracks/penultimate.py", "onnx.ModelProto.FromString"): "accepted by graph.check",
    ("interpret/filters/first_layer.py", "onnx.ModelProto.FromString"): "accepted by graph.check",
    ("interpret/filters/first_layer.py", "numpy_helper.to_array"): "accepted by graph.check",
    ("training/export/export.py", "onnx.checker.check_model"): "made here of a network",
    ("training/export/on_trunk.py", "onnx.ModelProto.FromString"): "accepted by graph.check",
    ("training/export/on_trunk.py", "version_converter.convert_version"): "accepted by graph.check",
    ("training/export/on_trunk.py", "onnx.checker.check_model"): "made here of two graphs",
    ("training/export/export.py", "onnx.numpy_helper.to_array"): "made here of a network",
}


class NakedCall(NamedTuple):
    """A call of a library without a guard."""

    file: str
    line: int
    call: str

    def __str__(self) -> str:
        return f"zooctl/{self.file}:{self.line} calls {self.call}"


def names_of(tree: ast.AST) -> dict[str, str]:
    """Return the names of a module that stand for a library or a part of it."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in PLACES:
                    names[(alias.asname or alias.name).split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PLACES:
            for alias in node.names:
                names[alias.asname or alias.name] = str(node.module).split(".")[0]
    return names


def is_guard(node: ast.AST) -> bool:
    """Return whether a statement turns the exceptions of what is inside of it into others."""
    return isinstance(node, ast.Try) and bool(node.handlers)


def calls(node: ast.AST, names: dict[str, str], guarded: bool = False) -> Iterator[ast.Call]:
    """Yield the calls of libraries that no guard is around."""
    if isinstance(node, ast.Call) and not guarded:
        root: ast.AST = node.func
        while isinstance(root, (ast.Attribute, ast.Call)):
            root = root.value if isinstance(root, ast.Attribute) else root.func
        library = names.get(root.id) if isinstance(root, ast.Name) else None
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(root, "id", "")
        if library is not None and (library != "onnx" or last in ONNX):
            yield node
    for child in ast.iter_child_nodes(node):
        # Neither the handlers of a ``try`` nor its ``else`` are guarded by it.
        inside = is_guard(node) and not (isinstance(node, ast.Try) and child not in node.body)
        yield from calls(child, names, guarded or inside)


def naked(file: str, tree: ast.AST) -> list[NakedCall]:
    if file in CHILDREN:
        return []
    return [
        NakedCall(file, call.lineno, ast.unparse(call.func)) for call in calls(tree, names_of(tree))
    ]


def misplaced(file: str, tree: ast.AST) -> list[str]:
    return [
        f"zooctl/{file} imports {library}"
        for library in sorted(set(names_of(tree).values()))
        if not any(
            file.startswith(place) if place.endswith("/") else file == place
            for place in PLACES[library]
        )
    ]


TREES = {
    path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
}


@pytest.mark.parametrize(
    ("code", "n"),
    [
        ("import pysam\npysam.tabix_index('a')", 1),
        ("import pysam\ntry:\n    pysam.tabix_index('a')\nexcept OSError:\n    pass", 0),
        ("import pysam\ntry:\n    pysam.tabix_index('a')\nfinally:\n    pass", 1),
        ("import pysam\ntry:\n    pass\nexcept OSError:\n    pysam.tabix_index('a')", 1),
        ("def f():\n    from cyvcf2 import VCF as V\n    return V('a')", 1),
        ("import onnx\nonnx.helper.make_node('Conv')\nonnx.ModelProto.FromString(b'')", 1),
        ("from onnx.reference import ReferenceEvaluator\nReferenceEvaluator(m)", 1),
        ("import onnx.checker\nonnx.checker.check_model(m)", 1),
        ("import json\njson.loads('')", 0),
    ],
)
def test_the_rule_can_fail(code: str, n: int) -> None:
    assert len(naked("x.py", ast.parse(code))) == n


def test_libraries_are_called_from_their_places() -> None:
    assert misplaced("cli/plot.py", ast.parse("import pyBigWig"))
    assert [found for file, tree in TREES.items() for found in misplaced(file, tree)] == []


def test_no_call_is_naked() -> None:
    found = [call for file, tree in TREES.items() for call in naked(file, tree)]
    assert [str(call) for call in found if (call.file, call.call) not in OURS] == []
