"""What becomes of errors, signals and pipes; each in a process of its own where that matters."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

import zooctl
from zooctl.cli import main
from zooctl.errors import (
    InputError,
    IntegrityError,
    ManyErrors,
    NetworkError,
    UnsafeError,
    VerificationError,
)

Captured = pytest.CaptureFixture[str]
ZOOCTL = [sys.executable, "-m", "zooctl.cli.main"]


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """Run a command that raises, and return the exit code."""

    def build() -> typer.Typer:
        app = typer.Typer(pretty_exceptions_enable=False)

        @app.command()
        def command() -> None:
            raise error

        return app

    monkeypatch.setattr(main, "build_app", build)
    return main.run(["--"])


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (InputError, 2),
        (VerificationError, 3),
        (NetworkError, 4),
        (IntegrityError, 5),
        (UnsafeError, 6),
    ],
)
def test_exit_codes(
    kind: type[InputError], code: int, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    error = kind("start is no number", path="a.bed", line=3, got="'x'", hint="BED is numbers")
    assert raising(monkeypatch, error) == code
    expected = "error: a.bed:3: start is no number (got 'x'). Hint: BED is numbers\n"
    assert capsys.readouterr() == ("", expected)


def test_many_errors_are_one_line_each(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    errors = [VerificationError("first"), InputError("second")]
    assert raising(monkeypatch, ManyErrors(errors)) == 3
    assert capsys.readouterr().err == "error: first\nerror: second\n"


def test_errors_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    raising(monkeypatch, InputError("wrong", got="\x1b]0;owned\x07"))
    assert capsys.readouterr().err == "error: wrong (got \\x1b]0;owned\\x07)\n"


def test_secrets_are_left_out_of_messages_and_tracebacks(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    secret = "hf_CanaryCanaryCanaryCanary at https://me:pw@h.org/a?X-Amz-Signature=1f2e"
    for error in (InputError("wrong", got=secret), KeyError(f"{secret}\x1b[2J")):
        raising(monkeypatch, error)
        err = capsys.readouterr().err
        assert "... at https://...@h.org/a?..." in err
        assert not [part for part in ("Canary", "me:pw", "1f2e", "\x1b") if part in err]


def test_a_bug_has_its_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert raising(monkeypatch, KeyError("chr21")) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.endswith("error: this is a bug in zooctl; please report it with the lines above\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141),
        (typer.Exit(7), 7),
        (SystemExit(143), 143),
    ],
)
def test_quiet_endings(
    error: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # Leaving a broken pipe redirects the stream's descriptor, which here is pytest's.
    monkeypatch.setattr(main.os, "dup2", lambda *_: None)
    assert raising(monkeypatch, error) == code
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "a.bw"),
            "a.bw: no space left (got No space left on device)",
        ),
        (
            OSError(errno.EDQUOT, "Disk quota exceeded"),
            "no space left (got Disk quota exceeded)",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", b"/mnt/\xff.bed"),
            "/mnt/\\udcff.bed: the system refuses it (got Read-only file system)",
        ),
        (
            FileExistsError(errno.EEXIST, "File exists", "a", None, "b"),
            "b: the system refuses it (got File exists)",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
            "there is no folder for temporary files. Hint: set TMPDIR to a folder that you may "
            "write to",
        ),
        (
            OSError(errno.EMFILE, "Too many open files"),
            "the system refuses a file (got Too many open files)",
        ),
        (MemoryError(), "not enough memory. Hint: free some, or pass a smaller --batch-size"),
        (
            RuntimeError("can't start new thread"),
            "no thread can be started. Hint: raise `ulimit -u` and `ulimit -v`",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_limits_of_the_machine_are_no_bugs(
    error: Exception, text: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert raising(monkeypatch, error) == 2
    assert capsys.readouterr().err == f"error: {text}\n"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EBADF, "Bad file descriptor", "a.bw"),
        FileNotFoundError(errno.ENOENT, "No such file or directory"),
        FileNotFoundError(errno.ENOENT, "No such file", str(Path(zooctl.__file__).with_name("x"))),
        FileNotFoundError(errno.ENOENT, "No such file", f"{sys.prefix}/lib/x.so"),
        RuntimeError("dictionary changed size during iteration"),
    ],
    ids=str,
)
def test_faults_of_the_program_stay_bugs(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert raising(monkeypatch, error) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_removed_working_folder(tmp_path: Path) -> None:
    command = f"rmdir {tmp_path}; {' '.join(ZOOCTL)} train ctcf_gm12878"
    environment = {**os.environ, "PYTHONPATH": str(Path(zooctl.__file__).parent.parent)}
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, env=environment
    )
    text = "error: the working folder does not exist any more. Hint: cd to another\n"
    assert (done.returncode, done.stderr) == (2, text)
    tmp_path.mkdir()
    command = f"rmdir {tmp_path}; cd {tmp_path.parent}; {' '.join(ZOOCTL)} list"
    assert subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment).returncode == 0


# Interrupts itself as soon as a module is looked for.
INTERRUPTED = """
import os, signal, sys

wanted = sys.argv[1]

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, Finder())
from zooctl.__main__ import main
sys.argv[1:] = ["info", "ctcf_gm12878"]
main()
"""


@pytest.mark.parametrize(
    "module",
    ["zooctl.cli.main", "typer", "zooctl.cli.commands.info", "pydantic", "zooctl.schema.card"],
)
def test_an_interrupt_while_it_loads(module: str, repo: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, module]
    done = subprocess.run(command, capture_output=True, text=True, cwd=repo)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_ignored_interrupt_stays_ignored(repo: Path) -> None:
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + INTERRUPTED
    command = [sys.executable, "-c", code, "typer"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=repo)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lst"], "error: No such command 'lst'. Did you mean 'list'? Hint: zooctl --help\n"),
        (["list", "--jsn"], "Hint: zooctl list --help\n"),
        (["info"], "error: Missing argument 'MODEL'. Hint: zooctl info --help\n"),
    ],
)
def test_wrong_use(arguments: list[str], message: str, capsys: Captured) -> None:
    assert main.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.casefold().endswith(message.casefold())


def test_version_and_help(capsys: Captured) -> None:
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"zooctl {zooctl.__version__}\n"
    assert main.run([]) == 0
    helped = capsys.readouterr().out
    assert main.run(["-h"]) == 0
    assert capsys.readouterr().out == helped
    for name in main.COMMANDS:
        assert f"\n  {name} " in helped


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_has_help(name: str, capsys: Captured) -> None:
    assert main.run([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: zooctl {name} ")


def test_the_reader_has_enough(repo: Path) -> None:
    """The schema is larger than a pipe's buffer would need to be for this to go unnoticed."""
    command = f"{' '.join(ZOOCTL)} schema card | head -c 10 > /dev/null; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, cwd=repo)
    assert (done.returncode, done.stderr) in ((141, b""), (0, b""))
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*ZOOCTL, "schema", "card"], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_stdout_is_closed() -> None:
    command = f"{' '.join(ZOOCTL)} schema card >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_without_unicode(repo: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONIOENCODING": "latin-1",
        "ZOOCTL_ZOO": str(repo / "tests/data/toy_zoo"),
    }
    done = subprocess.run([*ZOOCTL, "info", "心"], capture_output=True, env=environment)
    assert done.returncode == 2
    assert b"'\\u5fc3'" in done.stderr


WAITING = """
import sys, time, zooctl.cli.main as main
from pathlib import Path
import typer

def build():
    app = typer.Typer(pretty_exceptions_enable=False)
    @app.command()
    def command(path: Path) -> None:
        try:
            path.write_text("temporary")
            print("ready", flush=True)
            time.sleep(60)
        finally:
            path.unlink()
    return app

main.build_app = build
main.main()
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_signals_unwind(number: signal.Signals, code: int, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    command = [sys.executable, "-c", WAITING, str(temporary)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert temporary.exists()
        start = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (code, b"")
    assert not temporary.exists()
    assert time.monotonic() - start < 5


def test_nohup_is_respected(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + WAITING
    command = [sys.executable, "-c", code, str(temporary)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert process.poll() is None
        process.terminate()
    assert process.returncode == 143


@pytest.mark.parametrize(
    ("command", "expected"), [("list", "1"), ("evaluate", "1"), ("train", None)]
)
def test_commands_with_few_matrices_start_no_threads_of_openblas(
    command: str, expected: str | None
) -> None:
    code = (
        "import os, sys, zooctl.cli.main as main\n"
        "main.run = lambda arguments: print(os.environ.get('OPENBLAS_NUM_THREADS')) or 0\n"
        "main.main()"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code, command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{expected}\n"
    chosen = environment | {"OPENBLAS_NUM_THREADS": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code, command],
        env=chosen,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "3\n"
