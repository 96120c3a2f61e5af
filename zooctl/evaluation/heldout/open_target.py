"""Open a zoo entry by its name, or a training run by its folder, for evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.catalog import registry
from zooctl.catalog.root import model_names
from zooctl.errors import InputError, need
from zooctl.evaluation.baselines.trunk_ridge import Trunk
from zooctl.evaluation.data.evaluation_data import EvaluatedTrack
from zooctl.evaluation.heldout.model import EvaluatedModel, judged_in, open_model
from zooctl.evaluation.heldout.refuse_training_regions import SeenRegions, heldout_split
from zooctl.evaluation.heldout.target import EvaluationTarget
from zooctl.inference.device.session import Session
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import (
    NO_INPUTS,
    Device,
    InputOptions,
    SessionOptions,
)
from zooctl.inference.other_inputs.given_inputs import given_inputs, reads_more
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.inference.tracks.penultimate import penultimate
from zooctl.inference.tracks.predict import Predictor, Readout
from zooctl.schema.manifest import MANIFEST
from zooctl.schema.recipe.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.schema.fields import Split


def open_target(
    name: str,
    tracks: Sequence[str],
    data: str | None,
    *,
    fasta: Path | None,
    device: Device,
    threads: int | None,
    inputs: InputOptions = NO_INPUTS,
    allow_untrusted: bool = False,
) -> EvaluationTarget:
    """Open a model for evaluation.

    Args:
        name: Name or address of an entry, or folder of a run.
        tracks: Names of the tracks to evaluate; all if empty.
        data: Entry whose recipe names the data; None for the model's own.
        fasta: Genome in place of the assembly's.
        device: Device to run on.
        threads: CPU threads; every core by default.
        inputs: What the network reads beside the sequence.
        allow_untrusted: Whether an entry from an address that nobody pinned may be used.

    Raises:
        InputError: There is neither, or no such track.
    """
    # An entry outside of a zoo has a recipe too, but a manifest beside it.
    folder = Path(name)
    is_run = (folder / "recipe.yaml").is_file() and not (folder / MANIFEST).is_file()
    if name not in model_names() and is_run:
        return _open_run(
            folder, tracks, data, fasta, SessionOptions(device=device, threads=threads), inputs
        )
    entry = registry.entry(name, allow_untrusted=allow_untrusted)
    return _open_entry(entry, tracks, data, SessionOptions(device=device, threads=threads), inputs)


def open_rival(
    name: str,
    target: EvaluationTarget,
    options: SessionOptions,
    fasta: Path | None,
    inputs: InputOptions,
) -> EvaluationTarget:
    """Open another model that is compared with a target on the same bins.

    Args:
        name: A model, or a folder of a run.
        target: Evaluated model; the other has tracks of the same names, one named after the sample
            that a single track is judged in, or one track.
        options: Device and threads.
        fasta: Genome, as for the target.
        inputs: What the network reads beside the sequence.

    Raises:
        InputError: It has several tracks of other names, or is of another assembly.
    """

    def opened(tracks: Sequence[str]) -> EvaluationTarget:
        return open_target(
            name,
            tracks,
            None,
            fasta=fasta,
            device=options.device,
            threads=options.threads,
            inputs=inputs,
        )

    rival = opened(())
    _require_assembly("the other model", "--versus", name, rival.assembly, target)
    if len(rival.tracks) == 1:
        return rival
    wanted = [track.name for track in target.tracks]
    known = [track.name for track in rival.tracks]
    if len(wanted) == 1 and target.sample in known:
        # A network of any cell type, judged in one that the other has a track of.
        wanted = [target.sample]
    if not set(wanted) <= set(known):
        raise InputError(
            "the other model has several tracks of other names",
            field="--versus",
            got=", ".join(known),
            expected=", ".join(wanted),
        )
    return opened(wanted)


def heldout_rival(rival: EvaluationTarget, split: Split) -> EvaluatedModel:
    """Return the other model, if it was trained on none of the evaluated regions.

    Raises:
        InputError: It was.
    """
    seen = SeenRegions(rival.name, rival.assembly, rival.trained_on)
    heldout_split(split, [str(region) for region in split.test], seen, rival.assembly)
    return rival.model


def open_trunk(name: str, target: EvaluationTarget, split: Split) -> Trunk:
    """Open a model whose activations a baseline of an evaluation reads.

    Args:
        name: The model.
        target: Evaluated model.
        split: Regions of the evaluation.

    Raises:
        InputError: It is of another assembly, reads more than the sequence, or was trained on a
            region that is to be judged.
    """
    model = OpenModel(registry.entry(name))
    card = model.card
    _require_assembly("the trunk", "--trunk", name, card.training_assembly, target)
    seen = SeenRegions(name, card.training_assembly, card.split)
    heldout_split(split, (), seen, target.data_assembly)
    return Trunk(name, penultimate(model), card.geometry)


def _require_assembly(
    role: str, option: str, name: str, assembly: str, target: EvaluationTarget
) -> None:
    """Refuse a model of another assembly than the evaluated data."""
    if assembly != target.data_assembly:
        raise InputError(
            f"{role} is of another assembly",
            field=option,
            got=f"{name} on {assembly}",
            expected=target.data_assembly,
        )


def _open_entry(
    entry: Entry,
    names: Sequence[str],
    data: str | None,
    options: SessionOptions,
    inputs: InputOptions,
) -> EvaluationTarget:
    card = entry.card()
    own = None
    if card.evaluated_on is not None:
        own = registry.entry(card.evaluated_on).recipe()
    elif entry.recipe_path is not None:
        own = entry.recipe()
    recipe = own if data is None else registry.entry(data).recipe()
    inputs, sample = judged_in(entry.recipe() if entry.recipe_path else None, inputs)
    tracks = [
        EvaluatedTrack(index, track.name, track.assay, track.target)
        for index, track in enumerate(card.tracks)
    ]
    chosen = _choose(tracks, names)
    return EvaluationTarget(
        name=entry.name,
        model=open_model(
            entry, [track.index for track in chosen], options.device, options.threads, inputs
        ),
        tracks=chosen,
        assembly=card.training_assembly,
        trained_on=card.split,
        recipe=recipe,
        data_name="" if recipe is None else data or card.evaluated_on or entry.name,
        entry=entry,
        decision=None if own is None else own.evaluation.decision,
        other_tracks=[track for track in tracks if track not in chosen],
        sample=sample,
    )


def _open_run(
    folder: Path,
    names: Sequence[str],
    data: str | None,
    fasta: Path | None,
    options: SessionOptions,
    inputs: InputOptions,
) -> EvaluationTarget:
    need("torch", "training")
    from zooctl.training.data.prepare import open_dataset
    from zooctl.training.export.run_graph import graph_of_run

    recipe = load_recipe(folder / "recipe.yaml")
    inputs, sample = judged_in(recipe, inputs)
    tracks = []
    for index, target in enumerate(recipe.targets):
        source = recipe.source(target.signal.source)
        tracks.append(EvaluatedTrack(index, target.track, source.assay, source.target))
    chosen = _choose(tracks, names)
    geometry = recipe.window.geometry
    session = _session(
        graph_of_run(folder, recipe, open_dataset(recipe, fasta)), recipe, options, inputs
    )
    readout = Readout(recipe.targets[0].signal.transform)
    indices = tuple(track.index for track in chosen)
    name = folder.resolve().name
    return EvaluationTarget(
        name=name,
        model=EvaluatedModel(name, session, geometry, readout, indices, recipe.output_scale),
        tracks=chosen,
        assembly=recipe.genome.assembly,
        trained_on=recipe.split,
        recipe=recipe if data is None else registry.entry(data).recipe(),
        data_name=data or recipe.name,
        entry=None,
        decision=recipe.evaluation.decision,
        other_tracks=[track for track in tracks if track not in chosen],
        sample=sample,
    )


def _session(
    graph: bytes, recipe: Recipe, options: SessionOptions, inputs: InputOptions
) -> Predictor:
    """Return the network of a run, which may read more than the sequence."""
    if reads_more(recipe):
        return SeveralInputs(
            graph,
            geometry=recipe.window.geometry,
            n_tracks=len(recipe.targets),
            unknown_base=recipe.unknown_base,
            given=given_inputs(recipe, inputs),
            device=options.device,
            threads=options.threads,
        )
    if inputs.any:
        raise InputError("the model reads the sequence alone", got=recipe.name)
    return Session(
        graph,
        geometry=recipe.window.geometry,
        n_tracks=len(recipe.targets),
        unknown_base=recipe.unknown_base,
        device=options.device,
        threads=options.threads,
    )


def _choose(tracks: Sequence[EvaluatedTrack], names: Sequence[str]) -> list[EvaluatedTrack]:
    known = [track.name for track in tracks]
    for name in names:
        if name not in known:
            raise InputError("no such track", got=name, expected=", ".join(known))
    return [track for track in tracks if not names or track.name in names]
