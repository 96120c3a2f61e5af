"""`zooctl evaluate-variants`: predicted effects of SNVs beside measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from zooctl.cli.ui.effect_options import EFFECTS
from zooctl.cli.ui.options import AsJson, with_records
from zooctl.inference.options.predict_and_score import EffectOptions, SessionOptions

if TYPE_CHECKING:
    from zooctl.evaluation.variants.compare_effects import ElementReport


@with_records(**EFFECTS)
def command(
    model: Annotated[str, typer.Argument(help="Name that `zooctl list` shows.")],
    table: Annotated[
        str,
        typer.Argument(
            metavar="SET|TABLE",
            help="mpra_satmut, mfass, allele_specific_ctcf or h3k27ac_qtl; or a tab-separated "
            "file: chrom, pos, ref, alt, value; and n, element, assembly if known.",
        ),
    ],
    as_json: AsJson = False,
    *,
    options: EffectOptions,
    session: SessionOptions,
) -> None:
    """Compare scores of SNVs with measured effects, in one pass and over shifts.

    The table is a saturation mutagenesis as Kircher 2019 published it, or one like it; each element
    is compared by itself. Needs the extra `train` (scikit-learn and SciPy).
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json
    from zooctl.errors import need

    need("sklearn", "evaluate-variants")
    from zooctl.evaluation.variants.run import evaluate_variants
    from zooctl.inference.model import OpenModel

    opened = OpenModel(registry.entry(model), session)
    found = evaluate_variants(opened, table, options, say=say, progress=progress)
    if as_json:
        echo_json({"model": model, **found.to_json()})
    else:
        _print(found.reports)


def _print(reports: Sequence[ElementReport]) -> None:
    from zooctl.cli.ui.tables import print_table
    from zooctl.evaluation.variants.effect_tables import element_table

    grid = element_table(reports)
    print_table(grid.headers, grid.rows)
