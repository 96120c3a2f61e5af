"""Options of the commands that interpret a model."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from zooctl.cli.ui.options import LONGEST
from zooctl.inference.options.predict_and_score import LARGEST_SEED, LONGEST_SHIFT, MOST_SHIFTS
from zooctl.interpret.options import MOST_REFERENCES, Method

INTERPRET: dict[str, Any] = {
    "track": Annotated[str | None, typer.Option(help="Name of the track; default: the only one.")],
    "method": Annotated[
        Method, typer.Option(help="ism works for every model; others need a recipe's network.")
    ],
    "motifs": Annotated[
        str | None,
        typer.Option(help="Compare with hocomoco, jaspar, or the motifs of a file, by Tomtom."),
    ],
    "references": Annotated[
        int, typer.Option(min=1, max=MOST_REFERENCES, help="Shuffled references of a window.")
    ],
    "around": Annotated[
        int, typer.Option(min=1, max=LONGEST, help="bp around the middle that are averaged.")
    ],
    "shifts": Annotated[
        int | None,
        typer.Option(min=1, max=MOST_SHIFTS, help="Windows to average over; default: the card's."),
    ],
    "max_shift": Annotated[
        int | None, typer.Option(min=0, max=LONGEST_SHIFT, help="Largest shift in bp.")
    ],
    "seed": Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of all that is drawn.")
    ],
    # Of a session, these commands offer the device and the threads.
    "batch_size": None,
    "engine": None,
    "precision": None,
    "cuda_graphs": None,
}
"""Field of a record of ``interpret.options``, or of a session, to its option."""
