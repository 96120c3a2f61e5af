"""Options that several commands offer, and records of options as options of a command."""

from __future__ import annotations

import dataclasses
import inspect
import math
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zooctl.cli.ui.lists import list_names, list_regions, split_names
from zooctl.errors import InputError
from zooctl.inference.options import predict_and_score as inference_options

if TYPE_CHECKING:
    from zooctl.schema.card import Card

ModelName = Annotated[str, typer.Argument(help="Name that `zooctl list` shows, or a folder.")]
BedFile = Annotated[
    Path | None, typer.Option(help="Regions as a BED file, plain or gz; - for stdin.")
]
Device = Annotated[
    inference_options.Device,
    typer.Option(help="Device; auto takes a working CUDA device, else the CPU."),
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1, max=inference_options.MOST_THREADS, help="CPU threads; default: all cores."
    ),
]
GenomeFile = Annotated[
    Path | None, typer.Option(help="Genome, plain or bgzipped; default: by the model's card.")
]
RecipeGenome = Annotated[
    Path | None, typer.Option(help="Genome, plain or bgzipped; default: by the recipe.")
]
BothStrands = Annotated[
    bool, typer.Option("--rc", help="Average over both strands; takes twice the time.")
]
Tracks = Annotated[
    list[str] | None,
    typer.Option(
        "--track",
        callback=list_names,
        help="Name of a track; several by commas or repetition; default: all tracks.",
    ),
]
Clip = Annotated[bool, typer.Option("--clip", help="Cut intervals that go beyond their contig.")]
Force = Annotated[bool, typer.Option("--force", help="Replace existing outputs.")]
RegionStrings = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        callback=list_regions,
        help="Region, as chr21:30,000,001-31,000,000; several by commas or repetition.",
    ),
]
GivenInput = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="NAME=FILE",
        help="bigWig or peaks of an input that the model reads; may be repeated.",
    ),
]
FeatureTable = Annotated[
    Path | None,
    typer.Option(help="Table of values that the model reads: a line a value, a column a sample."),
]
SampleName = Annotated[
    str | None,
    typer.Option(help="Column of --features; or a sample of the recipe, with its files."),
]
MotifCollection = Annotated[
    str,
    typer.Option(
        "--motifs", help="hocomoco, jaspar, or a file of motifs (JASPAR, MEME, HOCOMOCO)."
    ),
]
StoreFolder = Annotated[
    Path | None,
    typer.Option(
        envvar="ZOOCTL_STORE",
        help="Folder of scores that is asked first, and gets what is computed.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AllowUntrusted = Annotated[
    bool,
    typer.Option("--allow-untrusted", help="Also accept models outside of the zoo, as hf://…"),
]
AcceptLicence = Annotated[
    bool,
    typer.Option(
        "--accept-licence", help="Accept licences that forbid commercial use; asked for once."
    ),
]

Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=inference_options.MOST_WORKERS,
        help="Processes that share the work, of one thread each unless --threads; default: none.",
    ),
]

# Bounds of options of several commands; past them nothing is gained, and sizes would overflow.
MOST_DRAWS = 100_000
"""Draws of a bootstrap, whose intervals have settled at a thousand."""
LONGEST = 10_000_000
"""bp in a bin, a profile or a window: a hundred times what networks read, and more."""

_SHARED: dict[str, Any] = {
    "device": Device,
    "batch_size": Annotated[
        int | None,
        typer.Option(
            min=1,
            max=inference_options.MOST_WINDOWS,
            help="Windows in a batch; default: by input length.",
        ),
    ],
    "threads": Threads,
    "engine": Annotated[
        inference_options.Engine,
        typer.Option(help="auto computes once what windows share; plain, each window by itself."),
    ],
    "precision": Annotated[
        inference_options.Precision,
        typer.Option(
            help="Arithmetic on a CUDA device; what it changes is compared with what the card "
            "allows."
        ),
    ],
    "cuda_graphs": Annotated[
        bool,
        typer.Option("--cuda-graphs", help="Record a batch once on a CUDA device, and replay it."),
    ],
    "fasta": GenomeFile,
    "tracks": Tracks,
    "rc": BothStrands,
    "clip": Clip,
    "force": Force,
    "regions": RegionStrings,
    "chrom_map": Annotated[
        str | None,
        typer.Option(help="auto, or a file that maps contig names of the regions to the genome's."),
    ],
    "inputs": GivenInput,
    "features": FeatureTable,
    "sample": SampleName,
    "store": StoreFolder,
    "n_shifts": Annotated[
        int | None,
        typer.Option(
            "--shifts",
            min=1,
            max=inference_options.MOST_SHIFTS,
            help="Windows to average over; 1 and --max-shift 0: one pass; default: by the model's "
            "card, else 20.",
        ),
    ],
    "max_shift": Annotated[
        int | None,
        typer.Option(
            min=0,
            max=inference_options.LONGEST_SHIFT,
            help="Largest shift in bp; default: by the model's card or core.",
        ),
    ],
    "statistics": Annotated[
        list[str] | None,
        typer.Option(
            "--statistic",
            help="sum, local, max, jsd or delta; several by commas or repetition; default: by the "
            "model's card, else sum.",
        ),
    ],
    "distance": Annotated[
        int | None,
        typer.Option(
            min=1,
            max=inference_options.LONGEST_SHIFT,
            help="Reach of local and delta in bp; default: by the model's card, else 50.",
        ),
    ],
    "mean_track": Annotated[
        bool, typer.Option("--mean-track", help="Add a track MEAN, the mean score of all tracks.")
    ],
    "seed": Annotated[
        int, typer.Option(min=0, max=inference_options.LARGEST_SEED, help="Seed of the shifts.")
    ],
}

Command = Callable[..., None]


def accept_licences(cards: Iterable[Card]) -> None:
    """Record that the user accepts the licences of models, and say which."""
    from zooctl.catalog.origin.licence import accept, is_accepted
    from zooctl.cli.ui.messages import say

    for card in cards:
        if not is_accepted(card):
            accept(card)
            say(f"accepted: the licence of {card.name}, {card.licence}")


def with_records(**own: Any) -> Callable[[Command], Command]:
    """Offer the fields of a command's record parameters as options of their own.

    A parameter whose type is a frozen dataclass is replaced by one option for each of its fields,
    with the field's default, so that names and defaults stand in the record alone. The command is
    called with the record.

    Args:
        own: Field to the annotated type of its option, where no other command shares it; None for
            a field that is not offered.

    >>> @with_records(chrom_map=Annotated[str | None, typer.Option(help="A file.")])
    ... def command(bed: str, *, options: inference_options.PredictOptions) -> None:
    ...     print(bed, options.tracks, options.force)
    >>> list(inspect.signature(command).parameters)
    ['bed', 'fasta', 'tracks', 'rc', 'chrom_map', 'clip', 'force']
    >>> command(bed="a.bed", tracks=["plus"], fasta=None, rc=False, chrom_map=None, clip=True,
    ...         force=True)
    a.bed ('plus',) True
    """
    offered = _SHARED | own

    def decorate(function: Command) -> Command:
        hints = typing.get_type_hints(function, include_extras=True)
        parameters: list[inspect.Parameter] = []
        records: dict[str, Any] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            record = hints[name]
            if dataclasses.is_dataclass(record):
                records[name] = record
                parameters += [
                    _parameter(field, offered)
                    for field in dataclasses.fields(record)
                    if offered[field.name] is not None
                ]
            else:
                parameters.append(
                    parameter.replace(annotation=record, kind=inspect.Parameter.KEYWORD_ONLY)
                )

        def command(**values: Any) -> None:
            for name, record in records.items():
                fields = dataclasses.fields(record)
                values[name] = record(
                    **{
                        field.name: _value(field, values.pop(field.name))
                        for field in fields
                        if field.name in values
                    }
                )
            function(**values)

        command.__doc__ = function.__doc__
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return command

    return decorate


def _parameter(field: dataclasses.Field[Any], offered: dict[str, Any]) -> inspect.Parameter:
    # typer has lists in place of tuples, and None for an option that is not given.
    default = None if field.default == () else field.default
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=offered[field.name],
    )


def _value(field: dataclasses.Field[Any], given: Any) -> Any:
    if field.default != ():
        return given
    return tuple(given or ()) if field.name == "regions" else split_names(given)


def numbers(text: str, option: str) -> tuple[float, ...]:
    """Read numbers separated by commas; each counts once.

    >>> numbers("1,2.5,1", "--threshold")
    (1.0, 2.5)
    """
    try:
        values = tuple(dict.fromkeys(float(part) for part in text.split(",")))
    except ValueError:
        values = (math.nan,)
    if not all(map(math.isfinite, values)):
        raise InputError(
            "not a list of numbers", field=option, got=repr(text), expected="such as 1,2.5,10"
        )
    return values


def bin_sizes(text: str) -> tuple[int, ...]:
    """Read bin sizes in bp separated by commas; each counts once.

    >>> bin_sizes("32,128,512")
    (32, 128, 512)
    """
    try:
        sizes = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        sizes = (0,)
    if not 1 <= min(sizes) <= max(sizes) <= LONGEST:
        raise InputError(
            "not a list of bin sizes",
            field="--resolution",
            got=repr(text),
            expected=f"such as 32,128,512, each at most {LONGEST:,} bp",
        )
    return sizes
