"""What an evaluation reads, found by what the catalog says of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from zooctl.catalog.card import Card
from zooctl.catalog.data import locate
from zooctl.catalog.fields import Split
from zooctl.catalog.genomes import find_genome
from zooctl.catalog.recipe import Recipe
from zooctl.errors import InputError
from zooctl.evaluation.known_motifs import known_motif
from zooctl.files.bigwig import BigWig
from zooctl.files.fasta import Fasta
from zooctl.files.motifs import Motif


@dataclass(frozen=True, eq=False)
class Material:
    """What an evaluation reads.

    Attributes:
        genome: The assembly of the signal.
        signal: The measured track that the model was trained to predict.
        controls: Tracks of its control experiments.
        split: Which regions were trained on and which were held out.
        motif: Known motif of what was assayed, as a baseline.
        no_motif: Why there is none.
    """

    genome: Fasta
    signal: BigWig
    controls: Sequence[BigWig]
    split: Split
    motif: Motif | None
    no_motif: str = ""


@contextmanager
def open_material(
    card: Card,
    recipe: Recipe,
    track: int,
    *,
    fasta: Path | None = None,
    say: Callable[[str], object] = lambda text: None,
) -> Iterator[Material]:
    """Open genome, measured track and controls of one of a model's tracks.

    Args:
        card: The model's card.
        recipe: Its recipe, which names the data.
        track: Index of the track on the card.
        fasta: Genome to use in place of what the card's assembly leads to.
        say: Told which genome is used.

    Raises:
        InputError: Data or genome are not here.
        IntegrityError: Data were changed.
    """
    paths, description = find_genome(card.assembly, fasta)
    say(f"genome: {description}")
    target = card.tracks[track]
    signals = {found.track: found.signal for found in recipe.targets}
    if target.name not in signals:
        raise InputError("the recipe has no target for the track", field="targets", got=target.name)
    sources = [signals[target.name], *(control.signal for control in recipe.controls)]
    tracks = [locate(recipe.source(signal.source)).path for signal in sources]
    motif, reason = None, "no target is assayed"
    if target.target is not None:
        try:
            motif = known_motif(target.target)
        except InputError as error:
            reason = f"needs {error.got} in ZOOCTL_DATA_MIRROR" if error.got else error.what
    with ExitStack() as stack:
        genome = stack.enter_context(Fasta(*paths))
        signal, *controls = [stack.enter_context(BigWig(path)) for path in tracks]
        yield Material(genome, signal, controls, card.split, motif, reason)
