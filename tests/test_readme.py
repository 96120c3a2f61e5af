"""Check README and docs: they name every command, links resolve, transcripts are the output.

`tests/transcripts.py` has the rules. After an intended change, write the new output into the page::

    ZOOCTL_REWRITE=1 python -m pytest tests/test_readme.py -m "slow or not slow"
"""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
import transcripts
from transcripts import REPO, Command, Section

from zooctl.cli.main import COMMANDS, run

# Pages that the site makes out of the program; `test_reference.py` checks them.
REFERENCE = REPO / "docs" / "reference"
PAGES = {
    page.relative_to(REPO).as_posix(): page
    for page in (
        REPO / "README.md",
        REPO / "CONTRIBUTING.md",
        *sorted((REPO / "docs").rglob("*.md")),
    )
    if page.parent != REFERENCE
}

STORE = "needs an object store; tests/inference/scale/test_object_store.py runs one"
# Commands that no test runs, by their beginning, and the reason.
NOT_RUN = {
    "make demo": "installs; .ci/run runs it",
    "make test": "installs, and runs this test",
    "make bench": "minutes, and prints nothing but times",
    "pip install": "installs",
    "zooctl train ctcf_gm12878": "trains for minutes; .ci/run trains atac_yeast in full",
    "zooctl export runs/": "writes into the zoo of the checkout what the command above trained",
    "zooctl env create": "installs two lock files from the package index",
    "conda env create": "installs from conda's channels",
    "buildah build": "installs",
    "podman run": "needs the image of the command above",
    "zooctl genome fetch hg19": "downloads a gigabyte",
    "zooctl adopt published": "writes into the zoo of the checkout",
    "zooctl adopt cherimoya": "reads a checkpoint that is not ours",
    "zooctl adopt torch": "reads a checkpoint that is not ours",
    "zooctl adopt grelu": "reads a checkpoint that is not ours",
    "zooctl adopt borzoi": "reads a checkpoint that is not ours",
    "zooctl adopt chrombpnet": "reads a checkpoint that is not ours",
    "zooctl report pictures": "writes into the zoo of the checkout",
    "zooctl plan score-variants variants.vcf --model ctcf_gm12878 --shards 40 -o s3": STORE,
    "zooctl run s3": STORE,
    "zooctl merge s3": STORE,
}


# Names of the pages that the site makes, besides one for each command.
MADE = {
    *("commands", "exit-codes", "statuses", *COMMANDS),
    *(f"schema-{document}" for document in ("card", "recipe", "manifest", "report")),
}


class Need(NamedTuple):
    """Something that a checkout with its test requirements may lack: one of the three.

    Attributes:
        data: File or folder in the mirror.
        library: Imported.
        program: On the path.
    """

    data: str = ""
    library: str = ""
    program: str = ""

    def missing(self, mirror: Path) -> str:
        """Return the reason to skip, empty where nothing is missing."""
        if self.data and not (mirror / self.data).exists():
            return f"REAL DATA MISSING: no {self.data} in the mirror; set ZOOCTL_DATA_MIRROR"
        if self.library and importlib.util.find_spec(self.library) is None:
            return f"{self.library} is not installed"
        if self.program and shutil.which(self.program) is None:
            return f"{self.program} is not installed"
        return ""


# Needs of commands by their beginning. Where one is not met, the rest of the section is skipped.
NEEDS = {
    'cp "$ZOOCTL_DATA_MIRROR"/vcf_1000g_grch38': Need(data="vcf_1000g_grch38"),
    "zooctl check ctcf_gm12878": Need(data="weights/mpra_dragonn"),
    "zooctl score-variants splice.vcf": Need(data="weights/openspliceai_mane"),
    "zooctl score-variants two.vcf": Need(data="weights/spliceai"),
    "zooctl predict --model xpresso": Need(data="weights/xpresso"),
    "CrossMap": Need(program="CrossMap"),
    'data="$ZOOCTL_DATA_MIRROR"/ctcf_gm12878_hg19': Need(data="ctcf_gm12878_hg19"),
    "samtools": Need(program="samtools"),
    "bwa": Need(program="bwa"),
    "macs2": Need(program="macs2"),
    "zooctl pull mpra_dragonn": Need(data="weights/mpra_dragonn"),
    "mkdir -p ConvModel": Need(data="weights/mpra_dragonn"),
    'cp "$ZOOCTL_DATA_MIRROR"/motifs': Need(data="motifs"),
    "zooctl evaluate ctcf_gm12878": Need(data="motifs"),
    "zooctl scan --motifs hocomoco": Need(data="motifs"),
    "zooctl marginalise ctcf_gm12878 --pattern CTCF_HUMAN": Need(data="motifs"),
    "zooctl filters ctcf_gm12878 --motifs": Need(data="motifs"),
    'gunzip -c "$ZOOCTL_DATA_MIRROR"/ctcf_encode_dream': Need(data="ctcf_encode_dream_chr20"),
    'cp "$ZOOCTL_DATA_MIRROR"/mpra_satmut': Need(data="mpra_satmut"),
    "zooctl reproduce atac_yeast": Need(data="yeast_atac_sacCer3"),
    'cp "$ZOOCTL_DATA_MIRROR"/yeast_atac_sacCer3': Need(data="yeast_atac_sacCer3"),
    "zooctl explain ctcf_gm12878": Need(library="tangermeme"),
    "zooctl tune": Need(library="ray"),
    "bcftools": Need(program="bcftools"),
    "zooctl studies run": Need(data="yeast_atac_sacCer3"),
    'zcat "$ZOOCTL_DATA_MIRROR"/yeast_atac_sacCer3': Need(data="yeast_atac_sacCer3"),
    'zcat "$ZOOCTL_DATA_MIRROR"/ctcf_encode': Need(data="ctcf_encode_dream_chr20"),
    "python docs/tutorials/coverage.py": Need(data="yeast_atac_sacCer3"),
    "python docs/tutorials/cell_types.py": Need(data="ctcf_encode_dream_chr20"),
    "zooctl train two_heads.yaml": Need(data="yeast_atac_sacCer3"),
    "for cell in": Need(data="ctcf_encode_dream_chr20"),
    "zooctl evaluate ctcf_new_cell": Need(data="ctcf_encode_dream_chr20"),
    "for lr in": Need(data="yeast_atac_sacCer3"),
    "zooctl evaluate h3k36me3_brain": Need(data="h3k36me3_hg38"),
    ". ./small.sh": Need(data="h3k36me3_hg38"),
    "for run in": Need(data="yeast_atac_sacCer3"),
}

# Commands with commands of their own.
GROUPS = {
    "bundle",
    "cache",
    "data",
    "example",
    "genome",
    "env",
    "report",
    "adopt",
    "gkm",
    "schema",
    "studies",
}

# Tutorials of the pitfalls of Whalen et al. 2022.
PITFALLS = (
    *("distribution_shift", "dependent_examples", "confounding", "leaky_preprocessing"),
    "unbalanced_classes",
)

# Sections that take minutes, by page and heading.
SLOW = {
    "docs/adopt.md: ONNX graphs and motifs",
    "docs/evaluate.md: Audit a recipe",
    "docs/evaluate.md: How good is it?",
    "docs/evaluate.md: Which model for a variant?",
    "docs/evaluate.md: Do scores follow measured effects?",
    "docs/motifs.md: Measure the effect of a pattern",
    "docs/motifs.md: Sites taken out of the genome",
    "docs/motifs.md: Two patterns at a distance",
    "docs/explain.md: One report on a variant",
    "docs/explain.md: The effect of every change",
    "docs/explain.md: The importance of each base",
    "docs/motifs.md: Read the filters of a network",
    "docs/motifs.md: Discover the motifs behind predictions",
    "docs/motifs.md: Train a gapped k-mer SVM",
    "docs/score.md: Rank by percentile",
    "docs/reads.md: Align and train",
    "docs/published.md: Promoters, ends of transcripts, exons",
    "docs/published.md: Several of them at once",
    "docs/published.md: The transcribed strand",
    "docs/reproduce.md: A report of your own",
    "docs/reproduce.md: Reproduce a model",
    "docs/scale.md: On several machines",
    "docs/store.md: Fill it in advance",
    "docs/train.md: Write a recipe",
    "docs/train.md: Search hyperparameters",
    "docs/studies/index.md: Studies",
    "docs/tutorials/tricks.md: What a network makes of it",
    "docs/tutorials/search.md: By hand",
    "docs/tutorials/novel_cell_types.md: The other cells as inputs",
    "docs/tutorials/heads.md: Several heads",
    "docs/tutorials/fine_tuning.md: A linear head first",
    "docs/tutorials/fine_tuning.md: A head on a trunk that stays as it is",
    "docs/tutorials/fine_tuning.md: Weights that begin where the trunk's ended",
    "docs/tutorials/modisco.md: By hand",
    "docs/tutorials/interpret.md: From a prediction to a motif",
    "docs/tutorials/reproducibility.md: The same bits twice",
    "docs/tutorials/metrics.md: One model, three test sets",
    "docs/tutorials/balanced_validation.md: A threshold, chosen twice",
    *(
        f"docs/tutorials/{pitfall}.md: {heading}"
        for pitfall in PITFALLS
        for heading in ("Wrong and right", "What audit says")
    ),
}


class Place(NamedTuple):
    """Where a section is: its page, its number on it, and its heading, which may be there twice."""

    page: str
    number: int
    heading: str

    def read(self) -> Section:
        """Read the section as the page has it now."""
        return transcripts.read_page(PAGES[self.page])[self.number]

    def __str__(self) -> str:
        return f"{self.page}: {self.heading}"


def with_commands() -> list[Place]:
    """Return the sections of all pages with commands that are run."""
    return [
        Place(name, number, section.heading)
        for name, page in PAGES.items()
        for number, section in enumerate(transcripts.read_page(page))
        if to_run(section)
    ]


def to_run(section: Section) -> list[Command]:
    """Return the commands of a section that are run."""
    return [command for command in section.commands if not command.text.startswith(tuple(NOT_RUN))]


def test_every_command_is_documented() -> None:
    text = "".join(page.read_text() for page in PAGES.values())
    missing = [name for name in COMMANDS if f"zooctl {name}" not in text]
    assert not missing


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = PAGES[name]
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())
    assert targets or name != "README.md"
    missing = [target for target in targets if not (page.parent / target).exists()]
    made = [target for target in missing if (page.parent / target).parent == REFERENCE]
    assert made == missing
    assert {Path(target).stem for target in made} <= MADE


def test_every_picture_is_on_a_page() -> None:
    text = "".join(page.read_text() for page in PAGES.values())
    pictures = sorted((REPO / "docs" / "pictures").iterdir())
    assert [one.name for one in pictures if f"pictures/{one.name})" not in text] == []


def test_every_page_is_reached_from_the_readme() -> None:
    found, left = set[Path](), [REPO / "README.md"]
    while left:
        page = left.pop()
        found.add(page)
        if page.parent == REFERENCE:
            continue
        targets = re.findall(r"\]\((?!https?:)([^)#]+\.md)[^)]*\)", page.read_text())
        left += {(page.parent / target).resolve() for target in targets} - found
    assert [name for name, page in PAGES.items() if page not in found] == []


@pytest.mark.parametrize(
    "name", [name for name, page in PAGES.items() if ">>> " in page.read_text()]
)
def test_python_of_a_page(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page's Python runs from its top to its bottom, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(PAGES[name]), module_relative=False)
    assert found.attempted > 0
    assert found.failed == 0


def test_commands_within_the_text_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """Each `zooctl command --option` in a sentence: the command has the option."""
    text = "".join(page.read_text() for page in PAGES.values())
    spans = {" ".join(span.split()) for span in re.findall(r"`(zooctl\s[^`]+)`", text)}
    assert len(spans) > 20
    helps: dict[tuple[str, ...], str] = {}
    for span in sorted(spans):
        words = shlex.split(span.partition("…")[0])[1:]
        if words[0].startswith("-"):
            continue
        assert words[0] in COMMANDS, span
        named = (words[0], *words[1:2]) if words[0] in GROUPS else (words[0],)
        if named not in helps:
            assert run([*named, "--help"]) == 0, span
            helps[named] = capsys.readouterr().out
        missing = [word for word in words if word[:2] == "--" and word not in helps[named]]
        assert not missing, span


def test_make_targets_exist(repo: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (repo / "Makefile").read_text(), re.MULTILINE))
    text = "".join(page.read_text() for page in PAGES.values())
    named = set(re.findall(r"(?:`|\$ )make ([a-z]+)", text.replace("`make\n", "`make ")))
    assert named <= targets
    assert {"demo", "test", "lint", "bench", "docs"} <= named


def test_no_command_is_left_out() -> None:
    """Each command has a prompt, so that it runs or is among those that do not, with a reason."""
    sections = [one for page in PAGES.values() for one in transcripts.read_page(page)]
    assert [line for section in sections for line in section.unprompted] == []
    commands = [command.text for section in sections for command in section.commands]
    for beginning in (*NOT_RUN, *NEEDS):
        assert any(text.startswith(beginning) for text in commands), beginning
    assert {str(place) for place in with_commands()} >= SLOW


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(place, id=str(place), marks=[pytest.mark.slow] * (str(place) in SLOW))
        for place in with_commands()
    ],
)
def test_transcript(place: Place, tmp_path: Path) -> None:
    """The commands of a section print what the page says."""
    mirror = Path(os.environ.get("ZOOCTL_DATA_MIRROR", REPO.parent / "shared" / "data"))
    section = place.read()
    commands, skipped = to_run(section), ""
    for i, command in enumerate(commands):
        needs = [need for start, need in NEEDS.items() if command.text.startswith(start)]
        skipped = next((reason for need in needs if (reason := need.missing(mirror))), "")
        if skipped:
            commands = commands[:i]
            break
    outputs = transcripts.run(section, commands, tmp_path, mirror)
    if os.environ.get("ZOOCTL_REWRITE"):
        transcripts.rewrite(PAGES[place.page], commands, outputs)
        commands = to_run(place.read())[: len(commands)]
    for command, output in zip(commands, outputs, strict=True):
        found = transcripts.difference(command, output)
        assert found is None, f"$ {command.text}\n{found}"
    if skipped:
        pytest.skip(f"{place.heading}, after {len(commands)} commands: {skipped}")


def test_a_page_that_is_stale_fails(tmp_path: Path) -> None:
    """Another output, a missing one and a failing command are differences; a rewrite mends them."""
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n    $ cat a.txt\n    one 1.00\n\n    two\n    $ cat a.txt; echo said: no >&2\n"
        "    said: yes\n    one 1.00\n    …\n\n```\n$ cat \\\n    b.txt\nzooctl list\n```\n\n"
        "```\n# a.txt\none 1.01\n\ntwo\n```\n"
    )
    section = transcripts.read_page(page)[1]
    assert section.unprompted == ["zooctl list"]
    assert section.commands[2].text == "cat \\\n    b.txt"
    section.files["a.txt"] = section.files["a.txt"].removeprefix("# a.txt\n")
    (tmp_path / "first").mkdir()
    outputs = transcripts.run(section, section.commands, tmp_path / "first", tmp_path)
    found = [
        transcripts.difference(command, output)
        for command, output in zip(section.commands, outputs, strict=True)
    ]
    assert found[0] is None
    assert found[1] is not None
    assert found[1].startswith("printed: said: yes")
    assert found[2] is not None
    assert found[2].startswith("exit code 1: cat: b.txt")
    transcripts.rewrite(page, section.commands[:2], outputs[:2])
    assert "    said: no\n    one 1.01\n\n    two\n\n```" in page.read_text()
    changed = outputs[0]._replace(stdout=["one 1.00", "", "three"])
    assert "two" in str(transcripts.difference(section.commands[0], changed))
    longer = outputs[0]._replace(stdout=["one 1.00", "", "two", "three"])
    assert transcripts.difference(section.commands[0], longer) == "not printed: three"
