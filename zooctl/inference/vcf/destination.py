"""Destinations of scores: a file, or stdout in a format that is asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.vcf.output import Form, form_of, form_of_format, is_table
from zooctl.files.vcf.stream import OUTPUT_TYPES, STDOUT, copy_to_stdout, is_streamed
from zooctl.inference.options.predict_and_score import ScoreOptions
from zooctl.inference.vcf.setup import named_output
from zooctl.schema.card import Card


@dataclass(frozen=True)
class Destination:
    """The place and format of an output.

    Attributes:
        target: The file that is written; one in a temporary folder where stdout gets a copy.
        form: Its format.
        stdout: Whether it is for stdout.
        at_once: Whether chunks are written to stdout as they come.
        unpacked: Whether stdout gets it without its compression.
    """

    target: Path
    form: Form
    stdout: bool = False
    at_once: bool = False
    unpacked: bool = False

    @property
    def is_table(self) -> bool:
        """Whether it has rows for alleles, not records."""
        return is_table(self.form)

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Files that stay."""
        return () if self.stdout else (self.target,)

    def deliver(self) -> None:
        """Copy a finished file to stdout, if it is for that."""
        if self.stdout and not self.at_once:
            copy_to_stdout(self.target, unpacked=self.unpacked)


def destination(
    output: str | Path | None,
    vcf: str,
    cards: Sequence[Card],
    options: ScoreOptions,
    stack: ExitStack,
) -> Destination:
    """Return the destination of an output as the user names it.

    Args:
        output: File, folder, ``-`` for stdout, or None for the default name.
        vcf: The input, for the default name.
        cards: The models' cards, for the default name.
        options: Format, and whether all lines must be known before one is written.
        stack: Removes a temporary folder.

    Raises:
        InputError: The name's ending is not that of the format that is asked for; or ``--resume``
            for stdout.
    """
    asked = _asked(options)
    if str(output) != STDOUT:
        target = named_output(output, vcf, cards)
        form = form_of(target)
        if asked is not None and form.removesuffix(".gz") != asked.removesuffix(".gz"):
            raise InputError(
                "the output's name is that of another format", path=target, got=form, expected=asked
            )
        return Destination(target, form)
    if options.resume:
        raise InputError("stdout cannot be resumed", hint="name a file with -o")
    form = asked or "vcf"
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zooctl-")))
    at_once = is_streamed(form) and options.top is None
    unpacked = options.output_type == "u"
    return Destination(folder / f"stdout.{form}", form, True, at_once, unpacked)


def _asked(options: ScoreOptions) -> Form | None:
    """Return the format that ``--format`` and ``-O`` name; None where neither is given."""
    by_type = None if options.output_type is None else OUTPUT_TYPES[options.output_type]
    if options.format is None:
        return by_type
    if by_type is not None and options.format != "vcf":
        raise InputError(
            "-O is the kind of a VCF", got=f"-O {options.output_type} --format {options.format}"
        )
    return by_type or form_of_format(options.format)
