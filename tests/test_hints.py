"""Every hint of the program is tried: a test provokes it, follows it, and sees another outcome.

`hints` collects the texts from the source. `FOLLOWED` names the test of each; `NOT_BY_A_MACHINE`
has those that ask for a person, another machine or a network, each with the reason; `PASSED_ON` are
hints of another error, tested where that is raised. A new hint fails until it stands in one.
"""

from __future__ import annotations

import ast
import gzip
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hint_lists import FOLLOWED, NOT_BY_A_MACHINE, PASSED_ON
from toy_model import repin, toy_graph, toy_zoo

import zooctl
from zooctl.catalog.data import locate
from zooctl.catalog.genomes import find_genome
from zooctl.catalog.recipes import recipe_as_run
from zooctl.catalog.root import own_root
from zooctl.cli.main import run
from zooctl.errors import InputError, IntegrityError
from zooctl.files.disk.cache import cache_folder
from zooctl.files.disk.pinned import digest_of
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.text_table import read_text_table
from zooctl.schema.recipe.sources import Source
from zooctl.sequence.intervals import parse_region

__all__ = ["repin", "toy_graph", "toy_zoo"]

REPO = Path(__file__).resolve().parent.parent


def hints(root: Path = REPO / "zooctl") -> dict[str, int]:
    """Return ``module: text`` of each hint to the number of its places; texts as the source has."""
    found: dict[str, int] = {}
    for path in sorted(root.rglob("*.py")):
        module = path.relative_to(root).with_suffix("").as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            for keyword in getattr(node, "keywords", ()):
                if not isinstance(node, ast.Call) or keyword.arg != "hint":
                    continue
                if isinstance(keyword.value, ast.Constant) and keyword.value.value is None:
                    continue
                key = f"{module}: {ast.unparse(keyword.value)}"
                found[key] = found.get(key, 0) + 1
    return found


LISTS = (FOLLOWED, NOT_BY_A_MACHINE, PASSED_ON)


def test_every_hint_is_on_a_list() -> None:
    known = {key for one in LISTS for key in one}
    assert sorted(set(hints()) - known) == [], "hints without a test that follows them"
    assert sorted(known - set(hints())) == [], "hints that are no more"
    assert len(known) == sum(map(len, LISTS)), "a hint is on two lists"


def test_the_named_tests_exist() -> None:
    for key, test in FOLLOWED.items():
        path, _, name = test.partition("::")
        tree = ast.parse((REPO / path).read_text())
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in names, (key, test)


def test_no_hint_names_an_extra_of_an_index() -> None:
    """`pip install 'zooctl[train]'` needs zooctl on an index; ``install_hint`` does not."""
    source = [path.read_text() for path in (REPO / "zooctl").rglob("*.py")]
    assert not [text for text in source if "zooctl[" in text]


def hint_of(code: int, captured: pytest.CaptureFixture[str]) -> str:
    """The hint that a command ended with."""
    assert code == 2
    return captured.readouterr().err.rpartition("Hint: ")[2].strip()


def test_folders_in_variables(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ZOOCTL_ZOO", "ZOOCTL_GENOMES", "ZOOCTL_DATA_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path / "none"))
    with pytest.raises(InputError, match="no zoo") as caught:
        own_root()
    subprocess.run(["bash", "-c", str(caught.value.hint).removesuffix(" makes it one")], check=True)
    assert own_root() == tmp_path / "none"

    monkeypatch.setenv("ZOOCTL_GENOMES", str(tmp_path / "genomes"))
    with pytest.raises(InputError, match="ZOOCTL_GENOMES is a folder of genomes"):
        find_genome("toy1")
    (tmp_path / "genomes").mkdir()
    (tmp_path / "genomes/toy1.fa").write_text(">a\nA\n")
    assert find_genome("toy1")[0] == [tmp_path / "genomes/toy1.fa"]


def test_no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nowhere() -> Path:
        raise RuntimeError

    for name in ("ZOOCTL_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(InputError, match="set ZOOCTL_HOME to a folder"):
        cache_folder()
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path))
    assert cache_folder() == tmp_path


def test_data_in_the_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"chr21\t1\t2\n"
    source = Source(
        id="peaks",
        file="peaks.bed",
        accession=None,
        url=None,
        sha256=digest_of(content),
        size=len(content),
        licence="CC0-1.0",
        citation="Nobody 2025",
        assembly="hg19",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZOOCTL_DATA_MIRROR", raising=False)
    with pytest.raises(InputError, match="set ZOOCTL_DATA_MIRROR to a folder"):
        locate(source)
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(InputError, match="ZOOCTL_DATA_MIRROR is a folder of data"):
        locate(source)
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror/peaks.bed").write_bytes(content[:-2] + b"3\n")
    with pytest.raises(IntegrityError, match="restore the file"):
        locate(source)
    (tmp_path / "mirror/peaks.bed").write_bytes(content)
    assert locate(source).origin == "mirror"


def test_regions_count_from_one() -> None:
    with pytest.raises(InputError, match="regions count from 1, BED from 0"):
        parse_region("chr21:0-100")
    assert parse_region("chr21:1-100").start == 0


def test_pictures_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    hint = hint_of(run(["info", "ctcf_gm12878", "--plot", "--json"]), capsys)
    assert hint == "--json names the pictures"
    assert run(["info", "ctcf_gm12878", "--json"]) == 0
    assert "ctcf_gm12878.png" in capsys.readouterr().out


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with a genome and a VCF; the zoo holds the toy."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "genome.fa").write_text(f">chr1\n{'ACGT' * 100}\n>chr2\n{'C' * 400}\n")
    rows = [f"chr1\t{4 * n + 1}\t.\tA\tG\t.\t.\t.\n" for n in range(20, 40)]
    (folder / "in.vcf").write_text(vcf(*rows))
    return folder


def vcf(*rows: str) -> str:
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    return head + "".join(rows)


SCORE = ["score-variants", "in.vcf", "--model", "toy", "--fasta", "genome.fa", "--shifts", "1"]


def test_scores_are_there_already(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SCORE, "-o", "a.vcf"]) == 0
    hint = hint_of(run([*SCORE, "-o", "a.vcf"]), capsys)
    assert hint == "pass --force to replace it"
    assert run([*SCORE, "-o", "a.vcf", "--force"]) == 0
    again = ["score-variants", "a.vcf", *SCORE[2:], "-o", "b.vcf"]
    hint = hint_of(run(again), capsys)
    assert hint.startswith("pass --overwrite-annotations")
    assert run([*again, "--overwrite-annotations"]) == 0
    hint = hint_of(run([*SCORE, "-o", "in.vcf", "--force"]), capsys)
    assert hint == "name another output with -o"


def test_columns_of_a_vcf(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (here / "in.vcf").read_text()
    head, rows = text.rsplit("INFO\n", 1)
    (here / "in.vcf").write_text(f"{head}INFO\n" + rows.replace("\t", " "))
    hint = hint_of(run(SCORE), capsys)
    assert hint.startswith("columns are separated by tabs")
    (here / "in.vcf").write_text(text)
    assert run(SCORE) == 0


def test_a_report_in_a_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hint = hint_of(run([*SCORE, "--report", "."]), capsys)
    assert hint == "name a file in it"
    assert run([*SCORE, "--report", "./r.json"]) == 0


def test_a_region_beyond_its_contig(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "r.bed").write_text("chr1\t100\t500\n")
    predict = ["predict", "--model", "toy", "--fasta", "genome.fa", "--bed", "r.bed"]
    hint = hint_of(run(predict), capsys)
    assert hint.endswith("--clip cuts it")
    assert run([*predict, "--clip"]) == 0


def test_no_gpu(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run([*SCORE, "--device", "cuda"])
    if not code:
        pytest.skip("there is a GPU")
    hint = hint_of(code, capsys)
    assert hint.endswith("--device auto takes the CPU")
    assert run([*SCORE, "--device", "auto"]) == 0


def test_sequences_of_another_length(here: Path) -> None:
    model = zooctl.load("toy")
    with pytest.raises(InputError, match="predict_region cuts windows of the right length"):
        model.predict(["ACGT"])
    assert model.predict_region("chr1:101-200", fasta="genome.fa").values.shape[0] == 2


def test_bundles(repo: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOOCTL_ZOO", str(repo))
        assert run(["bundle", "export", "pwm_ctcf", "-o", "b.tar"]) == 0
    hint = hint_of(run(["bundle", "import", "b.tar"]), capsys)
    assert hint == "--into FOLDER keeps it by itself"
    (here / "there").mkdir()
    hint = hint_of(run(["bundle", "import", "b.tar", "--into", "there"]), capsys)
    assert hint == "name a new one"
    assert run(["bundle", "import", "b.tar", "--into", "new"]) == 0


def test_gzip_of_another_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command of the hint is run as it stands."""
    if shutil.which("bgzip") is None:
        bgzip = "import sys; from zooctl.files.disk.bgzf import bgzip_blocks; "
        bgzip += "from zooctl.files.disk.bgzf import END; "
        bgzip += "sys.stdout.buffer.write(bgzip_blocks(sys.stdin.buffer.read()) + END)"
        (tmp_path / "bgzip").write_text(
            f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(REPO))} "
            f"exec {shlex.quote(sys.executable)} -c {shlex.quote(bgzip)}\n"
        )
        (tmp_path / "bgzip").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    path = tmp_path / "my genome.fa.gz"
    path.write_bytes(gzip.compress(b">chr1\nACGT\n"))
    with pytest.raises(InputError) as caught:
        Fasta(path)
    command = str(caught.value.hint).partition("bgzip it: ")[2]
    subprocess.run(["bash", "-c", command], check=True)
    with Fasta(shlex.split(command)[-1]) as genome:
        assert genome.contigs == {"chr1": 4}


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b">chr1\nACGT\nAC\nACGT\n", "only the last line of a sequence may be shorter"),
        (b">chr1\rACGT\rACGT\r", "line ends must be LF or CRLF"),
    ],
)
def test_lines_of_a_genome(tmp_path: Path, content: bytes, hint: str) -> None:
    path = tmp_path / "a.fa"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        Fasta(path)
    assert str(caught.value.hint).startswith(hint)
    lines = content.split()
    path.write_bytes(lines[0] + b"\n" + b"".join(lines[1:]) + b"\n")
    with Fasta(path) as genome:
        assert list(genome.contigs) == ["chr1"]


def test_values_of_a_recipe() -> None:
    with pytest.raises(InputError) as caught:
        recipe_as_run("atac_yeast", ["optimiser.lr"])
    setting = str(caught.value.hint).removeprefix("--set ")
    chosen, _ = recipe_as_run("atac_yeast", [setting])
    assert chosen.optimiser.lr == 0.0005


def test_strict_and_skipped(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [f"chr1\t{4 * n + 1}\t.\tC\tG\t.\t.\t.\n" for n in range(20, 26)]
    (here / "in.vcf").write_text(vcf(*wrong))
    hint = hint_of(run([*SCORE, "--strict"]), capsys)
    assert hint.startswith("without --strict and --check-ref fail it is written")
    hint = hint_of(run(SCORE), capsys)
    assert hint.endswith("raise --max-skipped")
    assert list(here.glob("*.vcf.gz")) == []
    assert run([*SCORE, "--max-skipped", "1"]) == 0


def test_another_genome_for_the_vcf(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both wrong-assembly hints are followed: the VCF's own genome is named."""
    (here / "own.fa").write_text(f">chr1\n{'TTGA' * 110}\n")
    rows = [f"chr1\t{4 * n + 1}\t.\tT\tG\t.\t.\t.\n" for n in range(20, 40)]
    for head in ("", "##contig=<ID=chr1,length=440>\n"):
        (here / "in.vcf").write_text(vcf(*rows).replace("#CHROM", f"{head}#CHROM"))
        hint = hint_of(run(SCORE), capsys)
        assert hint.endswith("name its genome with --fasta")
        assert run([*SCORE, "--fasta", "own.fa"]) == 0
        for path in here.glob("in.toy.*"):
            path.unlink()
        capsys.readouterr()


def test_weights_that_are_not_here(
    toy_zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without weights, whose place the card says."""
    shutil.rmtree(toy_zoo / "zoo/toy")
    hint = hint_of(run(["predict", "--model", "toy", "--region", "chr1:1-100"]), capsys)
    assert hint == "zooctl info toy says where they are"
    assert run(["info", "toy"]) == 0
    assert "weights " in capsys.readouterr().out


def test_the_genome_of_a_reproduction(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hint = hint_of(run(["reproduce", "toy", "--fasta", "none.fa"]), capsys)
    assert hint == "--fasta names a genome"
    assert run(["reproduce", "toy", "--fasta", "genome.fa", "--dry-run"]) == 0


def test_cells_are_separated_by_tabs(tmp_path: Path) -> None:
    table = tmp_path / "t.tsv"
    table.write_text("a\tb\n1 2\n")
    with pytest.raises(InputError, match="cells are separated by tabs"):
        read_text_table(table)
    table.write_text("a\tb\n1\t2\n")
    assert read_text_table(table)
