"""bigWig files: what is written is read back by others' tools, or there is no file."""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pybigtools
import pyBigWig
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError
from zooctl.files.bigwig.child import MESSAGE, RUN
from zooctl.files.bigwig.process import WriterProcess
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.bigwig.writer import BigWigWriter

CONTIGS = {"chr1": 1_000, "chr10": 333, "chr2": 64, "chrUn_é": 7}


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def add(writer: BigWigWriter, runs: list[tuple[str, int, int]], bin_size: int) -> None:
    """Write ones: runs are (chrom, start, number of bins)."""
    for chrom, start, n in runs:
        writer.add_bins(chrom, start, np.ones(n), bin_size)


def independent(path: Path, chrom: str, length: int) -> NDArray[np.float32]:
    """Per-base values by pybigtools, NaN where there are none."""
    with pybigtools.open(str(path)) as file:
        return file.values(chrom, 0, length, fillna=None).astype(np.float32)


def test_other_readers_see_what_was_written(tmp_path: Path) -> None:
    target = tmp_path / "a b.bw"
    with BigWigWriter(target, CONTIGS) as writer:
        writer.add_bins("chr1", 0, np.array([1.5, np.nan, -2.25, 0.0]), 32)
        writer.add_bins("chr1", 992, np.array([9.0]), 32)
        writer.add_bins("chr2", 32, np.array([7.0], np.float32), 32)
    assert left_behind(tmp_path) == ["a b.bw"]
    wanted = {name: np.full(length, np.nan, np.float32) for name, length in CONTIGS.items()}
    wanted["chr1"][0:32], wanted["chr1"][64:96], wanted["chr1"][96:128] = 1.5, -2.25, 0.0
    wanted["chr1"][992:] = 9.0
    wanted["chr2"][32:] = 7.0
    with pyBigWig.open(str(target)) as file:
        assert list(file.chroms().items()) == list(CONTIGS.items())
        assert file.header()["nBasesCovered"] == 3 * 32 + 8 + 32
        assert file.intervals("chr1", 900, 1_000) == ((992, 1_000, 9.0),)
    with pybigtools.open(str(target)) as file:
        assert list(file.chroms().items()) == list(CONTIGS.items())
        assert (file.info()["summary"]["min"], file.info()["summary"]["max"]) == (-2.25, 9.0)
        assert file.info()["summary"]["sum"] == 32 * (1.5 - 2.25 + 0.0 + 7.0) + 8 * 9.0
    with BigWig(target) as file:
        assert list(file.contigs.items()) == list(CONTIGS.items())
        for name, length in CONTIGS.items():
            np.testing.assert_array_equal(file.values(name, 0, length), wanted[name])
            np.testing.assert_array_equal(independent(target, name, length), wanted[name])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), bin_size=st.sampled_from([1, 3, 32, 128]))
def test_any_sorted_runs_come_back(tmp_path: Path, data: st.DataObject, bin_size: int) -> None:
    target = tmp_path / "out.bw"
    wanted = {}
    single = st.floats(width=32, allow_infinity=False)
    with BigWigWriter(target, CONTIGS, force=True) as writer:
        for name, length in CONTIGS.items():
            bins = -(-length // bin_size)
            values = np.full(bins, np.nan, np.float32)
            cuts = sorted(data.draw(st.sets(st.integers(0, bins), max_size=6)))
            for low, high in itertools.pairwise(cuts):
                if data.draw(st.booleans()):
                    part = data.draw(st.lists(single, min_size=high - low, max_size=high - low))
                    values[low:high] = part
                    writer.add_bins(name, low * bin_size, values[low:high], bin_size)
            wanted[name] = np.repeat(values, bin_size)[:length]
    for name, length in CONTIGS.items():
        np.testing.assert_array_equal(BigWig(target).values(name, 0, length), wanted[name])
        np.testing.assert_array_equal(independent(target, name, length), wanted[name])


def test_zoom_levels_and_many_blocks(tmp_path: Path) -> None:
    target = tmp_path / "out.bw"
    values = np.random.default_rng(3).random(600_000, dtype=np.float32)
    with BigWigWriter(target, {"chrA": 600_000 * 8 + 3}) as writer:
        for i in range(0, len(values), 777):  # Small calls are joined before they are sent.
            writer.add_bins("chrA", 8 * i, values[i : i + 777], 8)
        writer.add_bins("chrA", 4_800_000, np.array([5.0]), 8)
    with pyBigWig.open(str(target)) as file:
        assert file.header()["nLevels"] >= 4
        assert file.stats("chrA", 0, 4_800_000)[0] == pytest.approx(values.mean(), rel=1e-2)
    assert target.stat().st_size < 6 * len(values)  # Blocks are full, zoom levels included.
    read = BigWig(target).bins("chrA", 0, 4_800_000, 8)
    np.testing.assert_array_equal(read, values)
    assert BigWig(target).values("chrA", 4_799_999, 4_800_003).tolist() == [values[-1], 5, 5, 5]


def test_same_values_same_bytes(tmp_path: Path) -> None:
    values = np.random.default_rng(3).random(5_000, dtype=np.float32)
    for name, step in (("a", 5_000), ("b", 123)):
        with BigWigWriter(tmp_path / name, {"c": 5_000}) as writer:
            for i in range(0, 5_000, step):
                writer.add_bins("c", i, values[i : i + step], 1)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_nothing_written_is_still_a_bigwig(tmp_path: Path) -> None:
    target = tmp_path / "out.bw"
    with BigWigWriter(target, CONTIGS) as writer:
        writer.add_bins("chr1", 0, np.array([np.nan, np.nan]), 10)
        writer.add_bins("chr2", 0, np.array([]), 10)
    assert np.isnan(BigWig(target).values("chr1", 0, 1_000)).all()
    assert np.isnan(independent(target, "chr1", 1_000)).all()
    with pybigtools.open(str(target)) as file:
        assert file.chroms() == CONTIGS
        assert file.info()["summary"]["basesCovered"] == 0
        assert list(file.records("chr10")) == []
        assert file.info()["summary"]["max"] == 0.0


@pytest.mark.parametrize("values", [[2.0], [-3.0, -4.0], [5.0, 1.0, -7.5], [0.0], [3e38, 2e38]])
def test_summary_in_the_header(tmp_path: Path, values: list[float]) -> None:
    """pyBigWig alone writes a maximum of 0, or an infinite sum, for each of these."""
    with BigWigWriter(tmp_path / "out.bw", CONTIGS) as writer:
        writer.add_bins("chr1", 0, np.array(values), 5)
    with pybigtools.open(str(tmp_path / "out.bw")) as file:
        summary = file.info()["summary"]
    wanted = np.array(values, np.float32).astype(float)
    assert (summary["min"], summary["max"]) == (wanted.min(), wanted.max())
    assert summary["sum"] == pytest.approx(5 * wanted.sum())
    assert summary["std"] == pytest.approx(np.repeat(wanted, 5).std(ddof=1))
    with pyBigWig.open(str(tmp_path / "out.bw")) as file:
        assert file.header()["nBasesCovered"] == 5 * len(values)


def test_hundreds_of_contigs_in_any_order(tmp_path: Path) -> None:
    names = [f"scaffold_{i * 7919 % 3000}" for i in range(3_000)]
    target = tmp_path / "out.bw"
    with BigWigWriter(target, dict.fromkeys(names, 50)) as writer:
        for i in range(0, 3_000, 100):
            writer.add_bins(names[i], 10, np.array([i + 1.0]), 10)
    with pybigtools.open(str(target)) as file:
        assert list(file.chroms()) == names
        for i in range(0, 3_000, 100):
            assert file.values(names[i], 9, 21, fillna=0).tolist() == [0] + [i + 1] * 10 + [0]
            assert BigWig(target).values(names[i], 10, 11).tolist() == [i + 1]


def test_infinity_is_named_and_nothing_left(tmp_path: Path) -> None:
    with (
        pytest.raises(VerificationError, match="infinite value at chr1:96-128"),
        BigWigWriter(tmp_path / "out.bw", CONTIGS) as writer,
    ):
        writer.add_bins("chr1", 32, np.array([1, np.nan, -1e39, np.inf]), 32)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([("chr1", 100, 2), ("chr1", 110, 1)], "unsorted or overlap"),
        ([("chr1", 100, 1), ("chr1", 0, 1)], "unsorted or overlap"),
        ([("chr10", 0, 1), ("chr1", 0, 1)], "unsorted or overlap"),
        ([("chr1", 0, 101)], "past the end"),
        ([("chr1", 1_000, 1)], "past the end"),
        ([("chr1", -10, 2)], "bad run"),
        ([("1", 0, 1)], "not in the header"),
    ],
)
def test_bugs_of_callers(tmp_path: Path, runs: list[tuple[str, int, int]], message: str) -> None:
    with (
        pytest.raises(ValueError, match=message),
        BigWigWriter(tmp_path / "out.bw", CONTIGS) as writer,
    ):
        add(writer, runs, 10)
    assert left_behind(tmp_path) == []


def test_existing_target_and_bad_contigs(tmp_path: Path) -> None:
    target = tmp_path / "out.bw"
    target.write_text("mine")
    with pytest.raises(InputError, match="--force"), BigWigWriter(target, CONTIGS):
        pass
    assert target.read_text() == "mine"
    with pytest.raises(InputError, match="does not fit"):
        BigWigWriter(target, {"chr1": 2**32})
    with pytest.raises(InputError, match="at least one contig"):
        BigWigWriter(target, {})
    with pytest.raises(RuntimeError, match="stop"), BigWigWriter(target, CONTIGS, force=True):
        raise RuntimeError("stop")
    assert target.read_text() == "mine"
    assert left_behind(tmp_path) == ["out.bw"]


def test_a_changed_file_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit lost on the way to the child, or a child that writes less, is seen."""
    send = WriterProcess._pipe
    for change in (lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data[:-4]):

        def pipe(
            self: WriterProcess,
            *parts: bytes,
            flush: bool = False,
            change: Callable[[bytes], bytes] = change,
        ) -> None:
            head = parts[0]
            if len(head) == MESSAGE.size and head[0] == RUN:
                data = change(parts[1])
                *front, _, size = MESSAGE.unpack(head)
                parts = (MESSAGE.pack(*front, len(data) // 4, size), data)
            send(self, *parts, flush=flush)

        with monkeypatch.context() as patch:
            patch.setattr(WriterProcess, "_pipe", pipe)
            with (
                pytest.raises(VerificationError, match=r"does not hold the .* check the disk"),
                BigWigWriter(tmp_path / "out.bw", CONTIGS) as writer,
            ):
                writer.add_bins("chr1", 0, np.arange(50.0), 10)
    assert left_behind(tmp_path) == []
    with BigWigWriter(tmp_path / "out.bw", CONTIGS) as writer:
        writer.add_bins("chr1", 0, np.arange(50.0), 10)


# Full disks


def fill(target: Path) -> None:
    """Write 12 MB of noise."""
    values = np.random.default_rng(1).random(3_000_000, dtype=np.float32)
    with BigWigWriter(target, {"chr1": 3_000_000}) as writer:
        for i in range(0, 3_000_000, 50_000):
            writer.add_bins("chr1", i, values[i : i + 50_000], 1)


@pytest.mark.parametrize("limit", [0, 300, 1_000, 100_000, 5_000_000, 11_800_000])
def test_file_size_limit(tmp_path: Path, limit: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(
            InputError, match=r"no space left on device.* raise the file size limit"
        ):
            fill(tmp_path / "out.bw")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left_behind(tmp_path) == []
    fill(tmp_path / "out.bw")
    assert left_behind(tmp_path) == ["out.bw"]


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        pytest.skip("FULL DISK NOT TESTED: no right to mount a small one")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("small_disk", ["64k", "2m", "12m"], indirect=True)
def test_full_disk(small_disk: Path) -> None:
    with pytest.raises(InputError, match="no space left on device") as caught:
        fill(small_disk / "out.bw")
    assert caught.value.exit_code == 2
    assert left_behind(small_disk) == []


@pytest.mark.parametrize("small_disk", ["2m"], indirect=True)
def test_disk_filled_by_somebody_else(small_disk: Path) -> None:
    """The space that the child counted on is gone when it writes; pyBigWig then never returns."""
    noise = np.random.default_rng(1).random(2_700_000, dtype=np.float32)

    def write(writer: BigWigWriter) -> None:
        writer.add_bins("chr1", 0, noise[:100_000], 1)
        writer._send()
        with contextlib.suppress(OSError), (small_disk / "other").open("wb", 0) as other:
            while True:
                other.write(bytes(1 << 12))
        writer.add_bins("chr1", 300_000, noise, 1)

    with (
        pytest.raises(InputError, match="no space left on device"),
        BigWigWriter(small_disk / "out.bw", {"chr1": 3_000_000}) as writer,
    ):
        write(writer)
    assert left_behind(small_disk) == ["other"]


# Sudden death

SLOW = """
import sys, time
import numpy as np
from zooctl.files.bigwig.writer import BigWigWriter
with BigWigWriter(sys.argv[1], {"chr1": 100_000_000}) as writer:
    for i in range(100):
        writer.add_bins("chr1", i * 1_000_000, np.random.rand(1_000_000), 1)
        print(writer._process.pid, flush=True)
        time.sleep(0.1)
"""


def wait_until(check: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.05)
    return False


def running(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_killed_parent_leaves_nothing(tmp_path: Path) -> None:
    script = [sys.executable, "-c", SLOW, str(tmp_path / "out.bw")]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        writer = int(parent.stdout.readline())
        parent.stdout.readline()
        parent.kill()
    assert wait_until(lambda: not running(writer))
    assert left_behind(tmp_path) == []


def test_interrupt_reaches_the_parent_alone(tmp_path: Path) -> None:
    script = [sys.executable, "-c", SLOW, str(tmp_path / "out.bw")]
    with subprocess.Popen(
        script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        writer = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGINT)
        _, talk = parent.communicate()
    assert "KeyboardInterrupt" in talk
    assert "BrokenPipe" not in talk
    assert not running(writer)
    assert left_behind(tmp_path) == []


def test_killed_child(tmp_path: Path) -> None:
    def write(writer: BigWigWriter) -> None:
        os.kill(writer._process.pid, signal.SIGKILL)
        add(writer, [("chr1", i * 1_000_000, 1_000_000) for i in range(100)], 1)

    with (
        pytest.raises(InputError, match=r"ended from outside.* out of memory or disk space"),
        BigWigWriter(tmp_path / "out.bw", {"chr1": 100_000_000}) as writer,
    ):
        write(writer)
    assert left_behind(tmp_path) == []
    with BigWigWriter(tmp_path / "out.bw", {"chr1": 100_000_000}) as writer:
        add(writer, [("chr1", 0, 1_000)], 1)


def test_child_does_not_run_the_users_modules(tmp_path: Path) -> None:
    """A numpy.py in the working folder or beside the script is not what the child imports."""
    (tmp_path / "numpy.py").write_text("raise SystemExit('wrong numpy')")
    (tmp_path / "json.py").write_text("raise SystemExit('wrong json')")
    with contextlib.chdir(tmp_path), BigWigWriter("out.bw", CONTIGS) as writer:
        writer.add_bins("chr1", 0, np.ones(3), 10)
    assert BigWig(tmp_path / "out.bw").values("chr1", 0, 1).tolist() == [1]


# Reading


@pytest.fixture(scope="module")
def track(repo: Path) -> Path:
    return repo / "recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw"


def test_real_track_equals_independent_reader(track: Path) -> None:
    with BigWig(track) as file, pybigtools.open(str(track)) as other:
        assert file.contigs == other.chroms()
        # Longer than a chunk, with a start that no chunk begins at.
        low, high = 33_000_123, 37_000_123
        wanted = other.values("chr21", low, high, fillna=None)
        read = file.values("chr21", low, high)
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, wanted.astype(np.float32))
        means = np.nan_to_num(wanted).reshape(-1, 32).mean(axis=1)
        assert means.max() > 3
        np.testing.assert_allclose(file.bins("chr21", low, high, 32), means, rtol=1e-6)
        assert np.isnan(file.bins("chr21", 0, 64, 32, missing=np.nan)).all()
        assert file.bins("chr21", 0, 64, 32).tolist() == [0, 0]
        assert file.values("chr21", 5, 5).shape == (0,)


def test_wrong_questions(track: Path) -> None:
    file = BigWig(track)
    with pytest.raises(InputError, match=r"no contig 21 .*it has chr21: the two name"):
        file.values("21", 0, 1)
    with pytest.raises(InputError, match=r"no contig chrX .*it has chr20, chr21\Z"):
        file.values("chrX", 0, 1)
    for start, end in ((-1, 5), (5, 4), (0, 48_129_896)):
        with pytest.raises(InputError, match="range outside chr21"):
            file.values("chr21", start, end)
    with pytest.raises(ValueError, match="does not divide"):
        file.bins("chr21", 0, 100, 32)


def test_what_is_no_bigwig(tmp_path: Path, track: Path) -> None:
    data = track.read_bytes()
    cases = {
        b"": "an empty file",
        b"track type=bedGraph\nchr1 0 1 1\n": "something else",
        b"\xeb\xf2\x89\x87" + bytes(100): "a bigBed",
        data[:4]: "cut short",
        data[:1_000]: "cut short",
        data[: len(data) // 2]: "cut short",
        data[:-1]: "cut short",
        data[:4] + bytes(200) + data[:4]: "damaged|without contigs",
    }
    for content, message in cases.items():
        path = tmp_path / "x.bw"
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            BigWig(path)
    with pytest.raises(InputError, match="no such file"):
        BigWig(tmp_path / "none.bw")
    with pytest.raises(InputError, match="no such file"):
        BigWig("https://example.org/x.bw")


def test_damaged_block(tmp_path: Path, track: Path) -> None:
    data = bytearray(track.read_bytes())
    for i in range(len(data) // 10, len(data) // 2, 5_000):
        data[i : i + 50] = b"\xff" * 50
    path = tmp_path / "x.bw"
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged bigWig at chr20:"), BigWig(path) as file:
        file.values("chr20", 0, file.contigs["chr20"])
