"""`zooctl plot` as typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.cli.main import run
from zooctl.files.bigwig.writer import BigWigWriter

CTCF = "recipes/data/ctcf_gm12878_hg19/GM12878_CTCF_5M.hg19.chr20_21.bw"
INPUT = "recipes/data/ctcf_gm12878_hg19/GM12878_Input_5M.hg19.chr20_21.bw"
REGION = "chr21:33,900,001-34,100,000"


def test_measured_tracks(repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "tracks.svg"
    tracks = [str(repo / CTCF), str(repo / INPUT)]
    labels = ["--name", "CTCF", "--name", "Input", "--unit", "pile-up", "--unit", "pile-up"]
    command = ["plot", *tracks, "--region", REGION, "-o", str(target), *labels]
    assert run(command) == 0
    assert target.read_text().startswith("<?xml")
    assert capsys.readouterr().out == ""
    assert run(command) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*command, "--force"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--region", "21:1-100"], "contig"),
        (["--region", REGION, "--unit", "a", "--unit", "b"], "once for every track"),
    ],
)
def test_refused(
    repo: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = tmp_path / "tracks.png"
    assert run(["plot", str(repo / CTCF), "-o", str(target), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not target.exists()


def test_a_file_without_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, target = tmp_path / "empty.bw", tmp_path / "a.png"
    with BigWigWriter(empty, {"chr21": 48_129_895}):
        pass
    assert run(["plot", str(empty), "--region", REGION, "-o", str(target)]) == 0
    assert capsys.readouterr().err == (
        f"warning: {empty} has no values in {REGION}\nwrote {target}\n"
    )
    assert target.stat().st_size > 1_000


def test_output_must_not_be_an_input(
    repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    track = tmp_path / "a.png"
    track.write_bytes((repo / CTCF).read_bytes())
    assert run(["plot", str(track), "--region", REGION, "-o", str(track), "--force"]) == 2
    assert "input" in capsys.readouterr().err


def test_regions_beside_each_other_with_genes(repo: Path, tmp_path: Path) -> None:
    target, gtf = tmp_path / "a.svg", tmp_path / "a.gtf"
    rows = [("A1", "+", 33_910_001, 33_912_000), ("A1", "+", 33_950_001, 33_951_000)]
    rows += [("B2", "-", 33_920_001, 33_990_000), ("FAR", "+", 1_000_001, 1_001_000)]
    gtf.write_text(
        "".join(
            f"chr21\tx\texon\t{start}\t{end}\t.\t{strand}\t.\t"
            f'gene_id "{name}"; transcript_id "{name}.1"; gene_name "{name}";\n'
            for name, strand, start, end in rows
        )
    )
    both = ["--region", REGION, "--region", "chr21:39,700,001-39,760,000"]
    command = ["plot", str(repo / CTCF), str(repo / INPUT), *both, "--genes", str(gtf)]
    assert run([*command, "-o", str(target), "--shared-y", "--width", "120", "--height", "90"]) == 0
    text = target.read_text()
    # Text stays text, and sizes are those asked for: points of 1/72 inch.
    assert "A1 →" in text
    assert "B2 ←" in text
    assert "FAR" not in text
    width, height = (120 / 25.4 * 72, 90 / 25.4 * 72)
    assert f'width="{width:.6f}'[:12] in text
    assert f'height="{height:.6f}'[:12] in text
    pdf = tmp_path / "a.pdf"
    assert run([*command, "-o", str(pdf)]) == 0
    assert b"/FontFile2" in pdf.read_bytes()
    assert b"/Type3" not in pdf.read_bytes()
    picture = tmp_path / "a.png"
    assert run([*command, "-o", str(picture), "--width", "100", "--height", "50.8"]) == 0
    from PIL import Image

    with Image.open(picture) as image:
        assert image.size == (1181, 600)  # 100 and 50.8 mm at 300 dots an inch


def test_sites_below_a_signal(
    repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A BED file is a track, alone too; its region then needs a start and an end."""
    bed, target = tmp_path / "sites.bed", tmp_path / "a.svg"
    bed.write_text("chr21\t33950000\t33950019\tCTCF_site\t63\t+\n")
    command = ["plot", str(repo / CTCF), str(bed), "--region", REGION, "-o", str(target)]
    assert run(command) == 0
    text = target.read_text()
    assert "CTCF_site →" in text
    assert ">sites</text>" in text
    assert capsys.readouterr().err == f"wrote {target}\n"
    assert run(["plot", str(bed), "--region", "chr20:1-1,000", "-o", str(target), "--force"]) == 0
    assert "warning" in capsys.readouterr().err
    assert run(["plot", str(bed), "--region", "chr21", "-o", str(target), "--force"]) == 2
    assert "has no end" in capsys.readouterr().err
