"""Hints on files that are damaged, of another kind, or of another assembly: each is followed."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from toy_model import graph_of, repin, toy_graph, toy_zoo

import zooctl
from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.errors import InputError, UnsafeError
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.bigwig.writer import BigWigWriter
from zooctl.files.disk import bgzf
from zooctl.files.disk.text import read_lines
from zooctl.files.intervals.liftover import Chain
from zooctl.files.intervals.targets import read_targets
from zooctl.files.vcf.stream import open_stdout
from zooctl.inference import examine_in_child
from zooctl.sequence.intervals import Interval, parse_region

__all__ = ["repin", "toy_graph", "toy_zoo"]

Captured = pytest.CaptureFixture[str]
Read = Callable[[Path], object]

LINES = b"".join(b"chr1\t%d\t%d\n" % (n, n + 9) for n in range(9_000))
BGZIPPED = bgzf.bgzip_blocks(LINES) + bgzf.END
CHAIN = b"chain 9 chr1 99 + 0 50 chrA 99 + 0 50 1\n50\n"


def bigwig() -> bytes:
    """A bigWig's bytes."""
    path = Path("made.bw")
    with BigWigWriter(path, {"chr1": 1_000}, force=True) as writer:
        writer.add_bins("chr1", 0, np.arange(1, 9, dtype=np.float32), 8)
    return path.read_bytes()


def spoil(content: bytes) -> bytes:
    """Change the offset of the index, which the header has at byte 24."""
    return content[:24] + bytes([content[24] ^ 8]) + content[25:]


def blocks(path: Path) -> list[object]:
    with path.open("rb") as stream:
        return list(bgzf.members(stream))


def lines(path: Path) -> list[object]:
    return list(read_lines(path))


def values(path: Path) -> object:
    with BigWig(path) as track:
        return track.values("chr1", 0, 64)


@pytest.mark.parametrize(
    ("name", "good", "damage", "read", "hint"),
    [
        ("a.bed.gz", BGZIPPED, lambda b: b[: -len(bgzf.END)], lines, "copy or make it again"),
        ("b.bed.gz", gzip.compress(LINES), lambda b: b[:-9], lines, "copy or make it again"),
        ("c.bed.gz", BGZIPPED, lambda b: b[:99] + b"?" + b[100:], blocks, "copy or make it again"),
        ("d.bed", LINES, lambda b: bytes(1 << 25), lines, "is it a text file?"),
        ("e.bw", None, lambda b: b[:-40], values, "download or write it again"),
        ("f.bw", None, spoil, values, "download or write it again"),
        ("g.chain", CHAIN, lambda b: b[:-3] + b"49\n", Chain, "download the chain file again"),
    ],
)
def test_a_damaged_file_is_made_again(
    name: str,
    good: bytes | None,
    damage: Callable[[bytes], bytes],
    read: Read,
    hint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    good = bigwig() if good is None else good
    path = Path(name)
    path.write_bytes(damage(good))
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.hint == hint
    path.write_bytes(good)
    read(path)


def write_track(name: str, chrom: str, length: int, start: int = 0) -> str:
    with BigWigWriter(name, {chrom: length}, force=True) as writer:
        writer.add_bins(chrom, start, np.arange(1, 33, dtype=np.float32), 32)
    return name


@pytest.mark.parametrize(
    ("chrom", "length", "start", "hint"),
    [
        ("1", 10_000, 0, "they name contigs in two styles, or belong to two genomes"),
        ("chr1", 9_999, 0, "they belong to two assemblies"),
        ("chr1", 10_000, 5_120, "did the prediction cover these regions?"),
    ],
)
def test_two_tracks_of_one_genome(
    chrom: str,
    length: int,
    start: int,
    hint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
) -> None:
    monkeypatch.chdir(tmp_path)
    compare = ["compare", "a.bw", write_track("b.bw", "chr1", 10_000), "--region"]
    for made, code in (((chrom, length, start), 2), (("chr1", 10_000, 0), 0)):
        write_track("a.bw", *made)
        assert run([*compare, "chr1:1-1,024"]) == code
        err = capsys.readouterr().err
        assert err.rpartition("Hint: ")[2] == (f"{hint}\n" if code else "")


def test_a_region_of_the_assembly() -> None:
    lengths = {"chr21": 46_709_983}
    with pytest.raises(InputError, match=r"is it from another assembly\?"):
        parse_region("chr21:46,709,900-48,129,895", lengths)  # of hg19
    assert parse_region("chr21:46,709,900-48,129,895", {"chr21": 48_129_895}).end == 48_129_895


def test_an_allele_of_the_assembly(
    toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other.fa").write_text(f">chr1\n{'C' * 400}\n")
    Path("own.fa").write_text(f">chr1\n{'A' * 400}\n")
    model, allele = zooctl.load("toy", device="cpu"), "chr1:101 A>G"
    with pytest.raises(InputError, match=r"REF at chr1:101 .*is it another assembly\?"):
        model.score(allele, fasta="other.fa", n_shifts=1, check_ref="fail")
    assert model.score(allele, fasta="own.fa", n_shifts=1, check_ref="fail")


def test_an_export_with_dense_weights(toy_zoo: Path) -> None:
    card = registry.entry("toy").card()
    model = onnx.load_from_string(graph_of())
    weights = next(one for one in model.graph.initializer if one.name == "weights")
    dense = onnx.TensorProto.FromString(weights.SerializeToString())
    at = helper.make_tensor("at", onnx.TensorProto.INT64, [8], range(8))
    flat = helper.make_tensor(
        "weights", onnx.TensorProto.FLOAT, [8], onnx.numpy_helper.to_array(weights).ravel()
    )
    model.graph.initializer.remove(weights)
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(flat, at, [2, 4]))
    with pytest.raises(UnsafeError, match="export it with dense weights"):
        examine_in_child.examine(model.SerializeToString(), card)
    del model.graph.sparse_initializer[:]
    model.graph.initializer.append(dense)
    assert len(examine_in_child.examine(model.SerializeToString(), card)) == 4


@pytest.mark.parametrize(
    ("file", "operator", "attribute", "value", "hint"),
    [
        ("bn_training", "BatchNormalization", "training_mode", 0, "in evaluation mode"),
        ("softmax_batch", "Softmax", "axis", 1, "as softmax(x, dim=1)"),
    ],
)
def test_an_export_whose_windows_are_independent(
    file: str,
    operator: str,
    attribute: str,
    value: int,
    hint: str,
    repo: Path,
    toy_zoo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
) -> None:
    monkeypatch.chdir(tmp_path)
    model = onnx.load(repo / f"tests/data/graphs/{file}.onnx")
    onnx.save(model, "a.onnx")
    facts = ["--assembly", "hg19", "--tracks", "a,b", "--licence", "MIT", "--bin-size", "8"]
    adopt = ["adopt", "onnx", "a.onnx", "--name", "mine", *facts]
    assert run(adopt) == 3
    assert hint in capsys.readouterr().err.rpartition("Hint: ")[2]
    for node in model.graph.node:
        if node.op_type == operator:
            del node.output[1:]
            (old,) = [one for one in node.attribute if one.name == attribute]
            old.i = value
    onnx.save(model, "a.onnx")
    assert run(adopt) == 0


def test_an_export_of_any_number_of_windows(
    toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    adopt = ["adopt", "onnx", "a.onnx", "--name", "mine", "--assembly", "hg19"]
    adopt += ["--tracks", "a,b", "--licence", "MIT", "--bin-size", "8"]
    for batch, code in ((1, 2), ("batch", 0)):
        model = onnx.load_from_string(graph_of())
        for one in (*model.graph.input, *model.graph.output):
            axis = one.type.tensor_type.shape.dim[0]
            axis.Clear()
            setattr(axis, "dim_value" if batch == 1 else "dim_param", batch)
        onnx.save(model, "a.onnx")
        assert run(adopt) == code
        hint = "export the model with a dynamic batch axis and one length of sequence"
        assert (hint in capsys.readouterr().err) == bool(code)


def test_regions_of_bed_need_its_name(tmp_path: Path) -> None:
    (tmp_path / "regions.txt").write_text("chr1\t0\t100\n")
    with pytest.raises(InputError, match=r"needs a name that ends in \.bed"):
        read_targets(tmp_path / "regions.txt")
    (tmp_path / "regions.txt").rename(tmp_path / "regions.bed")
    assert read_targets(tmp_path / "regions.bed") == [Interval("chr1", 0, 100)]


def test_a_file_where_stdout_does_not_do(
    toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("genome.fa").write_text(f">chr1\n{'A' * 400}\n")
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    Path("in.vcf").write_text(f"{head}chr1\t101\t.\tA\tG\t.\t.\t.\n")
    score = ["score-variants", "in.vcf", "--model", "toy", "--fasta", "genome.fa", "--shifts", "1"]
    assert run([*score, "-o", "-", "--resume"]) == 2
    assert capsys.readouterr().err.endswith("Hint: name a file with -o\n")
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", None)
        with pytest.raises(InputError, match=r"stdout is closed\. Hint: name a file with -o"):
            open_stdout(text=True)
    assert run([*score, "-o", "a.vcf"]) == 0
