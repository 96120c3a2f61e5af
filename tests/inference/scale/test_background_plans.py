"""A background of a plan has the bytes of one that is made in one piece."""

from __future__ import annotations

from pathlib import Path

from toy_plan import Zooctl

ASKED = [
    *("toy", "--background", "random,shuffled,in.vcf", "--kind", "snv,ins_1", "--alleles", "1000"),
    *("--fasta", "genome.fa", "--threads", "1"),
]


def test_plan_run_and_merge(zooctl: Zooctl, here: Path) -> None:
    code, _, err = zooctl("calibrate", *ASKED, "-o", "a.safetensors")
    assert code == 0, err
    code, _, err = zooctl("plan", "calibrate", *ASKED, "--shards", "8", "-o", "plan")
    assert code == 0, err
    assert "planned: 8 shards of 4,000 alleles" in err
    assert zooctl("run", "plan", "--shard", "1/3")[0] == 0
    assert zooctl("run", "plan", "--workers", "1")[0] == 0
    code, out, err = zooctl("merge", "plan", "-o", "b.safetensors")
    assert (code, out) == (0, "b.safetensors\n"), err
    assert "random/snv: 1,000 alleles" in err
    assert (here / "b.safetensors").read_bytes() == (here / "a.safetensors").read_bytes()
    code, _, err = zooctl("merge", "plan", "-o", "b.safetensors")
    assert (code, "output exists" in err) == (2, True)
