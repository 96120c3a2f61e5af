"""`zooctl audit`: known pitfalls of machine learning in genomics, looked for in a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.options import AsJson, RecipeGenome

if TYPE_CHECKING:
    from zooctl.audit.audit import Audit
    from zooctl.audit.findings import Finding


def command(
    recipe: Annotated[
        str, typer.Argument(help="A recipe file, or the name of a recipe or of a model.")
    ],
    as_json: AsJson = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Also print figures, and the checks that found nothing."
        ),
    ] = False,
    genes: Annotated[
        Path | None, typer.Option(metavar="GTF", help="Annotation to measure gene density with.")
    ] = None,
    fasta: RecipeGenome = None,
    card: Annotated[
        Path | None, typer.Option(help="Card that acknowledges findings; default: the zoo's.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Leave with 2 where a check could not be run.")
    ] = False,
) -> None:
    """Look for the pitfalls of Whalen et al. 2022 in a recipe, on its real data.

    A model without a recipe is audited by its card.

    Dependent examples, distribution shift, confounding, leaky preprocessing, unbalanced classes.
    Leaves with 3 where a severe finding stands that the card does not acknowledge. Needs the extra
    `train` (scikit-learn and SciPy, no torch).
    """
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.errors import InputError, VerificationError, need

    need("sklearn", "audit")
    from zooctl.audit.audit import audit
    from zooctl.audit.card_only import audit_card
    from zooctl.audit.read_inputs import find_recipe, read_inputs
    from zooctl.files.intervals.gtf import read_genes

    chosen, its_card = find_recipe(recipe, card)
    if chosen is None:
        assert its_card is not None, "a model has a card or a recipe"
        say(f"{its_card.name} has no training recipe: its card alone is audited")
        found = audit_card(its_card)
    else:
        annotated = None if genes is None else read_genes(genes)
        found = audit(
            read_inputs(chosen, its_card, fasta=fasta, genes=annotated, say=say, progress=progress)
        )
    if as_json:
        echo_json(found.to_json())
    else:
        _print(found, verbose)
    if found.standing:
        raise VerificationError(
            "severe findings stand",
            got=", ".join(finding.id for finding in found.standing),
            hint="mend the recipe, or acknowledge them on the card with a reason (field audit)",
        )
    if strict and (lacking := found.of("not run")):
        raise InputError("checks were not run", got=", ".join(finding.id for finding in lacking))


def _print(found: Audit, verbose: bool) -> None:
    from zooctl.audit.findings import FINDINGS
    from zooctl.cli.ui.tables import plain

    typer.echo(plain(_summary(found)))
    for finding in found.of(*FINDINGS):
        typer.echo()
        _print_finding(finding, verbose)
    by_reason: dict[str, list[str]] = {}
    for finding in found.of("not run"):
        by_reason.setdefault(finding.outcome.summary, []).append(finding.id)
    for reason, names in by_reason.items():
        typer.echo()
        typer.echo(_filled(f"not run: {', '.join(names)}", ""))
        typer.echo(_filled(reason, "  "))
    if verbose:
        typer.echo("\nclear:")
        for finding in found.of("clear"):
            typer.echo(plain(f"  {finding.id}: {finding.outcome.summary}"))


def _summary(found: Audit) -> str:
    counts = [(level, len(found.of(level))) for level in ("severe", "warning", "note")]
    words = [f"{n} {level}{'s' * (n > 1 and level != 'severe')}" for level, n in counts if n]
    n_known = sum(
        finding.acknowledged is not None for finding in found.of("severe", "warning", "note")
    )
    clear, lacking = len(found.of("clear")), len(found.of("not run"))
    nothing = "nothing found in what was run" if lacking else "nothing found"
    apart = len(found.of("none to check"))
    return (
        f"{found.name}: {', '.join(words) or nothing}"
        + (f" ({n_known} acknowledged)" if n_known else "")
        + f"; {clear} checks clear, {apart} do not apply, {lacking} not run"
    )


def _filled(text: str, indent: str) -> str:
    """Break a text into lines of a terminal's width."""
    import textwrap

    from zooctl.cli.ui.tables import plain

    return textwrap.fill(
        plain(text), 98, initial_indent=indent, subsequent_indent="  ", break_on_hyphens=False
    )


def _print_finding(finding: Finding, verbose: bool) -> None:
    import json

    from zooctl.cli.ui.tables import plain

    outcome = finding.outcome
    typer.echo(plain(f"{outcome.level}: {finding.id} ({finding.pitfall})"))
    lines = [outcome.summary, f"To do: {outcome.advice}" if outcome.advice else ""]
    if finding.acknowledged is not None:
        lines.append(f"Acknowledged: {finding.acknowledged}")
    for line in filter(None, lines):
        typer.echo(_filled(line, "  "))
    if verbose:
        for name, value in outcome.evidence.items():
            typer.echo(plain(f"    {name}: {json.dumps(value, ensure_ascii=False)}"))
