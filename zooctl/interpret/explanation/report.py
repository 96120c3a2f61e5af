"""An explanation as one HTML page and one PDF, both complete in themselves."""

from __future__ import annotations

import base64
import json
import tempfile
import textwrap
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zooctl.errors import need
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.files.disk.names import file_named
from zooctl.files.intervals.regions import region_stem
from zooctl.inference.model import OpenModel
from zooctl.interpret.explanation.explain import Explanation, explain, needed_libraries
from zooctl.interpret.explanation.subject import NEAR
from zooctl.interpret.libraries import LETTERS
from zooctl.interpret.options import ExplainOptions
from zooctl.progress import Progress, Say, no_progress, silent

_ENDINGS = (".html", ".pdf", ".json", ".png", ".svg")
# Nothing is fetched: pictures are in the page, and there is no script.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p, li, h1 { overflow-wrap: anywhere; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
caption { text-align: left; color: #555; }
th, td { text-align: left; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid #ddd; }
td { font-variant-numeric: tabular-nums; } img { width: 100%; }
"""

# Letters of a line of text.
_WIDTH = 100

Rows = Sequence[Sequence[str]]


def write_explanation(
    model: OpenModel,
    text: str,
    output: str,
    options: ExplainOptions,
    *,
    force: bool = False,
    say: Say = silent,
    progress: Progress = no_progress,
) -> tuple[Explanation, tuple[Path, ...]]:
    """Explain a variant or a region in an HTML page and a PDF.

    Args:
        model: The model.
        text: A variant, as ``chr21:39731913 A>C``, or a region.
        output: A .html, .pdf, .json, .png or .svg; or a folder for HTML, PDF and JSON.
        options: Track, method, motifs and shifts.
        force: Replace existing files.
        say: Told about the genome and the motifs.
        progress: Opens the progress displays.

    Returns:
        The explanation, and the files.

    Raises:
        InputError: As ``explain``; or the output can't be written.
    """
    stem = f"{region_stem(text.replace('>', '_'))}.{model.card.name}"
    target = file_named(output, _ENDINGS, default=f"{stem}.html")
    targets = [target]
    if str(target) != output:
        targets += [target.with_name(stem + ending) for ending in (".pdf", ".json")]
    for path in targets:
        check_output(path, force)
    pictures = () if target.suffix.lower() == ".json" else LETTERS
    need((*needed_libraries(model, options), *pictures), "explain")
    found = explain(model, text, options, say=say, progress=progress)
    for path in targets:
        _write(path, found, force)
    return found, tuple(targets)


def _write(path: Path, found: Explanation, force: bool) -> None:
    ending = path.suffix.lower()
    if ending in (".html", ".json"):
        content = to_html(found) if ending == ".html" else json.dumps(found.to_json(), indent=2)
        with atomic_output(path, force=force) as temporary:
            temporary.write_text(content, encoding="utf-8")
    else:
        draw(path, found, with_text=ending == ".pdf", force=force)


def draw(target: Path, found: Explanation, *, with_text: bool, force: bool = False) -> None:
    """Draw an explanation.

    Args:
        target: PNG, PDF or SVG, by its ending.
        found: The explanation.
        with_text: Whether tables stand below.
        force: Replace an existing file.
    """
    from zooctl.interpret.pictures.explanation import draw_explanation
    from zooctl.interpret.pictures.importance import Letters

    subject, importance = found.subject, found.importance
    letters = [
        Letters(f"{name}, {importance.method}", codes, values, found.first)
        for name, codes, values in zip(
            subject.names, importance.codes, importance.importance, strict=True
        )
    ]
    size = found.card.bin_size
    draw_explanation(
        target,
        subject.names,
        found.predicted,
        np.append(found.bin_starts, found.bin_starts[-1] + size),
        letters,
        chrom=subject.chrom,
        unit=found.unit,
        importance_unit=importance.unit,
        mark=None if subject.allele is None else subject.allele.start,
        title=f"{found.card.name} {found.card.version}, {found.track}: {subject.text}",
        lines=_as_lines(found) if with_text else (),
        force=force,
    )


class Table(NamedTuple):
    """A table of a report.

    Attributes:
        title: Heading.
        note: What its numbers are over, in a sentence; "" where the title says it.
        headers: Names of the columns.
        rows: Rows of text.
    """

    title: str
    note: str
    headers: Sequence[str]
    rows: Rows


def tables_of(found: Explanation) -> list[Table]:
    """Return the tables of a report."""
    tables = [_predictions(found)]
    if found.scores:
        tables.append(_scores(found))
    tables.append(_stretches(found))
    if found.subject.allele is not None:
        tables.append(_sites(found))
    return tables


def _predictions(found: Explanation) -> Table:
    values = [
        [name, f"{value:.4g}"]
        for name, value in zip(found.subject.names, found.importance.values, strict=True)
    ]
    which = "that touch the region"
    if found.subject.allele is not None:
        which = f"within {NEAR} bp of the variant"
    return Table(
        f"Prediction: mean of {found.track} over the bins explained ({found.importance.unit})",
        f"The mean over the bins {which}, in one window.",
        ("sequence", "value"),
        values,
    )


def _scores(found: Explanation) -> Table:
    rows = [
        [*map(str, row[4:8]), _number(row.score), _number(row.sd), _number(percentile, ".4f")]
        for row, percentile in zip(found.scores, found.percentiles, strict=True)
    ]
    note = (
        "From score-variants, over windows at several shifts. The statistic sum is over all bases "
        "that these windows share, not only those near the variant: a change there is a smaller "
        "part of it than of the prediction above."
    )
    headers = ("track", "statistic", "kind", "status", "score", "SD over shifts", "percentile")
    return Table("Scores", note, headers, rows)


def _stretches(found: Explanation) -> Table:
    rows = [
        [
            found.subject.names[one.sequence],
            f"{found.first + one.start + 1:,}",
            one.letters,
            one.change if found.subject.allele else "-",
            _number(one.total),
            one.name or "-",
            _number(one.p_value, ".1e"),
        ]
        for one in found.stretches
    ]
    note = (
        "Gained and lost stretches meet none in the other allele. A motif's site there can be kept "
        "all the same, better or worse (below): a site rests on its bases alone, importance on "
        "what the model predicts from them."
    )
    headers = ("sequence", "from", "bases", "in ALT", "importance", "most like", "P (Tomtom)")
    title = f"Bases that matter, named by {found.motifs}"
    return Table(title, note if found.subject.allele else "", headers, rows)


def _sites(found: Explanation) -> Table:
    rows = [
        [one.motif, one.change, _number(one.ref_score), _number(one.alt_score)]
        for one in found.sites
    ]
    title = "Sites of known motifs over the variant that it changes (P < 1e-4 each)"
    return Table(title, "", ("motif", "in ALT", "REF, bits", "ALT, bits"), rows)


def _number(value: float, form: str = ".3f") -> str:
    return "-" if np.isnan(value) else f"{value:{form}}"


def _as_lines(found: Explanation) -> list[str]:
    """Return the tables as lines of a monospaced text."""
    lines: list[str] = []
    for title, note, headers, rows in tables_of(found):
        lines += ["", title, *textwrap.wrap(note, _WIDTH)]
        if not rows:
            lines.append("  none")
            continue
        lines += _aligned(headers, rows)
    return lines


def _aligned(headers: Sequence[str], rows: Rows) -> list[str]:
    """Return a table in columns; a row that is wider than the page goes on below itself.

    >>> _aligned(("motif", "bits"), [("CTCF", "14.1")])
    ['  motif  bits', '  CTCF   14.1']
    >>> [len(line) for line in _aligned(("track", "unit"), [("a" * 60, "b" * 60)])]
    [68, 62, 66]
    """
    lines: list[str] = []
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for row in (headers, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        line = "  " + "  ".join(cells).rstrip()
        lines += textwrap.wrap(line, _WIDTH, subsequent_indent=" " * 6)
    return lines


def to_html(found: Explanation) -> str:
    """Return the page: a picture, tables and the limits of the model; nothing is fetched."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.svg"
        draw(picture, found, with_text=False)
        data = base64.b64encode(picture.read_bytes()).decode("ascii")
    card, subject = found.card, found.subject
    title = f"{subject.text}, {card.name}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(subject.text)}</h1>",
        f"<p>{escape(card.title)} ({escape(card.name)} {escape(card.version)}), "
        f"{escape(card.assembly)}; track {escape(found.track)}, {escape(found.unit)}. "
        "For research, not for clinical decisions.</p>",
        f'<img alt="predictions and importance of bases" src="data:image/svg+xml;base64,{data}">',
        *_html_tables(found),
        "<h2>Limits of the model</h2><ul>",
        *(f"<li>{escape(limit)}</li>" for limit in card.limits),
        "</ul></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _html_tables(found: Explanation) -> Iterable[str]:
    for title, note, headers, rows in tables_of(found):
        yield f"<h2>{escape(title)}</h2>"
        if note:
            yield f"<p>{escape(note)}</p>"
        if not rows:
            yield "<p>None.</p>"
            continue
        yield "<table><tr>" + "".join(f"<th>{escape(one)}</th>" for one in headers) + "</tr>"
        for row in rows:
            yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        yield "</table>"
