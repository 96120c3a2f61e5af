"""matplotlib, imported and used with its defaults alone.

It reads a file ``matplotlibrc`` of the current folder when it is imported, else one that the
environment or the user's folder names. Pictures would change with it, or end in an exception.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ParamSpec

from zooctl.errors import InputError, need
from zooctl.files.disk.cache import make_cache_folder

P = ParamSpec("P")


@contextmanager
def _no_settings_of_others() -> Iterator[None]:
    """Keep matplotlib from the settings of the current folder, the environment and the user.

    Its list of fonts then lies in our cache, too.
    """
    spec = find_spec("matplotlib")
    before = {name: os.environ.pop(name, None) for name in ("MATPLOTLIBRC", "MPLCONFIGDIR")}
    with suppress(OSError, InputError):
        os.environ["MPLCONFIGDIR"] = str(make_cache_folder("matplotlib"))
    here = None
    with suppress(OSError):  # no folder that could be returned to
        here = os.open(".", os.O_RDONLY)
    try:
        if here is not None and spec is not None and spec.origin is not None:
            os.chdir(Path(spec.origin).parent)
        yield
    finally:
        if here is not None:
            os.fchdir(here)
            os.close(here)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


need("matplotlib", "drawing pictures")
if "matplotlib.font_manager" not in sys.modules:
    with _no_settings_of_others():
        import matplotlib.font_manager  # noqa: F401

from matplotlib import rc_context, rcParamsDefault  # noqa: E402

# Neither changes a picture; a backend is chosen by the caller's program, if at all.
_NOT_SET = ("backend", "backend_fallback", "interactive", "toolbar")
# Text stays text: TrueType in PDF, and letters in SVG.
_OURS = {"pdf.fonttype": 42, "svg.fonttype": "none"}

DPI = 300
"""Dots an inch of PNG, as journals ask for."""
MM = 1 / 25.4
"""Inches in a millimetre."""


def with_defaults(draw: Callable[P, None]) -> Callable[P, None]:
    """Return a drawing function with matplotlib's defaults and text as text, whatever is set."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        names = [name for name in rcParamsDefault if name not in _NOT_SET]
        settings: dict[Any, Any] = {name: rcParamsDefault[name] for name in names} | _OURS
        with rc_context(settings):
            draw(*args, **kwargs)

    return drawn
