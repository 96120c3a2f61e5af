"""Plans at an address: an object store in this process's memory, and addresses that are refused."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from toy_plan import MODEL, SHIFTS, Zooctl

fsspec = pytest.importorskip("fsspec")

ADDRESS = "memory://bucket/plan"
PLAN = ["plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "--shards", "3", "-o"]


@pytest.fixture
def store() -> Iterator[Any]:
    """An empty store, by fsspec."""
    found = fsspec.filesystem("memory")
    yield found
    found.rm("/", recursive=True)


def test_plan_run_status_and_merge(zooctl: Zooctl, here: Path, store: Any) -> None:
    assert zooctl("score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.vcf.gz")[0] == 0
    code, out, err = zooctl(*PLAN, ADDRESS)
    assert (code, out) == (0, f"{ADDRESS}\n"), err
    code, _, err = zooctl("merge", ADDRESS, "-o", "b.vcf.gz")
    assert (code, f"Hint: zooctl run {ADDRESS} computes them" in err) == (2, True)
    assert zooctl("run", ADDRESS, "--shard", "1/2")[0] == 0
    assert json.loads(zooctl("status", ADDRESS, "--json")[1])["done"] == 2
    code, _, err = zooctl("run", f"{ADDRESS}/")
    assert (code, "there already: 2 of 3 shards" in err) == (0, True)
    assert zooctl("merge", ADDRESS, "-o", "b.vcf.gz")[0] == 0
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()
    assert sorted(store.find("/bucket")) == [
        "/bucket/plan/plan.json",
        *(f"/bucket/plan/shards/0000{n}.{kind}" for n in (1, 2, 3) for kind in ("data", "json")),
    ]


def test_a_damaged_shard(zooctl: Zooctl, here: Path, store: Any) -> None:
    assert zooctl(*PLAN, ADDRESS)[0] == 0
    assert zooctl("run", ADDRESS)[0] == 0
    data = "/bucket/plan/shards/00002.data"
    content = bytearray(store.cat_file(data))
    content[100] ^= 1
    store.pipe_file(data, bytes(content))
    code, _, err = zooctl("merge", ADDRESS, "-o", "a.vcf.gz")
    assert (code, f"shard 2/3 is not whole. Hint: zooctl run {ADDRESS}" in err) == (2, True), err
    store.rm_file("/bucket/plan/shards/00003.data")
    code, _, err = zooctl("run", ADDRESS)
    assert (code, "there already: 1 of 3 shards" in err) == (0, True), err
    assert zooctl("merge", ADDRESS, "-o", "a.vcf.gz")[0] == 0


def test_failed_shards(zooctl: Zooctl, here: Path, store: Any) -> None:
    """A failure is recorded in the store, and removed when the shard is there."""
    assert zooctl(*PLAN, ADDRESS)[0] == 0
    vcf = here / "in.vcf"
    kept, text = vcf.stat(), vcf.read_text()
    vcf.write_text(text.replace("id5599", "id5598"))
    os.utime(vcf, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    code, _, err = zooctl("run", ADDRESS)
    assert (code, "1 of 3 shards failed" in err) == (5, True), err
    (failed,) = json.loads(zooctl("status", ADDRESS, "--json")[1])["failed"]
    assert (failed["shard"], failed["exit_code"]) == (3, 5)
    vcf.write_text(text)
    assert zooctl("run", ADDRESS)[0] == 0
    assert json.loads(zooctl("status", ADDRESS, "--json")[1])["failed"] == []
    assert store.find("/bucket/plan/failed") == []


def test_a_place_that_is_taken(zooctl: Zooctl, store: Any) -> None:
    assert zooctl(*PLAN, ADDRESS)[0] == 0
    assert zooctl("run", ADDRESS)[0] == 0
    code, _, err = zooctl(*PLAN, ADDRESS)
    assert (code, f"{ADDRESS}: the plan exists. Hint: pass --force" in err) == (2, True)
    assert zooctl(*PLAN, ADDRESS, "--force")[0] == 0
    assert json.loads(zooctl("status", ADDRESS, "--json")[1])["done"] == 0
    code, _, err = zooctl(*PLAN, "memory://bucket", "--force")
    assert (code, "memory://bucket: the folder holds something else" in err) == (2, True)


def test_addresses_that_cannot_be_reached(
    zooctl: Zooctl, here: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    code, _, err = zooctl("status", "s3://bucket/plan")
    assert (code, "addresses of s3 need a library that is not installed" in err) == (2, True), err
    assert "Hint: pip install" in err
    code, _, err = zooctl("status", "shelf://bucket/plan")
    assert (code, "expected such as s3://bucket/plan" in err) == (2, True), err
    code, _, err = zooctl("run", f"file://{here}/plan")
    assert (code, f"a plan on a disk is named by its path (expected {here}/plan)" in err) == (
        2,
        True,
    )
    code, _, err = zooctl("merge", ADDRESS)
    assert (code, "not a folder of a plan (got no plan.json)" in err) == (2, True), err


def test_no_scripts_for_slurm(zooctl: Zooctl, store: Any) -> None:
    assert zooctl(*PLAN, ADDRESS)[0] == 0
    code, _, err = zooctl("submit", ADDRESS, "--slurm", "-o", "a.vcf.gz")
    assert (code, f"run zooctl run {ADDRESS} --shard 1/40" in err) == (2, True), err


def test_a_store_that_does_not_answer(
    zooctl: Zooctl, here: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("403 Forbidden\nmore")

    assert zooctl(*PLAN, ADDRESS)[0] == 0
    with monkeypatch.context() as patched:
        patched.setattr(type(store), "cat_file", refuse)
        code, _, err = zooctl("status", ADDRESS)
        assert (code, "the object store does not answer, or refuses (got 403 Forb" in err) == (
            4,
            True,
        ), err
        assert "Hint: check the address, and the credentials in the environment" in err
    with monkeypatch.context() as patched:
        patched.setattr(type(store), "put_file", refuse)
        code, _, err = zooctl("run", ADDRESS)
        assert (code, "3 of 3 shards failed" in err) == (4, True), err
    assert zooctl("run", ADDRESS)[0] == 0
