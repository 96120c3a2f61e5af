"""Weights that are on the hub alone: pulled by name, at first use, or by address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import Hub, Repo

from zooctl.catalog import registry
from zooctl.catalog.entry import flat_path
from zooctl.catalog.weights import onnx_bytes
from zooctl.cli.main import run
from zooctl.schema.manifest import stamp_documents

NAME = "org/toy"


def flat(root: Path) -> dict[str, bytes]:
    """The toy as it lies in a repository."""
    entry = registry.entry("toy")
    files = {flat_path("toy", path): (root / path).read_bytes() for path in entry.manifest().files}
    return {**files, "manifest.json": (root / "zoo/toy/manifest.json").read_bytes()}


@pytest.fixture
def published(toy_zoo: Path, hub: Hub) -> str:
    """The toy with its files on the hub and no longer in the zoo; its commit."""
    hub.repos[NAME] = Repo()
    revision = hub.repos[NAME].commit(flat(toy_zoo))
    card = toy_zoo / "model_cards/toy.yaml"
    where = f"weights:\n  hub: {{repo: {NAME}, revision: {revision}}}\n"
    card.write_text(card.read_text().replace("weights:\n", where))
    stamp_documents(toy_zoo, "toy")
    for file in ("model.onnx", "model.safetensors", "probe.safetensors"):
        (toy_zoo / "zoo/toy" / file).unlink()
    return revision


def test_pull_then_offline(
    published: str, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    assert run(["list"]) == 0
    assert run(["check", "toy"]) == 0
    assert "were not looked at" in capsys.readouterr().out
    assert run(["pull", "toy"]) == 0
    printed = capsys.readouterr().out.split()
    assert printed[:4] == ["model", "files", "size", "from"]
    assert printed[4:6] == ["toy", "3"]
    assert printed[-1] == "hub"
    request.getfixturevalue("no_sockets")
    assert run(["pull", "--all"]) == 0
    assert run(["check", "toy"]) == 0


def test_first_use_pulls(published: str, tmp_path: Path) -> None:
    fasta = tmp_path / "toy.fa"
    fasta.write_text(">chr1\n" + "ACGT" * 64 + "\n")
    output = tmp_path / "out.bw"
    command = ["predict", "--model", "toy", "--region", "chr1:1-256", "--fasta", str(fasta)]
    assert run([*command, "--track", "plus", "-o", str(output)]) == 0
    assert output.stat().st_size > 0


def test_nothing_is_here_and_offline(published: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pull", "toy", "--offline"]) == 4
    assert "the network is switched off" in capsys.readouterr().err


def test_other_bytes_end_with_5(
    published: str, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = hub.repos[NAME].commits[published]
    tree["model.onnx"] = tree["model.onnx"][:-1] + b"!"
    assert run(["pull", "toy"]) == 5
    assert "differs from the pinned bytes" in capsys.readouterr().err


def test_an_address_is_taken_only_on_demand(
    published: str, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"hf://{NAME}@{published}"
    assert run(["pull", address]) == 6
    assert hub.asked == []
    assert "--allow-untrusted, if you trust org" in capsys.readouterr().err
    assert run(["pull", address, "--allow-untrusted"]) == 0
    entry = registry.entry(address, allow_untrusted=True)
    assert entry.card().name == "toy"
    assert onnx_bytes(entry) == hub.repos[NAME].commits[published]["model.onnx"]


@pytest.mark.parametrize(
    "address",
    ["hf://org/toy", "hf://org/toy@main", "hf://toy@" + "0" * 40, "hf://../x@" + "0" * 40],
)
def test_an_address_needs_a_commit(toy_zoo: Path, address: str) -> None:
    assert run(["pull", address, "--allow-untrusted"]) == 2


def test_a_manifest_of_somebody_else_may_not_lie(published: str, hub: Hub) -> None:
    files = dict(hub.repos[NAME].commits[published])
    files["model.onnx"] = files["model.onnx"][:-1] + b"!"
    revision = hub.repos[NAME].commit(files)
    assert run(["pull", f"hf://{NAME}@{revision}", "--allow-untrusted"]) == 5


@pytest.mark.parametrize(("n", "size"), [(1_001, 1), (3, 2_000_000_000)])
def test_a_manifest_of_somebody_else_may_not_ask_for_all_that_there_is(
    published: str, hub: Hub, n: int, size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    files = dict(hub.repos[NAME].commits[published])
    manifest = json.loads(files["manifest.json"])
    more = {f"zoo/toy/{k}.bin": {"sha256": "0" * 64, "size": size} for k in range(n)}
    manifest["files"] |= more
    files["manifest.json"] = json.dumps(manifest).encode()
    revision = hub.repos[NAME].commit(files)
    hub.asked.clear()
    assert run(["info", f"hf://{NAME}@{revision}", "--allow-untrusted"]) == 6
    assert "the model is too large" in capsys.readouterr().err
    got = [one.split("/")[-1] for one in hub.asked if one.startswith("GET") and "/resolve/" in one]
    assert set(got) == {"manifest.json"}


def test_a_folder_is_a_model(toy_zoo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, data in flat(toy_zoo).items():
        (folder / name).write_bytes(data)
    assert run(["check", str(folder)]) == 0
    assert run(["check", str(toy_zoo / "zoo/toy")]) == 0
    assert run(["info", str(folder)]) == 0
    (folder / "model.onnx").write_bytes(b"x")
    assert run(["check", str(folder)]) == 3
    (folder / "manifest.json").unlink()
    assert run(["check", str(folder)]) == 2


def test_say_which(toy_zoo: Path) -> None:
    assert run(["pull"]) == 2
    assert run(["pull", "toy", "--all"]) == 2


def test_a_token_is_never_said(published: str, hub: Hub, tmp_path: Path) -> None:
    """In a process of its own, with all that can be logged, through failure and success."""
    canary = "hf_CanaryCanaryCanary"
    variables = {
        **os.environ,
        "HF_TOKEN": canary,
        "HF_HOME": str(tmp_path / "other"),
        "HF_DEBUG": "1",
        "HF_HUB_VERBOSITY": "debug",
        "HF_HUB_DISABLE_XET": "1",
    }
    said = b""
    for mode in ("429_for_hours", "sound"):
        hub.mode = mode
        done = subprocess.run(
            [sys.executable, "-m", "zooctl.cli.main", "pull", "toy"],
            env=variables,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == (0 if mode == "sound" else 4), done.stderr.decode()
        said += done.stdout + done.stderr
    assert hub.tokens == {"127.0.0.1": {f"Bearer {canary}"}}
    assert canary.encode() not in said
    assert b"secret" not in said
    assert (tmp_path / "other/hub/models--org--toy").is_dir()  # HF_HOME holds
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in left if canary.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    "command", [["info"], ["check"], ["evaluate"], ["predict", "--region", "chr1:1-256", "--model"]]
)
def test_commands_take_addresses_only_on_demand(
    published: str, hub: Hub, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"hf://{NAME}@{published}"
    assert run([*command, address]) == 6
    assert hub.asked == []
    assert "outside of the zoo" in capsys.readouterr().err
    run([*command, address, "--allow-untrusted"])
    assert "outside of the zoo" not in capsys.readouterr().err
    assert hub.asked


def test_variants_are_scored_by_an_address(
    published: str, hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fasta, vcf = tmp_path / "toy.fa", tmp_path / "variants.vcf"
    sequence = "ACGTTGCAAC" * 64
    fasta.write_text(f">chr1\n{sequence}\n")
    head = "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    sites = [(300, sequence[299], "T"), (330, sequence[329:332], sequence[329])]
    vcf.write_text(
        "\n".join([head, *(f"chr1\t{at}\t.\t{ref}\t{alt}\t.\t.\t." for at, ref, alt in sites)])
        + "\n"
    )
    address = f"hf://{NAME}@{published}"
    score = ["score-variants", str(vcf), "--fasta", str(fasta), "--threads", "1"]
    assert run([*score, "--model", address, "-o", str(tmp_path / "no.tsv")]) == 6
    assert hub.asked == []
    assert not (tmp_path / "no.tsv").exists()
    by_address = [*score, "--model", address, "--allow-untrusted"]
    for kind in ("tsv", "vcf"):
        assert run([*score, "--model", "toy", "-o", str(tmp_path / f"name.{kind}")]) == 0
        assert run([*by_address, "-o", str(tmp_path / f"address.{kind}")]) == 0
    named = (tmp_path / "name.tsv").read_text()
    assert (tmp_path / "address.tsv").read_text() == named
    assert len(named.splitlines()) >= 1 + len(sites)
    records = [
        [line for line in (tmp_path / f"{how}.vcf").read_text().splitlines() if line[0] != "#"]
        for how in ("name", "address")
    ]
    assert records[0] == records[1]
    assert len(records[0]) == len(sites)


def test_a_login_that_is_not_sent_is_said(
    toy_zoo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example.org")
    assert run(["pull", "toy"]) == 0
    said = capsys.readouterr().err
    expected = "note: no login is sent to hub.example.org: HF_ENDPOINT is no https address\n"
    assert said == expected
    assert run(["pull", "toy", "--offline"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("variables", "options", "way"),
    [
        ({}, ["--offline"], "run the command without --offline"),
        ({"HF_HUB_OFFLINE": "1"}, [], "unset HF_HUB_OFFLINE"),
        ({"ZOOCTL_OFFLINE": "1"}, [], "unset ZOOCTL_OFFLINE"),
        (
            {"HF_HUB_OFFLINE": "ON", "ZOOCTL_OFFLINE": "true"},
            [],
            "unset HF_HUB_OFFLINE and ZOOCTL_OFFLINE",
        ),
    ],
)
def test_the_way_online_names_only_what_is_set(
    published: str,
    variables: dict[str, str],
    options: list[str],
    way: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run(["pull", "toy", *options]) == 4
    said = capsys.readouterr().err
    assert f"Hint: run `zooctl pull` with the network first, or {way}\n" in said
    for name in {"HF_HUB_OFFLINE", "ZOOCTL_OFFLINE"} - variables.keys():
        assert name not in said
    # The advice is followed.
    for name in ("HF_HUB_OFFLINE", "ZOOCTL_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    assert run(["pull", "toy"]) == 0
