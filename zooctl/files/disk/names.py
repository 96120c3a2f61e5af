"""Names of outputs: the ending of a file's name says its format, and a folder's says none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from zooctl.errors import InputError

# Endings that say that a name is a file's.
_FILES = (
    *(".bw", ".bigwig", ".bed", ".vcf", ".bcf", ".gz", ".tsv", ".csv", ".parquet", ".fa", ".fasta"),
    *(".json", ".md", ".html", ".txt", ".yaml", ".yml", ".png", ".pdf", ".svg", ".tar", ".zip"),
    *(".onnx", ".safetensors", ".h5", ".pt", ".npz", ".meme"),
)


def folder_named(output: str | PathLike[str] | None) -> Path | None:
    """Return the folder that an output names: it ends with a slash, or exists as a folder.

    >>> folder_named("tracks/"), folder_named("a.bw")
    (PosixPath('tracks'), None)
    """
    if output is None:
        return None
    text = os.fspath(output)
    # Not Path.is_dir(), which raises for a name that is too long.
    return Path(text) if text.endswith("/") or os.path.isdir(text) else None  # noqa: PTH112


def file_named(
    output: str | PathLike[str], endings: Sequence[str], *, default: str | None = None
) -> Path:
    """Return the file that an output names; its ending is one of those of the format.

    Args:
        output: File; or a folder, which gets a file of the name ``default``.
        endings: Endings that the formats have, in lower case and with their dot.
        default: Name of the file in a folder; None where a folder is no output.

    Raises:
        InputError: The name has another ending.

    >>> file_named("tracks/", (".bw", ".bigwig"), default="regions.toy.bw")
    PosixPath('tracks/regions.toy.bw')
    >>> file_named("a.bigWig", (".bw", ".bigwig"))
    PosixPath('a.bigWig')
    >>> file_named("a.tsv", (".bw", ".bigwig"))
    Traceback (most recent call last):
        ...
    zooctl.errors.InputError: a.tsv: output is of no known kind (got a name that ends in '.tsv'; \
expected .bw or .bigwig). Hint: -o a.bw
    """
    if default is not None and (folder := folder_named(output)):
        return folder / default
    path = Path(output)
    if any(path.name.lower().endswith(end) and len(path.name) > len(end) for end in endings):
        return path
    bare = path.name
    while Path(bare).suffix.lower() in _FILES:
        bare = Path(bare).stem
    hint = f"-o {path.with_name((bare.rstrip('.') or 'output') + endings[0])}" if bare else None
    if hint and default is not None:
        hint += ", or an existing folder"
    raise InputError(
        "output is of no known kind",
        path=path,
        got=f"a name that ends in {path.suffix!r}" if path.suffix else "a name without an ending",
        expected=" or ".join(filter(None, (", ".join(endings[:-1]), endings[-1]))),
        hint="outputs are files, whole or absent" if os.fspath(output) == "-" else hint,
    )


def check_folder_name(output: str | PathLike[str] | None) -> None:
    """Refuse a new folder whose name says that it is a file.

    Raises:
        InputError: The name ends as that of a file.

    >>> check_folder_name("runs/bpnet.v2")
    >>> check_folder_name("report.json")
    Traceback (most recent call last):
        ...
    zooctl.errors.InputError: report.json: the output is a folder (got the name of a file). \
Hint: -o report
    """
    if output is None or folder_named(output):
        return
    path = Path(output)
    if path.suffix.lower() in _FILES:
        raise InputError(
            "the output is a folder",
            path=path,
            got="the name of a file",
            hint=f"-o {path.with_suffix('')}",
        )
