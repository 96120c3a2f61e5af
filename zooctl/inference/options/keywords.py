"""Methods that take the fields of an options record as keywords, which then are stated once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

Self = TypeVar("Self")
First = TypeVar("First")
Second = TypeVar("Second")
Options = TypeVar("Options")
Result = TypeVar("Result")
Keywords = ParamSpec("Keywords")


def keywords_of(
    record: Callable[Keywords, Options],
) -> Callable[
    [Callable[[Self, First, Second, Options], Result]],
    Callable[Concatenate[Self, First, Second, Keywords], Result],
]:
    """Replace a method's last parameter, a record, by the record's fields as keywords.

    Type checkers and ``help`` see the fields.

    >>> from zooctl.inference.options.predict_and_score import PredictOptions
    >>> class Printer:
    ...     @keywords_of(PredictOptions)
    ...     def predict(self, bed: str, output: str, options: PredictOptions) -> None:
    ...         print(bed, output, options.rc)
    >>> Printer().predict("a.bed", "a.bw", rc=True)
    a.bed a.bw True
    """

    def decorate(
        method: Callable[[Self, First, Second, Options], Result],
    ) -> Callable[Concatenate[Self, First, Second, Keywords], Result]:
        @functools.wraps(method)
        def wrapper(
            self: Self,
            first: First,
            second: Second,
            /,
            *args: Keywords.args,
            **keywords: Keywords.kwargs,
        ) -> Result:
            return method(self, first, second, record(*args, **keywords))

        own = list(inspect.signature(method).parameters.values())[:-1]
        fields = inspect.signature(record).parameters.values()
        wrapper.__signature__ = inspect.Signature([*own, *fields])  # type: ignore[attr-defined]
        return wrapper

    return decorate
