"""The environment digests: stable where nothing that matters changed, different where it did."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import zooctl
from zooctl.errors import IntegrityError
from zooctl.reproduction.environment import software_digest as environment
from zooctl.training.determinism.portable import PINS

PACKAGE = Path(zooctl.__file__).parent
PRINT = (
    "from zooctl.reproduction.environment.software_digest import here; e = here(); "
    "print(e.software_digest, e.hardware_digest)"
)


def digests(tmp_path: Path, **variables: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", PRINT],
        env={"PATH": "/usr/bin:/bin", **variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.split()


def test_unrelated_settings_leave_both_alone(tmp_path: Path) -> None:
    plain = digests(tmp_path)
    assert digests(tmp_path, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7", ANY="x") == plain


def test_an_instruction_set_changes_the_hardware_alone(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    software, hardware = digests(tmp_path)
    for setting in ({"ATEN_CPU_CAPABILITY": "default"}, {"ONEDNN_MAX_CPU_ISA": "AVX2"}):
        changed = digests(tmp_path, **setting)
        assert changed[0] == software
        assert changed[1] != hardware


def test_only_of_a_portable_recipe_all_processors_are_one(tmp_path: Path) -> None:
    if "avx2" not in environment._processor()[1].split():
        pytest.skip("the processor has no AVX2")
    code = (
        "import json; from zooctl.reproduction.environment.software_digest import hardware as h; "
    )
    code += "print(json.dumps([h(), h(portable_recipe=True), h(portable_recipe=False)]))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin:/bin", **PINS},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    plain, portable, own = json.loads(run.stdout)
    assert plain == portable
    assert portable["processor"] == "with AVX2"
    assert own["processor"] == environment._processor()[0]
    assert own["settings"] == portable["settings"] == PINS


def test_one_byte_of_code_changes_its_digest(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    before = environment.tree_digest(tmp_path)
    (tmp_path / "a.py").write_text("x = 2\n")
    assert environment.tree_digest(tmp_path) != before


def test_one_byte_of_a_module_changes_its_digest(tmp_path: Path) -> None:
    module = tmp_path / "a.py"
    module.write_text("x = 1\n")
    before = environment.tree_digest(module)
    module.write_text("x = 2\n")
    assert environment.tree_digest(module) != before


def recorded() -> dict[str, object]:
    here = environment.here()
    return {
        "software": here.software,
        "hardware": here.hardware,
        "software_digest": here.software_digest,
        "hardware_digest": here.hardware_digest,
    }


def test_what_is_recorded_reads_back() -> None:
    assert environment.read(json.dumps(recorded()).encode()) == environment.here()


@pytest.mark.parametrize("change", [{"hardware": {}}, {"software": None}, {"software_digest": "x"}])
def test_what_was_changed_does_not(change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        environment.read(json.dumps(recorded() | change).encode())


def test_differences_name_what_differs_and_nothing_else() -> None:
    here = environment.here()
    assert environment.differences(here.software, dict(here.software)) == []
    found = json.loads(json.dumps(here.software))
    found["python"] = "CPython 2.7"
    found["distributions"]["numpy"] = None
    assert [one.field for one in environment.differences(here.software, found)] == [
        "distributions.numpy",
        "python",
    ]


# What training imports and is not weighed: it finds files, checks them against digests, describes
# them or takes messages, or runs graphs that were exported.
UNWEIGHED = {"catalog", "errors", "inference", "progress"}
UNWEIGHED_DOCUMENTS = {"card", "card_weights", "explain", "manifest", "scoring"}


def imported(path: Path) -> set[str]:
    """Our own modules that a module imports, as paths below the package."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zooctl."):
            names = [str(node.module), *(f"{node.module}.{one.name}" for one in node.names)]
            found |= {name.removeprefix("zooctl.").replace(".", "/") + ".py" for name in names}
    return {name for name in found if (PACKAGE / name).exists()}


def test_all_that_training_reads_is_weighed() -> None:
    todo = {p.relative_to(PACKAGE).as_posix() for p in (PACKAGE / "training").rglob("*.py")}
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        seen.add(name)
        if name.removesuffix(".py").split("/")[0] not in UNWEIGHED:
            todo |= imported(PACKAGE / name) - seen
    folders = tuple(f"{name}/" for name in environment.CODE if not name.endswith(".py"))
    beside = {name for name in seen - {*environment.CODE} if not name.startswith(folders)}
    documents = {name.split("/")[1].removesuffix(".py") for name in beside if "schema/" in name}
    assert documents <= UNWEIGHED_DOCUMENTS
    assert {name.removesuffix(".py").split("/")[0] for name in beside} <= UNWEIGHED | {"schema"}
    code = environment.software()["code"]
    assert isinstance(code, dict)
    assert set(code) == {*environment.CODE}
