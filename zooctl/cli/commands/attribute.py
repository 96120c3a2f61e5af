"""`zooctl attribute`: the importance of each base for a prediction."""

from __future__ import annotations

from typing import Annotated

import typer

from zooctl.cli.ui.interpret_options import INTERPRET
from zooctl.cli.ui.options import (
    LONGEST,
    AllowUntrusted,
    AsJson,
    BedFile,
    Force,
    ModelName,
    RegionStrings,
    with_records,
)
from zooctl.inference.options.predict_and_score import LONGEST_SHIFT, MOST_SHIFTS, SessionOptions
from zooctl.interpret.options import MOST_PICTURES, MOST_STEPS, AttributeOptions

OPTIONS = INTERPRET | {
    "width": Annotated[
        int | None,
        typer.Option(min=1, max=LONGEST, help="bp around each region's middle; default: the core."),
    ],
    "steps": Annotated[
        int, typer.Option(min=1, max=MOST_STEPS, help="Points of integrated_gradients.")
    ],
    "shifts": Annotated[int, typer.Option(min=1, max=MOST_SHIFTS, help="Windows to average over.")],
    "max_shift": Annotated[
        int | None, typer.Option(min=1, max=LONGEST_SHIFT, help="Largest shift in bp.")
    ],
}

Pictures = Annotated[
    int, typer.Option(min=0, max=MOST_PICTURES, help="Regions drawn into the folder.")
]


@with_records(**OPTIONS)
def command(
    model: ModelName,
    bed: BedFile = None,
    region: RegionStrings = None,
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", help="A folder for all files; or one .bw, .h5, .png, .pdf or .svg."
        ),
    ] = "importance/",
    pictures: Pictures = 10,
    check: Annotated[
        bool,
        typer.Option("--check", help="Compare with another method, and with random weights."),
    ] = False,
    as_json: AsJson = False,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    *,
    options: AttributeOptions,
    session: SessionOptions,
) -> None:
    """Attribute predictions over regions to the bases they depend on.

    The prediction is the mean of a track over the bins that touch a region. Needs the extra
    `interpret`, but for --method ism without pictures.
    """
    from zooctl.catalog import registry
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.progress import progress
    from zooctl.cli.ui.tables import echo, echo_json
    from zooctl.files.intervals.regions import read_regions
    from zooctl.inference.model import OpenModel
    from zooctl.interpret.attribution.run import write_attributions

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    written = write_attributions(
        OpenModel(entry, session),
        read_regions(bed, region or ()),
        output,
        options,
        pictures=pictures,
        check=check,
        force=force,
        say=say,
        progress=progress,
    )
    if as_json:
        echo_json({"model": entry.name, **written.to_json()})
        return
    for path in written.paths:
        echo(path)
