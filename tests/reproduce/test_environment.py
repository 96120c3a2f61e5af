"""The environment digests: stable where nothing that matters changed, different where it did."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.reproduce import environment

documents = st.recursive(
    st.none() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)

PRINT = "from zooctl.reproduce.environment import *; print(digest(software()), digest(hardware()))"


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


@given(document=st.dictionaries(st.text(max_size=5), documents, max_size=5))
def test_the_order_of_keys_does_not_matter(document: dict[str, object]) -> None:
    turned = dict(reversed(list(document.items())))
    assert environment.digest(document) == environment.digest(turned)
    assert json.loads(environment.canonical(document)) == document


def test_a_golden_vector() -> None:
    # printf '{"a":{"b":"é","c":null},"z":1}' | sha256sum
    document = {"z": 1, "a": {"c": None, "b": "é"}}
    assert environment.canonical(document) == '{"a":{"b":"é","c":null},"z":1}'.encode()
    assert environment.digest(document) == (
        "sha256:5c6e3a79f6f1f8b2eb297227d7ab122dc905e00b05405853ea1053f6064f9242"
    )


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


def test_one_byte_of_code_changes_its_digest(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    before = environment.tree_digest(tmp_path)
    (tmp_path / "a.py").write_text("x = 2\n")
    assert environment.tree_digest(tmp_path) != before
