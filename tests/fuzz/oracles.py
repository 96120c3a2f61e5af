"""Readers that share nothing with zooctl: they count, simply, what an output must hold."""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyBigWig

Lines = list[bytes]


class DamagedError(Exception):
    """The file is damaged, by its own format."""


def unpacked(content: bytes) -> bytes:
    """Return a file's text, whichever way it is compressed; every checksum is verified."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise DamagedError(str(error)) from None


def vcf_lines(content: bytes) -> Lines:
    """Return the lines of a VCF that are records, without their ends.

    Lines of white space alone behind the last one are none; zooctl says that it leaves them out.

    >>> vcf_lines(b"#CHROM\\nchr1\\n \\nchr2\\n \\n\\n")
    [b'chr1', b' ', b'chr2']
    """
    lines = unpacked(content).removeprefix(b"\xef\xbb\xbf").split(b"\n")
    lines = [line.removesuffix(b"\r") for line in lines]
    columns = next((at for at, line in enumerate(lines) if not line.startswith(b"##")), len(lines))
    found = lines[columns + 1 :]
    while found and not found[-1].strip():
        found.pop()
    return found


def bcf_records(content: bytes) -> int:
    """Return the number of records of a BCF, by the sizes that they state."""
    text = unpacked(content)
    at = 9 + int.from_bytes(text[5:9], "little")
    if len(text) < max(9, at):
        raise DamagedError("ends within the header")
    n_records = 0
    while at < len(text):
        at += 8 + sum(struct.unpack("<2I", text[at : at + 8].ljust(8, b"\xff")))
        n_records += 1
    if at != len(text):
        raise DamagedError("ends within a record")
    return n_records


def differing_record(given: Lines, written: Lines) -> str | None:
    """Return how a scored VCF differs from its input in more than the fields added to INFO."""
    if len(given) != len(written):
        return f"{len(given)} records in, {len(written)} out"
    for before, after in zip(given, written, strict=True):
        old, new = before.split(b"\t"), after.split(b"\t")
        if len(old) != len(new) or old[:7] + old[8:] != new[:7] + new[8:]:
            return f"record changed: {before[:200]!r} to {after[:200]!r}"
        kept = [one for one in new[7].split(b";") if not one.startswith(b"ZOO_")]
        if [one for one in kept if one not in (b"", b".")] != [
            one for one in old[7].split(b";") if one not in (b"", b".")
        ]:
            return f"INFO changed: {before[:200]!r} to {after[:200]!r}"
        if not any(re.match(rb"ZOO_\S+_STATUS=", one) for one in new[7].split(b";")):
            return f"no status: {after[:200]!r}"
    return None


def fasta(content: bytes) -> dict[str, str]:
    """Return the sequences of a FASTA file by the first word of their headers."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in unpacked(content).removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n"):
        if line.startswith(">"):
            name = "".join(line[1:].split()[:1])
            lines = found.setdefault(name, [])
        else:
            lines.append(line.strip())
    return {name: "".join(parts).upper() for name, parts in found.items()}


def intervals(content: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield the intervals of a BED file, empty ones left out."""
    for line in unpacked(content).decode().removeprefix("\ufeff").split("\n"):
        columns = line.rstrip("\r").split("\t")
        if len(columns) < 3:
            columns = line.split()
        if (
            not columns
            or line.startswith("#")
            or line.split(maxsplit=1)[:1]
            in (
                [],
                ["track"],
                ["browser"],
            )
        ):
            continue
        start, end = int(columns[1].strip()), int(columns[2].strip())
        if start < end:
            yield columns[0].strip(), start, end


def uncovered(bigwig: Path, content: bytes, contigs: Mapping[str, str], known: set[str]) -> str:
    """Return an interval of a BED file whose bases a bigWig lacks, "" for none.

    Args:
        bigwig: The track.
        content: The BED file.
        contigs: The genome's sequences; bins with an N in or around them are not asked for.
        known: Contigs to look at.
    """
    with pyBigWig.open(str(bigwig)) as track:
        if track.chroms() != {name: len(text) for name, text in contigs.items()}:
            return f"contigs {track.chroms()}"
        for chrom, start, end in intervals(content):
            if chrom in known and "N" not in contigs[chrom]:
                values = track.values(chrom, start, min(end, len(contigs[chrom])))
                if any(value != value for value in values):
                    return f"{chrom}:{start}-{end} has bases without a value"
    return ""


def wrong_reference(vcf: bytes, genome: Mapping[str, str], rows: Lines) -> str | None:
    """Return an allele that a table calls scored where a genome has another base, or the reverse.

    Args:
        vcf: SNVs.
        genome: Sequences by name.
        rows: Of the table, its head left out.
    """
    status = {tuple(row.split(b"\t")[:2]): row.split(b"\t")[5].decode() for row in rows}
    for line in vcf_lines(vcf):
        chrom, pos, _, ref, *_ = line.split(b"\t")
        text = genome.get(chrom.decode(), "")
        base = text[int(pos) - 1 : int(pos)]
        said = status.get((chrom, pos), "absent")
        if said == "OK" and base != ref.decode():
            return f"{chrom.decode()}:{pos.decode()} is {base!r}, not {ref!r}, and was scored"
        if said == "REF_MISMATCH" and base == ref.decode():
            return f"{chrom.decode()}:{pos.decode()} is {base!r} and called a mismatch"
    return None


def not_finite(text: str) -> str | None:
    """Return a number of a text that is none.

    >>> not_finite('{"a": NaN}'), not_finite("banana 1.5")
    ('NaN', None)
    """
    found = re.search(r"(?<![\w.])-?(?:NaN|nan|Infinity|inf)(?![\w.])", text)
    return found[0] if found else None
