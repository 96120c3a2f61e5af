"""The `zooctl` command: its subcommands, and the exit codes of errors and signals.

Command modules import only typer at the top and everything else inside the command, so that
``zooctl --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from zooctl import __version__
from zooctl.cli.ui.help_pages import SUMMARIES, PanelGroup, add_examples
from zooctl.cli.ui.messages import say, take_manner
from zooctl.cli.ui.restart import Restart
from zooctl.errors import InputError, ManyErrors, ZooError, system_error

# Subcommand to module. A module has `command`, or `app` if it has subcommands of its own.
COMMANDS = {
    "list": "zooctl.cli.commands.list",
    "info": "zooctl.cli.commands.info",
    "predict": "zooctl.cli.commands.predict",
    "score-variants": "zooctl.cli.commands.score_variants",
    "calibrate": "zooctl.cli.commands.calibrate",
    "plan": "zooctl.cli.commands.plan",
    "run": "zooctl.cli.commands.run",
    "submit": "zooctl.cli.commands.submit",
    "status": "zooctl.cli.commands.status",
    "merge": "zooctl.cli.commands.merge",
    "attribute": "zooctl.cli.commands.attribute",
    "atlas": "zooctl.cli.commands.atlas",
    "lookup": "zooctl.cli.commands.lookup",
    "store": "zooctl.cli.commands.store",
    "mutate": "zooctl.cli.commands.mutate",
    "embed": "zooctl.cli.commands.embed",
    "explain": "zooctl.cli.commands.explain",
    "evaluate": "zooctl.cli.commands.evaluate",
    "evaluate-variants": "zooctl.cli.commands.evaluate_variants",
    "benchmark": "zooctl.cli.commands.benchmark",
    "studies": "zooctl.cli.commands.studies",
    "audit": "zooctl.cli.commands.audit",
    "compare": "zooctl.cli.commands.compare",
    "plot": "zooctl.cli.commands.plot",
    "scan": "zooctl.cli.commands.scan",
    "marginalise": "zooctl.cli.commands.marginalise",
    "filters": "zooctl.cli.commands.filters",
    "motifs": "zooctl.cli.commands.motifs",
    "design": "zooctl.cli.commands.design",
    "gkm": "zooctl.cli.commands.gkm",
    "pull": "zooctl.cli.commands.pull",
    "push": "zooctl.cli.commands.push",
    "bundle": "zooctl.cli.commands.bundle",
    "example": "zooctl.cli.commands.example",
    "genome": "zooctl.cli.commands.genome",
    "data": "zooctl.cli.commands.data",
    "trackhub": "zooctl.cli.commands.trackhub",
    "train": "zooctl.cli.commands.train",
    "tune": "zooctl.cli.commands.tune",
    "export": "zooctl.cli.commands.export",
    "adopt": "zooctl.cli.commands.adopt",
    "check": "zooctl.cli.commands.check",
    "test": "zooctl.cli.commands.test",
    "remove": "zooctl.cli.commands.remove",
    "cache": "zooctl.cli.commands.cache",
    "reproduce": "zooctl.cli.commands.reproduce",
    "env": "zooctl.cli.commands.env",
    "report": "zooctl.cli.commands.report",
    "schema": "zooctl.cli.commands.schema",
}

_SETTINGS = {"help_option_names": ["-h", "--help"]}

# typer makes BadParameter public, and its base is every wrong use of the command line.
_USAGE_ERROR: Any = typer.BadParameter.__bases__[0]

# typer's own options: write into the start file of the user's shell, or print that.
_COMPLETION = ("--install-completion", "--show-completion")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"zooctl {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A model zoo and inference command line for regulatory genomics."""


@functools.cache
def build_app(only: str | None = None) -> Callable[..., Any]:
    """Return the command line with every subcommand; it is built once.

    Args:
        only: The one subcommand that is needed, where its name was typed; the others then cost no
            time.
    """
    app = _root_app()
    for name in COMMANDS if only is None else (only,):
        module = importlib.import_module(COMMANDS[name])
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name, context_settings=_SETTINGS)(module.command)
    command = typer.main.get_command(app)
    add_examples(command)
    return command


def build_summary() -> Callable[..., Any]:
    """Return the command line for the list of its subcommands, none of which is imported."""
    root: Any = typer.main.get_command(_root_app())
    for name in COMMANDS:
        root.add_command(typer.core.TyperCommand(name, help=SUMMARIES[name]))
    add_examples(root)
    summary: Callable[..., Any] = root
    return summary


def _root_app() -> typer.Typer:
    app = typer.Typer(
        cls=PanelGroup,
        pretty_exceptions_enable=False,
        # Plain help is the same on a terminal, in a pipe and in the README.
        rich_markup_mode=None,
        context_settings=_SETTINGS,
    )
    app.callback()(_root)
    return app


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    from zooctl.files.disk.cache import place_foreign_caches

    _prepare_streams()
    _catch_signals()
    place_foreign_caches()
    # Else pydantic looks through all installed packages for plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _spare_threads(sys.argv[1:])
    try:
        _set_interrupt(signal.default_int_handler)
        code = run(sys.argv[1:])
    except Restart as restart:
        restart.begin_again()
    except KeyboardInterrupt:
        code = 130
    # Python's own ending would answer an interrupt with a traceback.
    _set_interrupt(signal.SIG_DFL)
    try:
        sys.stdout.flush()
    except (BrokenPipeError, AttributeError, ValueError) as error:
        # AttributeError and ValueError: stdout was closed before we began, or since.
        if isinstance(error, BrokenPipeError):
            code = _broken_pipe()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; errors are printed on stderr."""
    try:
        _check_working_folder()
        # The code of typer.Exit comes back as a value; commands themselves return None.
        arguments = take_manner(arguments)
        arguments = arguments or ["--help"]
        code = _app_for(arguments)(arguments, prog_name="zooctl", standalone_mode=False) or 0
        # typer says that it does not know the shell, and leaves with 1, which is ours for a bug.
        return 2 if code == 1 and set(arguments) & set(_COMPLETION) else int(code)
    except ZooError as error:
        for part in error.errors if isinstance(error, ManyErrors) else (error,):
            _say(f"error: {part}")
        return error.exit_code
    except _USAGE_ERROR as error:
        usage = getattr(error.ctx, "command_path", "zooctl")
        what = error.format_message().rstrip(".")
        _say(f"error: {what}{'' if what.endswith('?') else '.'} Hint: {usage} --help")
        return 2
    except typer.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return _broken_pipe()
    except Restart:
        raise
    except SystemExit as error:
        # typer turns a broken pipe into exit code 1.
        if isinstance(error.__context__, BrokenPipeError):
            return _broken_pipe()
        return error.code if isinstance(error.code, int) else 1
    except Exception as error:
        refused = _refusal(error)
        if refused is None:
            return _bug()
        _say(f"error: {refused}")
        return refused.exit_code


def _app_for(arguments: list[str]) -> Callable[..., Any]:
    """Return as much of the command line as arguments need."""
    # A shell that asks for completions passes the words in variables, and no arguments.
    if "_ZOOCTL_COMPLETE" in os.environ:
        return build_app()
    if arguments in (["--help"], ["-h"]):
        return build_summary()
    return build_app(arguments[0]) if arguments[0] in COMMANDS else build_app()


def _spare_threads(arguments: list[str]) -> None:
    """Keep numpy's OpenBLAS to one thread for commands that multiply few matrices, or small ones.

    Its threads spin from numpy's import on, a quarter of the time of ``zooctl list``, and after
    each product (``tests/benchmarks/bench_evaluate.py``).
    """
    if set(arguments[:1]) & {"list", "info", "predict", "evaluate"}:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _check_working_folder() -> None:
    """Refuse a working folder that was removed, where some libraries cannot even be loaded."""
    try:
        Path.cwd()
    except OSError:
        what = "the working folder does not exist any more"
        raise InputError(what, hint="cd to another") from None


def _refusal(error: Exception) -> InputError | None:
    """Return the error for a limit of the machine or a path that it refuses; None for a bug."""
    if isinstance(error, OSError):
        return system_error(error)
    if isinstance(error, MemoryError):
        return InputError("not enough memory", hint="free some, or pass a smaller --batch-size")
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return InputError("no thread can be started", hint="raise `ulimit -u` and `ulimit -v`")
    if isinstance(error, UnicodeEncodeError) and any(
        "\ud800" <= c <= "\udfff" for c in error.object
    ):
        return InputError("a name that is not UTF-8 cannot be written here", got=error.object[:200])
    return None


def _bug() -> int:
    _say(traceback.format_exc().rstrip())
    _say("error: this is a bug in zooctl; please report it with the lines above")
    return 1


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        say(text)


def _broken_pipe() -> int:
    """Leave quietly when the reader of the output has closed it."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        # Whatever is still buffered goes nowhere, so that closing stdout raises nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _prepare_streams() -> None:
    """Write characters that the terminal's encoding lacks as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _set_interrupt(action: Any) -> None:
    """Set the action of SIGINT, unless whoever started this process has it ignored."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, action)


def _catch_signals() -> None:
    """Let SIGTERM and SIGHUP unwind the stack, so that temporary files are removed."""

    def leave(number: int, frame: FrameType | None) -> None:
        # A second signal must not interrupt the cleaning up.
        signal.signal(number, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # nohup has SIGHUP ignored, and means it.
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, leave)


if __name__ == "__main__":
    main()
