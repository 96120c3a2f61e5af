"""The model card, written by a person: identity, licence, window, tracks, data, figures, limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from zooctl.schema.card_weights import CardWeights
from zooctl.schema.fields import (
    Chrom,
    Digest,
    Items,
    Licence,
    Line,
    Name,
    Problem,
    Sha256,
    Split,
    StrandPairs,
    Text,
    TrackName,
    Url,
    Values,
    geometry_problems,
    no_such,
    repeated,
    swapped_order,
    unknown_problems,
)
from zooctl.schema.scoring import Scoring
from zooctl.schema.strict_yaml import load, parse
from zooctl.sequence.windows import Geometry


def _unknown_base(value: float) -> float:
    if value not in (0.0, 0.25):
        raise ValueError("0 or 0.25")
    return value


UnknownBase = Annotated[
    float, AfterValidator(_unknown_base), Field(json_schema_extra={"enum": [0, 0.25]})
]


class CardTrack(Values):
    """One predicted signal.

    Attributes:
        name: Short name, used in file names.
        assay: Assay term, as ``ChIP-seq``.
        target: Assayed protein or mark, as ``CTCF``; left out where the assay has none.
        biosample: Cell line or tissue.
        biosample_ontology: Its ontology term, as ``EFO:0002784``.
        unit: Unit of a predicted value.
        strand: Strand of the signal; ``.`` for both together.
    """

    name: TrackName
    assay: Text
    target: Text | None = None
    biosample: Text
    biosample_ontology: Annotated[str, Field(pattern=r"^[A-Za-z]+:[A-Za-z0-9_]+$")] | None
    unit: Text
    strand: Literal["+", "-", "."]


class TrainingData(Values):
    """One file that the model was trained on; ``id`` is that of the recipe's source."""

    id: Name
    accession: Text | None
    url: Url | None
    sha256: Sha256 | None
    size: Annotated[int, Field(ge=0)] | None
    licence: Licence


_EXTERNAL = (
    "external: measured on data of another kind of experiment, whose sequences training may have "
    "seen; no part of the split"
)


class Metric(Values):
    """One figure on the card, beside the figure of a simple method on the same windows.

    It is measured on a part of the card's split, or on ``external`` data of another kind of
    experiment, as a reporter assay, whose sequences training may have seen.

    Attributes:
        name: As ``zooctl evaluate`` prints it.
        track: The track; left out for a figure over all tracks.
        value: The figure of the shipped weights.
        mean: Mean over weights that were trained with different seeds, the shipped ones among them.
        sd: Standard deviation over those seeds (ddof 1).
        n_seeds: Number of seeds.
        n: Number of windows or bins.
        split: Part of the split that it was measured on; ``external`` for none of them.
        chroms: Chromosomes of the card's assembly that the sequences of external data come from,
            if known.
        definition: Exact definition of the figure.
        baseline: Name of the baseline.
        baseline_value: The baseline's figure.
    """

    name: TrackName
    track: TrackName | None = None
    value: float | None
    mean: float | None = None
    sd: Annotated[float, Field(ge=0)] | None = None
    n_seeds: Annotated[int, Field(ge=2)] | None = None
    n: Annotated[int, Field(ge=1)] | None = None
    split: Literal["train", "validation", "test", "external"]
    chroms: Items[Chrom] = ()
    definition: Text | None = None
    baseline: Text | None
    baseline_value: float | None

    def problems(self) -> Iterator[Problem]:
        spread = (self.mean, self.sd, self.n_seeds)
        if None in spread and spread != (None, None, None):
            yield Problem("", "spread over seeds is not whole", expected="mean, sd and n_seeds")
        if self.chroms and self.split != "external":
            yield Problem("chroms", "the split says where it was measured", expected="no chroms")


class ReadsAt(Values):
    """The place in a gene that a window is laid on.

    Attributes:
        point: ``promoter``, the first base of a transcript; ``polya``, its last base; ``exon``,
            the exon itself, whose length the window takes with the bases beside it.
        offset: Bases of the window before the point, on the transcribed strand.
    """

    point: Literal["promoter", "polya", "exon"]
    offset: Annotated[int, Field(ge=0)]


class Acknowledged(Values):
    """A finding of ``zooctl audit`` that is accepted, with the reason."""

    finding: Annotated[str, Field(pattern=r"^[a-z]+\.[a-z_]+$")]
    reason: Text


class SeedAgreement(Values):
    """Likeness of networks of one recipe that differ in their seeds alone.

    Attributes:
        pearson: Lowest correlation, of any track between any two, of their predictions of the
            probe; those of a retrained network with the published ones may fall 0.01 below it.
        n_seeds: Number of seeds, the published one among them.
    """

    pearson: Annotated[float, Field(ge=-1, le=1)]
    n_seeds: Annotated[int, Field(ge=2)]


class Card(Values):
    """A model card; the meaning of each field is in ``zooctl schema card``."""

    name: Name = Field(description="Stem of this file, of the recipe, and folder in zoo/.")
    title: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="One line.")
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")] = Field(
        description="Of weights and card; the first number changes with the meaning of a track."
    )
    status: Literal["released", "preview"] = Field(
        default="released",
        description="preview: stands in for a model to come; the notice tells the differences.",
    )
    notice: Line | None = Field(
        default=None,
        description="A warning for every user; shown in lists and at every prediction.",
    )
    experimental: Line | None = Field(
        default=None,
        description="Reason not to rely on the model, as that it loses to its baseline; "
        "shown in lists and at every prediction.",
    )
    licence: Licence = Field(description="SPDX identifier, of the weights.")
    citation: Text | None = Field(description="Reference to cite for the model.")
    authors: Annotated[Items[Text], Field(min_length=1)] = Field(
        description="Authors of the model."
    )
    assembly: TrackName = Field(
        description="Genome that it predicts on unless told otherwise, in UCSC's name, as hg19."
    )
    trained_on: TrackName | None = Field(
        default=None,
        description="Assembly of the training data and of the split; default: the same assembly.",
    )
    input_length: Annotated[int, Field(ge=1)] = Field(description="bp read by the network.")
    output_length: Annotated[int, Field(ge=1)] = Field(description="bp predicted, centred.")
    bin_size: Annotated[int, Field(ge=1)] = Field(description="bp to a predicted value.")
    core_length: Annotated[int, Field(ge=1)] = Field(description="bp kept; stride of the grid.")
    unknown_base: UnknownBase = Field(description="One-hot value of N and other IUPAC codes.")
    any_length: bool = Field(
        default=False,
        description="The network reads any length; the output is as much shorter, or one value.",
    )
    reads_strand: Literal["genome", "transcribed"] = Field(
        default="genome",
        description="transcribed: the network reads RNA, so that each strand has tracks of its own "
        "and a gene is read on its strand.",
    )
    reads_at: ReadsAt | None = Field(
        default=None,
        description="Place in a gene that the window belongs to; elsewhere a value means nothing.",
    )
    tracks: Annotated[Items[CardTrack], Field(min_length=1)] = Field(
        description="Predicted signals, in the order of the network's output."
    )
    strand_pairs: StrandPairs = Field(
        default=(), description="Tracks that change places under reverse complement."
    )
    output_transform: Literal["none", "arcsinh", "log1p"] = Field(
        description="Transform of the training target, undone at prediction."
    )
    output_scale: Literal["signal", "log", "logit", "probability"] = Field(
        description="Scale of a predicted value, after undoing the transform."
    )
    scoring: Scoring | None = Field(
        default=None, description="Default statistics and shifts of variant scores."
    )
    training_data: Items[TrainingData] = Field(description="Every file it was trained on.")
    split: Split | None = Field(
        description="Regions for training, for choosing among models, and held out."
    )
    evaluated_on: Name | None = Field(
        default=None,
        description="Entry whose recipe names data and rules of its evaluation; default: its own.",
    )
    seed: Annotated[int, Field(ge=0)] | None = Field(description="Of the shipped weights.")
    environment: Digest | None = Field(description="Hash of the software it was trained with.")
    metrics: Items[Metric] = Field(description="The first is the headline.")
    seed_agreement: SeedAgreement | None = Field(
        default=None,
        description="Correlation of the predictions of several seeds, as zooctl report seeds "
        "measures it; a retrained network of other bits is judged by it.",
    )
    robustness: Annotated[float, Field(ge=0)] | None = Field(
        description="Variation score of Toneyan 2022 over random shifts; lower is more robust."
    )
    rise_near_n: Annotated[float, Field(ge=2)] | None = Field(
        default=None,
        description="Largest rise of predictions where up to half of their window is unknown: a "
        "factor, of logarithms and logits in standard deviations; stated from 2 on, and said at "
        "every prediction.",
    )
    lower_precision: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None,
        description="Largest difference that --precision may make to a prediction, as a share of "
        "the largest; default: 0.02.",
    )
    intended_use: Text = Field(description="Purpose that the model serves.")
    limits: Annotated[Items[Text], Field(min_length=1)] = Field(
        description="Limits: tasks that it fails at or was never tested on."
    )
    audit: Items[Acknowledged] = Field(
        default=(), description="Findings of zooctl audit that are accepted, with the reasons."
    )
    weights: CardWeights | None = Field(description="Files and places of the weights.")
    unknown: dict[str, Text] = Field(
        default_factory=dict,
        description="Reasons for nulls: dotted path (with * for any index) to reason.",
    )

    def problems(self) -> Iterator[Problem]:
        yield from geometry_problems(
            self.input_length, self.output_length, self.bin_size, self.core_length
        )
        yield from unknown_problems(self, self.unknown)
        if self.status == "preview" and self.notice is None:
            yield Problem("notice", "a preview does not say what it is", "null", "one line")
        for name in repeated([known.finding for known in self.audit]):
            yield Problem("audit", "a finding is acknowledged twice", name)
        tracks = [track.name for track in self.tracks]
        for name in repeated([name.lower() for name in tracks]):
            yield Problem("tracks", "two tracks have one name, letter case aside", name)
        for name in repeated([dataset.id for dataset in self.training_data]):
            yield Problem("training_data", "two datasets have one id", name)
        paired = [name for pair in self.strand_pairs for name in pair]
        for index, pair in enumerate(self.strand_pairs):
            for name in set(pair) - set(tracks):
                yield no_such("track", f"strand_pairs.{index}", name, tracks)
        for name in repeated(paired):
            yield Problem("strand_pairs", "a track is paired twice", name)
        for index, metric in enumerate(self.metrics):
            if metric.track is not None and metric.track not in tracks:
                yield no_such("track", f"metrics.{index}.track", metric.track, tracks)

    @property
    def geometry(self) -> Geometry:
        """The model's window."""
        return Geometry(self.input_length, self.output_length, self.bin_size, self.core_length)

    @property
    def training_assembly(self) -> str:
        """Assembly of the training data and of the split."""
        return self.trained_on or self.assembly

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings for every user of the model, a line each."""
        preview = "preview: " if self.status == "preview" else ""
        notice = self.notice and preview + self.notice
        experimental = self.experimental and f"experimental: {self.experimental}"
        return tuple(remark for remark in (notice, experimental, self._near_n) if remark)

    @property
    def _near_n(self) -> str | None:
        """The flag N, where predictions rise near unknown bases."""
        if self.rise_near_n is None:
            return None
        factors = self.output_scale in ("signal", "probability")
        size = f"to {self.rise_near_n:g} times" if factors else f"by {self.rise_near_n:g} SD"
        return f"N: predictions rise {size} where up to half of their window is unknown bases"

    @property
    def legend(self) -> str | None:
        """Explanation of the metrics' split ``external``; None if no metric has it."""
        external = any(metric.split == "external" for metric in self.metrics)
        return _EXTERNAL if external else None

    @property
    def n_tracks(self) -> int:
        """Number of tracks, the values predicted for a bin."""
        return len(self.tracks)

    @property
    def track_order_rc(self) -> tuple[int, ...]:
        """Index of the track that takes each track's place under reverse complement.

        Tracks ``plus, minus, both`` with the pair ``(plus, minus)`` give ``(1, 0, 2)``.
        """
        return swapped_order([track.name for track in self.tracks], self.strand_pairs)


def load_card(path: Path) -> Card:
    """Read a card.

    Raises:
        InputError: The file is no card (ManyErrors if several fields are wrong).
    """
    return parse(Card, load(path))
