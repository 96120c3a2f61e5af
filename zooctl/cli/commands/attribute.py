"""`zooctl attribute`: the importance of each base for a prediction."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import (
    LONGEST,
    AllowUntrusted,
    AsJson,
    Device,
    Force,
    RegionStrings,
    Threads,
    with_records,
)
from zooctl.inference.options.predict_and_score import LARGEST_SEED, LONGEST_SHIFT, MOST_SHIFTS
from zooctl.interpret.options import (
    MOST_PICTURES,
    MOST_REFERENCES,
    MOST_STEPS,
    AttributeOptions,
    Method,
)


@with_records(
    method=Annotated[
        Method, typer.Option(help="ism works for every model; others need a recipe's network.")
    ],
    track=Annotated[str | None, typer.Option(help="Name of the track; default: the only one.")],
    width=Annotated[
        int | None,
        typer.Option(min=1, max=LONGEST, help="bp around each region's middle; default: the core."),
    ],
    references=Annotated[
        int, typer.Option(min=1, max=MOST_REFERENCES, help="Shuffled references of a window.")
    ],
    steps=Annotated[
        int, typer.Option(min=1, max=MOST_STEPS, help="Points of integrated_gradients.")
    ],
    shifts=Annotated[int, typer.Option(min=1, max=MOST_SHIFTS, help="Windows to average over.")],
    max_shift=Annotated[
        int | None, typer.Option(min=1, max=LONGEST_SHIFT, help="Largest shift in bp.")
    ],
    seed=Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of references and shifts.")
    ],
    chrom_map=Annotated[
        str | None,
        typer.Option(help="auto, or a file that maps contig names of the regions to the genome's."),
    ],
)
def command(
    model: Annotated[str, typer.Argument(help="Name that `zooctl list` shows, or a folder.")],
    bed: Annotated[
        Path | None, typer.Option(help="Regions as a BED file, plain or gz; - for stdin.")
    ] = None,
    region: RegionStrings = None,
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", help="A folder for all files; or one .bw, .h5, .png, .pdf or .svg."
        ),
    ] = "importance/",
    pictures: Annotated[
        int, typer.Option(min=0, max=MOST_PICTURES, help="Regions drawn into the folder.")
    ] = 10,
    check: Annotated[
        bool,
        typer.Option("--check", help="Compare with another method, and with random weights."),
    ] = False,
    as_json: AsJson = False,
    device: Device = "auto",
    threads: Threads = None,
    force: Force = False,
    allow_untrusted: AllowUntrusted = False,
    *,
    options: AttributeOptions,
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
    from zooctl.inference.options.predict_and_score import SessionOptions
    from zooctl.interpret.attribution.run import write_attributions

    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    written = write_attributions(
        OpenModel(entry, SessionOptions(device=device, threads=threads)),
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
