"""Scores of haplotypes: any two spellings of one give the same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from toy_model import toy_zoo
from toy_variants import base, here, other, vcf

from zooctl.cli.main import run
from zooctl.files.vcf.records import Record, parse_record
from zooctl.inference.variants.allele_status import normal_form
from zooctl.inference.vcf.assembly_check import Vcf
from zooctl.inference.vcf.haplotypes import CLASH, Haplotypes
from zooctl.sequence.alleles import Change
from zooctl.sequence.onehot import Codes, encode

__all__ = ["here", "toy_zoo"]

SCORE = ["score-variants", "--model", "toy", "--fasta", "genome.fa", "--shifts", "2"]
SAMPLES = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1"
LONGEST = 40


class OneContig:
    """A genome of one contig."""

    def __init__(self, letters: str) -> None:
        self.letters = letters
        self.contigs = {"1": len(letters)}

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        inside = self.letters[max(start, 0) : max(end, 0)]
        left = min(max(-start, 0), end - start)
        padded = "N" * left + inside + "N" * (end - start - left - len(inside))
        return encode(padded.encode()) if padded else encode(b"")


def record(number: int, pos: int, ref: str, alt: str, *samples: str, form: str = "GT") -> Record:
    fields = ("1", str(pos), ".", ref, alt, ".", ".", ".", form, *samples)
    return parse_record("\t".join(fields).encode(), len(fields), "a.vcf", number)


def joined(
    genome: str, records: Sequence[Record], longest: int = LONGEST
) -> list[list[Change | str | int | None]]:
    """Of each record the change of each haplotype of its first sample, or the reason for none."""
    given = OneContig(genome)
    haplotypes = Haplotypes(Vcf("a.vcf", given, {}, longest=longest), longest)
    found: list[list[Change | str | int | None]] = []
    for one in haplotypes.follow(records):
        alleles, carriers = haplotypes.take(one)
        own: list[Change | str | int | None] = []
        for n in carriers[0] if carriers else ():
            if n is None or n == CLASH:
                own.append(n)
                continue
            form = normal_form(alleles[n], given, longest, swap=False)
            own.append(form[0] if isinstance(form, tuple) else str(form))
        found.append(own)
    return found


TEXT = "ACGTTGCAACGTACGTTTGACCATGACCA" * 8


def snv(number: int, pos: int, call: str, form: str = "GT") -> Record:
    return record(number, pos, TEXT[pos - 1], other(TEXT[pos - 1]), call, form=form)


def test_neighbours_are_joined_and_others_are_not() -> None:
    """Each with its own haplotype; unphased and missing ones stay alone, without a score."""
    rows = [
        snv(1, 50, "0|1"),
        snv(2, 53, "0|1"),
        snv(3, 55, "1|0"),
        snv(4, 57, "0/1"),
        snv(5, 59, "./."),
        snv(6, 61, "1/1"),
        snv(7, 61 + LONGEST // 2 + 2, "0|1"),
    ]
    found = joined(TEXT, rows)
    first, right = found[0][1], found[1][1]
    assert first == right == found[5][1]
    assert isinstance(first, Change)
    assert (first.start, first.end) == (49, 61)
    left = found[2][0]
    assert isinstance(left, Change)
    assert (left.start, left.end) == (54, 61)
    assert found[5][0] == left
    assert found[3] == found[4] == []
    assert found[6] == [None, Change(82, TEXT[82], other(TEXT[82]))]


def test_phase_sets() -> None:
    """Two sets are not in phase; what is alike on both haplotypes is in phase with either."""
    rows = [
        snv(1, 50, "0|1:a", "GT:PS"),
        snv(2, 52, "0|1:b", "GT:PS"),
        snv(3, 54, "1|1:c", "GT:PS"),
        snv(4, 56, "0|1:a", "GT:PS"),
    ]
    found = joined(TEXT, rows)
    spans = [(one[1].start, one[1].end) for one in found if isinstance(one[1], Change)]
    assert spans == [(49, 56), (51, 54), (51, 54), (49, 56)]


def test_changes_of_the_same_bases_clash() -> None:
    rows = [
        record(1, 50, TEXT[49:53], TEXT[49], "0|1"),
        snv(2, 52, "0|1"),
        record(3, 54, TEXT[53], TEXT[53] + "G", "0|1"),
        record(4, 54, TEXT[53], TEXT[53] + "T", "0|1"),
    ]
    assert joined(TEXT, rows) == [[None, CLASH]] * 4


def test_a_chain_that_is_too_long() -> None:
    """All its records say so, though none sees the whole of it."""
    rows = [snv(n, 20 + 15 * n, "1|0") for n in range(12)]
    assert joined(TEXT, rows) == [["TOO_LONG", None]] * 12


def test_what_is_no_change_is_not_carried() -> None:
    rows = [
        record(1, 50, TEXT[49], "*", "0|1"),
        record(2, 51, other(TEXT[50]), "T", "0|1"),
        record(3, 52, TEXT[51], "<DEL>", "0|1"),
        record(4, 53, TEXT[52], other(TEXT[52]), "0|2"),
        snv(5, 54, "0|1"),
    ]
    assert joined(TEXT, rows) == [[], [], [], [], [None, Change(53, TEXT[53], other(TEXT[53]))]]


def spell(draw: random.Random, genome: str, change: Change) -> Change:
    """The change padded with bases around, and moved in its repeat, at random."""
    start, ref, alt = change
    for _ in range(draw.randrange(0, 6)):  # to the right, as far as the sequence stays the same
        end = start + len(ref)
        if (ref and alt) or end >= len(genome) - 1:
            break
        moved = ref or alt
        if genome[end] != moved[0]:
            break
        moved = moved[1:] + genome[end]
        start, ref, alt = start + 1, moved if ref else "", moved if alt else ""
    left, right = draw.randrange(0, 3), draw.randrange(0, 3)
    left = min(left, start)
    if not ref or not alt:
        left = max(left, 1)
    end = start + len(ref)
    before, after = genome[start - left : start], genome[end : end + right]
    return Change(start - left, before + ref + after, before + alt + after)


def haplotype(draw: random.Random) -> tuple[str, list[Change], Change]:
    """A genome with repeats, changes of it that do not touch, and all of them as one."""
    unit = draw.choice(["A", "AC", "ACG", "ACGT"])
    letters = "".join(draw.choices("ACGT", k=60)) + unit * draw.randrange(1, 9)
    genome = letters + "".join(draw.choices("ACGT", k=60))
    at, changes = draw.randrange(40, 60), []
    for _ in range(draw.randrange(1, 5)):
        kind = draw.choice(["snv", "ins", "del", "mnv"])
        if kind == "ins":
            change = Change(at, "", "".join(draw.choices(unit + "ACGT", k=draw.randrange(1, 4))))
        else:
            n = {"snv": 1, "del": draw.randrange(1, 4), "mnv": 2}[kind]
            ref = genome[at : at + n]
            alt = "" if kind == "del" else "".join(other(letter) for letter in ref)
            change = Change(at, ref, alt)
        changes.append(change)
        at = change.end + draw.randrange(0, 4) + (not change.ref)
    first, last = changes[0].start, changes[-1].end
    alt, end = "", first
    for one in changes:
        alt, end = alt + genome[end : one.start] + one.alt, one.end
    return genome, changes, Change(first, genome[first:last], alt)


def spellings(draw: random.Random) -> Iterator[tuple[str, list[Change]]]:
    """The haplotype in pieces, padded at random; and whole, padded and moved at random."""
    genome, changes, whole = haplotype(draw)
    yield genome, [spell_in_place(draw, genome, one) for one in changes]
    yield genome, [spell(draw, genome, whole)]
    if len(changes) == 1:
        yield genome, [spell(draw, genome, changes[0])]


def spell_in_place(draw: random.Random, genome: str, change: Change) -> Change:
    """The change padded at random, and not moved, since another may lie in its repeat."""
    start, ref, alt = change
    left = min(draw.randrange(not ref or not alt, 3), start)
    # Behind an insertion or deletion a base of its repeat may be another record's.
    end = change.end + (draw.randrange(0, 2) if ref and alt else 0)
    before, after = genome[start - left : start], genome[change.end : end]
    return Change(start - left, before + ref + after, before + alt + after)


def rows_of(changes: Sequence[Change]) -> list[tuple[int, str, str]]:
    return [
        (one.start + 1, one.ref, one.alt)
        for one in sorted(changes, key=lambda one: one.start)
        if one.ref != one.alt
    ]


def check_spellings(seeds: range) -> int:
    """Compare the changes that the spellings of haplotypes come to; return their number."""
    n = 0
    for seed in seeds:
        changes: set[object] = set()
        for genome, spelled in spellings(random.Random(seed)):
            rows = rows_of(spelled)
            records = [record(k, *row, "0|1") for k, row in enumerate(rows, 1)]
            # What all records of the haplotype say; none where they undo each other.
            changes |= {one[1] if one else None for one in joined(genome, records, 60)}
            n += 1
        changes -= {"REF_EQ_ALT", None}
        assert len(changes) <= 1, (seed, changes)
        assert CLASH not in changes, seed
    return n


def test_spellings_of_one_haplotype() -> None:
    assert check_spellings(range(400)) > 800


def test_pieces_say_what_the_whole_says() -> None:
    """Where stretches are short, and a padded record stands before what it follows."""
    for seed in range(1_000_000, 1_003_000):
        (genome, pieces), (_, whole), *_ = spellings(random.Random(seed))
        said = [
            {str(one) for one in joined(genome, [record(k, *row, "0|1") for k, row in rows], 8)}
            for rows in (list(enumerate(rows_of(one), 1)) for one in (pieces, whole))
        ]
        assert not said[1] or said[0] == said[1], seed


@pytest.mark.slow
def test_100000_spellings_of_one_haplotype() -> None:
    assert check_spellings(range(400, 48_400)) > 100_000


def sample_values(path: str) -> list[tuple[str, list[str]]]:
    """Status of the last record's haplotypes, and all their scores."""
    lines = [text.split("\t") for text in Path(path).read_text().splitlines() if text[0] != "#"]
    found = []
    for columns in lines:
        values = dict(zip(columns[8].split(":"), columns[9].split(":"), strict=True))
        scores = [value for name, value in values.items() if name.startswith("ZOO_toy_")]
        found.append((values.get("ZOO_toy_STATUS", ""), scores))
    return found


def test_scores_of_spellings_are_equal_to_the_byte(here: Path) -> None:
    """An MNV, its SNVs phased together, and a delins beside an SNV, through the command."""
    at = 300
    ref = base("chr1", at, 3)
    alt = "".join(map(other, ref))
    middle = base("chr1", at + 1)
    spelled = {
        "mnv": [(at, ref, alt)],
        "snvs": [(at + k, ref[k], alt[k]) for k in range(3)],
        "two": [(at, ref[0], alt[0]), (at + 1, ref[1:], alt[1:])],
        "padded": [(at - 1, base("chr1", at - 1) + ref, base("chr1", at - 1) + alt)],
    }
    assert middle == ref[1]
    values = {}
    for name, rows in spelled.items():
        lines = [f"chr1\t{p}\t.\t{r}\t{a}\t.\t.\t.\tGT\t0|1" for p, r, a in rows]
        Path(f"{name}.vcf").write_text(vcf(*lines, columns=SAMPLES))
        assert run([*SCORE, f"{name}.vcf", "--haplotypes", "-o", f"{name}.out.vcf"]) == 0
        found = sample_values(f"{name}.out.vcf")
        assert len(found) == len(rows)
        assert len({str(one) for one in found}) == 1  # each record says it
        values[name] = found[0]
    assert len({str(one) for one in values.values()}) == 1
    status, scores = values["mnv"]
    assert status == ".,OK"
    # It is the MNV's own score, too.
    Path("own.vcf").write_text(vcf(f"chr1\t{at}\t.\t{ref}\t{alt}\t.\t.\t."))
    assert run([*SCORE, "own.vcf", "-o", "own.tsv"]) == 0
    rows = [text.split("\t") for text in Path("own.tsv").read_text().splitlines()[1:]]
    assert scores[1:] == [f".,{row[11]}" for row in rows]


def check_bytes(n: int) -> None:
    """Score haplotypes in pieces and whole, each way in a run of its own, a contig a haplotype."""
    fasta, ways = [], ([], [])
    for seed in range(n):
        (genome, pieces), (_, whole), *_ = spellings(random.Random(10**6 + seed))
        fasta.append(f">c{seed}\n{genome}\n")
        for lines, spelled in zip(ways, (pieces, whole), strict=True):
            lines += [
                f"c{seed}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t.\tGT\t0|1"
                for pos, ref, alt in rows_of(spelled)
            ]
    Path("genome.fa").write_text("".join(fasta))
    found: list[dict[str, set[str]]] = []
    for name, lines in zip(("pieces", "whole"), ways, strict=True):
        Path(f"{name}.vcf").write_text(vcf(*lines, columns=SAMPLES))
        made = [*SCORE, f"{name}.vcf", "--haplotypes", "-o", f"{name}.out.vcf"]
        assert run(made) == 0
        values: dict[str, set[str]] = {}
        for text in Path(f"{name}.out.vcf").read_text().splitlines():
            if text[0] != "#":
                chrom, *_, sample = text.split("\t")
                values.setdefault(chrom, set()).add(sample)
        found.append(values)
    pieces_found, whole_found = found
    # Pieces that undo each other are nothing as a whole.
    assert whole_found.keys() <= pieces_found.keys()
    scored = 0
    for chrom, values in whole_found.items():
        assert pieces_found[chrom] == values, chrom
        (only,) = values
        scored += "OK" in only or "EDGE" in only
    assert scored > 0.6 * n  # the toy takes changes of 8 bp


def test_bytes_of_300_haplotypes(here: Path) -> None:
    check_bytes(300)


@pytest.mark.slow
def test_bytes_of_10000_haplotypes(here: Path) -> None:
    check_bytes(10_000)


def test_chunks_and_resumed_runs_change_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A haplotype may lie across the ends of chunks."""
    from zooctl.inference.vcf import score_vcf

    calls = ["0|1", "1|1", "1|0", "0|1", "0/1", "1|0"]
    lines = [
        "\t".join(
            [
                *("chr1", str(pos), ".", base("chr1", pos), other(base("chr1", pos))),
                *(".", ".", ".", "GT", calls[n % 6]),
            ]
        )
        for n, pos in enumerate(at + 3 * k for at in range(200, 320, 12) for k in (0, 1))
    ]
    Path("in.vcf").write_text(vcf(*lines, columns=SAMPLES))
    assert run([*SCORE, "in.vcf", "--haplotypes", "-o", "whole.vcf"]) == 0
    monkeypatch.setattr(score_vcf, "_RECORDS", 3)
    assert run([*SCORE, "in.vcf", "--haplotypes", "-o", "parts.vcf"]) == 0
    assert run([*SCORE, "in.vcf", "--haplotypes", "--store", "st", "-o", "stored.vcf"]) == 0
    assert run([*SCORE, "in.vcf", "--haplotypes", "--store", "st", "-o", "again.vcf"]) == 0
    texts = {Path(f"{name}.vcf").read_bytes() for name in ("whole", "parts", "stored", "again")}
    assert len(texts) == 1
    assert {status for status, _ in sample_values("whole.vcf")} >= {"OK,OK", ".,OK", "OK,."}
    # Alleles have the scores that they have by themselves.
    assert run([*SCORE, "in.vcf", "-o", "plain.vcf"]) == 0
    whole, plain = (Path(f"{name}.vcf").read_text().splitlines() for name in ("whole", "plain"))
    own = [text.split("\t")[:8] for text in whole if text[0] != "#"]
    assert own == [text.split("\t")[:8] for text in plain if text[0] != "#"]


def test_outputs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """BCF reads the fields; tables have no place for them; a second run replaces its own."""
    line = f"chr1\t300\t.\t{base('chr1', 300)}\t{other(base('chr1', 300))}\t.\t.\t.\tGT:DP\t0|1:3"
    Path("in.vcf").write_text(vcf(line, columns=SAMPLES))
    assert run([*SCORE, "in.vcf", "--haplotypes", "-o", "a.bcf"]) == 0
    assert run([*SCORE, "in.vcf", "--haplotypes", "-o", "a.tsv"]) == 2
    assert "Hint: -o out.vcf.gz" in capsys.readouterr().err
    assert run([*SCORE, "in.vcf", "--haplotypes", "-o", "out.vcf.gz"]) == 0
    assert run([*SCORE, "out.vcf.gz", "--haplotypes", "-o", "b.vcf"]) == 2
    assert "--overwrite-annotations" in capsys.readouterr().err
    again = [*SCORE, "out.vcf.gz", "--haplotypes", "--overwrite-annotations"]
    assert run([*again, "-o", "b.vcf"]) == 0
    assert run([*SCORE, "in.vcf", "--haplotypes", "-o", "c.vcf"]) == 0
    rows = [
        [text for text in Path(f"{name}.vcf").read_text().splitlines() if text[0] != "#"]
        for name in "bc"
    ]
    assert rows[0] == rows[1]
    Path("none.vcf").write_text(vcf(line.rpartition("\tGT")[0]))
    assert run([*SCORE, "none.vcf", "--haplotypes", "-o", "d.vcf"]) == 2
    assert "no samples" in capsys.readouterr().err
    plan = ["plan", *SCORE, "in.vcf", "--haplotypes", "-o", "plan"]
    assert run(plan) == 2
    assert "Hint: leave out --workers, and make no plan" in capsys.readouterr().err
