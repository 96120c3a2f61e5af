"""Python programs that a command starts, forked from its warm process in place of a cold one."""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

_OURS = [sys.executable, "-P"]
_MOST_FILES = 4_096


class Forked(subprocess.Popen[bytes]):
    """A process that does what ``python -P`` would: the same file or module, files and limits.

    What is imported is there already, where a cold interpreter takes most of a second.
    """

    def __init__(self, arguments: Sequence[str], **options: Any) -> None:
        if list(arguments[:2]) == _OURS:
            become = partial(_become, arguments[2:], options.get("env"))
            options["preexec_fn"] = become
            if options.pop("start_new_session", False):
                options["process_group"] = 0
        super().__init__(arguments, **options)


def _become(arguments: Sequence[str], environment: Mapping[str, str] | None) -> NoReturn:
    """Run a program in this process, which has its streams already, and end it."""
    code = 1
    try:
        # Nothing of the parent's is collected here, which could close a file of the same number.
        gc.freeze()
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # as Python begins
            signal.signal(number, signal.SIG_IGN)
        os.closerange(3, _MOST_FILES)
        if environment is not None:
            os.environ.clear()
            os.environ.update(environment)
        for number, mode in enumerate("rww"):
            stream = open(number, mode, errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, ("stdin", "stdout", "stderr")[number], stream)
        if arguments[0] == "-m":
            sys.argv = list(arguments[1:])
            importlib.import_module(arguments[1]).main()
        else:
            sys.argv = list(arguments)
            runpy.run_path(arguments[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                code = code or 120  # as Python leaves
        ctypes.CDLL(None).fflush(None)
        os._exit(code)
