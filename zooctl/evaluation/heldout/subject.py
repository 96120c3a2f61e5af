"""What `zooctl evaluate` judges: an entry of the zoo or a run, on its recipe's data or on files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.errors import InputError
from zooctl.progress import Say, silent

if TYPE_CHECKING:
    from zooctl.catalog.entry import Entry
    from zooctl.evaluation.data.data import EvaluationData, TrackOfInterest
    from zooctl.evaluation.heldout.predicted import EvaluatedModel
    from zooctl.inference.session import Device
    from zooctl.schema.fields import Region, Split
    from zooctl.schema.recipe.evaluation import Rules
    from zooctl.schema.recipe.recipe import Recipe


@dataclass(frozen=True, eq=False)
class EvaluationTarget:
    """A model, ready to be judged.

    Attributes:
        name: Of the entry, or of the run's folder.
        network: It predicts the tracks that are judged.
        wanted: These tracks.
        assembly: Of the genome that it was trained on.
        trained: Regions that it was trained on and chosen by; None where nobody says.
        recipe: Names data and rules; None where only files can.
        data: Name of that recipe.
        entry: Where it is in the zoo; None for a run.
        decision: From which prediction on its own recipe calls a bin; None where none says.
        beside: Its tracks that are not judged.
    """

    name: str
    network: EvaluatedModel
    wanted: Sequence[TrackOfInterest]
    assembly: str
    trained: Split | None
    recipe: Recipe | None
    data: str
    entry: Entry | None
    decision: float | None = None
    beside: Sequence[TrackOfInterest] = ()

    @property
    def rules(self) -> Rules:
        """How it is judged: by the rules of the data, but what it calls is its own affair.

        Without a recipe, bins are the usual ones, or the next larger of whole bins of the model.
        """
        from zooctl.schema.recipe.evaluation import Rules

        if self.recipe is not None:
            return self.recipe.evaluation.model_copy(update={"decision": self.decision})
        usual, own = Rules(), self.network.geometry.bin_size
        return usual.model_copy(update={"bin_size": -(-usual.bin_size // own) * own})

    @property
    def data_assembly(self) -> str:
        """The genome that it is judged on."""
        return self.assembly if self.recipe is None else self.recipe.genome.assembly

    def split(self, regions: Sequence[str]) -> Split:
        """Return the regions that are judged and that baselines are fitted on.

        Args:
            regions: To judge in place of the held-out ones; those that overlap are one.

        Raises:
            InputError: There are none, or the model was trained on one.
        """
        from zooctl.schema.fields import Split

        base = self.recipe.split if self.recipe is not None else self.trained
        if regions:
            test = _merged([_region(text) for text in regions])
            fitted, chosen = (base.train, base.validation) if base is not None else ((), ())
            base = Split(
                train=tuple(part for part in fitted if not any(map(part.overlaps, test))),
                validation=tuple(part for part in chosen if not any(map(part.overlaps, test))),
                test=test,
            )
        if base is None:
            raise InputError(
                "nothing says which regions are held out",
                got=self.name,
                hint="--region chr21, or --data of an entry with a recipe",
            )
        for region in base.test:
            if self._has_seen(region):
                raise InputError(
                    "the model was trained or chosen on a region that is to be judged",
                    got=str(region),
                    expected="regions that it has not seen",
                    hint=None
                    if self.data_assembly == self.assembly
                    else f"it has seen {region.chrom} of {self.assembly}; --region names others",
                )
        return base

    def _has_seen(self, region: Region) -> bool:
        """Say whether the model was trained or chosen on a base of a region.

        Positions of two assemblies differ, chromosomes hardly.
        """
        seen = () if self.trained is None else (*self.trained.train, *self.trained.validation)
        if self.data_assembly == self.assembly:
            return any(map(region.overlaps, seen))
        return any(region.chrom == part.chrom for part in seen)

    def material(
        self,
        against: Sequence[Path],
        regions: Sequence[str],
        fasta: Path | None,
        say: Say = silent,
    ) -> AbstractContextManager[EvaluationData]:
        """Open what the model is judged on.

        Raises:
            InputError: There is nothing to judge it on, or it is not here.
        """
        from zooctl.evaluation.data.against import open_against
        from zooctl.evaluation.data.data import open_material

        split = self.split(regions)
        if self.data_assembly != self.assembly:
            say(f"{self.name} is a model of {self.assembly}; it is judged on {self.data_assembly}")
        if against:
            return open_against(
                self.wanted,
                against,
                assembly=self.data_assembly,
                split=split,
                recipe=self.recipe,
                fasta=fasta,
                say=say,
            )
        if self.recipe is None:
            raise InputError(
                "the model has no recipe that names data to judge it on",
                got=self.name,
                hint="--data ENTRY, or --against TRACK.bw or PEAKS.bed",
            )
        return open_material(
            self.wanted, self.recipe, beside=self.beside, split=split, fasta=fasta, say=say
        )


def _region(text: str) -> Region:
    """Read a region; a contig's name is all of it."""
    from zooctl.schema.fields import Region
    from zooctl.sequence.intervals import parse_region

    try:
        if ":" not in text:
            return Region(chrom=text)
        interval = parse_region(text)
        return Region(chrom=interval.chrom, start=interval.start, end=interval.end)
    except ValueError:
        raise InputError(
            "not a region", field="--region", got=repr(text), expected="such as chr21:1-5,000,000"
        ) from None


def _merged(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Return regions of which no two touch; contigs in the order of their first region."""
    import numpy as np

    from zooctl.schema.fields import Region
    from zooctl.sequence.intervals import merge

    found = []
    for chrom in dict.fromkeys(region.chrom for region in regions):
        here = [region for region in regions if region.chrom == chrom]
        if whole := [region for region in here if region.end is None]:
            found.append(whole[0])
            continue
        starts, ends = (np.array([getattr(one, end) for one in here]) for end in ("start", "end"))
        for start, end in zip(*(side.tolist() for side in merge(starts, ends)), strict=True):
            found.append(Region(chrom=chrom, start=start, end=end))
    return tuple(found)


def open_subject(
    model: str,
    tracks: Sequence[str],
    data: str | None,
    *,
    fasta: Path | None,
    device: Device,
    threads: int | None,
    allow_untrusted: bool = False,
) -> EvaluationTarget:
    """Open an entry by its name, or a run by its folder.

    Raises:
        InputError: There is neither, or no such track.
    """
    from zooctl.catalog import registry
    from zooctl.catalog.root import model_names
    from zooctl.schema.manifest import MANIFEST

    # An entry outside of a zoo has a recipe too, but a manifest beside it.
    folder = Path(model)
    a_run = (folder / "recipe.yaml").is_file() and not (folder / MANIFEST).is_file()
    if model not in model_names() and a_run:
        return _run(folder, tracks, data, fasta, device, threads)
    entry = registry.entry(model, allow_untrusted=allow_untrusted)
    return _entry(entry, tracks, data, device, threads)


def _entry(
    entry: Entry, tracks: Sequence[str], data: str | None, device: Device, threads: int | None
) -> EvaluationTarget:
    from zooctl.catalog import registry
    from zooctl.evaluation.data.data import TrackOfInterest
    from zooctl.evaluation.heldout.predicted import open_network

    card = entry.card()
    own = None
    if card.evaluated_on is not None:
        own = registry.entry(card.evaluated_on).recipe()
    elif entry.recipe_path is not None:
        own = entry.recipe()
    recipe = own if data is None else registry.entry(data).recipe()
    wanted = [
        TrackOfInterest(index, track.name, track.assay, track.target)
        for index, track in enumerate(card.tracks)
    ]
    chosen = _chosen(wanted, tracks)
    return EvaluationTarget(
        entry.name,
        open_network(entry, [track.index for track in chosen], device, threads),
        chosen,
        card.assembly,
        card.split,
        recipe,
        "" if recipe is None else data or card.evaluated_on or entry.name,
        entry,
        None if own is None else own.evaluation.decision,
        [track for track in wanted if track not in chosen],
    )


def _run(
    folder: Path,
    tracks: Sequence[str],
    data: str | None,
    fasta: Path | None,
    device: Device,
    threads: int | None,
) -> EvaluationTarget:
    from zooctl.catalog import registry
    from zooctl.evaluation.data.data import TrackOfInterest
    from zooctl.evaluation.heldout.predicted import EvaluatedModel
    from zooctl.extras import need
    from zooctl.inference.session import Session
    from zooctl.inference.tracks.predict import Readout
    from zooctl.schema.recipe.recipe import load_recipe

    need("torch", "training")
    from zooctl.training.data.prepare import open_dataset
    from zooctl.training.export.run_graph import graph_of_run

    recipe = load_recipe(folder / "recipe.yaml")
    wanted = []
    for index, target in enumerate(recipe.targets):
        source = recipe.source(target.signal.source)
        wanted.append(TrackOfInterest(index, target.track, source.assay, source.target))
    chosen = _chosen(wanted, tracks)
    geometry = recipe.window.geometry
    session = Session(
        graph_of_run(folder, recipe, open_dataset(recipe, fasta)),
        geometry=geometry,
        n_tracks=len(recipe.targets),
        unknown_base=recipe.unknown_base,
        device=device,
        threads=threads,
    )
    readout = Readout(recipe.targets[0].signal.transform)
    indices = tuple(track.index for track in chosen)
    name = folder.resolve().name
    return EvaluationTarget(
        name,
        EvaluatedModel(name, session, geometry, readout, indices, recipe.output_scale),
        chosen,
        recipe.genome.assembly,
        recipe.split,
        recipe if data is None else registry.entry(data).recipe(),
        data or recipe.name,
        None,
        recipe.evaluation.decision,
        [track for track in wanted if track not in chosen],
    )


def _chosen(wanted: Sequence[TrackOfInterest], names: Sequence[str]) -> list[TrackOfInterest]:
    known = [track.name for track in wanted]
    for name in names:
        if name not in known:
            raise InputError("no such track", got=name, expected=", ".join(known))
    return [track for track in wanted if not names or track.name in names]
