"""Options of the commands that compare scores with measured effects of variants."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from zooctl.cli.ui.options import MOST_DRAWS
from zooctl.inference.options.predict_and_score import LARGEST_SEED

EFFECTS: dict[str, Any] = {
    "seed": Annotated[
        int,
        typer.Option(min=0, max=LARGEST_SEED, help="Seed of the shifts and the draws."),
    ],
    "mean_track": Annotated[
        bool,
        typer.Option(
            "--mean-track",
            help="Add tracks MEAN and LARGEST: the mean of all tracks' scores, and that farthest "
            "from 0.",
        ),
    ],
    "constructs": Annotated[
        bool,
        typer.Option(
            "--constructs", help="Elements are read alone, sequence from REF, windows kept inside."
        ),
    ],
    "even": Annotated[
        bool, typer.Option("--even", help="Shifts at even distances, instead of drawn ones.")
    ],
    "min_n": Annotated[
        float,
        typer.Option(min=0, max=1e9, help="Fewest observations of a SNV, where the table says n."),
    ],
    "n_draws": Annotated[
        int,
        typer.Option(
            "--bootstrap",
            min=0,
            max=MOST_DRAWS,
            help="Draws of stretches of the genome for the 95 % intervals.",
        ),
    ],
}
"""Field of ``EffectOptions`` to its option."""
