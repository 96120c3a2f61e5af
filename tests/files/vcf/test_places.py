"""Records read from a place on are those that a reader from the start finds there."""

from __future__ import annotations

import gzip
import io
import subprocess
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import compress
from zooctl.files.vcf.places import Mark, TextPlace, find_places
from zooctl.files.vcf.records import Record, VcfReader

N = 9_000
HEAD = "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


def text(end: str = "\n") -> bytes:
    # Lines of many lengths, so that blocks end in the middle of some.
    rows = (f"chr1\t{pos}\tid{pos**3}\tA\tC\t.\t.\t." for pos in range(1, N + 1))
    return (HEAD.replace("\n", end) + "".join(f"{row}{end}" for row in rows)).encode()


def write(path: Path, content: bytes) -> Path:
    if path.name.endswith(".vcf.gz"):
        packed = io.BytesIO()
        compress(io.BytesIO(content), packed)
        path.write_bytes(packed.getvalue())
    elif path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(content))
    else:
        path.write_bytes(content)
    return path


def marks_and_records(path: Path) -> tuple[list[Mark], list[Record]]:
    marks, records = [], []
    with VcfReader(str(path)) as reader:
        for record in reader:
            records.append(record)
            marks.append(reader.mark)
    return marks, records


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["a.vcf", "a.vcf.gz", "a.gz"])
def test_records_from_a_place_on(name: str, end: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, text(end))
    marks, records = marks_and_records(path)
    chosen = [0, 1, 700, 701, 4_000, N - 2]
    places = find_places(str(path), [marks[i] for i in chosen])
    assert [place.lines for place in places] == [3 + i + 1 for i in chosen]
    assert all((place.offset is None) == (name == "a.gz") for place in places)
    for i, place in zip(chosen, places, strict=True):
        with VcfReader(str(path)) as reader:
            reader.go_to(place)
            assert list(reader) == records[i + 1 :]


def test_blocks_are_found_by_hand(tmp_path: Path) -> None:
    """Two members of 10 and 5 letters: byte 9 is in the first, 10 begins the second."""
    path = tmp_path / "a.vcf.gz"
    packed = io.BytesIO()
    for part in (b"##filefor\n", b"abcd\n"):
        compress(io.BytesIO(part), packed)
        packed.seek(-28, io.SEEK_END)  # over the end mark
    first = 18 + 8 + len(gzip_body(b"##filefor\n"))
    packed.write(bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000"))
    path.write_bytes(packed.getvalue())
    found = find_places(str(path), [Mark(0, 9), Mark(1, 10), Mark(1, 12), Mark(2, 15)])
    end = len(packed.getvalue())
    assert found == [
        TextPlace(0, 0, 9),
        TextPlace(1, first, 0),
        TextPlace(1, first, 2),
        TextPlace(2, end, 0),
    ]


def gzip_body(content: bytes) -> bytes:
    import zlib

    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def test_binary_vcf(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.vcf", text())
    path = tmp_path / "a.bcf"
    done = subprocess.run(["bcftools", "view", "-Ob", "-o", path, plain], capture_output=True)
    if done.returncode:
        pytest.skip("no bcftools")
    marks, records = marks_and_records(path)
    (place,) = find_places(str(path), [marks[99]])
    assert place.offset is None
    with VcfReader(str(path)) as reader:
        reader.go_to(place)
        assert list(reader) == records[100:]


def test_a_damaged_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.vcf.gz", text())
    marks, _ = marks_and_records(path)
    content = bytearray(path.read_bytes())
    content[int.from_bytes(content[16:18], "little") + 1] ^= 0xFF  # the second block's magic
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        find_places(str(path), [marks[-1]])
