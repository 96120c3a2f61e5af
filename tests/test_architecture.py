"""The walls of the package, proved from its syntax trees: who may import whom and what."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "zooctl"

# Packages from the lowest to the highest; each may import those before it.
ORDER = (
    "errors",
    "progress",
    "sequence",
    "files",
    "schema",
    "catalog",
    "inference",
    "training",
    "interpret",
    "evaluation",
    "reproduction",
    "audit",
    "api",
    "cli",
    "__main__",
)

# The same inside of packages; a part that is not named stands above all that are.
INSIDE = {
    "catalog": ("root", "entry", "data", "hub", "origin", "weights", "address", "registry"),
    "cli": ("ui", "commands"),
    "evaluation": ("metrics", "data", "baselines", "report", "heldout"),
    "files": ("disk",),
    "inference": (
        "options",
        "genome",
        "graph",
        "device",
        "engine",
        "examine_in_child",
        "other_inputs",
        "model",
        "tracks",
        "variants",
        "background",
        "vcf",
    ),
    "interpret": (
        "options",
        "libraries",
        "pictures",
        "motif_recovery",
        "attribution",
        "saturation",
        "motif_search",
        "explanation",
    ),
    "reproduction": ("report", "environment", "run", "evidence", "judge", "verify"),
    "inference/device": (
        *("threaded", "announce_remarks", "machine", "check_precision", "cuda", "runtime"),
        "session",
    ),
    "inference/scale": (
        "inputs",
        "plan_files",
        "plan",
        "folder",
        "jobs",
        "worker",
        "engines",
        "run",
        "merge",
        "whole",
    ),
    "schema": (
        *("escape", "explain", "fields", "strict_yaml", "scoring", "card_weights", "card"),
        *("manifest", "recipe"),
    ),
    "training": ("tracks", "determinism", "data", "nets", "loop", "export", "tune"),
}

# One file a network or a command.
CROWDED = {"training/nets", "cli/commands"}
MOST_MODULES = 15

# Foreign library to the only places that import it: modules, or folders ending in a slash.
FOREIGN: dict[str, tuple[str, ...]] = {
    "pyfaidx": ("files/fasta/",),
    "pyBigWig": ("files/bigwig/",),
    "pysam": ("files/vcf/htslib_child.py",),
    "pyarrow": ("files/vcf/table.py", "files/score_store/"),
    "duckdb": ("files/score_store/",),
    "huggingface_hub": ("catalog/hub/",),
    "httpx2": ("files/download/",),
    "filelock": ("files/",),
    "pydantic": ("schema/", "cli/commands/schema.py", "reproduction/"),
    "pydantic_core": ("schema/",),
    "rfc8785": ("reproduction/report/canonical.py",),
    "yaml": ("schema/strict_yaml.py",),
    "ruamel": ("catalog/card_text.py",),
    "onnxruntime": ("inference/device/",),
    "onnx": (
        *("files/weights/onnx_weights.py", "inference/", "training/"),
        "interpret/filters/first_layer.py",
    ),
    "h5py": (
        *("files/weights/hdf5.py", "interpret/attribution/files.py"),
        "interpret/embedding/anndata_file.py",
    ),
    "onnxscript": ("training/",),
    "google": ("inference/graph/structure.py",),
    "safetensors": ("files/weights/", "inference/", "training/", "reproduction/"),
    "torch": ("training/", "interpret/", "files/weights/torch_child.py"),
    "captum": ("interpret/attribution/",),
    "logomaker": ("interpret/pictures/",),
    "tangermeme": ("interpret/",),
    "lightning_fabric": ("training/",),
    "wandb": ("training/loop/loggers.py",),
    "ray": ("training/tune/tune.py", "inference/scale/engines/"),
    "fsspec": ("inference/scale/plan_files.py",),
    "scipy": ("evaluation/",),
    "sklearn": ("evaluation/",),
    "imblearn": ("evaluation/",),
    "threadpoolctl": ("evaluation/heldout/evaluate.py",),
    "matplotlib": ("interpret/pictures/",),
    "PIL": ("interpret/pictures/plots.py",),
    "pandas": ("inference/tracks/data_frames.py", "interpret/pictures/"),
    "polars": ("inference/tracks/data_frames.py",),
    "memelite": ("interpret/motif_search/",),
    "modiscolite": ("interpret/discovery/",),
    "gkmsvm": ("evaluation/baselines/gkm.py",),
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
        # `from zooctl import files` names a package, `from zooctl.files.motifs import x` a module.
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


def rank(part: str, order: tuple[str, ...]) -> int:
    """Return the place of a part in an order; behind all where it is not named."""
    return order.index(part) if part in order else len(order)


def wrong_levels(imports: list[Import]) -> list[str]:
    """Return imports among packages, and among the parts of a package, that point up."""
    wrong = []
    for found in imports:
        names = found.module.split(".")
        if names[0] != "zooctl" or len(names) == 1 or names[1] == "__version__":
            continue
        source, target = part_of(found.file), names[1]
        if source == target:
            # The innermost package that holds both.
            inner, below = found.file.removesuffix(".py").split("/"), [*names[1:], ""]
            pairs = zip(inner, below, strict=False)
            depth = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            order = INSIDE.get("/".join(inner[:depth]), ())
            if depth < len(inner) and rank(below[depth], order) > rank(inner[depth], order):
                wrong.append(str(found))
        elif source == "__init__":
            # The package itself names the Python interface, for type checkers alone.
            wrong += [str(found)] * found.early
        elif rank(target, ORDER) >= rank(source, ORDER):
            wrong.append(str(found))
    return wrong


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the modules that import one another in a circle, by Tarjan's algorithm."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for below in sorted(graph.get(module, ())):
            if below not in index:
                visit(below)
                low[module] = min(low[module], low[below])
            elif below in stack:
                low[module] = min(low[module], index[below])
        if low[module] == index[module]:
            part = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(part) > 1:
                found.append(sorted(part))

    for module in sorted(graph):
        if module not in index:
            visit(module)
    return found


def module_graph() -> dict[str, set[str]]:
    """Return the modules that each module imports, those for types aside."""
    names = {
        "zooctl." + file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file
        for file in TREES
    }
    graph: dict[str, set[str]] = {}
    for name, file in names.items():
        typing_only = {
            inner
            for node in ast.walk(TREES[file])
            if isinstance(node, ast.If) and _is_type_checking(node.test)
            for inner in ast.walk(node)
        }
        graph[name] = set()
        for node in ast.walk(TREES[file]):
            if isinstance(node, ast.ImportFrom) and node not in typing_only:
                parts = {f"{node.module}.{alias.name}" for alias in node.names}
                graph[name] |= (parts & names.keys()) or ({str(node.module)} & names.keys())
    return graph


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
        ("sequence/onehot.py", "zooctl.files.fasta.reader"),
        ("catalog/card.py", "zooctl.cli.ui.tables"),
        ("inference/predict.py", "zooctl.training.loop.fit"),
        ("inference/predict.py", "zooctl.evaluation"),
        ("errors.py", "zooctl.sequence.windows"),
        ("catalog/entry.py", "zooctl.catalog.hub.download"),
    ],
)
def test_the_level_rule_can_fail(file: str, module: str) -> None:
    assert wrong_levels([Import(file, 1, module, True)])


def test_imports_point_down_only() -> None:
    assert wrong_levels(IMPORTS) == []


def test_no_module_is_in_a_circle() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}}) == []
    graph = module_graph()
    assert "zooctl.catalog.entry" in graph["zooctl.catalog.weights"]
    assert circles(graph) == []


def test_no_folder_is_crowded() -> None:
    modules = Counter(file.rpartition("/")[0] for file in TREES)
    crowded = {name: n for name, n in modules.items() if n > MOST_MODULES}
    assert set(crowded) <= CROWDED, crowded


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

    hardware = "inference/options/hardware.py"
    options = (hardware, "inference/options/predict_and_score.py", "interpret/options.py")
    own = {"zooctl.inference.options.hardware"}
    assert {
        one.module.split(".")[0] for one in IMPORTS if one.file in options and one.module not in own
    } < set(sys.stdlib_module_names)
    light = sys.stdlib_module_names | {
        "typer",
        "zooctl",
        "zooctl.errors",
        "zooctl.inference",
        "zooctl.inference.options",
        "zooctl.inference.options.predict_and_score",
        "zooctl.inference.options.store",
        "zooctl.interpret",
        "zooctl.interpret.options",
    }
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
