"""The walls of the package, proved from its syntax trees: who may import whom and what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "zooctl"

LEVELS = {
    "errors": -1,
    "sequence": 0,
    "files": 1,
    "catalog": 2,
    "inference": 3,
    "evaluation": 3,
    "interpret": 3,
    "training": 3,
    "reproduce": 4,
    "audit": 4,
    "cli": 5,
}

# Evaluation and training run exported graphs as users do.
SIDEWAYS = {("evaluation", "inference"), ("training", "inference")}

# Foreign library to the only places that import it: modules, or folders ending in a slash.
FOREIGN: dict[str, tuple[str, ...]] = {
    "pyfaidx": ("files/fasta.py", "files/fasta_index.py"),
    "pyBigWig": ("files/bigwig.py", "files/bigwig_writer.py"),
    "cyvcf2": ("files/vcf_binary.py",),
    "pysam": ("files/vcf_index.py",),
    "pyarrow": ("files/vcf_table.py",),
    "liftover": ("files/liftover.py",),
    "huggingface_hub": ("catalog/hub.py",),
    "httpx2": ("files/download.py", "files/transfer.py"),
    "filelock": ("files/",),
    "pydantic": ("catalog/", "cli/schema.py", "reproduce/"),
    "pydantic_core": ("catalog/",),
    "yaml": ("catalog/strict_yaml.py",),
    "onnxruntime": ("inference/runtime.py",),
    "onnx": ("files/onnx_weights.py", "inference/", "training/"),
    "h5py": ("files/hdf5.py",),
    "onnxscript": ("training/",),
    "google": ("inference/graph.py",),
    "safetensors": ("files/tensors.py", "inference/", "training/", "reproduce/"),
    "torch": ("training/",),
    "lightning_fabric": ("training/",),
    "torchmetrics": ("training/",),
    "wandb": ("training/loggers.py",),
    "ray": ("training/tune.py",),
    "scipy": ("evaluation/",),
    "sklearn": ("evaluation/",),
    "threadpoolctl": ("evaluation/evaluate.py",),
    "matplotlib": ("interpret/plots.py", "interpret/report_plots.py", "interpret/trials.py"),
    "typer": ("cli/",),
    "rich": ("cli/",),
}
EVERYWHERE = {"numpy"}

# Neither may be named anywhere: typer carries its own click, and pickles execute code.
FORBIDDEN = {"click", "pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}


class Import(NamedTuple):
    """One import statement; ``early`` if it runs when the module is imported."""

    file: str
    line: int
    module: str
    early: bool

    def __str__(self) -> str:
        return f"zooctl/{self.file}:{self.line} imports {self.module}"


def _imports(node: ast.AST, file: str, early: bool = True) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(file, node.lineno, alias.name, early)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        assert node.level == 0, f"zooctl/{file}:{node.lineno}: relative import"
        # `from zooctl import files` names a sub-package, `from zooctl.files.bed import x` a module.
        if base == "zooctl":
            for alias in node.names:
                yield Import(file, node.lineno, f"zooctl.{alias.name}", early)
        else:
            yield Import(file, node.lineno, base, early)
    elif isinstance(node, ast.If) and _is_type_checking(node.test):
        early = False
    inside = early and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, file, inside)


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in FILES}
IMPORTS = [found for file, tree in TREES.items() for found in _imports(tree, file)]


def part_of(file: str) -> str:
    """Return the sub-package of a file below ``zooctl/``."""
    return file.split("/")[0].removesuffix(".py")


def wrong_levels(imports: list[Import]) -> list[str]:
    """Return imports among sub-packages that do not point down."""
    wrong = []
    for found in imports:
        names = found.module.split(".")
        source = part_of(found.file)
        if names[0] != "zooctl" or len(names) == 1 or names[1] == "__version__":
            continue
        target = names[1]
        if source == target or (source, target) in SIDEWAYS:
            continue
        if source == "__init__" or LEVELS[target] >= LEVELS[source]:
            wrong.append(str(found))
    return wrong


def wrong_foreign(imports: list[Import], standard: frozenset[str]) -> list[str]:
    """Return imports of foreign libraries outside their place, and of unlisted ones."""
    wrong = []
    for found in imports:
        library = found.module.split(".")[0]
        if library in standard | EVERYWHERE | {"zooctl"}:
            continue
        places = FOREIGN.get(library, ())
        if not any(
            found.file.startswith(p) if p.endswith("/") else found.file == p for p in places
        ):
            wrong.append(str(found))
    return wrong


def test_the_walk_sees_everything() -> None:
    tree = ast.parse(
        "import a.b\nfrom zooctl import files\nif TYPE_CHECKING:\n    import c\n"
        "def f():\n    from d.e import g\nclass H:\n    import i\n"
    )
    found = [(one.line, one.module, one.early) for one in _imports(tree, "x.py")]
    assert found == [
        (1, "a.b", True),
        (2, "zooctl.files", True),
        (4, "c", False),
        (6, "d.e", False),
        (8, "i", True),
    ]
    assert len(FILES) > 20


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("sequence/onehot.py", "zooctl.files.fasta"),
        ("catalog/card.py", "zooctl.cli.tables"),
        ("inference/predict.py", "zooctl.training.fit"),
        ("inference/predict.py", "zooctl.evaluation"),
        ("errors.py", "zooctl.sequence.windows"),
    ],
)
def test_the_level_rule_can_fail(file: str, module: str) -> None:
    assert wrong_levels([Import(file, 1, module, True)])


def test_imports_point_down_only() -> None:
    assert wrong_levels(IMPORTS) == []


def test_foreign_libraries_stay_in_their_place() -> None:
    import sys

    assert wrong_foreign([Import("cli/list.py", 1, "torch", False)], sys.stdlib_module_names)
    assert wrong_foreign([Import("cli/list.py", 1, "unheard_of", False)], sys.stdlib_module_names)
    assert wrong_foreign(IMPORTS, sys.stdlib_module_names) == []


def test_no_click_and_no_pickle() -> None:
    named = [str(found) for found in IMPORTS if found.module.split(".")[0] in FORBIDDEN]
    assert named == []
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                allowed = isinstance(node.value, ast.Constant) and node.value.value is False
                assert allowed, f"zooctl/{file}:{node.value.lineno}"


def test_commands_import_typer_alone_when_imported() -> None:
    """Else every command would pay for the heaviest one."""
    import sys

    light = sys.stdlib_module_names | {"typer", "zooctl", "zooctl.errors"}
    commands = [one for one in IMPORTS if one.early and one.file.startswith("cli/")]
    heavy = [
        str(one)
        for one in commands
        if one.module not in light
        and one.module.split(".")[0] not in light - {"zooctl"}
        and not one.module.startswith("zooctl.cli.")
        and one.module != "zooctl.__version__"
    ]
    assert heavy == []


def test_nothing_is_printed_behind_the_users_back() -> None:
    printed = [
        f"zooctl/{file}:{node.lineno}"
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printed == []


def test_no_utils() -> None:
    assert [path for path in FILES if path.stem in ("utils", "helpers", "common", "misc")] == []


def test_sub_packages_hold_no_code() -> None:
    """An ``__init__`` is a docstring, so that importing a module imports no sibling."""
    for file, tree in TREES.items():
        if file.endswith("/__init__.py") and file != "training/nets/__init__.py":
            assert len(tree.body) == 1, f"zooctl/{file}"
            assert ast.get_docstring(tree), f"zooctl/{file}"


def test_every_module_says_what_it_is() -> None:
    for file, tree in TREES.items():
        assert ast.get_docstring(tree), f"zooctl/{file}"
