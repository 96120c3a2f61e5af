"""`zooctl atlas`: every SNV of regions into a store of scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import AllowUntrusted, AsJson, ModelName, with_records
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.inference.options.store import AtlasOptions


@with_records(
    bed=Annotated[Path | None, typer.Option(help="BED file of regions; - for stdin.")],
    genes=Annotated[
        Path | None,
        typer.Option(
            help="GTF: the bases of its genes; models of the transcribed strand score in them."
        ),
    ],
    masked=Annotated[
        bool,
        typer.Option(
            "--masked", help="In genes: no gains at annotated ends of exons, no losses elsewhere."
        ),
    ],
    indels=Annotated[
        bool, typer.Option("--indels", help="Also every insertion and deletion of one base.")
    ],
)
def command(
    model: ModelName,
    as_json: AsJson = False,
    allow_untrusted: AllowUntrusted = False,
    *,
    options: AtlasOptions,
    session: SessionOptions,
) -> None:
    """Score every SNV of regions into a store, which then answers for them.

    What the store has already is not computed again, so an interrupted atlas goes on where it was.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo_json, print_fields
    from zooctl.inference.model import OpenModel
    from zooctl.inference.scale.store.atlas import fill
    from zooctl.inference.vcf.tally import counts_text

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    made = fill(OpenModel(entry, session), options, say=say, progress=progress)
    new = made.alleles - made.n_found
    if as_json:
        found = {"bases": made.bases, "alleles": made.alleles, "computed": new}
        echo_json(found | {"statuses": made.statuses})
        return
    rate = f", {new / made.seconds:,.0f} alleles/s" if new and made.seconds else ""
    print_fields(
        [
            ("bases", f"{made.bases:,}"),
            ("alleles", f"{made.alleles:,}"),
            ("computed", f"{new:,}{rate}"),
            ("status", counts_text(made.statuses)),
        ]
    )
