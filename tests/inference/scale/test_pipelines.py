"""The pipelines of docs/pipelines, by the tools themselves."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from toy_plan import MODEL, SHIFTS, Zooctl

from zooctl import __version__ as zooctl_version
from zooctl.cli.main import run


def program(name: str) -> str:
    """Path of a program; the test is skipped where it is not here."""
    found = os.environ.get(f"ZOOCTL_{name.upper()}") or shutil.which(name)
    if found is None:
        pytest.skip(f"{name.upper()} NOT TESTED: it is not here; ZOOCTL_{name.upper()} may name it")
    return found


def with_command(folder: Path, command: list[object]) -> None:
    """Run a program that finds this zooctl on its path."""
    commands = folder / "bin"
    commands.mkdir(exist_ok=True)
    (commands / "zooctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m zooctl "$@"\n')
    (commands / "zooctl").chmod(0o755)
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_snakemake(zooctl: Zooctl, here: Path, repo: Path) -> None:
    snakemake = program("snakemake")
    assert zooctl("score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.vcf.gz")[0] == 0
    options = " ".join([*MODEL[2:], *SHIFTS, "--shards", "5"])
    with_command(
        here,
        [
            *(snakemake, "-s", repo / "docs/pipelines/Snakefile", "--cores", "2", "--config"),
            *("vcf=in.vcf", "model=toy", "output=b.vcf.gz", "shares=3", f"options='{options}'"),
        ],
    )
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()


@pytest.mark.slow
def test_the_wrapper_of_snakemake(zooctl: Zooctl, here: Path, repo: Path) -> None:
    snakemake = program("snakemake")
    assert zooctl("score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.tsv")[0] == 0
    (here / "Snakefile").write_text(
        'rule all:\n    input: vcf="in.vcf"\n    output: "b.tsv"\n    log: "b.log"\n'
        f'    params: models="toy", extra="{" ".join([*MODEL[2:], *SHIFTS])}"\n'
        '    wrapper: "snakemake_wrapper"\n'
    )
    arguments = ["--cores", "1", "--wrapper-prefix", f"file://{repo / 'docs/pipelines'}/"]
    with_command(here, [snakemake, *arguments])
    assert (here / "b.tsv").read_bytes() == (here / "a.tsv").read_bytes()
    assert "scored: " in (here / "b.log").read_text()


def test_the_commands_of_nextflow(zooctl: Zooctl, here: Path, repo: Path) -> None:
    """Those of its three processes, in their order; Nextflow itself is not here."""
    assert zooctl("score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.vcf.gz")[0] == 0
    text = (repo / "docs/pipelines/main.nf").read_text()
    plan, share, merge = re.findall(r'"""\n *(zooctl .*)\n *"""', text)
    values = {
        "vcf": str(here / "in.vcf"),
        "launchDir": str(here),
        "plan": str(here / "plan"),
        "params.model": "toy",
        "params.options": " ".join([*MODEL[2:], *SHIFTS, "--shards", "5"]),
        "params.shares": "2",
        "params.output": "b.vcf.gz",
    }
    for command, number in ((plan, ""), (share, "1"), (share, "2"), (merge, "")):
        values["number"] = number
        line = re.sub(r"\$\{([\w.]+)\}", lambda one: values[one[1]], command)
        with_command(here, ["sh", "-c", line])
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()


def galaxy(repo: Path) -> ElementTree.Element:
    """The tool of Galaxy."""
    path = repo / "docs/pipelines/galaxy/zooctl_score_variants.xml"
    return ElementTree.parse(path).getroot()


def test_the_tool_of_galaxy_gives_what_its_test_expects(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = galaxy(repo)
    assert tool.findtext("macros/token") == zooctl_version
    test = tool.find("tests/test")
    assert test is not None
    given = {one.get("name"): str(one.get("value")) for one in test.iter("param")}
    command = str(tool.findtext("command")).replace("\\${GALAXY_SLOTS:-1}", "1")
    for name in ("vcf", "fasta"):
        data = repo / "docs/pipelines/galaxy/test-data" / given[name]
        command = command.replace(f"'${name}'", f"'{data}'")
    command = command.replace("'$model'", given["model"]).replace("$check_ref", "skip")
    lines = [line for line in command.splitlines() if not line.lstrip().startswith("#")]
    lines = [line for line in lines if "-o scores.vcf.gz" not in line]
    assert "$" not in "".join(lines)
    *links, words = "\n".join(lines).split("&&")
    monkeypatch.chdir(tmp_path)
    for link in links:
        _, _, source, target = shlex.split(link)
        Path(target).symlink_to(source)
    setting, _, *arguments = shlex.split(words)
    monkeypatch.setenv(*setting.split("="))
    assert run(arguments) == 0
    expected = test.find("output/assert_contents/has_text")
    assert expected is not None
    assert str(expected.get("text")) in (tmp_path / "scores.tsv").read_text()


@pytest.mark.slow
def test_galaxy_s_linter(repo: Path) -> None:
    path = repo / "docs/pipelines/galaxy/zooctl_score_variants.xml"
    done = subprocess.run([program("planemo"), "lint", "--fail_level", "warn", path])
    assert done.returncode == 0
