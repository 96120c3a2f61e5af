"""Run the commands that a Markdown page shows, and compare their output with the printed one.

The rules of a page, all of them:

- A command stands in an indented or fenced block and begins with ``$ ``; a backslash at the end of
  a line continues it. The lines up to the next command are its output.
- A fenced block whose first line is a comment with a file name (``# atac.yaml``) is that file.
- The commands of a section (from one heading to the next) run in one shell and one folder. It
  starts with ``recipes`` and ``docs/tutorials`` of the checkout, the section's files, and empty
  folders of the names that a clone has, so that a command which needs one of these names to be free
  fails.
- Results (stdout) are printed whole, messages (stderr) as far as the page shows them, in order.
  ``…`` on a line of its own stands for any number of lines, at the end of a line for its rest.
- `MASKS` lists the parts that differ between machines and runs: times, rates, threads, commits,
  digests of the environment, differences by rounding. Paths are printed as from the folder or the
  checkout.
- Decimals may differ by one unit of the last printed place or by 0.00001, since processors round
  differently. Whole numbers may not.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

REPO = Path(__file__).resolve().parent.parent

MASKS = [
    (r"\d[\d,.]* ?(?=(alleles|windows|records)/s)", "N "),
    (r"(?<=, )\d+ threads?\b", "N threads"),
    (r"\babout \d[\d,.]* (s|min|h)\b", "about N s"),
    (r"\b\d+\.\d minutes\b", "N minutes"),
    (r"^commit  .*", "commit"),
    (r"\b\d+\.\d +[0-9a-f]{12}$", "N C"),
    (r"\blargest difference \d\.\de[-+]\d\d\b", "largest difference N"),
    (r"^(software|hardware) .*", r"\1"),
    # It names every library of the environment.
    (r"^environment\.json +.*", "environment.json"),
    # Of a store: the digest of settings, and the bytes.
    (r"\b[0-9a-f]{12}( +[\d,]+ +\d+) +[\d.]+ k?B\b", r"N\1 N"),
]

# Lines of a block that look like commands without a prompt, which nothing would run. Lines of a
# table of times do not.
UNPROMPTED = re.compile(r"(zooctl|make|pip|python3?|bcftools|CrossMap|export|mkdir) \S(?!.*  +\d)")

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_HEADING = re.compile(r"#+ (.*)")
_FILE = re.compile(r"# ([\w.-]+\.\w+)$")


class Command(NamedTuple):
    """A command of a page.

    Attributes:
        text: As a shell takes it, with its continued lines.
        printed: Lines of its output on the page, without indent.
        lines: Where these stand on the page, first to past the last, counted from 0.
        indent: Before each of them.
    """

    text: str
    printed: tuple[str, ...]
    lines: tuple[int, int]
    indent: str


@dataclass
class Section:
    """A heading with its commands, its files, and block lines that look like commands.

    Attributes:
        heading: Text of the heading.
        commands: In the order of the page.
        files: Contents by name.
        unprompted: Commands without a prompt.
    """

    heading: str
    commands: list[Command] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    unprompted: list[str] = field(default_factory=list)


class Output(NamedTuple):
    """Lines that a command wrote, and its exit code."""

    stdout: list[str]
    stderr: list[str]
    code: int


def read_page(path: Path) -> list[Section]:
    """Return the sections of a Markdown page."""
    sections = [Section("")]
    lines = path.read_text().splitlines()
    at = 0
    while at < len(lines):
        heading = _HEADING.match(lines[at])
        if heading:
            sections.append(Section(heading[1]))
        elif lines[at].startswith("```"):
            end = lines.index("```", at + 1)
            name = _FILE.match(lines[at + 1])
            if name:
                sections[-1].files[name[1]] = "\n".join(lines[at + 1 : end]) + "\n"
            else:
                _read_block(sections[-1], lines, at + 1, end, "")
            at = end
        elif lines[at].startswith("    ") and not lines[at - 1].strip():
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            _read_block(sections[-1], lines, at, end, "    ")
            at = end - 1
        at += 1
    return sections


def _read_block(section: Section, lines: list[str], start: int, end: int, indent: str) -> None:
    """Add the commands of one block to its section."""
    block = [line.removeprefix(indent).rstrip() for line in lines[start:end]]
    while block and not block[-1]:
        block.pop()
    at = 0
    while at < len(block):
        if not block[at].startswith("$ "):
            section.unprompted += [block[at]] if UNPROMPTED.match(block[at]) else []
            at += 1
            continue
        text = block[at][2:]
        while block[at].endswith("\\"):
            at += 1
            text += "\n" + block[at]
        first = at = at + 1
        while at < len(block) and not block[at].startswith("$ "):
            at += 1
        section.unprompted += [line for line in block[first:at] if UNPROMPTED.match(line)]
        span = (start + first, start + at)
        section.commands.append(Command(text, tuple(block[first:at]), span, indent))


def run(section: Section, commands: Sequence[Command], folder: Path, mirror: Path) -> list[Output]:
    """Run commands of a section in one shell, in a new folder.

    Args:
        section: Its files are put into the folder first.
        commands: Those to run, in order.
        folder: Gets ``work``, where they run, and ``logs``.
        mirror: Folder of real data.

    Raises:
        TimeoutError: They take more than half an hour.
    """
    work, logs, programs = folder / "work", folder / "logs", folder / "bin"
    for path in (work, logs, programs):
        path.mkdir()
    (work / "recipes").symlink_to(REPO / "recipes")
    for name in ("model_cards", "zoo", "docs", "tests"):
        (work / name).mkdir()
    (work / "docs/tutorials").symlink_to(REPO / "docs/tutorials")
    for name, text in section.files.items():
        (work / name).write_text(text)
    python = shlex.quote(sys.executable)
    for name, start in {"zooctl": f"{python} -m zooctl.cli.main", "python": python}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {start} "$@"\n')
        (programs / name).chmod(0o755)
    script = "".join(
        f"{{ {command.text}\n}} >{logs}/{i}.out 2>{logs}/{i}.err; echo $? >{logs}/{i}.code\n"
        for i, command in enumerate(commands)
    )
    (logs / "script").write_text(script)
    subprocess.run(
        ["bash", str(logs / "script")],
        cwd=work,
        env=_environment(programs, mirror),
        stdin=subprocess.DEVNULL,
        timeout=1800,
        check=False,
    )

    def written(name: str) -> list[str]:
        text = (logs / name).read_text().replace(f"{work}/", "").replace(f"{REPO}/", "")
        return [line.rstrip() for line in text.splitlines()]

    return [
        Output(written(f"{i}.out"), written(f"{i}.err"), int((logs / f"{i}.code").read_text()))
        for i in range(len(commands))
    ]


def _environment(programs: Path, mirror: Path) -> Mapping[str, str]:
    """Return the variables of a user who has the mirror and no network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZOOCTL_")}
    return kept | {
        "PATH": f"{programs}:{kept['PATH']}",
        "PYTHONPATH": str(REPO),
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_OFFLINE": "1",
        "ZOOCTL_HOME": os.environ["ZOOCTL_HOME"],
        "ZOOCTL_DATA_MIRROR": str(mirror),
    }


def difference(command: Command, output: Output) -> str | None:
    """Return how the output differs from the printed one, or None where it agrees."""
    if output.code and not any(line.startswith("error: ") for line in command.printed):
        return f"exit code {output.code}: " + "\n".join(output.stderr[-5:])
    results, messages = list(output.stdout), list(output.stderr)
    anything = False
    for line in command.printed:
        if line == "…":
            anything = True
            continue
        while anything and results and not agree(line, results[0]):
            results.pop(0)
        if results and agree(line, results[0]):
            results.pop(0)
            anything = False
            continue
        while messages and not agree(line, messages[0]):
            messages.pop(0)
        if not messages:
            seen = results[0] if results else "the end"
            return f"printed: {line}\nstdout:  {seen}\nstderr:\n" + "\n".join(output.stderr)
        messages.pop(0)
    if results and not anything:
        return "not printed: " + "\n".join(results)
    return None


def agree(printed: str, written: str) -> bool:
    """Tell whether a printed line and a written one agree, by the rules above.

    >>> agree("scored: 3 of 5 alleles, 5 alleles/s", "scored: 3 of 5 alleles, 41 alleles/s")
    True
    >>> agree("scored: 3 of 5 alleles", "scored: 4 of 5 alleles")
    False
    >>> agree("auroc  0.961", "auroc  0.962"), agree("auroc  0.961", "auroc  0.963")
    (True, False)
    >>> agree("LFC=-0.123205215", "LFC=-0.123205399"), agree("LFC=-0.12320", "LFC=0.12320")
    (True, False)
    >>> agree("F9  888  0.603  …", "F9  888  0.603  0.624  0.021")
    True
    """
    if printed == written:
        return True
    printed, written = masked(printed), masked(written)
    if printed.endswith("…") and not written.endswith("…"):
        n_fields = len(printed[:-1].split())
        printed, written = printed[:-1], " ".join(written.split()[:n_fields])
    if _NUMBER.sub("N", printed).split() != _NUMBER.sub("N", written).split():
        return False
    pairs = zip(_NUMBER.findall(printed), _NUMBER.findall(written), strict=True)
    return all(_near(one, other) for one, other in pairs)


def masked(line: str) -> str:
    """Return a line without the parts that differ between machines and runs."""
    for pattern, instead in MASKS:
        line = re.sub(pattern, instead, line)
    return line


def _near(one: str, other: str) -> bool:
    if one == other:
        return True
    places = min(len(number.partition(".")[2]) for number in (one, other))
    if not places:
        return False
    apart = abs(float(one.replace(",", "")) - float(other.replace(",", "")))
    return apart <= 1.01 * max(10.0**-places, 1e-5)


def rewrite(path: Path, commands: Sequence[Command], outputs: Sequence[Output]) -> None:
    """Print today's output on the page, where it differs; of messages, those of the kinds shown."""
    lines = path.read_text().splitlines()
    for command, output in reversed(list(zip(commands, outputs, strict=True))):
        if difference(command, output) is None:
            continue
        kinds = {line.split(" ")[0] for line in command.printed}
        shown = [line for line in output.stderr if line.split(" ")[0] in kinds | {"error:"}]
        first, last = command.lines
        lines[first:last] = [(command.indent + line).rstrip() for line in shown + output.stdout]
    path.write_text("\n".join(lines) + "\n")
