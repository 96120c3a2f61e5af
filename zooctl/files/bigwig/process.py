"""The parent's side of the child process that writes a bigWig: messages, and its failures."""

from __future__ import annotations

import errno
import json
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from zooctl.errors import InputError, VerificationError
from zooctl.files.bigwig import child

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# The threads of numpy's OpenBLAS spin after each sum, and take the cores of the network; and the
# last bits of a sum would depend on their number.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class WriterProcess:
    """Runs ``files.bigwig.child`` on a temporary file.

    Args:
        temporary: File that the process writes.
        target: Final name of the file, for messages.
        contigs: Length of every contig in bp, in the order of the header.

    Attributes:
        bins: Bins sent so far.
        pid: Number of the process.
    """

    def __init__(self, temporary: Path, target: Path, contigs: Mapping[str, int]) -> None:
        self.bins = 0
        self._temporary = temporary
        self._target = target
        self._crc = 0
        # By file and with -P: no import of zooctl, nothing of the user's folder or main module.
        # A session of its own: an interrupt at the terminal reaches us, and we end the child.
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", child.__file__, str(temporary.absolute())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | _ONE_THREAD,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self.pid = self._process.pid
        header = json.dumps(list(contigs.items())).encode()
        self._pipe(struct.pack("<Q", len(header)), header)

    def send(self, contig: int, start: int, bin_size: int, data: bytes) -> None:
        """Send a run of bins: little-endian float32 from ``start`` on.

        Raises:
            InputError: The process ended, most likely on a full disk.
        """
        n = len(data) // 4
        self._crc = zlib.crc32(data, self._crc)
        self.bins += n
        self._pipe(child.MESSAGE.pack(child.RUN, contig, start, n, bin_size), data)

    def finish(self) -> None:
        """Close the file, read it back, and compare it with the sent bins.

        Raises:
            InputError: The disk is full, or the process was killed.
            VerificationError: The file holds other values.
        """
        self._pipe(child.MESSAGE.pack(child.FINISH, 0, 0, 0, 0), flush=True)
        reply = self._reply()
        if reply != {"contigs": True, "bins": self.bins, "crc": self._crc}:
            raise self._failure(reply)
        self._pipe(bytes([child.KEEP]), flush=True)
        self._process.wait()

    def end(self) -> None:
        """Kill the process and wait for its end."""
        self._process.kill()
        for stream in (self._stdin, self._stdout):
            with suppress(BrokenPipeError):  # from flushing to the dead child
                stream.close()
        self._process.wait()

    def _pipe(self, *parts: bytes, flush: bool = False) -> None:
        try:
            for part in parts:
                self._stdin.write(part)
            if flush:
                self._stdin.flush()
        except BrokenPipeError:
            raise self._failure(self._reply()) from None

    def _reply(self) -> dict[str, object]:
        line = self._stdout.readline()
        return dict(json.loads(line)) if line.endswith(b"\n") else {}

    def _failure(self, reply: Mapping[str, object]) -> Exception:
        """Return the error for a child that died, reported an error, or wrote other values."""
        if not reply:
            self._process.wait()
        code = self._process.poll()
        if code == -signal.SIGXFSZ or reply.get("errno") in _FULL or self._disk_is_full():
            return InputError(
                "no space left on device",
                path=self._target,
                hint="free space there, raise the file size limit, or choose another folder",
            )
        if "error" in reply:
            return RuntimeError(f"writing {self._target} failed: {reply['error']}")
        if reply:
            return VerificationError(
                "the bigWig does not hold the written values",
                path=self._target,
                got=", ".join(f"{key} {value}" for key, value in reply.items()),
                expected=f"bins {self.bins}, crc {self._crc}",
                hint="check the disk",
            )
        return InputError(
            f"the process that writes the bigWig was ended from outside (exit status {code})",
            path=self._target,
            hint="the machine may be out of memory or disk space",
        )

    def _disk_is_full(self) -> bool:
        """Say whether the disk refuses a few more bytes at the end of the abandoned file."""
        try:
            with self._temporary.open("ab") as file:
                file.write(bytes(1 << 20))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            return error.errno in _FULL
        return False
