"""The parent's side of the child processes in which htslib reads, writes and indexes files."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, BinaryIO, Self

from zooctl.files.vcf import htslib_child

_PIECE = 1 << 18
_MOST_REASON = 1 << 16  # bytes of stderr that are kept
_SHOWN = 200
_PATIENCE = 5  # seconds for a thread whose child is dead
_ERROR = re.compile(r"\[E::\w+\] (.+)")


class Htslib:
    """A child process that runs ``files.vcf.htslib_child``; a context manager, which ends it.

    Args:
        arguments: Mode and file.
        feed: Bytes for its stdin, taken in a thread.
        stdin: A file for its stdin instead.
    """

    def __init__(
        self, *arguments: str, feed: Iterable[bytes] | None = None, stdin: IO[bytes] | None = None
    ) -> None:
        # By file and with -P: no import of zooctl, nothing of the user's folder or main module.
        # A session of its own: an interrupt at the terminal reaches us, and we end the child.
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", htslib_child.__file__, *arguments],
            stdin=stdin or (subprocess.DEVNULL if feed is None else subprocess.PIPE),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.stdout: BinaryIO = self._process.stdout  # type: ignore[assignment]  # IO[bytes]
        self._fault: BaseException | None = None
        self._messages = bytearray()
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        if feed is not None:
            self._threads.append(threading.Thread(target=self._feed, args=(feed,), daemon=True))
        for thread in self._threads:
            thread.start()

    def _feed(self, feed: Iterable[bytes]) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            for piece in feed:
                stdin.write(piece)
            stdin.close()
        except BrokenPipeError:  # it ended before its input; its status says why
            pass
        except BaseException as fault:
            self._fault = fault
            self._process.kill()

    def _listen(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while piece := stderr.read1(_PIECE):  # type: ignore[attr-defined]  # a BufferedReader
            if len(self._messages) < _MOST_REASON:
                self._messages += piece

    def pieces(self) -> Iterator[bytes]:
        """Yield what it writes."""
        while piece := self.stdout.read(_PIECE):
            yield piece

    def refusal(self) -> str | None:
        """Wait for its end after all output was read; return htslib's reason, None if all is well.

        Raises:
            Exception: What ``feed`` raised.
        """
        code = self._process.wait()
        for thread in self._threads:
            thread.join()
        if self._fault is not None:
            raise self._fault
        if code == -signal.SIGPIPE:  # the child that reads its output ended, and says why
            return None
        if code < 0:
            return f"htslib was ended by {signal.Signals(-code).name}"
        return self._reason() if code else None

    def record(self) -> int | None:
        """Return the number of the refused record, from 1, in the mode ``complete``."""
        last = self._messages.decode("utf-8", "replace").rstrip().rpartition("\n")[2]
        return int(last) if re.fullmatch(r"[0-9]{1,15}", last) else None

    def _reason(self) -> str:
        text = self._messages.decode("utf-8", "replace")
        errors = _ERROR.findall(text) or text.strip().splitlines() or ["htslib gives no reason"]
        return "".join(letter if letter.isprintable() else "?" for letter in errors[0])[:_SHOWN]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join(timeout=_PATIENCE)
        for stream in (self._process.stdin, self.stdout, self._process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError):  # from flushing to the dead child
                    stream.close()
